"""What people write, in both databases: the newest of each counts, and a refusal is one for good."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.history.history import HistoryTroubleError
from monitor.history.writer import Recorder
from monitor.model.estate import Retention
from monitor.model.records import ByHandRow
from tests.support.factories_observed import NOW
from tests.support.history.stores import Store, opened

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("patient")]
ROW = ByHandRow(
    kind="silences",
    id="s-1",
    author="Åsa",
    written_at=NOW,
    ends_at=None,
    document='{"because": "prov"}',
)
NEVER = replace(ROW, ends_at=0.0)


async def test_the_newest_of_each_is_kept_over_a_restart(store: Store) -> None:
    """Of one kind and id there is one; what has ended is given as long as it is asked for."""
    async with opened(store) as history:
        await history.write_by_hand(ROW, NEVER)
        await history.write_by_hand(replace(ROW, id="s-2", written_at=NOW + 1), NEVER)
        await history.write_by_hand(replace(ROW, author="Bo", ends_at=NOW + 60), ROW)
    async with opened(store) as history:
        found = await history.by_hand(NOW)
        assert [(one.id, one.author, one.ends_at) for one in found] == [
            ("s-1", "Bo", NOW + 60),
            ("s-2", "Åsa", None),
        ]
        assert [one.id for one in await history.by_hand(NOW + 60)] == ["s-2"]


async def test_what_ended_long_ago_is_forgotten(store: Store) -> None:
    """With the transitions; what lasts never is."""
    kept = Retention()
    async with opened(store, retention=kept, clock=lambda: NOW + kept.transitions + 1) as history:
        await history.write_by_hand(replace(ROW, id="old", ends_at=NOW), NEVER)
        await history.write_by_hand(replace(ROW, id="lately", ends_at=NOW + 2), NEVER)
        await history.write_by_hand(ROW, NEVER)
        await history._worker.call(history._recorder.upkeep.whole)
        assert sorted(one.id for one in await history.by_hand(-1.0)) == ["lately", "s-1"]


async def test_while_it_is_away_a_person_is_refused_and_an_end_is_kept(store: Store) -> None:
    """What is written by hand raises, and is not there afterwards; what ended by itself is."""
    async with opened(store) as history:
        await history.write_by_hand(ROW, NEVER)
        with store.away():
            with pytest.raises(HistoryTroubleError):
                await history.write_by_hand(replace(ROW, id="s-2"), replace(NEVER, id="s-2"))
            history.keep_by_hand(replace(ROW, ends_at=NOW + 5))
    async with opened(store) as history:
        assert [(one.id, one.ends_at) for one in await history.by_hand(0.0)] == [("s-1", NOW + 5)]


@pytest.mark.parametrize("was_there", [False, True])
async def test_a_commit_whose_answer_is_lost_is_taken_back(
    store: Store, monkeypatch: pytest.MonkeyPatch, was_there: bool
) -> None:
    """It was refused, so it is not there, or as it was before, now and for the next process."""
    write = Recorder.write_now

    def lost(recorder: Recorder, *given: object) -> None:
        write(recorder, *given)  # type: ignore[arg-type]
        raise HistoryTroubleError("the connection was closed")

    async with opened(store) as history:
        if was_there:
            await history.write_by_hand(ROW, NEVER)
        monkeypatch.setattr(Recorder, "write_now", lost)
        with pytest.raises(HistoryTroubleError):
            await history.write_by_hand(
                replace(ROW, author="Bo", ends_at=NOW + 60), ROW if was_there else NEVER
            )
        monkeypatch.undo()
        assert await history.by_hand(0.0) == ([ROW] if was_there else [])
    async with opened(store) as history:
        assert await history.by_hand(0.0) == ([ROW] if was_there else [])
