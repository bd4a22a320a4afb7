"""What changed between two looks."""

from __future__ import annotations

from monitor.demo.changes import changes
from monitor.judge import Rule, Status
from monitor.snapshot import Snapshot
from tests.unit.wording import builders


def at(status: Status) -> Snapshot:
    check = {
        Status.GREEN: builders.green(),
        Status.RED: builders.bad(Status.RED, Rule.RED_AFTER, since=builders.SINCE),
        Status.UNKNOWN: builders.unknown(Rule.UNMEASURED),
    }[status]
    return builders.snapshot(status, builders.environment(status, builders.service(status, check)))


def test_nothing_changed() -> None:
    assert list(changes(at(Status.RED), at(Status.RED))) == []


def test_a_change_is_told_in_full_sentences() -> None:
    (change,) = changes(at(Status.GREEN), at(Status.RED))
    assert change.transition.before is Status.GREEN
    assert change.transition.after is Status.RED
    assert "Dispensing (EXPO) in EXT5" in change.message.en
    assert "Receptexpedition (EXPO) i EXT5" in change.message.sv
    assert change.is_news


def test_the_first_green_is_no_news() -> None:
    (change,) = changes(at(Status.UNKNOWN), at(Status.GREEN))
    assert not change.is_news


def test_a_service_that_was_not_there_has_not_changed() -> None:
    assert list(changes(builders.snapshot(Status.UNKNOWN), at(Status.RED))) == []
