"""When checks run: contract, sections 2 and 3, in simulated time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.estate import Check
from monitor.scheduling.phase import phases
from monitor.scheduling.scheduler import Schedule, next_on_grid
from tests.support.factories import make_check
from tests.support.virtual_time import MONDAY, run_virtually

DAY = 86_400.0


def clock() -> float:
    return asyncio.get_running_loop().time()


async def runs_of(
    check: Check,
    seconds: float,
    probe: Callable[[Schedule, Check, float], object] | None = None,
    takes: float = 0.0,
    missed: Callable[[], None] = lambda: None,
) -> list[tuple[float, float]]:
    """The instants at which a check was due and started, for ``seconds``."""
    runs: list[tuple[float, float]] = []

    async def run(check: Check, due: float) -> None:
        runs.append((due, clock()))
        if takes:
            await asyncio.sleep(takes)
        if probe is not None:
            probe(schedule, check, runs[-1][1])

    schedule = Schedule([check], run, clock=clock, missed=missed)
    schedule.start()
    await asyncio.sleep(seconds)
    await schedule.drain(1.0)
    return runs


def test_a_day_has_its_runs_and_no_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    """2,880 thirty-second runs a day (and the first), all on one phase to the millisecond."""
    check = make_check(interval=30.0)
    runs = run_virtually(runs_of(check, DAY), monkeypatch)
    on_grid = [due for due, _ in runs[1:]]
    assert 2879 <= len(on_grid) <= 2881
    offset = phases([check])[check.id].offset
    assert all(
        abs((due - offset) % 30.0 - 30.0 * round(((due - offset) % 30.0) / 30.0)) < 1e-3
        for due in on_grid
    )
    assert all(abs(later - sooner - 30.0) < 1e-3 for sooner, later in pairwise(on_grid))


def test_runs_start_when_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is not late when nothing is in its way (timers wake up to 1.5 ms after an instant)."""
    runs = run_virtually(runs_of(make_check(interval=1.0), 600.0), monkeypatch)
    assert max(started - due for due, started in runs) < 2e-3


def test_the_first_run_comes_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits an interval for a first colour; what follows is never a burst."""
    runs = run_virtually(runs_of(make_check(interval=300.0), 1000.0), monkeypatch)
    assert runs[0][1] - MONDAY < 3.1
    assert all(later - sooner >= 5.0 for (_, sooner), (_, later) in pairwise(runs))


def test_a_check_never_overlaps_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe that takes longer than its interval is not started a second time beside itself."""
    skipped: list[None] = []
    check = make_check(interval=1.0)
    runs = run_virtually(
        runs_of(check, 60.0, takes=2.5, missed=lambda: skipped.append(None)), monkeypatch
    )
    assert all(later - sooner >= 2.5 for (_, sooner), (_, later) in pairwise(runs))
    assert len(skipped) > 10


def test_an_unsettled_check_runs_at_retry_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a change is in the air the next run comes retry_interval after the last."""
    check = make_check(interval=300.0, retry_interval=5.0)

    def unsettled(schedule: Schedule, check: Check, started: float) -> None:
        schedule.sooner(check.id, started + check.retry_interval)

    runs = run_virtually(runs_of(check, 120.0, unsettled), monkeypatch)
    gaps = [later - sooner for (_, sooner), (_, later) in pairwise(runs)]
    assert gaps == pytest.approx([5.0] * len(gaps), abs=1e-3)
    assert len(gaps) >= 22


def test_after_retries_the_grid_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries leave the phase as it was, and the grid does not come on a retry's heels."""
    check = make_check(interval=30.0, retry_interval=5.0)
    count = 0

    def unsettled_at_first(schedule: Schedule, check: Check, started: float) -> None:
        nonlocal count
        count += 1
        if count < 8:
            schedule.sooner(check.id, started + check.retry_interval)

    runs = run_virtually(runs_of(check, 300.0, unsettled_at_first), monkeypatch)
    assert all(later - sooner >= 4.999 for (_, sooner), (_, later) in pairwise(runs))
    late = [due for due, _ in runs[9:]]
    offset = phases([check])[check.id].offset
    assert [round((due - offset) / 30.0, 4) % 1 for due in late] == [0.0] * len(late)


