"""What is remembered of a check's newest observations."""

from __future__ import annotations

import sys

from monitor.judging.grade import GOOD, Verdict
from monitor.judging.newest import Latencies, Newest
from monitor.judging.transition_context import RememberedResult
from probes.observation import Cause, Grade, Reason

BAD = Verdict(grade=Grade.FAILED, reason=Reason.STATUS, cause=Cause.TARGET)


def seen(number: int) -> RememberedResult:
    """One of three kinds, each with its own instant."""
    verdict, detail = ((GOOD, ""), (BAD, "503"), (BAD, "502"))[number // 4 % 3]
    return RememberedResult(1e9 + number / 3, number / 7, verdict, detail, f"192.0.2.{number // 4}")


def test_the_newest_are_remembered_as_they_were() -> None:
    """To the last bit, oldest first, and no more than there may be."""
    newest = Newest(20)
    for number in range(50):
        newest.add(*seen(number))
        assert list(newest) == [seen(one) for one in range(max(0, number - 19), number + 1)]
    assert list(Newest(5, newest)) == [seen(one) for one in range(45, 50)]


def test_observations_alike_say_it_once() -> None:
    """What a good one after the other has in common is one object for all of them."""
    newest = Newest(20)
    for number in range(20):
        newest.add(number, 0.02, Verdict(grade=Grade.GOOD), "", "192.0.2.10".replace("x", ""))
    assert len({id(said) for said in newest._results}) == 1
    assert sys.getsizeof(newest._numbers) < 20 * 24


def test_latencies_are_bounded() -> None:
    """The newest of them, to the last bit."""
    latencies = Latencies(8)
    for number in range(20):
        latencies.add(number / 3)
    assert list(latencies) == [number / 3 for number in range(12, 20)]
