"""Pure: an export file may be older than usual where a service window or a notice has said so.

``last_modified_within`` is judged by the probe, which knows nothing of plans, and after all other
expectations: an observation that is ``stale`` is so and nothing else. So it is looked at again here,
before anybody keeps or judges it, with the age that is allowed at its instant.
"""

from __future__ import annotations

from dataclasses import replace

from monitor.model.estate import Check
from probes.expect.settings import ExpectSettings
from probes.http.settings import HttpSettings
from probes.observation import Grade, Observation, Reason


def is_late(observation: Observation) -> bool:
    """Whether it, or that of an address, failed for the age of what it got."""
    return observation.reason is Reason.STALE or any(
        part.reason is Reason.STALE for part in observation.parts
    )


def excused(observation: Observation, check: Check, delay: float) -> Observation:
    """The observation, good where all that was wrong is an age that ``delay`` (seconds) allows."""
    within = _within(check)
    if delay <= 0 or within is None:
        return observation
    if not observation.parts:
        return _excused(observation, within + delay)
    parts = tuple(_excused(part, within + delay) for part in observation.parts)
    if parts == observation.parts:
        return observation
    if all(part.grade is Grade.GOOD for part in parts):
        return replace(_good(observation), parts=parts)
    return replace(observation, parts=parts)


def _within(check: Check) -> float | None:
    if not isinstance(check.settings, HttpSettings):
        return None
    expect: ExpectSettings = check.settings.expect
    return expect.last_modified_within


def _excused(seen: Observation, allowed: float) -> Observation:
    """A file that says no time, or one in the future, is not late but wrong."""
    modified = seen.http.last_modified if seen.http is not None else None
    if seen.reason is not Reason.STALE or modified is None:
        return seen
    return _good(seen) if 0 <= seen.at + seen.duration - modified <= allowed else seen


def _good(seen: Observation) -> Observation:
    return replace(seen, grade=Grade.GOOD, reason=None, cause=None, detail="", answer=None)
