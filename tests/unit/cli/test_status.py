"""``driftvakt status``: exit codes for scripts, and what is said when there is no status."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.app import command_line
from monitor.publish.status.renderer import render_status_body
from tests.support.daemon.counting import Answer, CountingServer
from tests.support.factories import (
    make_environment_view,
    make_red_view,
    make_service_view,
    make_snapshot,
    make_view,
)
from tests.support.servers.blackhole import closed_port

RUNNER = CliRunner()
EXIT = {"green": 0, "yellow": 1, "red": 2, "unknown": 3}


def body(status: str = "green", age: float = 0.0) -> bytes:
    """A status document that is ``age`` seconds old."""
    view = make_red_view() if status == "red" else make_view()
    snapshot = make_snapshot(
        environments=[make_environment_view([make_service_view([view])])], at=time.time() - age
    )
    document = json.loads(asyncio.run(render_status_body(snapshot, version="1")))
    document["status"] = status
    encoded: bytes = json.dumps(document).encode()
    return encoded


def status(*words: str) -> tuple[int, str, str]:
    result = RUNNER.invoke(command_line(), ["status", *words])
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
        Answer(body=b"[" * 100_000),
        Answer(body=body()[:-1] + b', "more": ' + b"[" * 70 + b"]" * 70 + b"}"),
        Answer(body=body().replace(b'"since":', b'"since": "0001-01-01", "was":')),
        Answer(body=body().replace(b'"since": "2', b'"since": "\\u001b[2J')),
    ],
    ids=[
        "500", "401", "html", "list", "little", "lilac", "bytes", "half", "deep", "rather-deep",
        "year-1", "since-escape",
    ],
)  # fmt: skip
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


@pytest.mark.parametrize(
    "words",
    [
        ["--url", "http://127.0.0.1:9", "--file", "x"],
        ["--fil", "x"],
        ["--url"],
        ["surplus"],
        ["--url", "http://127.0.0.1:9 9/"],
        ["--url", "http://127.0.0.1:nine/"],
        ["--url", "http://[::1/"],
        ["--url", "http://a..example.se/"],
        ["--url", "http://127.0.0.1:9/\x1b[2J"],
        ["--file", "/"],
        ["--file", "/dev/zero"],
        ["--file", "a\0b"],
    ],
    ids=ascii,
)
def test_what_is_asked_for_wrongly_is_no_colour(words: list[str], tmp_path: Path) -> None:
    """Exit 3 for a slip of the pen, too: 2 would be red, 1 yellow."""
    code, out, err = status(*words)
    assert (code, out) == (3, "")
    assert err.strip()
    assert "\x1b" not in err


def test_what_a_document_says_is_only_shown(tmp_path: Path) -> None:
    """Neither the table nor the JSON holds what a terminal would obey; the JSON still says the same."""
    document = json.loads(body("red"))
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"
    document["configuration_error"] = f"a fault{evil}"
    document["notices"] = [{"message": {"sv": evil, "en": evil}, "status": "red"}]
    environment = document["environments"][0]
    for part in (environment, environment["services"][0], environment["services"][0]["checks"][0]):
        part["title"] = {"sv": evil, "en": evil}
        part["message"] = {"sv": f"sv{evil}", "en": f"en{evil}"}
        part["name"] = f"name{evil}"
    environment["services"][0]["checks"][0]["reason"] = evil
    file = tmp_path / "status.json"
    file.write_text(json.dumps(document))
    for language in ("sv", "en"):
        code, table, _ = status("--file", str(file), "--language", language)
        assert code == 2
        assert "a fault" in table
        assert not set(table) & set(evil) - set("]0;owned[231mJ")
    _, as_json, _ = status("--file", str(file), "--json")
    assert json.loads(as_json) == document
    assert all(c.isprintable() or c == "\n" for c in as_json)


def test_a_password_in_the_address_is_sent_and_not_shown() -> None:
    """As HTTP sends it; an address that fails is shown without it."""
    with CountingServer() as server:
        server.answers["/status.json"] = lambda request: (
            Answer(body=body())
            if "YW5uYTpoZW1saWc=" in request.head.decode()
            else Answer(status=401)
        )
        address = server.url("").replace("http://", "http://anna:hemlig@")
        assert status("--url", address)[0] == 0
    code, _, err = status("--url", address)
    assert code == 3
    assert "hemlig" not in err


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    """Exit 3, and its name."""
    code, _, err = status("--file", str(tmp_path / "status.json"))
    assert code == 3
    assert "status.json" in err
