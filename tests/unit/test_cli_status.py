"""``driftvakt status``: exit codes for scripts, and what is said when there is no status."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli import app
from monitor.publish.status_body import render
from tests.factories import (
    make_environment_view,
    make_red_view,
    make_service_view,
    make_snapshot,
    make_view,
)
from tests.servers.blackhole import closed_port
from tests.system.daemon.counting import Answer, CountingServer

RUNNER = CliRunner()
EXIT = {"green": 0, "yellow": 1, "red": 2, "unknown": 3}


def body(status: str = "green", age: float = 0.0) -> bytes:
    """A status document that is ``age`` seconds old."""
    view = make_red_view() if status == "red" else make_view()
    snapshot = make_snapshot(
        environments=[make_environment_view([make_service_view([view])])], at=time.time() - age
    )
    document = json.loads(asyncio.run(render(snapshot, version="1")))
    document["status"] = status
    encoded: bytes = json.dumps(document).encode()
    return encoded


def status(*words: str) -> tuple[int, str, str]:
    result = RUNNER.invoke(app, ["status", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("name", EXIT)
def test_each_status_has_its_exit_code(tmp_path: Path, name: str) -> None:
    """0 green, 1 yellow, 2 red, 3 unknown; ``--json`` gives the document itself."""
    file = tmp_path / "status.json"
    file.write_bytes(body(name))
    code, out, err = status("--file", str(file), "--json")
    assert (code, err) == (EXIT[name], "")
    assert json.loads(out) == json.loads(file.read_bytes())
    code, out, _ = status("--file", str(file))
    assert code == EXIT[name]
    assert "EXPO" in out


def test_a_stale_file_says_nothing(tmp_path: Path) -> None:
    """Green of ten minutes ago is unknown now: exit 3, and the table says since when."""
    file = tmp_path / "status.json"
    file.write_bytes(body("green", age=600))
    code, out, _ = status("--file", str(file))
    assert code == 3
    assert "out of date" in out
    assert status("--file", str(file), "--json")[0] == 3


def test_a_daemon_is_asked_over_http() -> None:
    """By its base address, or that of the document."""
    with CountingServer() as server:
        server.answers["/status.json"] = lambda _: Answer(body=body("yellow"))
        assert status("--url", server.url(""))[0] == 1
        assert status("--url", server.url("/"))[0] == 1
        assert status("--url", server.url("/status.json"))[0] == 1


def test_a_daemon_that_is_not_there() -> None:
    """Exit 3: nothing is known; one line on stderr says why."""
    with closed_port() as (host, port):
        code, out, err = status("--url", f"http://{host}:{port}")
    assert (code, out) == (3, "")
    assert f"{host}:{port}" in err
    assert "refused" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=500, body=b"oops"),
        Answer(status=401, body=b"who are you"),
        Answer(body=b"<html>not ours</html>"),
        Answer(body=b"[1, 2]"),
        Answer(body=b'{"status": "green"}'),
        Answer(body=b'{"schema_version": 1, "status": "lilac", "environments": 7}'),
        Answer(body=b"\xff\xfe"),
        Answer(body=body()[:400]),
    ],
    ids=["500", "401", "html", "list", "little", "lilac", "bytes", "half"],
)
def test_an_answer_that_is_no_status(answer: Answer) -> None:
    """Exit 3 and one line; never a traceback, never green."""
    with CountingServer() as server:
        server.answers["/status.json"] = answer
        code, out, err = status("--url", server.url(""))
    assert (code, out) == (3, "")
    assert err.startswith("driftvakt: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/", "127.0.0.1:9815"])
def test_only_http_is_asked(url: str) -> None:
    """Another scheme is refused before anything is opened."""
    code, out, err = status("--url", url)
    assert (code, out) == (3, "")
    assert "http://" in err


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    """Exit 3, and its name."""
    code, _, err = status("--file", str(tmp_path / "status.json"))
    assert code == 3
    assert "status.json" in err
