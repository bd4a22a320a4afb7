"""Logs: JSON lines, levels, and what is blanked."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from monitor.support import logging_setup


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The root logger is everybody's."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    out, err = capsys.readouterr()
    assert out == "", "stdout is for what was asked for"
    return [json.loads(line) for line in err.splitlines()]


def test_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line, whatever the text; Swedish as it is written."""
    logging_setup.set_up("json")
    structlog.get_logger("driftvakt").info("händelse", text="två\nrader", number=3)
    [line] = lines(capsys)
    assert (line["event"], line["text"], line["number"]) == ("händelse", "två\nrader", 3)
    assert (line["level"], line["logger"]) == ("info", "driftvakt")
    assert line["timestamp"].endswith("Z")


def test_levels_hold_for_libraries_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Below the level nothing is said; the chatty ones are kept quieter still."""
    logging_setup.set_up("json", "info")
    structlog.get_logger("driftvakt").debug("no")
    logging.getLogger("somebody").debug("no")
    logging.getLogger("apscheduler.executors").warning("no")
    logging.getLogger("alembic.runtime.migration").info("no")
    logging.getLogger("sqlalchemy.engine").info("no")
    logging.getLogger("somebody").warning("yes %s", "indeed")
    assert [line["event"] for line in lines(capsys)] == ["yes indeed"]


def test_a_folder_that_is_watched_is_not_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    """At no level: with the log in the folder of the configuration it would feed itself."""
    logging_setup.set_up("json", "debug")
    logging.getLogger("watchfiles.main").debug("no: %s", "{(<Change.modified: 2>, 'log')}")
    logging.getLogger("watchfiles.main").info("no")
    logging.getLogger("watchfiles.watcher").warning("yes")
    assert [line["event"] for line in lines(capsys)] == ["yes"]


def test_secrets_are_blanked_wherever_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    """In values, in nested values, in other libraries' messages and in tracebacks."""
    logging_setup.set_up("json", "debug", ["hemligt-ord"])
    log = structlog.get_logger("driftvakt")
    log.info("one", text="a hemligt-ord b", more={"deep": ["hemligt-ord", 1]})
    logging.getLogger("library").error("sent %s", "hemligt-ord")
    try:
        raise ValueError("hemligt-ord was refused")
    except ValueError:
        log.exception("two")
    seen = lines(capsys)
    assert len(seen) == 3
    assert "hemligt" not in json.dumps(seen)
    assert seen[0]["more"] == {"deep": ["***", 1]}
    assert "ValueError" in seen[2]["exception"]


def test_a_secret_that_looks_like_a_year_spoils_no_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nor a level or a logger's name: they are ours."""
    logging_setup.set_up("json", "info", ["info", "drift", *map(str, range(2020, 2100))])
    structlog.get_logger("driftvakt").info("one", year="2026")
    [line] = lines(capsys)
    assert (line["level"], line["logger"], line["year"]) == ("info", "driftvakt", "***")
    assert "*" not in line["timestamp"]


def test_text_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """No colours where stderr is no terminal, and the same blanks."""
    logging_setup.set_up("text", "info", ["hemligt-ord"])
    structlog.get_logger("driftvakt").warning("one", text="hemligt-ord")
    err = capsys.readouterr().err
    assert "one" in err
    assert "***" in err
    assert "hemligt" not in err
    assert "\x1b" not in err


def test_a_transition_is_one_short_line_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """What, from what to what, why, and the id that leads to the rest; no sentence."""
    logging_setup.set_up("text")
    told = {"environment": "ext5", "from": "yellow", "to": "red", "reason": "connect_refused",
            "cause": "target", "check": "port", "id": "1m8n549a0718waqt", "window": None,
            "message": "A sentence."}  # fmt: skip
    log = structlog.get_logger("driftvakt")
    log.info("transition", service="expo", planned=False, **told)
    log.info("transition", service=None, planned=True, **told)
    first, second = (line.split("] ", 1)[1] for line in capsys.readouterr().err.splitlines())
    rest = "port connect_refused target  (1m8n549a0718waqt) [driftvakt]"
    assert first == f"ext5/expo: yellow → ■ red  {rest}"
    assert second == f"ext5: yellow → ■ red  planned  {rest}"


def test_a_terminal_obeys_nothing_of_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What others have said is shown, with its own lines, and no more."""
    logging_setup.set_up("text")
    evil = "\x1b]0;owned\x07\x9b31m\u202e"
    structlog.get_logger("driftvakt").warning("said", error=f"a{evil}", more=[evil])
    logging.getLogger("library").warning("one\ntwo%s", evil)
    _, err = capsys.readouterr()
    assert "one\ntwo" in err
    assert all(c.isprintable() or c == "\n" for c in err), err
