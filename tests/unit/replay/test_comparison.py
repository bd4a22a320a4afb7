"""Then and now, side by side."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from monitor.history.codec.blocks import pack
from monitor.judging.board import Board
from monitor.model.estate import Check, CheckId, Environment, Estate, Service, ServiceId
from monitor.model.records import Seen, observation_of
from monitor.model.status import Status, Thresholds
from monitor.model.text import Text
from monitor.model.transition import Transition
from monitor.replay import comparison
from monitor.replay.as_json import comparison_document
from monitor.replay.comparison import ReplayComparison, compare
from monitor.replay.engine import Replay
from monitor.replay.recording import Block
from monitor.replay.table import comparison_table
from probes.observation import Cause, Grade, Phases, Reason
from tests.support.factories import make_check
from tests.support.recorded import Recorded

HOUR = 1_795_438_800.0
SINCE = HOUR + 3600
END = HOUR + 4 * 3600
TEXT = Text(sv="x", en="x")
GOOD = Seen(0.0, 0.125, Grade.GOOD, None, None, Phases(), None, 200, "")
BAD = GOOD._replace(grade=Grade.FAILED, reason=Reason.RESET, cause=Cause.TARGET)


def estate(red_after: int = 3, yellow_after: int = 1, names: Sequence[str] = ("api",)) -> Estate:
    checks: tuple[Check, ...] = tuple(
        make_check(name, thresholds=Thresholds(red_after=red_after, yellow_after=yellow_after))
        for name in names
    )
    service = Service(
        id=ServiceId("ext5/expo"), environment="ext5", name="expo", title=TEXT, checks=checks
    )
    return Estate(environments=(Environment(name="ext5", title=TEXT, services=(service,)),))


def week(*outages: tuple[float, int]) -> list[Seen]:
    """Every 30 s from ``HOUR`` to ``END``; ``outages`` are seconds after ``SINCE`` and how many
    observations fail from there on.
    """
    failing = {SINCE + begin + 30 * number for begin, count in outages for number in range(count)}
    return [
        (BAD if HOUR + at in failing else GOOD)._replace(at=HOUR + at)
        for at in range(0, int(END - HOUR), 30)
    ]


def published(watched: Estate, seen: Sequence[Seen]) -> list[Transition]:
    """What a daemon would have told, and recorded."""
    board = Board(watched, HOUR - 10)
    found = []
    for one in seen:
        now = one.at + one.duration
        found += board.age(now)
        check_id = CheckId("ext5/expo/api")
        found += board.observe(check_id, observation_of(one), now).transitions
    return found


def compared(old: Estate, new: Estate, seen: Sequence[Seen]) -> ReplayComparison:
    recording = Recorded({"ext5/expo/api": seen}, published(old, seen))
    return compare(new, recording, SINCE, END + 3600)


def test_the_same_configuration_changes_nothing() -> None:
    """What was published then is what is judged now, to the instant and the id."""
    found = compared(estate(), estate(), week((600, 1), (1200, 5), (-600, 40)))
    assert found.then == found.now
    assert len(found.now) == 2 * 6  # of the service and of its environment
    assert found.total.then == found.total.now
    assert (found.total.more, found.total.fewer, found.left_out) == ((), (), 0)
    assert found.until == END - 30 + 0.125


def test_laxer_thresholds_have_fewer_alarms_and_are_later() -> None:
    """A single failure alarms no more, and red takes longer."""
    found = compared(estate(), estate(red_after=5, yellow_after=2), week((600, 1), (1200, 10)))
    (line,) = found.services
    assert (line.then.transitions, line.now.transitions) == (6, 4)
    assert (len(line.then.alarms), len(line.now.alarms)) == (2, 1)
    assert [(one.since, one.worst) for one in line.fewer] == [(SINCE + 600, Status.YELLOW)]
    assert line.more == ()
    assert (line.then.longest_delay, line.now.longest_delay) == (60.125, 120.125)
    assert line.then.red - line.now.red == 60


def test_stricter_thresholds_have_more_alarms() -> None:
    """What was let pass then is an alarm now."""
    found = compared(estate(red_after=5, yellow_after=2), estate(), week((600, 1), (1200, 10)))
    assert [one.since for one in found.total.more] == [SINCE + 600]
    assert found.total.fewer == ()


def test_another_configuration_can_be_what_it_is_compared_with() -> None:
    """Nothing that was published is needed then."""
    recording = Recorded({"ext5/expo/api": week((600, 1), (1200, 10))})
    told: list[tuple[int, int]] = []
    found = compare(
        estate(5, 2),
        recording,
        SINCE,
        END,
        old=estate(),
        against="old.yaml",
        told=lambda done, total: told.append((done, total)),
    )
    (line,) = found.services
    assert (line.then.transitions, line.now.transitions) == (6, 4)
    assert found.against == "old.yaml"
    assert told[-1][0] == told[-1][1] == len(told)
    assert [done for done, _ in told] == list(range(1, len(told) + 1))


def test_checks_without_a_record_and_records_without_a_check_are_named() -> None:
    """Neither says anything of the other."""
    recording = Recorded({"ext5/expo/api": week(), "ext5/expo/old": week()})
    found = compare(estate(names=("api", "new")), recording, SINCE, END)
    assert (found.unmeasured, found.gone) == (("ext5/expo/new",), ("ext5/expo/old",))


def test_the_end_of_the_record_is_no_outage() -> None:
    """When the daemon was stopped two days ago nothing becomes unknown by it."""
    recording = Recorded({"ext5/expo/api": week()}, published(estate(), week()))
    found = compare(estate(), recording, SINCE, END + 2 * 86_400)
    assert found.now == found.then == ()
    assert found.total.now.unknown == 0


def test_nothing_recorded_is_nothing_known() -> None:
    """An empty record is compared without a fault."""
    found = compare(estate(), Recorded({}), SINCE, END)
    assert (found.observations, found.unmeasured, found.now) == (0, ("ext5/expo/api",), ())
    assert "0 observations" in shown(found)


class Damaged(Recorded):
    """The second hour cannot be read."""

    def blocks(self, check_id: str, since: float, until: float) -> Iterator[Block]:
        for block in super().blocks(check_id, since, until):
            hour = isinstance(block, bytes) and block == pack(week()[120:240])
            yield b"\x01spoilt" if hour else block


def test_a_damaged_block_costs_its_hour_alone() -> None:
    """It is counted and told; the hour is unknown."""
    found = compare(estate(), Damaged({"ext5/expo/api": week()}), SINCE, END)
    assert found.damaged == 1
    assert found.total.now.unknown > 3000
    assert "1 damaged" in shown(found)


def test_a_packed_hour_is_read_only_as_far_as_it_was_asked_for() -> None:
    """Observations before the beginning and from the end on are left out."""
    recording = Recorded({"ext5/expo/api": week()})
    replay = Replay(estate(), recording, SINCE + 100, SINCE + 1000)
    list(replay.transitions())
    assert replay.observations == 30


def test_only_the_first_transitions_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures count all of them."""
    monkeypatch.setattr(comparison, "LISTED", 3)
    found = compared(estate(), estate(), week((600, 1), (1200, 5)))
    assert (len(found.now), found.left_out) == (3, 18)
    assert found.total.now.transitions == 6


