"""What people write, as the daemon keeps it: bounds, restarts, what ends by itself, a history that is away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.history.history import History
from monitor.judging.board import Board
from monitor.model.status import Status
from monitor.plan import Acknowledgement, Notice, Planned, Silence
from monitor.runtime import by_hand
from monitor.runtime.by_hand import RATE, ByHand
from tests.support.history.stores import SqliteStore, opened
from tests.unit.judging.test_board import bad, check, estate, good
from tests.unit.judging.test_board_windows import START

ESTATE = estate(("expo", (check(),)), ("other", (check("other"),)))
SILENT = {"services": ["ext5/expo"], "because": "prov", "for": "1h"}
ACK = {"service": "ext5/expo", "because": "omstart"}


class Desk:
    """A daemon's desk, at an instant that a test moves on."""

    def __init__(self, history: History | None) -> None:
        self.now = START
        self.board = Board(ESTATE, START)
        self.over: list[str] = []
        self.plans = 0
        nobody: Any = None  # measuring now has a test with a real daemon
        self.hands = ByHand(
            history,
            self.board,
            *(nobody, nobody),
            estate=lambda: ESTATE,
            clock=lambda: self.now,
            timer=lambda: self.now,
        )
        self.hands.silence_over = self.over.append
        self.hands.changed = self._plan

    def _plan(self) -> None:
        self.plans += 1
        self.board.plan(self.hands.planned, self.now)

    def tick(self, seconds: float) -> None:
        self.now += seconds
        self.hands.tick(self.now)

    def break_expo(self) -> None:
        for number in range(3):
            self.board.observe("ext5/expo/api", bad(START + number), START + number)  # type: ignore[arg-type]
        state = self.board.published_of("ext5/expo")
        assert state is not None
        assert state.status is Status.RED

    def kinds(self) -> list[type[Planned]]:
        return [type(one) for one in self.hands.planned]


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    """One whose history is a real file."""
    async with opened(SqliteStore(folder), clock=lambda: START) as history:
        made = Desk(history)
        await made.hands.load()
        yield made


async def test_a_restart_keeps_what_was_written_and_its_end(tmp_path: Path) -> None:
    """A duration has become an instant: time that nobody ran counts."""
    async with desk(tmp_path) as first:
        made = await first.hands.add("silences", SILENT, "anna")
        assert (made.status, made.document["author"]) == (201, "anna")
        notice = {"message": "Vi vet", "status": "red", "for": "2h"}
        assert (await first.hands.add("notices", notice, "")).document["author"] == "?"
    async with desk(tmp_path) as second:
        assert second.kinds() == [Silence, Notice]
        assert second.hands.listed("silences") == [made.document]
        second.tick(3599)
        assert second.over == []
        second.tick(1)
        assert second.over == ["ext5/expo"]
        second.tick(1)
        assert second.over == ["ext5/expo"]
        assert second.kinds() == [Notice]


async def test_a_silence_that_ended_while_nobody_ran_is_told_of(tmp_path: Path) -> None:
    """Within a day; older ends are no news."""
    async with desk(tmp_path) as first:
        await first.hands.add("silences", SILENT, "anna")
    for late, told in ((7200.0, ["ext5/expo"]), (3600.0 + 86_400.0 + 1.0, [])):
        async with opened(SqliteStore(tmp_path)) as history:
            second = Desk(history)
            second.now += late
            await second.hands.load()
            second.tick(1)
        assert second.over == told


async def test_green_ends_an_acknowledgement_and_what_is_green_has_none(tmp_path: Path) -> None:
    """For good: a restart does not bring it back."""
    async with desk(tmp_path) as first:
        first.break_expo()
        made = await first.hands.add("acknowledgements", ACK, "anna")
        assert made.document["ends_at"] is None
        assert first.kinds() == [Acknowledgement]
        first.tick(1)
        assert first.kinds() == [Acknowledgement]
        transitions = [
            one
            for number in range(20)
            for one in first.board.observe(
                "ext5/expo/api",  # type: ignore[arg-type]
                good(START + 10 + number),
                START + 10 + number,
            ).transitions
        ]
        assert any(one.after is Status.GREEN for one in transitions)
        for one in transitions:
            first.hands.saw(one)
        first.tick(1)
        assert first.kinds() == []
        refused = await first.hands.add("acknowledgements", ACK, "anna")
        assert (refused.status, "is green" in refused.document["error"]) == (409, True)
    async with desk(tmp_path) as second:
        second.tick(60)
        assert second.kinds() == []


