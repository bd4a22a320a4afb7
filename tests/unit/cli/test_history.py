"""``driftvakt history``: instants as people type them, and how it is used wrongly."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from monitor.cli.app import command_line
from monitor.cli.history import typed_instant

ZONE = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 11, 30, 8, 30, tzinfo=ZONE).timestamp()


@pytest.mark.parametrize(
    ("typed", "end", "meant"),
    [
        ("03:12", False, "2026-11-30T03:12:00"),
        ("3.12", False, "2026-11-30T03:12:00"),
        ("03:12:30", False, "2026-11-30T03:12:30"),
        ("21:55", False, "2026-11-29T21:55:00"),
        ("90m", False, "2026-11-30T07:00:00"),
        ("7d", False, "2026-11-23T08:30:00"),
        ("9" * 400 + "d", False, "1970-01-01T01:00:00"),
        ("2026-11-29", False, "2026-11-29T00:00:00"),
        ("2026-11-29", True, "2026-11-30T00:00:00"),
        ("2026-11-29T03:12", True, "2026-11-29T03:12:00"),
        ("2026-11-29 03:12", False, "2026-11-29T03:12:00"),
        ("2026-11-29T03:12Z", False, "2026-11-29T04:12:00"),
    ],
)
def test_an_instant_as_it_is_typed(typed: str, end: bool, meant: str) -> None:
    wanted = datetime.fromisoformat(meant).replace(tzinfo=ZONE).timestamp()
    assert typed_instant(typed, NOW, ZONE, end=end) == wanted


@pytest.mark.parametrize("typed", ["", "night", "25:00", "3", "2026-13-01", "-1d"])
def test_what_is_no_instant_says_what_is(typed: str) -> None:
    with pytest.raises(ValueError, match="write 7d, 03:12, 2026-11-29"):
        typed_instant(typed, NOW, ZONE)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--at", "1d", "--since", "1d"], "--at cannot be used together"),
        (["--env", "a", "--service", "a/b"], "--env and --service"),
        (["--service", "expo"], "write ENV/SERVICE, not expo"),
        (["--language", "fi"], "neither sv nor en"),
        (["--url", "http://h.example.se", "--data-dir", "d"], "--url cannot be used together"),
        (["--since", "night", "--data-dir", "d"], "night is no instant"),
    ],
)
def test_usage(words: list[str], said: str) -> None:
    done = CliRunner().invoke(command_line(), ["history", *words])
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_history_that_is_not_there(tmp_path: Path) -> None:
    """One line that says where."""
    done = CliRunner().invoke(command_line(), ["history", "--data-dir", str(tmp_path)])
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"the history in {tmp_path} cannot be read" in done.stderr
