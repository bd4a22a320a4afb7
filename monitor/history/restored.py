"""What a start has taken up from the history, and the timelines of availability that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.judging.availability import Timelines
from monitor.judging.persisted_state import PublishedState
from monitor.model.estate import ServiceId
from monitor.model.records import Outgoing
from monitor.model.status import Status
from monitor.model.transition import Transition

GAP = 60.0
"""Seconds between the end of one process and the start of the next that count as not measured;
less is what may lie between two probes.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a start has found."""

    changes: list[Transition] = field(default_factory=list)
    """What is published otherwise than before, for not having been measured meanwhile."""
    alive_at: float | None = None
    """When the process before was last alive; ``None`` when none is known."""
    published: Mapping[str, PublishedState] = field(default_factory=dict)
    """What was published then, by ``ENV/SERVICE``."""
    past: Sequence[Transition] = ()
    """What is recorded of earlier processes, oldest first."""
    meanwhile: Sequence[Transition] = ()
    """And of this one."""
    started_at: float = 0.0
    told: Sequence[Outgoing] = ()
    """The newest message of each receiver and subject."""
    revisions: bytes | None = None
    """What was kept of windows' and notices' changes; ``None`` when the history did not say."""

    @property
    def known(self) -> bool:
        """Whether the history has said what it knows."""
        return self.revisions is not None


def disturbances(transitions: Iterable[Transition]) -> dict[str, float]:
    """Of each service that is disturbed at the end of them, when that began."""
    found: dict[str, float] = {}
    for one in transitions:
        subject = f"{one.environment}/{one.service}"
        if one.after in (Status.YELLOW, Status.RED):
            found.setdefault(subject, one.since)
        elif one.after is Status.GREEN:
            found.pop(subject, None)
    return found


def take_up(
    timelines: Timelines, restored: Restored, published: Mapping[str, PublishedState], now: float
) -> None:
    """Fills timelines with what is recorded, and with what is ``published`` ``now``. A gap in which
    nobody measured is unknown time.
    """
    timelines.load(restored.past)
    alive_at = restored.alive_at
    if alive_at is not None:
        for subject, state in restored.published.items():
            timelines.hold(
                ServiceId(subject),
                state.status,
                planned=state.planned,
                since=state.since,
                at=alive_at,
            )
        if restored.started_at - alive_at > GAP:
            timelines.lose(alive_at)
    for one in restored.meanwhile:
        timelines.add(one)
    for subject, state in published.items():
        timelines.hold(ServiceId(subject), state.status, planned=state.planned, since=now, at=now)
