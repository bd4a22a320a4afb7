"""What a command reads of the program: no more than it needs. Modules are counted, not seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.daemon.counting import Answer, CountingServer
from tests.unit.test_cli_status import body

ROOT = Path(__file__).parents[2]
LOADED = """
import sys
sys.argv = ["driftvakt", *sys.argv[1:]]
from monitor.entry import main
try:
    main()
finally:
    print("loaded:", *sys.modules, file=sys.stderr)
"""
HEAVY = {
    *(
        "aiohttp",
        "alembic",
        "apprise",
        "apscheduler",
        "asyncio",
        "attr",
        "cryptography",
        "dateutil",
    ),
    *(
        "dns",
        "icalendar",
        "jinja2",
        "jsonpath",
        "lxml",
        "markdown_it",
        "orjson",
        "prometheus_client",
    ),
    *("psycopg", "pydantic", "pygments", "ruamel", "sqlalchemy", "structlog", "tenacity", "uvloop"),
}
"""What takes long to import."""


def loaded(*words: str, code: int = 0) -> set[str]:
    """Modules that a command has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert done.stdout
    return set(done.stderr.partition("loaded:")[2].split())


@pytest.mark.parametrize("words", [["--help"], ["status", "--help"], ["run", "--help"]])
def test_help_reads_next_to_nothing(words: list[str]) -> None:
    """Neither what the daemon stands on nor what draws tables."""
    found = loaded(*words)
    assert not found & (HEAVY | {"rich"})
    assert len(found) < 300


def test_a_status_of_a_file_needs_rich_alone(tmp_path: Path) -> None:
    """Nothing that only the daemon needs is read to show what it has written."""
    file = tmp_path / "status.json"
    file.write_bytes(body("yellow"))
    found = loaded("status", "--file", str(file), code=1)
    assert "rich.table" in found
    assert not found & HEAVY
    assert not {one for one in found if one.startswith(("monitor.publish", "monitor.plan"))}
    assert len(found) < 400


def test_a_status_of_a_daemon_needs_no_more(tmp_path: Path) -> None:
    """Asking it over HTTP is the standard library's."""
    with CountingServer() as server:
        server.answers["/status.json"] = lambda _: Answer(body=body("red"))
        found = loaded("status", "--url", server.url(""), code=2)
    assert not found & HEAVY
    assert len(found) < 400
