"""One run of a check: promises, bounds, and whose trouble it was."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest
import structlog

from monitor.model.estate import Check, CheckId, Environment, Estate, Promise, Service
from monitor.model.text import Text
from monitor.scheduling.fitness import CanaryWatch, LoopLag
from monitor.scheduling.runner import Runner, last_arrival
from probes.kind import Kind
from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, HttpFacts, Observation, Phases, Reason
from probes.settings import ProbeSettings
from probes.tcp import TcpSettings
from tests.support.factories import make_check, make_observation
from tests.support.virtual_time import MONDAY, run_virtually


def clock() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Told:
    late: list[float] = field(default_factory=list)
    most: int = 0
    errors: int = 0
    kinds_missed: list[str] = field(default_factory=list)

    def lateness(self, seconds: float) -> None:
        self.late.append(seconds)

    def in_flight(self, number: int) -> None:
        self.most = max(self.most, number)

    def internal_error(self) -> None:
        self.errors += 1

    def missed(self, kind: str) -> None:
        self.kinds_missed.append(kind)


Measure = Callable[[], Awaitable[Observation]]


async def quick() -> Observation:
    begun = clock()
    await asyncio.sleep(0.1)
    return Observation(at=begun, duration=0.1, phases=Phases(connect=0.02))


class House:
    """A runner whose probes are the function given; keeps what was seen."""

    def __init__(
        self,
        measure: Measure,
        *checks: Check,
        max_in_flight: int = 500,
        breaks_for: Check | None = None,
    ) -> None:
        self.made = 0
        """Probes."""

        def prepare(settings: ProbeSettings, *_: object) -> Measure:
            if breaks_for is not None and settings is breaks_for.settings:
                raise ZeroDivisionError
            self.made += 1
            return measure

        self.told = Told()
        self.seen: list[tuple[str, Observation]] = []
        self.held: list[tuple[str, float]] = []
        kind = Kind(name="tcp", settings=TcpSettings, prepare=prepare)
        services = tuple(
            Service(
                id=check.service_id,
                environment="ext5",
                name=check.service,
                title=Text(sv="", en=""),
                checks=(check,),
            )
            for check in checks
        )
        environment = Environment(name="ext5", title=Text(sv="", en=""), services=services)
        self.runner = Runner(
            Estate(environments=(environment,), max_in_flight=max_in_flight),
            {"tcp": kind},
            ProbeContext(clock=clock, timer=clock),
            lag=LoopLag(lambda _: None),
            canary=CanaryWatch([], clock),
            told=self.told,
            seen=lambda check, observation: self.seen.append((check.id, observation)),
            held=lambda check, until: self.held.append((check.id, until - MONDAY)),
        )


def check(name: str = "api", **more: Any) -> Check:
    return make_check(id=CheckId(f"ext5/{name}/api"), service=name, kind="tcp", **more)


def test_a_promise_keeps_probes_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many checks of the scope are due at once, the target sees them min_interval apart."""
    promise = (Promise(scope="ext5", seconds=5.0),)
    checks = [check(name, promises=promise, host="h", port=443) for name in "abcd"]

    async def main() -> list[float]:
        house = House(quick, *checks)
        await asyncio.gather(*(house.runner.run(one, clock()) for one in checks))
        return sorted(seen.at for _, seen in house.seen)

    starts = run_virtually(main(), monkeypatch)
    assert len(starts) == 4
    assert all(later - sooner >= 5.0 for sooner, later in pairwise(starts))


def test_a_promise_counts_from_what_the_target_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure only the probe's end is certain: the next starts min_interval after that."""
    one = check(promises=(Promise(scope="ext5", seconds=5.0),))

    async def hangs() -> Observation:
        begun = clock()
        await asyncio.sleep(3.0)
        return Observation(
            at=begun, duration=3.0, grade=Grade.FAILED, reason=Reason.TIMEOUT, cause=Cause.TARGET
        )

    async def main() -> list[float]:
        house = House(hangs, one)
        await house.runner.run(one, clock())
        await house.runner.run(one, clock())
        return [seen.at for _, seen in house.seen]

    first, second = run_virtually(main(), monkeypatch)
    assert second - first >= 8.0


def test_other_hosts_are_not_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A promise is to a target's owner: another host's probes need not wait."""
    promise = (Promise(scope="ext5", seconds=60.0),)
    checks = [check(name, promises=promise, host=name, port=443) for name in "ab"]

    async def main() -> float:
        begun = clock()
        house = House(quick, *checks)
        await asyncio.gather(*(house.runner.run(one, clock()) for one in checks))
        return clock() - begun

    assert run_virtually(main(), monkeypatch) < 1.0


def test_a_host_sees_at_most_its_number_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for a place is lateness, and never in the latency."""
    checks = [check(f"s{n}", host="h", host_concurrency=2) for n in range(6)]

    async def main() -> House:
        house = House(quick, *checks)
        await asyncio.gather(*(house.runner.run(one, clock()) for one in checks))
        return house

    house = run_virtually(main(), monkeypatch)
    assert house.told.most == 2
    assert [round(late, 3) for late in house.told.late] == [0.0, 0.0, 0.1, 0.1, 0.2, 0.2]
    assert {seen.duration for _, seen in house.seen} == {0.1}


