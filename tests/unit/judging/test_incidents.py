"""Transitions paired into incidents."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.judging.incidents import TransitionEntry, incidents
from monitor.model.status import Status
from monitor.model.text import Text

GREEN, YELLOW, RED, UNKNOWN = Status.GREEN, Status.YELLOW, Status.RED, Status.UNKNOWN


def course(
    *statuses: Status, service: str = "expo", planned: frozenset[int] = frozenset()
) -> list[TransitionEntry]:
    """A change every ten seconds from the first status through the others, noticed 2 s late."""
    return [
        TransitionEntry(
            id=f"{service}-{number}",
            at=10.0 * number + 2.0,
            since=10.0 * number,
            environment="ext5",
            service=service,
            before=statuses[number - 1],
            after=after,
            planned=number in planned,
            message=Text(sv=f"{service} {number}", en=f"{service} {number}"),
            evidence=after.severity > statuses[number - 1].severity,
        )
        for number, after in enumerate(statuses)
        if number
    ]


def test_it_lasts_from_the_first_worsening_until_green() -> None:
    """By the observations, not by when they were judged; the first change to the worst is its reason."""
    [one] = incidents(course(GREEN, YELLOW, RED, YELLOW, RED, GREEN))
    assert (one.began, one.ended, one.worst) == (10.0, 50.0, RED)
    assert one.decisive.id == "expo-2"
    assert [each.id for each in one.changes] == [f"expo-{number}" for number in range(1, 6)]


def test_the_last_begun_comes_first_and_what_lasts_has_no_end() -> None:
    found = incidents(course(GREEN, RED, GREEN, YELLOW))
    assert [(one.began, one.ended, one.worst) for one in found] == [
        (30.0, None, YELLOW), (10.0, 20.0, RED),
    ]  # fmt: skip


def test_what_was_never_measured_had_no_incident() -> None:
    assert incidents(course(UNKNOWN, GREEN)) == []
    [one] = incidents(course(UNKNOWN, RED, GREEN))
    assert (one.began, one.ended) == (10.0, 20.0)


def test_not_knowing_is_an_incident_of_ours() -> None:
    [one] = incidents(course(GREEN, UNKNOWN, GREEN))
    assert one.worst is UNKNOWN


def test_what_began_before_all_that_is_known() -> None:
    """Its beginning is not invented."""
    [one] = incidents(course(RED, GREEN))
    assert (one.began, one.ended, one.worst) == (None, 10.0, RED)
    assert one.decisive.id == "expo-1"


def test_planned_is_what_is_planned_all_of_it() -> None:
    [all_of_it] = incidents(course(GREEN, RED, GREEN, planned=frozenset({1})))
    assert all_of_it.planned
    [overrun] = incidents(course(GREEN, RED, RED, GREEN, planned=frozenset({1})))
    assert not overrun.planned
    assert incidents(course(GREEN, GREEN, planned=frozenset({1}))) == []


def test_services_are_apart() -> None:
    both = sorted(
        course(GREEN, RED, GREEN) + course(GREEN, YELLOW, GREEN, service="nll"),
        key=lambda one: one.at,
    )
    assert [(one.service, one.worst) for one in incidents(both)] == [("nll", YELLOW), ("expo", RED)]


def test_what_holds_at_an_instant_and_what_touches_a_span() -> None:
    [one] = incidents(course(GREEN, RED, GREEN))
    assert [at for at in (9.9, 10.0, 19.9, 20.0) if one.holds(at)] == [10.0, 19.9]
    spans = {(0.0, 10.0): False, (0.0, 10.1): True, (19.9, 30.0): True, (20.0, 30.0): False}
    assert {span: one.touches(*span) for span in spans} == spans


@given(st.lists(st.sampled_from(list(Status)), min_size=1, max_size=30))
def test_every_instant_is_in_an_incident_or_green(statuses: list[Status]) -> None:
    """As the transitions say: a service that is not green has one incident, a green one has none.
    What was before the first measurement is nobody's.
    """
    found = incidents(course(*statuses))
    for number, status in enumerate(statuses):
        if number == 0 or (status is UNKNOWN and set(statuses[: number + 1]) == {UNKNOWN}):
            continue
        holding = [one for one in found if one.holds(10.0 * number + 5.0)]
        if status is GREEN:
            assert holding == []
        else:
            [one] = holding
            assert one.worst.severity >= status.severity