def test_sooner_never_puts_a_run_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A retry that would come after the grid's next run changes nothing."""
    check = make_check(interval=2.0, retry_interval=60.0)

    def much_later(schedule: Schedule, check: Check, started: float) -> None:
        schedule.sooner(check.id, started + check.retry_interval)

    runs = run_virtually(runs_of(check, 60.0, much_later), monkeypatch)
    assert len(runs) >= 29


def test_a_clock_that_is_set_back_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a jump the runs are worked out anew from the clock as it is now."""

    async def main() -> list[float]:
        started: list[float] = []

        async def run(check: Check, due: float) -> None:
            started.append(clock())

        schedule = Schedule([make_check(interval=10.0)], run, clock=clock)
        schedule.start()
        await asyncio.sleep(25.0)
        before = len(started)
        schedule.realign()
        await asyncio.sleep(20.0)
        await schedule.drain(1.0)
        return started[before:]

    assert len(run_virtually(main(), monkeypatch)) >= 2


def test_drain_waits_for_probes_and_cancels_the_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop lets probes end for a while, then ends them, and leaves no task behind."""

    async def main() -> tuple[int, float, int]:
        async def run(check: Check, due: float) -> None:
            await asyncio.sleep(1000.0)

        schedule = Schedule([make_check(interval=1.0)], run, clock=clock)
        schedule.start()
        await asyncio.sleep(5.0)
        begun = clock()
        cancelled = await schedule.drain(3.0)
        return cancelled, clock() - begun, len(asyncio.all_tasks())

    cancelled, took, tasks = run_virtually(main(), monkeypatch)
    assert (cancelled, tasks) == (1, 1)
    assert took == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize(("number", "interval"), [(3, 30.0), (12, 2.0), (40, 10.0)])
def test_a_host_never_sees_a_burst(
    monkeypatch: pytest.MonkeyPatch, number: int, interval: float
) -> None:
    """N checks of one host run at least interval / (2 N) apart; at the start too, or a quarter of a
    second where that is less, so that nobody waits long for a first colour.
    """
    checks = [make_check(f"c{n}", interval=interval, host="h") for n in range(number)]

    async def main() -> list[float]:
        started: list[float] = []

        async def run(check: Check, due: float) -> None:
            started.append(clock())

        schedule = Schedule(checks, run, clock=clock)
        schedule.start()
        await asyncio.sleep(6 * interval)
        await schedule.drain(1.0)
        return started

    started = run_virtually(main(), monkeypatch)
    bound = interval / (2 * number)
    begun = started[0]
    gaps = [later - sooner for sooner, later in pairwise(started)]
    settled = [gap for gap, at in zip(gaps, started, strict=False) if at > begun + 10.0]
    assert len(started) >= 5 * number
    assert min(gaps) >= min(bound, 0.25) - 1e-3
    assert min(settled) >= bound - 1e-3
    assert started[number - 1] - MONDAY <= 3.0 + number * 0.25


@given(
    after=st.floats(1e9, 2e9),
    interval=st.floats(0.1, 1e6),
    share=st.floats(0, 0.999),
    gap=st.floats(0, 100),
)
def test_the_next_point_lies_on_the_grid(
    after: float, interval: float, share: float, gap: float
) -> None:
    """It is the first one not sooner than the gap."""
    offset = share * interval
    found = next_on_grid(after, interval, offset, gap)
    steps = (found - offset) / interval
    assert steps == pytest.approx(round(steps), abs=1e-5)
    assert found >= after + gap - 1e-5 - interval * 1e-8
    assert found - interval < after + gap + 1e-5 + interval * 1e-8


