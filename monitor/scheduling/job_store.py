"""Where APScheduler keeps our jobs: in memory, in order of their next runs.

Its own memory store turns date and time into numbers by way of calendar fields again and again,
which costs as much as the rest of a run's scheduling.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice

from apscheduler.job import Job
from apscheduler.jobstores.base import BaseJobStore, ConflictingIdError, JobLookupError


class TimetableStore(BaseJobStore):  # type: ignore[misc]  # APScheduler has no types
    """Jobs that all have a next run. Raises what every job store does for ids it does not know, or
    knows already.
    """

    def __init__(self) -> None:
        super().__init__()
        self._order: list[tuple[float, str]] = []
        """Next run in seconds since the epoch, and id, soonest first."""
        self._jobs: dict[str, tuple[float, Job]] = {}

    def lookup_job(self, job_id: str) -> Job | None:
        found = self._jobs.get(job_id)
        return found[1] if found is not None else None

    def due(self, now: float, most: int | None = None) -> list[tuple[float, Job]]:
        """What is due at ``now``, with the instants it was due at, in order: the first ``most``."""
        found = []
        for at, job_id in islice(self._order, most):
            if at > now:
                break
            found.append((at, self._jobs[job_id][1]))
        return found

    def soonest(self) -> float | None:
        """When the next job is due."""
        return self._order[0][0] if self._order else None

    def at(self, job_id: str) -> float | None:
        """When a job is due; ``None`` when there is none of this id."""
        found = self._jobs.get(job_id)
        return found[0] if found is not None else None

    def move(self, job: Job, at: float) -> None:
        """Gives a job its next run."""
        job.next_run_time = datetime.fromtimestamp(at, UTC)
        before, _ = self._jobs[job.id]
        del self._order[bisect_left(self._order, (before, job.id))]
        self._jobs[job.id] = at, job
        insort(self._order, (at, job.id))

    def put(self, jobs: Iterable[tuple[Job, float]]) -> None:
        """Takes many jobs at once, new ones or known, each with its next run."""
        for job, at in jobs:
            job.next_run_time = datetime.fromtimestamp(at, UTC)
            self._jobs[job.id] = at, job
        self._order = sorted((at, job_id) for job_id, (at, _) in self._jobs.items())

    def get_due_jobs(self, now: datetime) -> list[Job]:
        return [job for _, job in self.due(now.timestamp())]

    def get_next_run_time(self) -> datetime | None:
        if not self._order:
            return None
        job = self._jobs[self._order[0][1]][1]
        at: datetime = job.next_run_time
        return at

    def get_all_jobs(self) -> list[Job]:
        return [self._jobs[job_id][1] for _, job_id in self._order]

    def add_job(self, job: Job) -> None:
        if job.id in self._jobs:
            raise ConflictingIdError(job.id)
        at = job.next_run_time.timestamp()
        self._jobs[job.id] = at, job
        insort(self._order, (at, job.id))

    def update_job(self, job: Job) -> None:
        self.remove_job(job.id)
        self.add_job(job)

    def remove_job(self, job_id: str) -> None:
        found = self._jobs.pop(job_id, None)
        if found is None:
            raise JobLookupError(job_id)
        del self._order[bisect_left(self._order, (found[0], job_id))]

    def remove_all_jobs(self) -> None:
        self._order.clear()
        self._jobs.clear()
