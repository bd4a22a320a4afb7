"""Our own trouble is never shown as the target's: contract, section 2, cause."""

from __future__ import annotations

import asyncio

import pytest

from monitor.model.status import Thresholds
from monitor.scheduling.fitness import LAG_LEAST, STALL, CanaryWatch, LoopLag, blame_lag
from probes.observation import Cause, Grade, Observation, Phases, Reason
from tests.support.virtual_time import VirtualLoop, run_virtually

THRESHOLDS = Thresholds(latency_yellow=1.0, latency_red=5.0)


def failed(reason: Reason, at: float = 0.0, duration: float = 10.0) -> Observation:
    return Observation(
        at=at, duration=duration, grade=Grade.FAILED, reason=reason, cause=Cause.TARGET
    )


def test_a_timeout_while_we_were_stalled_is_ours() -> None:
    """The target may have answered in time: 2 s of 10 is too much."""
    seen = blame_lag(failed(Reason.TIMEOUT), 2.0, THRESHOLDS)
    assert (seen.cause, seen.reason, seen.grade) == (Cause.MONITOR, Reason.TIMEOUT, Grade.FAILED)
    assert "stalled" in seen.detail


@pytest.mark.parametrize("lag", [0.05, 0.25, 1.9])
def test_a_timeout_with_little_lag_is_the_targets(lag: float) -> None:
    """A busy loop is no excuse: 1.9 s explain no ten."""
    assert blame_lag(failed(Reason.TIMEOUT), lag, THRESHOLDS).cause is Cause.TARGET


def test_a_short_timeout_is_spoiled_by_less() -> None:
    """A fifth of 300 ms is 60 ms; but a few milliseconds spoil nothing."""
    short = failed(Reason.TIMEOUT, duration=0.3)
    assert blame_lag(short, 0.06, THRESHOLDS).cause is Cause.MONITOR
    assert blame_lag(short, 0.059, THRESHOLDS).cause is Cause.TARGET
    shortest = failed(Reason.TIMEOUT, duration=0.05)
    assert blame_lag(shortest, LAG_LEAST * 0.9, THRESHOLDS).cause is Cause.TARGET


@pytest.mark.parametrize("reason", [Reason.RESET, Reason.PROTOCOL, Reason.TLS_HANDSHAKE])
def test_a_broken_connection_is_ours_only_after_a_stall(reason: Reason) -> None:
    """Somebody who resets after 3 ms did not do so for our being 3 ms late."""
    quick = failed(reason, duration=0.003)
    assert blame_lag(quick, 0.01, THRESHOLDS).cause is Cause.TARGET
    assert blame_lag(quick, STALL, THRESHOLDS).cause is Cause.MONITOR


@pytest.mark.parametrize("reason", [Reason.STATUS, Reason.TLS_EXPIRED, Reason.CONNECT_REFUSED])
def test_a_wrong_answer_stays_wrong_however_we_stalled(reason: Reason) -> None:
    """No lag of ours makes a 503 or an expired certificate."""
    assert blame_lag(failed(reason), 30.0, THRESHOLDS).cause is Cause.TARGET


def test_a_slow_answer_is_believed_only_beyond_our_lag() -> None:
    """1.2 s with 0.3 s of lag would have been 0.9 s: not slow. With 0.1 s it would still be."""
    slow = Observation(at=0.0, duration=1.2)
    assert blame_lag(slow, 0.3, THRESHOLDS).cause is Cause.MONITOR
    assert blame_lag(slow, 0.1, THRESHOLDS) is slow


def test_what_the_kernel_timed_is_believed_whatever_our_lag() -> None:
    """All of 1.2 s is in phases, whose ends the kernel tells: no lag of ours is in it. Of a duration
    that no phase has, the lag may be all.
    """
    phases = Phases(connect=0.1, processing=1.0, transfer=0.1)
    slow = Observation(at=0.0, duration=1.2, phases=phases)
    assert blame_lag(slow, 30.0, THRESHOLDS) is slow
    partly = Observation(at=0.0, duration=1.2, phases=Phases(processing=0.9))
    assert blame_lag(partly, 30.0, THRESHOLDS).cause is Cause.MONITOR


def test_a_quick_answer_is_good_whatever_the_lag() -> None:
    """What came in time came in time."""
    quick = Observation(at=0.0, duration=0.2)
    assert blame_lag(quick, 30.0, THRESHOLDS) is quick


def test_the_loop_measures_its_own_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stall of two seconds is seen, also before the heartbeat itself has run again."""

    async def main() -> tuple[float, float, float, list[float]]:
        told: list[float] = []
        lag = LoopLag(told.append)
        lag.start()
        await asyncio.sleep(1.0)
        before = lag.within(1.0)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop._virtual.now += 2.0
        during = lag.within(3.0)
        await asyncio.sleep(0.05)
        after = lag.within(3.0)
        assert lag.overloaded()
        await asyncio.sleep(20.0)
        assert not lag.overloaded()
        lag.stop()
        return before, during, after, told

    before, during, after, told = run_virtually(main(), monkeypatch)
    assert before < 0.01
    assert during == pytest.approx(2.0, abs=0.11)
    assert after == pytest.approx(2.0, abs=0.11)
    assert max(told) == pytest.approx(2.0, abs=0.11)


class Canaries:
    """Canary probes that answer as they are told and count how often they are asked."""

    def __init__(self, *up: bool) -> None:
        self.up = list(up)
        self.asked = 0

    async def probe(self, index: int) -> Observation:
        self.asked += 1
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(0.2)
        if self.up[index]:
            return Observation(at=now, duration=0.2)
        return failed(Reason.CONNECT_TIMEOUT, now, 0.2)

    def watch(self) -> CanaryWatch:
        probes = [lambda index=index: self.probe(index) for index in range(len(self.up))]
        return CanaryWatch(probes, asyncio.get_running_loop().time)


def test_all_canaries_down_means_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that answers means the target."""

    async def main(*up: bool) -> bool:
        watch = Canaries(*up).watch()
        now = asyncio.get_running_loop().time()
        return await watch.explains(failed(Reason.TIMEOUT, now))

    assert run_virtually(main(False, False), monkeypatch)
    assert not run_virtually(main(False, True), monkeypatch)
    assert not run_virtually(main(), monkeypatch)


