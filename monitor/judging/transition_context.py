"""Pure: the facts of a transition that its evidence is made of. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from monitor.judging.grade import Verdict
from monitor.judging.snapshot import CheckView
from monitor.model.text import Text
from probes.observation import Observation

RECENT_KEPT = 100
"""Observations at most that are remembered of a check, however large its window is."""


class RememberedResult(NamedTuple):
    """What is remembered of one of a check's newest observations."""

    at: float
    duration: float
    verdict: Verdict
    """As judged then, slowness counted."""
    detail: str
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionContext:
    """One check at the moment of a transition, with the observations that decided it."""

    environment: Text
    service: Text
    """Titles."""
    view: CheckView
    seen: Observation | None
    """The newest observation that was not good, whatever has come after it."""
    location: str
    """Where that was seen from."""
    recent: tuple[RememberedResult, ...]
    """Oldest first: the window's, at most :data:`RECENT_KEPT`."""
