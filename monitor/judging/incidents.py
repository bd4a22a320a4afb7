"""Pure: transitions paired into incidents: from a service's first worsening until it is green again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from monitor.judging.rollup import worse
from monitor.model.records import Entry
from monitor.model.status import Status
from monitor.model.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionEntry:
    """One transition of a service, as the history or its API has it."""

    id: str
    at: float
    """When it was noticed, in seconds since the epoch."""
    since: float
    """The first observation of the run that led to it."""
    environment: str
    service: str
    """Without the environment's name."""
    before: Status
    after: Status
    planned: bool = False
    check: str | None = None
    reason: str | None = None
    cause: str | None = None
    message: Text
    evidence: bool = False
    """Whether evidence of it is kept."""


def transition_entry(entry: Entry) -> TransitionEntry:
    """What the history keeps of a service's transition."""
    one = entry.transition
    return TransitionEntry(
        id=entry.id,
        at=one.at,
        since=one.since,
        environment=one.environment,
        service=str(one.service).rpartition("/")[2],
        before=one.before,
        after=one.after,
        planned=one.planned,
        check=one.check,
        reason=one.reason,
        cause=one.cause,
        message=entry.message,
        evidence=one.worsening,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A service from its first worsening until it is green again."""

    environment: str
    service: str
    began: float | None
    """Seconds since the epoch. ``None``: before the first transition that is known."""
    ended: float | None = None
    """``None`` while it lasts."""
    worst: Status
    planned: bool
    """Whether service windows explain all of it."""
    changes: tuple[TransitionEntry, ...]
    """Oldest first, the all-clear among them."""

    @property
    def decisive(self) -> TransitionEntry:
        """The first change to the worst status: its reason is the incident's. The all-clear, where
        nothing else is known.
        """
        return next((one for one in self.changes if one.after is self.worst), self.changes[0])

    def holds(self, at: float) -> bool:
        """Whether it was so at the instant ``at``."""
        began = self.began if self.began is not None else self.changes[0].since
        return began <= at and (self.ended is None or at < self.ended)

    def touches(self, since: float, until: float) -> bool:
        """Whether some of it lies from ``since`` on and before ``until``."""
        began = self.began if self.began is not None else self.changes[0].since
        return began < until and (self.ended is None or self.ended > since)


def incidents(changes: Iterable[TransitionEntry]) -> list[Incident]:
    """Those of ``changes`` (oldest first), the one that began last first.

    A service that was unknown before it was ever measured had no incident.
    """
    found: list[Incident] = []
    under_way: dict[tuple[str, str], Incident] = {}
    for one in changes:
        subject = one.environment, one.service
        before = under_way.pop(subject, None)
        after = _after(before, one)
        if after is None:
            continue
        if after.ended is None:
            under_way[subject] = after
        else:
            found.append(after)
    found += under_way.values()
    return sorted(found, key=lambda one: (_begin(one), one.environment, one.service), reverse=True)


def _begin(one: Incident) -> float:
    return one.began if one.began is not None else one.changes[0].since


def _after(before: Incident | None, one: TransitionEntry) -> Incident | None:
    ended = one.since if one.after is Status.GREEN else None
    if before is not None:
        return replace(
            before,
            ended=ended,
            worst=worse(before.worst, one.after),
            planned=before.planned and (one.planned or ended is not None),
            changes=(*before.changes, one),
        )
    if one.before is Status.UNKNOWN and ended is not None:
        return None
    if one.before is one.after is Status.GREEN:
        return None
    known = one.before in (Status.GREEN, Status.UNKNOWN)
    return Incident(
        environment=one.environment,
        service=one.service,
        began=one.since if known else None,
        ended=ended,
        worst=worse(one.after, Status.GREEN if known else one.before),
        planned=one.planned and ended is None,
        changes=(one,),
    )