def test_probes_in_all_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """max_in_flight holds over all hosts."""
    checks = [check(f"s{n}", host=f"h{n}") for n in range(20)]

    async def main() -> House:
        house = House(quick, *checks, max_in_flight=3)
        await asyncio.gather(*(house.runner.run(one, clock()) for one in checks))
        return house

    house = run_virtually(main(), monkeypatch)
    assert house.told.most == 3
    assert len(house.seen) == 20


def test_a_probe_that_breaks_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug becomes reason internal, cause monitor, a log line with its traceback and a count."""
    one = check()

    async def breaks() -> Observation:
        raise ZeroDivisionError

    async def main() -> House:
        house = House(breaks, one)
        with structlog.testing.capture_logs() as logs:
            await house.runner.run(one, clock())
        assert [entry["event"] for entry in logs] == ["probe_broke"]
        return house

    house = run_virtually(main(), monkeypatch)
    [(_, seen)] = house.seen
    assert (seen.reason, seen.cause) == (Reason.INTERNAL, Cause.MONITOR)
    assert "ZeroDivisionError" in seen.detail
    assert house.told.errors == 1


def test_a_clock_that_is_set_during_a_probe_makes_it_no_older(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was seen is as old as it took, by the new time, whichever way the clock was set."""
    one = check()

    async def main(seconds: float) -> tuple[Observation, float]:
        set_by = [0.0]

        async def measured() -> Observation:
            begun = wall()
            set_by[0] = seconds
            await asyncio.sleep(1.0)
            part = make_observation(at=begun)
            return replace(make_observation(at=begun), parts=(part,))

        def wall() -> float:
            return clock() + set_by[0]

        house = House(measured, one)
        house.runner._context = ProbeContext(clock=wall, timer=clock)
        await house.runner.run(one, clock())
        [(_, seen)] = house.seen
        return seen, wall()

    for seconds in (7200.0, -7200.0):
        seen, now = run_virtually(main(seconds), monkeypatch)
        assert now - seen.at == now - seen.parts[0].at == pytest.approx(1.0)


def test_a_cancelled_run_is_no_observation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop in the middle of a probe says nothing of the target."""
    one = check()

    async def main() -> House:
        house = House(quick, one)
        task = asyncio.create_task(house.runner.run(one, clock()))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        return house

    assert run_virtually(main(), monkeypatch).seen == []


def test_an_answered_request_had_arrived_when_its_answer_was_waited_for() -> None:
    """However long we took to send it. After redirects only the end is certain."""
    phases = Phases(resolve=0.1, connect=0.2, tls=0.3, processing=1.0, transfer=1.0)
    http = HttpFacts(status=200, version="1.1")
    plain = Observation(at=10.0, duration=2.6, phases=phases, http=http)
    moved = Observation(
        at=10.0, duration=2.6, phases=phases, http=HttpFacts(status=200, version="1.1", redirects=1)
    )
    late = replace(plain, duration=2.9)
    assert last_arrival(plain) == pytest.approx(10.6)
    assert last_arrival(late) == pytest.approx(10.9)
    assert last_arrival(moved) == pytest.approx(12.6)


async def asks_for_two_minutes() -> Observation:
    return Observation(
        at=clock(),
        duration=0.0,
        grade=Grade.FAILED,
        reason=Reason.STATUS,
        cause=Cause.MONITOR,
        http=HttpFacts(status=429, version="1.1", retry_after=120.0),
    )


def test_a_server_that_asks_for_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every check of its host and port stays away until then, and each run left out is counted; the
    one that was told is the last that was seen.
    """
    one, same, other = check("a", host="h"), check("b", host="h"), check("c", host="i")

    async def main() -> House:
        house = House(asks_for_two_minutes, one, same, other)
        await house.runner.run(one, clock())
        for _ in range(3):
            await asyncio.sleep(30.0)
            await house.runner.run(same, clock())
        await house.runner.run(other, clock())
        await asyncio.sleep(31.0)
        await house.runner.run(same, clock())
        return house

    house = run_virtually(main(), monkeypatch)
    assert [name for name, _ in house.seen] == ["ext5/a/api", "ext5/c/api", "ext5/b/api"]
    assert house.told.kinds_missed == ["retry_after"] * 3
    assert house.held[:4] == [("ext5/a/api", 120.0), *[("ext5/b/api", 120.0)] * 3]