def test_canaries_that_were_down_are_asked_until_they_are_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every ten seconds, also when no target wants to know; then never again."""

    async def main() -> tuple[list[bool], int]:
        canaries = Canaries(False)
        watch = canaries.watch()
        watch.look_again()
        loop = asyncio.get_running_loop()
        await watch.explains(failed(Reason.TIMEOUT, loop.time()))
        known = []
        for second in range(60):
            canaries.up = [second >= 15]
            watch.look_again()
            await asyncio.sleep(1)
            known.append(watch.down)
        return known, canaries.asked

    known, asked = run_virtually(main(), monkeypatch)
    assert known[:19] == [True] * 19
    assert not any(known[21:])
    assert asked == 3


def test_without_canaries_none_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """They were taken out of the configuration while they were down."""

    async def main() -> bool:
        watch = Canaries(False).watch()
        await watch.explains(failed(Reason.TIMEOUT, asyncio.get_running_loop().time()))
        assert watch.down
        watch.adopt([])
        watch.look_again()
        return watch.down

    assert not run_virtually(main(), monkeypatch)


def test_a_wrong_answer_needs_no_canary(monkeypatch: pytest.MonkeyPatch) -> None:
    """A status of 503 came over a network that works."""

    async def main() -> tuple[bool, int]:
        canaries = Canaries(False)
        explained = await canaries.watch().explains(failed(Reason.STATUS))
        return explained, canaries.asked

    assert run_virtually(main(), monkeypatch) == (False, 0)


def test_many_failures_share_a_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred checks failing at once ask the canary once, not two hundred times."""

    async def main() -> tuple[set[bool], int]:
        canaries = Canaries(False)
        watch = canaries.watch()
        now = asyncio.get_running_loop().time()
        answers = await asyncio.gather(
            *(watch.explains(failed(Reason.TIMEOUT, now)) for _ in range(200))
        )
        return set(answers), canaries.asked

    assert run_virtually(main(), monkeypatch) == ({True}, 1)


def test_a_round_before_the_failure_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer is of a round begun after the failing probe, and rounds keep a distance."""

    async def main() -> tuple[bool, bool, int, float]:
        canaries = Canaries(True)
        watch = canaries.watch()
        loop = asyncio.get_running_loop()
        first = await watch.explains(failed(Reason.TIMEOUT, loop.time(), 0.0))
        canaries.up[0] = False
        begun = loop.time()
        second = await watch.explains(failed(Reason.TIMEOUT, loop.time(), 0.0))
        return first, second, canaries.asked, loop.time() - begun

    first, second, asked, took = run_virtually(main(), monkeypatch)
    assert (first, second, asked) == (False, True, 2)
    assert took <= 1.3


def test_a_start_is_no_overload(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the loop was late while all began spoils what was measured then, and is told no more."""

    async def main() -> tuple[float, bool, bool]:
        lag = LoopLag(lambda seconds: None)
        lag.start()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        await asyncio.sleep(0.05)
        loop._virtual.now += 2.0
        await asyncio.sleep(0.05)
        spoilt = lag.within(3.0)
        lag.all_has_begun()
        await asyncio.sleep(0.05)
        begun = lag.overloaded()
        loop._virtual.now += 2.0
        await asyncio.sleep(0.05)
        later = lag.overloaded()
        lag.stop()
        return spoilt, begun, later

    spoilt, begun, later = run_virtually(main(), monkeypatch)
    assert spoilt > 1.9
    assert (begun, later) == (False, True)


def test_a_probe_that_began_as_a_stall_ended_is_not_excused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Forty seconds before it are no seconds of it; of those half in it, half count."""

    async def main() -> tuple[float, float]:
        lag = LoopLag(lambda seconds: None)
        lag.start()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        await asyncio.sleep(0.05)
        loop._virtual.now += 40.0
        await asyncio.sleep(1.0)
        found = lag.within(1.0), lag.within(21.0)
        lag.stop()
        return found

    after, half = run_virtually(main(), monkeypatch)
    assert after < 0.01
    assert half == pytest.approx(20.0, abs=0.11)


def test_a_clock_that_is_set_back_makes_no_old_round_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """The canaries were up; an hour is taken back and the network fails: they are asked again."""

    async def main() -> tuple[bool, bool]:
        canaries = Canaries(True)
        watch = canaries.watch()
        now = asyncio.get_running_loop().time()
        first = await watch.explains(failed(Reason.TIMEOUT, now, 2.0))
        await asyncio.sleep(20.0)
        canaries.up = [False]
        return first, await watch.explains(failed(Reason.TIMEOUT, now - 3600.0, 2.0))

    assert run_virtually(main(), monkeypatch) == (False, True)