def shown(found: ReplayComparison) -> str:
    console = Console(file=io.StringIO(), width=160)
    console.print(comparison_table(found, ZoneInfo("Europe/Stockholm")))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_table_tells_what_would_change() -> None:
    """Figures that change have an arrow, and every alarm more or fewer has a line of its own."""
    told = shown(compared(estate(), estate(5, 2), week((600, 1), (1200, 10))))
    assert "6 → 4" in told
    assert "60.1 s → 120.1 s" in told
    assert "would not have been" in told
    assert "ext5/expo  yellow" in told


def test_the_table_tells_every_transition() -> None:
    """One row where both have it; else it is told which side has it."""
    told = shown(compared(estate(), estate(5, 2), week((600, 1), (1200, 10))))
    _, every = told.split("Every transition")
    rows = [line for line in every.splitlines() if "ext5/expo" in line]
    sides = [[cell.strip() for cell in row.split("│")[-3:-1]] for row in rows]
    # yellow and back at once, yellow, red: only then; later ones and the all-clear: both or now
    assert sides.count(["yes", "yes"]) == 2
    assert sides.count(["yes", "–"]) == 4
    assert sides.count(["–", "yes"]) == 2
    assert "green → yellow" in rows[0]
    assert "reset" in rows[0]


def test_names_of_checks_are_not_read_as_markup() -> None:
    """Square brackets are square brackets."""
    found = compare(estate(), Recorded({}), SINCE, END)
    assert "ext5/[red]x" in shown(replace(found, gone=("ext5/[red]x",)))


def test_the_document_is_json_with_every_transition() -> None:
    """Instants in UTC, and minutes rounded to hundredths."""
    found = comparison_document(compared(estate(), estate(5, 2), week((600, 1), (1200, 10))))
    assert json.loads(json.dumps(found)) == found
    assert found["compared_with"] == "recorded"
    assert found["total"]["then"] == {
        "transitions": 6,
        "alarms": 2,
        "reds": 1,
        "red_minutes": 4.5,
        "yellow_minutes": 9.0,
        "unknown_minutes": 0.0,
        "detection_delay_seconds": {"median": 60.125, "longest": 60.125},
    }
    (fewer,) = found["total"]["alarms_fewer"]
    assert fewer["worst"] == "yellow"
    assert found["transitions"]["now"][0]["to"] == "yellow"
    assert found["transitions"]["now"][0]["since"].endswith("Z")
