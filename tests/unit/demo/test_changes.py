"""What changed between two looks."""

from __future__ import annotations

from monitor.demo.changes import service_changes
from monitor.judging.snapshot import Snapshot
from monitor.model.status import Rule, Status
from tests.support import views


def at(status: Status) -> Snapshot:
    check = {
        Status.GREEN: views.green(),
        Status.RED: views.bad(Status.RED, Rule.RED_AFTER, since=views.SINCE),
        Status.UNKNOWN: views.unknown(Rule.UNMEASURED),
    }[status]
    return views.snapshot(status, views.environment(status, views.service(status, check)))


def test_nothing_changed() -> None:
    assert list(service_changes(at(Status.RED), at(Status.RED))) == []


def test_a_change_is_told_in_full_sentences() -> None:
    (change,) = service_changes(at(Status.GREEN), at(Status.RED))
    assert change.transition.before is Status.GREEN
    assert change.transition.after is Status.RED
    assert "Dispensing (EXPO) in EXT5" in change.message.en
    assert "Receptexpedition (EXPO) i EXT5" in change.message.sv
    assert change.is_news


def test_the_first_green_is_no_news() -> None:
    (change,) = service_changes(at(Status.UNKNOWN), at(Status.GREEN))
    assert not change.is_news


def test_a_service_that_was_not_there_has_not_changed() -> None:
    assert list(service_changes(views.snapshot(Status.UNKNOWN), at(Status.RED))) == []
