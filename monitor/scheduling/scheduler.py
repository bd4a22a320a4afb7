"""When: one APScheduler job a check, on a fixed phase of its own.

A check's runs lie on the grid ``phase + k × interval`` of the wall clock. The phases are those of
:mod:`monitor.scheduling.phase`: the same after a restart, and spread evenly over each host. While a check
is unsettled it runs at ``retry_interval`` between the grid's points. Nothing drifts, for each run
is worked out from the grid and not from the run before it.

APScheduler 3.11: ``misfire_grace_time=None`` and ``coalesce`` because a late run is measured as
lateness and still made, once; ``max_instances=1`` so that no check overlaps itself.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from apscheduler.executors.base import BaseExecutor
from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.schedulers.base import STATE_PAUSED
from apscheduler.triggers.base import BaseTrigger

from monitor.model.estate import Check, CheckId
from monitor.scheduling.interval_stretch import Stretching
from monitor.scheduling.job_store import TimetableStore
from monitor.scheduling.phase import Phase, period, phases

_EXECUTOR = "probes"
_STORE = "default"
_NOTHING: dict[str, Any] = {}
_AT_A_TIME = 500
"""Jobs that are made in one turn of the loop: each takes a few microseconds."""
_STARTED_AT_A_TIME = 10
"""Runs that begin in one turn of the loop: what they do together in the next is to take no longer than
a few milliseconds, however many are due in the same instant.
"""


def next_on_grid(after: float, interval: float, offset: float, gap: float) -> float:
    """The first instant of the grid that is at least ``gap`` seconds later than ``after``."""
    steps = math.ceil((after + gap - offset) / interval - 1e-9)
    return offset + steps * interval


class GridTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires on a check's grid; needs no time zones and no arithmetic but this."""

    __slots__ = ("_gap", "_interval", "_not_before", "_phase")

    def __init__(self, interval: float, offset: float, gap: float, not_before: float) -> None:
        self._interval = interval
        self._phase = offset
        self._gap = gap
        self._not_before = not_before

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The grid's next point: what APScheduler asks for."""
        return _utc(
            self.next_after(previous.timestamp() if previous is not None else None, now.timestamp())
        )

    def next_after(self, previous: float | None, now: float) -> float:
        """The grid's next point, not sooner than ``gap`` after the run before it, nor than
        ``not_before``. Seconds since the epoch.
        """
        after = now
        if previous is not None:
            after = max(previous, now - self._interval) + self._gap
        return next_on_grid(max(after, self._not_before), self._interval, self._phase, 0.0)

    def realigned(self, now: float) -> float:
        """The grid's next point after the wall clock has jumped: instants of the old time count
        no more.
        """
        self._not_before = float("-inf")
        return self.next_after(None, now)


def _trigger(check: Check, phase: Phase, not_before: float) -> GridTrigger:
    gap = min(check.retry_interval, phase.interval / 2)
    return GridTrigger(phase.interval, phase.offset, gap, not_before)


async def _never_called() -> None:
    """APScheduler asks for a function; the executor runs the check itself."""


def _job(scheduler: AsyncIOScheduler, check_id: CheckId, trigger: GridTrigger) -> Job:
    """What ``add_job`` would make, without looking into a function's signature for each check: that
    takes a hundred times as long.
    """
    job: Any = Job.__new__(Job)
    job._scheduler, job._jobstore_alias = scheduler, _STORE
    job.id = check_id
    job.name = _never_called.__name__
    job.func, job.func_ref = _never_called, f"{__name__}:{_never_called.__name__}"
    job.args, job.kwargs = (), _NOTHING
    job.trigger = trigger
    job.executor = _EXECUTOR
    # a late run is measured as lateness and still made, once; no check overlaps itself
    job.misfire_grace_time, job.coalesce, job.max_instances = None, True, 1
    job.next_run_time = None
    return job


def _utc(instant: float) -> datetime:
    return datetime.fromtimestamp(instant, UTC)


