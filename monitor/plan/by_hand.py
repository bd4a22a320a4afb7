"""Pure: what people say of a service while it is disturbed: that somebody is at it, or that nobody need be told."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.plan.windows import PlanScope


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said(PlanScope):
    """Instants are seconds since the epoch; the end is not in it."""

    id: str
    because: str
    author: str
    written_at: float
    ends: float | None
    """``None``: it ends when its service is green."""

    def active(self, at: float) -> bool:
        return self.ends is None or at < self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement(_Said):
    """Somebody knows of a service's disturbance: no reminders of it are sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence(_Said):
    """No messages of what it covers are sent; nothing else is another."""
