"""What transitions come to."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from monitor.model.status import Status
from monitor.model.transition import Transition
from monitor.replay.tally import Alarm, Sum, TransitionTally, only_in, subject_of, sum_of

SINCE = 1_795_438_800.0
G, Y, R, U = Status.GREEN, Status.YELLOW, Status.RED, Status.UNKNOWN


def moved(at: float, before: Status, after: Status, **more: Any) -> Transition:
    values: dict[str, Any] = {
        "at": SINCE + at,
        "since": SINCE + at,
        "environment": "ext5",
        "service": "expo",
        "before": before,
        "after": after,
    }
    return Transition(**{**values, **more})


def tallied(*transitions: Transition, until: float = 1000.0) -> Sum:
    tally = TransitionTally("ext5/expo", SINCE)
    for one in transitions:
        tally.add(one)
    return tally.sum(SINCE + until)


def path(*steps: tuple[float, Status], **more: Any) -> list[Transition]:
    return [moved(at, before, after, **more) for (_, before), (at, after) in pairwise(steps)]


def test_seconds_of_each_colour_are_counted() -> None:
    """From one transition to the next, and from the last one to the end."""
    found = tallied(*path((0, G), (100, Y), (110, R), (160, Y), (170, G), (900, U)))
    assert (found.yellow, found.red, found.unknown) == (20, 50, 100)
    assert (found.transitions, found.reds) == (5, 1)


def test_what_was_before_only_tells_how_it_stood() -> None:
    """A red that began before the time that is looked at: its minutes count from there on."""
    found = tallied(*path((-500, G), (-400, R), (60, G)))
    assert (found.red, found.transitions, found.reds) == (60, 1, 0)
    assert [(one.since, one.until) for one in found.alarms] == [(SINCE - 400, SINCE + 60)]


def test_an_alarm_that_was_over_before_does_not_count() -> None:
    """Neither its minutes nor itself."""
    assert tallied(*path((-500, G), (-400, R), (-300, G))) == Sum()


def test_the_first_thing_known_is_no_transition() -> None:
    """Nothing has changed by our beginning to look; but a red one is an alarm."""
    found = tallied(*path((-20, U), (10, R), (40, G)))
    assert (found.transitions, found.reds, len(found.alarms)) == (1, 0, 1)
    assert found.unknown == 10


def test_an_alarm_lasts_until_the_all_clear() -> None:
    """Yellow, red, unknown and yellow again are one disturbance, as bad as its worst."""
    found = tallied(*path((0, G), (100, Y), (110, R), (200, U), (300, Y), (310, G)))
    assert found.alarms == (
        Alarm(subject="ext5/expo", since=SINCE + 100, until=SINCE + 310, worst=R),
    )


def test_what_a_window_explains_is_no_alarm_until_the_window_is_over() -> None:
    """Planned red has minutes, and no alarm; what outlasts its window has one."""
    planned = moved(100, G, R, planned=True)
    assert tallied(planned, moved(200, R, G)).alarms == ()
    overrun = moved(200, R, R, was_planned=True)
    found = tallied(planned, overrun, moved(300, R, G))
    assert [(one.since, one.until) for one in found.alarms] == [(SINCE + 200, SINCE + 300)]
    assert (found.red, found.transitions) == (200, 2)


def test_the_delay_is_from_the_first_failure_to_red() -> None:
    """The median and the longest of all that became red."""
    found = tallied(
        moved(100, G, Y),
        moved(111, Y, R, since=SINCE + 100),
        moved(200, R, G),
        moved(331, G, R, since=SINCE + 300),
    )
    assert (found.delays, found.usual_delay, found.longest_delay) == ((11, 31), 11, 31)
    assert (Sum().usual_delay, Sum().longest_delay) == (None, None)


def test_sums_are_added_up() -> None:
    """All services together."""
    one = tallied(*path((0, G), (100, R), (160, G)))
    both = sum_of([one, one])
    assert (both.transitions, both.reds, both.red) == (4, 2, 120)
    assert (len(both.alarms), both.delays) == (2, (0, 0))


def alarm(since: float, until: float) -> Alarm:
    return Alarm(subject="ext5/expo", since=since, until=until, worst=R)


def test_an_alarm_is_new_when_it_meets_none_of_the_others() -> None:
    """One that is told earlier or later, or lasts longer, is the same disturbance."""
    these = [alarm(10, 20), alarm(30, 40), alarm(50, 60)]
    assert only_in(these, [alarm(5, 12), alarm(39, 45)]) == (alarm(50, 60),)
    assert only_in(these, [alarm(0, 100)]) == ()
    assert only_in(these, []) == tuple(these)


def test_a_subject_is_named_as_it_is_addressed() -> None:
    """A service with its environment, an environment alone."""
    assert subject_of(moved(0, G, R)) == "ext5/expo"
    assert subject_of(moved(0, G, R, service=None)) == "ext5"