async def test_what_is_watched_no_more_has_no_acknowledgement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could never become green."""
    async with desk(tmp_path) as one:
        one.break_expo()
        await one.hands.add("acknowledgements", ACK, "anna")
        monkeypatch.setattr(one.board, "published_of", lambda subject: None)
        one.tick(1)
        assert one.kinds() == []


async def test_a_year_may_begin_within_a_second(tmp_path: Path) -> None:
    """Ends are whole seconds, instants are not."""
    async with desk(tmp_path) as one:
        one.now += 0.4
        assert (await one.hands.add("silences", {**SILENT, "for": "366d"}, "a")).status == 201


async def test_there_are_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of how many live ones there are, and of how often somebody may write."""
    monkeypatch.setattr(by_hand, "MOST", 2)
    async with desk(tmp_path) as one:
        for _ in range(2):
            assert (await one.hands.add("silences", SILENT, "a")).status == 201
        full = await one.hands.add("silences", SILENT, "a")
        assert (full.status, "end some first" in full.document["error"]) == (429, True)
        for _ in range(RATE - 3):
            assert (await one.hands.add("silences", SILENT, "a")).status == 429
        fast = await one.hands.add("notices", {"message": "x", "for": "1h"}, "a")
        assert (fast.status, "a minute" in fast.document["error"]) == (429, True)
        one.tick(61)
        assert (await one.hands.add("notices", {"message": "x", "for": "1h"}, "a")).status == 201


async def test_a_notice_is_changed_in_parts_and_ended_once(tmp_path: Path) -> None:
    """What is not given stays; a null takes away; what has ended is not there."""
    async with desk(tmp_path) as one:
        sent = {"id": "n1", "message": "Vi vet", "status": "red", "for": "1h"}
        assert (await one.hands.add("notices", sent, "anna")).status == 201
        assert (await one.hands.add("notices", sent, "anna")).status == 409
        changed = await one.hands.change("notices", "n1", {"message": "Mer", "status": None}, "bo")
        assert changed.document["message"] == "Mer"
        assert "status" not in changed.document
        assert changed.document["author"] == "bo"
        bad_end = await one.hands.change("notices", "n1", {"until": "2001-01-01T00:00"}, "bo")
        assert (bad_end.status, bad_end.document["error"][:6]) == (400, "until:")
        assert (await one.hands.end("notices", "n1", "bo")).status == 200
        assert (await one.hands.end("notices", "n1", "bo")).status == 404
        assert one.hands.listed("notices") == []


async def test_a_history_that_is_away_refuses_and_changes_nothing(tmp_path: Path) -> None:
    """503, and what was in force is; neither then nor after a restart is there anything else."""
    store = SqliteStore(tmp_path)
    async with desk(tmp_path) as one:
        kept = await one.hands.add("silences", SILENT, "anna")
        with store.away():
            for answer in (
                await one.hands.add("notices", {"message": "x", "for": "1h"}, "bo"),
                await one.hands.end("silences", kept.document["id"], "bo"),
            ):
                assert answer.status == 503
                assert "try again" in answer.document["error"]
        assert one.hands.listed("silences") == [kept.document]
        assert one.hands.listed("notices") == []
    async with desk(tmp_path) as second:
        assert second.hands.listed("silences") == [kept.document]
        assert second.hands.listed("notices") == []


async def test_before_the_history_has_answered_nothing_is_taken() -> None:
    """It could have the same name already."""
    one = Desk(None)
    await one.hands.load()
    assert (await one.hands.add("silences", SILENT, "anna")).status == 503
