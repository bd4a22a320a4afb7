"""What a command reads of the program: no more than it needs. Modules are counted, not seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from monitor.cli.app import COMMANDS
from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import estate, http_check, service, write_config
from tests.unit.cli.test_status import body

ROOT = Path(__file__).parents[3]
LOADED = """
import sys
sys.argv = ["driftvakt", *sys.argv[1:]]
from monitor.entry import main
try:
    main()
finally:
    print("loaded:", *sys.modules, file=sys.stderr)
"""
SCHEDULED = """
import sys
sys.argv = ["driftvakt", *sys.argv[1:]]
from monitor.scheduling.scheduler import Schedule
start = Schedule.start
def noted(self):
    global before
    before = tuple(sys.modules)
    start(self)
Schedule.start = noted
from monitor.entry import main
try:
    main()
finally:
    print("loaded:", *before, file=sys.stderr)
"""
"""Of what was imported when probes began to be made."""
LATER = {
    *("aiohttp", "alembic", "jinja2", "jwt", "rich", "ruamel", "sqlalchemy", "watchfiles"),
    *(
        "monitor.runtime.transition_recorder",
        "monitor.evidence",
        "monitor.history.history",
        "monitor.history.checkpointer",
        "monitor.settings.blackbox.modules",
    ),
    *(
        "monitor.notify.service",
        "monitor.notify.receiver_queue",
        "monitor.publish.page",
        "monitor.publish.web.server",
    ),
}
"""What a first probe does not need."""
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
UNUSED = {"alembic", "apprise", "dateutil", "icalendar", "jsonpath", "psycopg"}
"""What a daemon has no use for that is new and has neither calendars, rules nor paths to read."""


def loaded(*words: str, code: int = 0, program: str = LOADED) -> set[str]:
    """Modules that a command has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return set(done.stderr.partition("loaded:")[2].split())


@pytest.mark.parametrize(
    "words", [["--help"], ["status", "--help"], ["run", "--help"], ["version"], ["--version"]]
)
def test_help_reads_next_to_nothing(words: list[str]) -> None:
    """Neither what the daemon stands on nor what draws tables."""
    found = loaded(*words)
    assert not found & (HEAVY | {"rich"})
    assert len(found) < 300


def test_a_command_reads_no_other_command() -> None:
    """Of the commands, only the module of the one that runs is imported."""
    found = loaded("status", "--help")
    modules = {f"monitor.cli.{name}" for name in COMMANDS} - {"monitor.cli.version"}
    assert found & modules == {"monitor.cli.status", "monitor.cli.completion"}


def test_a_status_of_a_file_needs_rich_alone(tmp_path: Path) -> None:
    """Nothing that only the daemon needs is read to show what it has written."""
    file = tmp_path / "status.json"
    file.write_bytes(body("yellow"))
    found = loaded("status", "--file", str(file), code=1)
    assert "rich.text" in found
    assert not found & HEAVY
    unneeded = ("monitor.publish", "monitor.plan", "monitor.model.estate")
    assert not {one for one in found if one.startswith(unneeded)}
    assert len(found) < 400


def test_a_status_as_json_draws_nothing(tmp_path: Path) -> None:
    """What draws tables is not read to write down what was read."""
    file = tmp_path / "status.json"
    file.write_bytes(body("yellow"))
    found = loaded("status", "--json", "--file", str(file), code=1)
    assert not {one for one in found if one.startswith("rich")}
    assert found & HEAVY == {"orjson"}


def test_a_status_of_a_daemon_needs_no_more(tmp_path: Path) -> None:
    """Asking it over HTTP is the standard library's."""
    with CountingServer() as server:
        server.answers["/status.json"] = lambda _: Answer(body=body("red"))
        found = loaded("status", "--url", server.url(""), code=2)
    assert not found & HEAVY
    assert len(found) < 400


def plain_daemon(folder: Path) -> list[str]:
    """The words that run one for a moment."""
    check = http_check("api", "http://127.0.0.1:9/")
    config = str(write_config(folder, estate(service("expo", check))))
    words = ["--config", config, "--data-dir", str(folder / "data"), "--listen", "127.0.0.1:0"]
    return ["run", *words, "--for", "200ms", "--log-level", "error"]


def test_the_first_probe_waits_for_what_probing_needs(tmp_path: Path) -> None:
    """History, web and messages are imported once it is scheduled; in the end they are there."""
    words = plain_daemon(tmp_path)
    first = loaded(*words, program=SCHEDULED)
    assert "probes.http.probe" in first
    assert not first & LATER
    unneeded = {"alembic", "jwt", "rich", "ruamel"}
    assert loaded(*words) >= LATER - unneeded


def test_a_daemon_reads_what_its_configuration_asks_for(tmp_path: Path) -> None:
    """A plain one starts without what only others need, with a history of its own."""
    data = tmp_path / "data"
    found = loaded(*plain_daemon(tmp_path))
    assert (data / "driftvakt.db").stat().st_size
    assert not found & UNUSED
    assert "sqlalchemy.dialects.postgresql" not in found