class _LoopScheduler(AsyncIOScheduler):  # type: ignore[misc]
    """The same scheduler for use from its own loop alone, with one store and one executor, whose
    late runs coalesce: it needs no locks, no events that nobody listens to, and no detour through
    ``call_soon_threadsafe``. Together they cost 100 µs a run, as much as a plain probe.
    """

    def __init__(
        self,
        store: TimetableStore,
        executor: _TaskExecutor,
        clock: Callable[[], float],
        missed: Callable[[], None],
    ) -> None:
        super().__init__(timezone=UTC, executors={_EXECUTOR: executor}, jobstores={_STORE: store})
        self._store = store
        self._executor = executor
        self._clock = clock
        self._missed = missed
        self.stretching = Stretching()
        self._wakes: float | None = None
        """The instant that the timer waits for."""

    def wake_by(self, at: float) -> None:
        """A job is due at ``at`` now."""
        if self._wakes is None or at < self._wakes:
            self.wakeup()

    def wakeup(self) -> None:
        self._stop_timer()
        wait = self._process_jobs()
        self._wakes = self._store.soonest() if wait is not None else None
        if wait:
            # uvloop keeps timers in whole milliseconds and would wake too early, to find nothing due
            wait = math.ceil(wait * 1000 + 0.5) / 1000
        self._start_timer(wait)

    def _process_jobs(self) -> float | None:
        """Starts what is due, a few at a time; gives the seconds until the next is."""
        if self.state == STATE_PAUSED:
            return None
        now = self._clock()
        stretching = self.stretching
        for due, job in self._store.due(now, _STARTED_AT_A_TIME):
            if (later := stretching.until(job.id, due)) > due:
                self._store.move(job, later)
                continue
            stretching.began(job.id, due)
            if not self._executor.start_run(job, due):
                self._missed()
            self._store.move(job, job.trigger.next_after(due, now))
        soonest = self._store.soonest()
        return None if soonest is None else max(0.0, soonest - self._clock())


class _TaskExecutor(BaseExecutor):  # type: ignore[misc]
    """Runs each job as a task that is owned here, so that a shutdown can drain it
    (``AsyncIOExecutor.shutdown`` cancels).
    """

    def __init__(self, run: Callable[[Check, float], Coroutine[Any, Any, None]]) -> None:
        super().__init__()
        self._run = run
        self.checks: dict[str, Check] = {}
        """By job, as they are configured now."""
        self.tasks: dict[str, asyncio.Task[None]] = {}
        """By job: no check overlaps itself."""

    def start(self, scheduler: Any, alias: str) -> None:
        super().start(scheduler, alias)
        self._loop = asyncio.get_running_loop()

    def shutdown(self, wait: bool = True) -> None:
        """Leaves running probes to :meth:`Schedule.drain`."""

    def start_run(self, job: Job, due: float) -> bool:
        """Whether the run was started; it is not while the job's last one is under way."""
        job_id = job.id
        if job_id in self.tasks:
            return False
        task = self.tasks[job_id] = self._loop.create_task(self._run(self.checks[job_id], due))
        task.add_done_callback(partial(self._done, job_id))
        return True

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        """For APScheduler's own callers; the schedule calls :meth:`start_run`."""
        self.start_run(job, run_times[-1].timestamp())

    def _done(self, job_id: str, task: asyncio.Task[None]) -> None:
        del self.tasks[job_id]
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._logger.error("Error running job %s", job_id, exc_info=error)