def test_a_run_that_asks_for_the_next_one_is_no_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time-out of 10 s with retries every 5 s: the next run begins as the last one ends, and is
    not left out because that one is still under way when it asks.
    """

    def soon(schedule: Schedule, check: Check, at: float) -> None:
        schedule.sooner(check.id, max(clock(), at + check.retry_interval))

    check = make_check(interval=30.0, retry_interval=5.0)
    runs = run_virtually(runs_of(check, 60.0, soon, takes=10.0), monkeypatch)
    gaps = [after - before for (_, before), (_, after) in pairwise(runs)]
    assert len(gaps) >= 4
    assert all(gap == pytest.approx(10.0, abs=0.01) for gap in gaps)


def test_a_job_is_what_apscheduler_would_make_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its scheduler may ask of a job is there, and of its type."""
    check = make_check(interval=30.0)

    async def main() -> tuple[dict[str, object], dict[str, object]]:
        async def run(check: Check, due: float) -> None: ...

        schedule = Schedule([check], run, clock=clock)
        schedule.start()
        ours = schedule._jobs[check.id]
        theirs = schedule._scheduler.add_job(
            ours.func,
            ours.trigger,
            executor="probes",
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=ours.next_run_time,
        )
        slots = [name for name in type(ours).__slots__ if name != "__weakref__"]
        both = tuple({name: getattr(job, name) for name in slots} for job in (ours, theirs))
        await schedule.drain(1.0)
        return both[0], both[1]

    ours, theirs = run_virtually(main(), monkeypatch)
    assert {name for name in ours if ours[name] != theirs[name]} == {"id"}
    assert all(type(ours[name]) is type(theirs[name]) for name in ours)


def test_moving_many_runs_wakes_the_schedule_only_for_what_is_sooner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thousand checks that are to be confirmed in five seconds cost one new timer, not a thousand."""
    checks = [make_check(id=f"ext5/expo/c{number}", interval=60.0) for number in range(1000)]

    async def main() -> tuple[int, set[float]]:
        started: set[float] = set()

        async def run(check: Check, due: float) -> None:
            started.add(due)

        schedule = Schedule(checks, run, clock=clock)
        schedule.start()
        await asyncio.sleep(120.0)
        started.clear()
        looks = 0
        wakeup = schedule._scheduler.wakeup

        def counted() -> None:
            nonlocal looks
            looks += 1
            wakeup()

        monkeypatch.setattr(schedule._scheduler, "wakeup", counted)
        at = clock() + 0.001
        for check in checks:
            schedule.sooner(check.id, at)
        moved = looks
        monkeypatch.setattr(schedule._scheduler, "wakeup", wakeup)
        await asyncio.sleep(0.01)
        await schedule.drain(1.0)
        return moved, started

    moved, started = run_virtually(main(), monkeypatch)
    assert moved == 1
    assert len(started) == 1


def test_what_is_due_together_begins_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it at once, as time goes, and in order; but in as many turns of the loop as it takes,
    so that whatever else is to be done comes in between.
    """
    checks = [make_check(id=f"ext5/expo/c{number:03}", interval=60.0) for number in range(200)]

    async def main() -> tuple[list[tuple[float, int, str]], float]:
        begun: list[tuple[float, int, str]] = []
        turn = 0

        async def count() -> None:
            nonlocal turn
            while True:
                await asyncio.sleep(0)
                turn += 1

        async def run(check: Check, due: float) -> None:
            begun.append((clock(), turn, check.id))

        schedule = Schedule(checks, run, clock=clock)
        schedule.start()
        await asyncio.sleep(120.0)
        begun.clear()
        at = clock() + 0.001
        for check in checks:
            schedule.sooner(check.id, at)
        await asyncio.sleep(0.0005)
        counting = asyncio.create_task(count())
        while len(begun) < len(checks):
            await asyncio.sleep(0)
            asyncio.get_running_loop()._virtual.now += 1e-5  # type: ignore[attr-defined]
        counting.cancel()
        await schedule.drain(1.0)
        return begun, at

    begun, at = run_virtually(main(), monkeypatch)
    assert [check for _, _, check in begun] == [check.id for check in checks]
    assert max(Counter(turn for _, turn, _ in begun).values()) <= 2 * 10
    assert begun[-1][0] - at < 0.1
