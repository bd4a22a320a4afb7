"""Pure: what is kept of the past. Frozen values.

The history keeps observations, and of each transition one :class:`Entry`: the transition, its
sentences, its evidence and the messages that it causes, written together or not at all.

Instants are seconds since the epoch, lengths of time are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from monitor.model.text import Text
from monitor.model.transition import Transition
from probes.observation import Cause, Grade, Observation, Phases, Reason


class Seen(NamedTuple):
    """What is kept of one observation: enough to judge it again, and to draw its latency."""

    at: float
    duration: float
    grade: Grade
    """The probe's own; slowness is judged anew each time."""
    reason: Reason | None
    cause: Cause | None
    phases: Phases
    address: str | None
    status: int | None
    """The HTTP status code."""
    detail: str
    """Empty when good."""
    parts: tuple[Seen, ...] = ()


def seen_of(observation: Observation) -> Seen:
    """What is kept of ``observation``, its parts too."""
    http = observation.http
    return Seen(
        observation.at,
        observation.duration,
        observation.grade,
        observation.reason,
        observation.cause,
        observation.phases,
        observation.address,
        http.status if http is not None else None,
        observation.detail,
        tuple(seen_of(part) for part in observation.parts),
    )


class MessageKind(StrEnum):
    """What a message to a person or a program is about."""

    ALARM = "alarm"
    """A worsening."""
    RECOVERY = "recovery"
    """The all-clear; sent to whom the alarm was sent."""
    REMINDER = "reminder"
    """The alarm still holds."""
    UNKNOWN = "unknown"
    """We do not know any more."""
    WINDOW = "window"
    """A service window begins, ends or runs over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message to one receiver, as the outbox keeps it until it is delivered."""

    id: str
    """Unique: the receiver knows by it what it has got already (idempotency key)."""
    notification: str
    """The receiver's name in the configuration."""
    subject: str
    """``ENV/SERVICE`` (or ``ENV``): messages of one subject are delivered in order."""
    kind: MessageKind
    created_at: float
    payload: bytes
    """JSON: all that the sender needs to word and send it."""
    attempts: int = 0
    next_attempt_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A transition with all that is kept of it: one transaction."""

    transition: Transition
    message: Text
    evidence: bytes | None = None
    """JSON; for a worsening."""
    outgoing: tuple[Outgoing, ...] = ()

    @property
    def id(self) -> str:
        return self.transition.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the history knows of one service, for its page."""

    seen: Mapping[str, Sequence[Seen]]
    """The last day, by the check's id, oldest first."""
    entries: Sequence[Entry]
    """The newest transitions, oldest first."""


def observation_of(seen: Seen) -> Observation:
    """The observation as far as it was kept."""
    return Observation(
        at=seen.at,
        duration=seen.duration,
        grade=seen.grade,
        reason=seen.reason,
        cause=seen.cause,
        detail=seen.detail,
        phases=seen.phases,
        address=seen.address,
        parts=tuple(observation_of(part) for part in seen.parts),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHandRow:
    """What a person wrote, as it is kept. Instants are seconds since the epoch."""

    kind: str
    """``windows``, ``notices``, ``acknowledgements`` or ``silences``."""
    id: str
    author: str
    written_at: float
    ends_at: float | None
    """``None``: until the service is green."""
    document: str
    """JSON, as it was sent and found right."""