class Schedule:
    """Runs each check when it is due. ``run`` is given the check and the instant it was due at."""

    def __init__(
        self,
        checks: Iterable[Check],
        run: Callable[[Check, float], Coroutine[Any, Any, None]],
        *,
        clock: Callable[[], float],
        missed: Callable[[], None] = lambda: None,
    ) -> None:
        self._checks = tuple(checks)
        self._clock = clock
        self._executor = _TaskExecutor(run)
        self._jobs: dict[CheckId, Job] = {}
        self._phases: dict[CheckId, Phase] = {}
        self._store = TimetableStore()
        self._scheduler = _LoopScheduler(self._store, self._executor, clock, missed)

    def stretch(self, factor: float) -> None:
        """From now on every interval, also between retries, is so many times as long."""
        self._scheduler.stretching.factor = factor

    def excuses(self, check_id: CheckId) -> bool:
        """Whether it is our own doing that the check has not been measured lately: intervals are
        stretched, and its run is put off, or waits for what has piled up.
        """
        stretching = self._scheduler.stretching
        return stretching.active and (
            stretching.puts_off(check_id) or check_id in self._executor.tasks
        )

    def start(self) -> None:
        """Starts in the running loop. The first runs are spread over a few seconds, those of one
        host evenly.
        """
        begun = self._clock()
        self._phases = dict(phases(self._checks))
        self._scheduler.start(paused=True)
        self._store.put(self._begun(check, begun) for check in self._checks)
        self._scheduler.resume()

    def _begun(self, check: Check, begun: float) -> tuple[Job, float]:
        """The job of a check that begins, and its first run."""
        phase = self._phases[check.id]
        trigger = _trigger(check, phase, begun + phase.settled)
        self._executor.checks[check.id] = check
        job = self._jobs[check.id] = _job(self._scheduler, check.id, trigger)
        return job, begun + phase.first

    def staying(self, checks: Iterable[Check], begun: Collection[CheckId]) -> dict[CheckId, Phase]:
        """The phases of those that are not ``begun`` and run as often as before: they keep them."""
        return {
            check.id: phase
            for check in checks
            if check.id not in begun
            and (phase := self._phases.get(check.id)) is not None
            and phase.interval == period(check)
        }

    async def adopt(
        self,
        checks: Iterable[Check],
        found: Mapping[CheckId, Phase],
        begun: Collection[CheckId],
        under_way: Collection[CheckId],
    ) -> None:
        """Takes another configuration, with the phases of all its checks that run here. Those that
        are ``begun``, or did not run here, run for the first time as at a start; the runs of all
        others go on as they were.

        A run that has not come to its probe (``under_way`` are those that have) is given up where
        its check has gone or begins anew, and begins again where its check's promises are others.
        All of this happens before the first ``await``, but for the jobs that are new: they are
        made a few at a time.
        """
        now = self._clock()
        listed = {check.id: check for check in checks}
        self._phases = dict(found)
        for check_id in [one for one in self._jobs if one in begun or one not in listed]:
            self._store.remove_job(check_id)
            del self._jobs[check_id], self._executor.checks[check_id]
            self._give_up(check_id, under_way)
        new = [one for one in listed if one not in self._jobs]
        for check_id, check in listed.items():
            if check_id in self._jobs:
                self._go_on(check, now, under_way)
        soonest = sorted(new, key=lambda one: found[one].first)
        for start in range(0, len(soonest), _AT_A_TIME):
            self._add_beside([listed[one] for one in soonest[start : start + _AT_A_TIME]], now)
            await asyncio.sleep(0)

    def _go_on(self, check: Check, now: float, under_way: Collection[CheckId]) -> None:
        was = self._executor.checks[check.id]
        if was is check:
            return
        self._executor.checks[check.id] = check
        if (was.retry_interval, was.promises) == (check.retry_interval, check.promises):
            return
        job, phase = self._jobs[check.id], self._phases[check.id]
        trigger = job.trigger = _trigger(check, phase, float("-inf"))
        if was.promises != check.promises:
            if self._give_up(check.id, under_way):
                self.sooner(check.id, now)
            else:
                self._move(check.id, trigger.next_after(None, now))

    def _give_up(self, check_id: str, under_way: Collection[str]) -> bool:
        """Whether there was a run that had not come to its probe; it ends in the loop's next
        turn.
        """
        task = self._executor.tasks.get(check_id)
        return task is not None and check_id not in under_way and task.cancel()

    def _add_beside(self, checks: Iterable[Check], now: float) -> None:
        """What ran under these names until now is let end first."""
        made: list[tuple[Job, float]] = []
        for check in checks:
            job, first = self._begun(check, now)
            first = max(first, self._clock())
            if check.id in self._executor.tasks:
                self.sooner(check.id, first)
                first = job.trigger.next_after(first, first)
            made.append((job, first))
        self._store.put(made)
        self._scheduler.wake_by(min(first for _, first in made))

    def sooner(self, check_id: CheckId, at: float) -> None:
        """Moves a check's next run forward to ``at``; never puts it off. A run that is under way
        is let end first: one that is due at once would be left out as an overlap.
        """
        task = self._executor.tasks.get(check_id)
        if task is not None:
            task.add_done_callback(lambda _: self._move(check_id, at))
        else:
            self._move(check_id, at)

    def _move(self, check_id: CheckId, at: float) -> None:
        job, due = self._jobs.get(check_id), self._store.at(check_id)
        if job is not None and due is not None and at < due:
            self._scheduler.stretching.sooner(check_id)
            self._store.move(job, at)
            self._scheduler.wake_by(at)

    def realign(self) -> None:
        """After the wall clock has jumped: no check waits for an instant of the old time."""
        now = self._clock()
        self._scheduler.stretching.forget()
        self._store.put([(job, job.trigger.realigned(now)) for job in self._jobs.values()])
        self._scheduler.wakeup()

    async def drain(self, seconds: float) -> int:
        """Starts nothing more, waits for the probes in flight and cancels those that are not done
        after ``seconds``. Gives how many were cancelled.
        """
        self._scheduler.remove_all_jobs()
        self._jobs.clear()
        self._scheduler.shutdown(wait=False)
        await asyncio.sleep(0)  # AsyncIOScheduler shuts down in the loop's next turn
        tasks = set(self._executor.tasks.values())
        if not tasks:
            return 0
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1.0)
        return len(late)
