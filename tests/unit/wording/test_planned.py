"""Planned is not broken: what is as a service window says is told as planned."""

from __future__ import annotations

from dataclasses import replace

from monitor.judging.snapshot import EnvironmentView, ServiceView
from monitor.model.status import Rule, Status
from monitor.model.text import Text
from monitor.wording import environment_message, overall_message, service_message
from tests.support.views import STOCKHOLM, bad, environment, green, service, snapshot

DOWN = bad(Status.RED, Rule.RED_AFTER)
CLOSED = service(Status.RED, green(), measured=Status.GREEN, declared=Status.RED, planned=True)


def closed(*services: ServiceView) -> EnvironmentView:
    return replace(environment(Status.RED, *services), planned=True)


def test_an_environment_that_is_closed_as_planned_is_headlined_so() -> None:
    """No word of a risk, and nobody is affected."""
    said = environment_message(closed(CLOSED, CLOSED), STOCKHOLM)
    assert said == Text(
        sv="Planerat avbrott i testmiljön EXT5 enligt ett pågående servicefönster."
        " Mätningarna visar full drift.",
        en="Planned outage of the test environment EXT5 by a service window under way."
        " The measurements show full operation.",
    )


def test_of_an_environment_closed_in_part_it_is_said_which_part() -> None:
    """Most of its services are enough for its colour."""
    said = environment_message(closed(CLOSED, CLOSED, service(Status.GREEN, green())), STOCKHOLM)
    assert said.sv.startswith("Planerat avbrott i 2 av 3 tjänster i testmiljön EXT5 ")


def test_what_no_window_explains_is_told_beside_it() -> None:
    """A fault is not hidden by a plan."""
    broken = service(Status.RED, DOWN)
    said = environment_message(closed(CLOSED, broken), STOCKHOLM)
    assert "1 av 2 tjänster är berörd: Receptexpedition (EXPO)." in said.sv
    assert "Enligt mätningarna är 1 av 2 tjänster i full drift." in said.sv


def test_the_planned_are_counted_apart_in_an_environment_in_trouble() -> None:
    """Those affected are those that are not planned."""
    view = environment(Status.RED, service(Status.RED, DOWN), CLOSED)
    said = environment_message(view, STOCKHOLM)
    assert "1 av 2 tjänster är berörd" in said.sv
    assert "Därutöver har 1 tjänst planerat arbete." in said.sv
    assert "Besides, 1 service has planned work." in said.en


def test_a_planned_stop_that_is_measured_too_blames_nobody() -> None:
    """The measurements agree with the window."""
    said = service_message(service(Status.RED, DOWN, declared=Status.RED, planned=True), STOCKHOLM)
    assert said.sv.startswith("Planerat avbrott i tjänsten Receptexpedition (EXPO) i ext5 ")
    assert "Mätningarna visar att den inte är tillgänglig." in said.sv
    assert "Felet" not in said.sv


def test_trouble_comes_before_what_is_planned() -> None:
    """In the sentence about everything."""
    yellow = environment(Status.YELLOW, service(Status.YELLOW, DOWN))
    said = overall_message(snapshot(Status.RED, closed(CLOSED), yellow))
    assert said.sv.index("konstaterad störning") < said.sv.index("Planerat avbrott")