@pytest.mark.parametrize("promised", [False, True])
def test_who_waits_for_a_place_is_held_back_too(
    monkeypatch: pytest.MonkeyPatch, promised: bool
) -> None:
    """Due before the server asked, but not begun: it never begins, and blocks nobody after it."""
    promises = (Promise(scope="ext5", seconds=1.0),) if promised else ()
    checks = [check(name, host="h", promises=promises, host_concurrency=1) for name in "abc"]

    async def main() -> House:
        house = House(asks_for_two_minutes, *checks)
        await asyncio.gather(*(house.runner.run(one, clock()) for one in checks))
        await asyncio.sleep(121.0)
        await house.runner.run(checks[2], clock())
        return house

    house = run_virtually(main(), monkeypatch)
    assert [name for name, _ in house.seen] == ["ext5/a/api", "ext5/c/api"]
    assert house.told.kinds_missed == ["retry_after"] * 2


class Reloading:
    """What a test needs to hand a runner another configuration."""

    def __init__(self, *checks: Check, max_in_flight: int = 500) -> None:
        services = [
            Service(
                id=one.service_id,
                environment="ext5",
                name=one.service,
                title=Text(sv="", en=""),
                checks=(one,),
            )
            for one in checks
        ]
        environment = Environment(name="ext5", title=Text(sv="", en=""), services=tuple(services))
        self.estate = Estate(environments=(environment,), max_in_flight=max_in_flight)


def test_a_probe_of_a_check_that_is_gone_counts_for_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It ends by itself; nothing is seen of it. One that begins anew neither; one that is only
    weighed otherwise counts, for the check as it is now.
    """
    gone, anew, stays = check("gone"), check("anew"), check("stays")
    weighed = replace(stays, weight=7.0)

    async def main() -> tuple[House, frozenset[CheckId]]:
        house = House(quick, gone, anew, stays)
        runs = [asyncio.create_task(house.runner.run(c, clock())) for c in (gone, anew, stays)]
        await asyncio.sleep(0.05)
        estate = Reloading(anew, weighed).estate
        under_way = house.runner.adopt(estate, [anew.id], [])
        await asyncio.gather(*runs)
        return house, under_way

    house, under_way = run_virtually(main(), monkeypatch)
    assert under_way == {gone.id, anew.id, stays.id}
    assert [id_ for id_, _ in house.seen] == [stays.id]


def test_a_check_that_is_gone_is_not_probed_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not when its run has waited for a place, and not when one is started all the same."""
    one, other = check("one", host="h"), check("other", host="h")
    begun: list[float] = []

    async def counted() -> Observation:
        begun.append(clock())
        return await quick()

    async def main() -> House:
        house = House(counted, one, other, max_in_flight=1)
        runs = [asyncio.create_task(house.runner.run(c, clock())) for c in (one, other)]
        await asyncio.sleep(0.05)
        house.runner.adopt(Reloading(one, max_in_flight=1).estate, [], [])
        await asyncio.gather(*runs)
        await house.runner.run(other, clock())
        return house

    house = run_virtually(main(), monkeypatch)
    assert len(begun) == 1
    assert [id_ for id_, _ in house.seen] == [one.id]


def test_the_bounds_outlive_a_reload(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those under way before count among the new number: never more than the bound at a time."""
    checks = [check(f"c{n}", host=f"h{n}") for n in range(8)]

    async def main() -> House:
        house = House(quick, *checks, max_in_flight=3)
        runs = [asyncio.create_task(house.runner.run(c, clock())) for c in checks]
        for bound in (2, 3, 1, 3):
            await asyncio.sleep(0.03)
            house.runner.adopt(Reloading(*checks, max_in_flight=bound).estate, [], [])
        await asyncio.gather(*runs)
        return house

    house = run_virtually(main(), monkeypatch)
    assert house.told.most == 3
    assert len(house.seen) == 8


def test_a_probe_is_made_for_the_first_run_and_for_that_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of thousands of checks not all begin at once. Another one is made when a file that it was made
    of is another, or the check begins anew.
    """
    one, other = check("one"), check("other")

    async def main() -> tuple[House, list[int]]:
        house = House(quick, one, other)
        made = [house.made]
        for anew, renewed in ([], []), ([], []), ([], [one.id]), ([], []), ([one.id], []):
            house.runner.adopt(Reloading(one, other).estate, anew, renewed)
            await house.runner.run(one, clock())
            made.append(house.made)
        return house, made

    house, made = run_virtually(main(), monkeypatch)
    assert made == [0, 1, 1, 2, 2, 3]
    assert [id_ for id_, _ in house.seen] == [one.id] * 5


def test_a_probe_that_cannot_be_made_is_our_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named, counted, and tried again: the other checks go on."""
    one, other = check("one"), check("other")

    async def main() -> House:
        house = House(quick, one, other, breaks_for=one)
        for each in (one, other, one):
            await house.runner.run(each, clock())
        return house

    house = run_virtually(main(), monkeypatch)
    assert [seen.reason for _, seen in house.seen] == [Reason.INTERNAL, None, Reason.INTERNAL]
    assert house.told.errors == 2
