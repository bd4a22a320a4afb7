"""The command line, run in this process: what is printed, and the exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from monitor.cli.app import command_line
from monitor.publish.web.openapi import openapi_document
from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import estate, http_check, service, write_config

RUNNER = CliRunner()


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with CountingServer() as made:
        made.answers["/broken"] = Answer(status=503)
        made.answers["/slow"] = Answer(delay=0.2)
        yield made


@pytest.fixture
def config(tmp_path: Path, server: CountingServer) -> str:
    """Three checks: one good, one broken, one too slow for its taste."""
    checks = [
        http_check("api", server.url("/")),
        http_check("broken", server.url("/broken?token=hemlighet-77")),
        http_check("slow", server.url("/slow"), latency={"yellow": "100ms", "red": "3s"}),
    ]
    return str(write_config(tmp_path, estate(service("expo", *checks))))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Logs as they were, after a command has set them up for itself."""
    yield
    structlog.reset_defaults()


def invoke(*words: str) -> tuple[int, str, str]:
    result = RUNNER.invoke(command_line(), list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_check_shows_what_would_run(config: str) -> None:
    """A table with each check, its interval and its target, without its secret."""
    code, out, err = invoke("check", "--config", config)
    assert (code, err) == (0, "")
    for word in ("ext5/expo", "api", "broken", "slow", "30"):
        assert word in out
    assert "hemlighet" not in out


def test_check_warns_and_is_content(tmp_path: Path) -> None:
    """What is impolite or unwise is told on stderr with its place; the exit code is 0."""
    impolite = estate(service("expo", http_check("api", "https://expo.example.se/fhir/$ping")))
    path = write_config(tmp_path, impolite)
    code, out, err = invoke("check", "--config", str(path))
    assert code == 0
    assert "expo.example.se" in out
    often, ping = sorted(err.splitlines(), key=lambda line: "$ping" in line)
    assert often.startswith(f"warning: {path}:")
    assert "expo.example.se is not our own and is asked every 30 s" in often
    assert "url: $ping must not be used for monitoring" in ping


def test_check_recommends_a_canary_where_there_is_none(tmp_path: Path) -> None:
    """Not for what is on this machine, and not where there is one."""
    away = service("expo", {"name": "port", "kind": "tcp", "host": "10.0.0.1", "port": 443})
    here = service("expo", {"name": "port", "kind": "tcp", "host": "127.0.0.1", "port": 443})
    canary = {"kind": "tcp", "host": "10.0.0.2", "port": 443}
    wholes = (estate(away), estate(here), estate(away, canary=[canary]))
    said = [invoke("check", "--config", str(write_config(tmp_path, one)))[1] for one in wholes]
    assert ["there is no canary" in one for one in said] == [True, False, False]


def test_check_says_all_that_is_wrong(tmp_path: Path) -> None:
    """Exit 2, every fault on stderr with the nearest right key."""
    bad = estate(service("expo", http_check("api", "ftp://x", intervall="5s"), titel="EXPO"))
    code, out, err = invoke("check", "--config", str(write_config(tmp_path, bad)))
    assert (code, out) == (2, "")
    assert "interval" in err
    assert "title" in err
    assert "ftp" in err
    assert err.splitlines()[-1] == "driftvakt: 3 faults in the configuration"


@pytest.mark.parametrize(
    ("name", "code", "grade", "reason"),
    [
        ("api", 0, "good", None),
        ("broken", 1, "failed", "status"),
        ("slow", 1, "degraded", "latency"),
    ],
)
def test_probe_judges_a_check(
    config: str, name: str, code: int, grade: str, reason: str | None
) -> None:
    """Exit 0 when it is good and 1 when not; ``--json`` is one document."""
    got, out, err = invoke("probe", f"ext5/expo/{name}", "--config", config, "--json")
    document: dict[str, Any] = json.loads(out)
    assert (got, err) == (code, "")
    assert (document["check"], document["kind"]) == (f"ext5/expo/{name}", "http")
    assert (document["grade"], document["reason"]) == (grade, reason)


def test_probe_draws_the_phases(config: str) -> None:
    """For people: the phases, the grade, and no secret."""
    code, out, _ = invoke("probe", "ext5/expo/broken", "--config", config)
    assert code == 1
    for word in ("connect", "processing", "503"):
        assert word in out
    assert "hemlighet" not in out


def test_probe_takes_an_address(server: CountingServer) -> None:
    """Any URL, without a configuration; its query is not shown."""
    code, out, _ = invoke("probe", server.url("/?key=hemlighet-77"), "--json")
    assert code == 0
    assert json.loads(out)["grade"] == "good"
    assert "hemlighet" not in out
    code, out, _ = invoke("probe", server.url("/broken"), "--json")
    assert (code, json.loads(out)["reason"]) == (1, "status")


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [("ext5/expo/apj", "ext5/expo/api"), ("ext5/exp/broken", "ext5/expo/broken")],
)
def test_probe_knows_the_nearest_name(config: str, asked: str, nearest: str) -> None:
    """Exit 2 for a check that is not there."""
    code, out, err = invoke("probe", asked, "--config", config)
    assert (code, out) == (2, "")
    assert f"there is no check {asked}" in err
    assert nearest in err


def test_probe_refuses_a_bad_address() -> None:
    """Exit 2, without a traceback and without the password in it."""
    code, out, err = invoke("probe", "http://anna:hemlighet-77@:99999/")
    assert (code, out) == (2, "")
    assert err.startswith("driftvakt: ")
    assert "hemlighet" not in err


def test_export_openapi_is_what_is_served() -> None:
    """Valid JSON, of the version that editors and generators expect."""
    code, out, _ = invoke("export", "openapi")
    assert code == 0
    assert json.loads(out) == openapi_document()
    assert json.loads(out)["openapi"].startswith("3.1.")


def test_export_schema_is_a_schema(config: str) -> None:
    """Valid itself; accepts what the program accepts, and refuses a misspelt key."""
    code, out, _ = invoke("export", "schema")
    assert code == 0
    schema = json.loads(out)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    document = json.loads(Path(config).read_text())
    validator.validate(document)
    document["enviroments"] = []
    assert not validator.is_valid(document)


@pytest.mark.parametrize(
    "words",
    [
        ["probe"],
        ["nonsense"],
    ],
    ids=" ".join,
)
def test_usage_errors(words: list[str]) -> None:
    """Exit 2, with what is wrong on stderr."""
    code, out, err = invoke(*words)
    assert (code, out) == (2, "")
    assert err


@pytest.mark.parametrize("what", ["localhost:8080", "expo.example.se/x"])
def test_an_address_without_a_scheme_is_told_what_it_lacks(what: str, config: str) -> None:
    done = RUNNER.invoke(command_line(), ["probe", what, "--config", config])
    assert done.exit_code == 2
    assert f"write the scheme too, as in https://{what}" in done.stderr


def test_the_version_has_an_option_too() -> None:
    assert (
        RUNNER.invoke(command_line(), ["--version"]).stdout
        == RUNNER.invoke(command_line(), ["version"]).stdout
    )
