"""Pure: which services changed between two snapshots, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.estate import Text
from monitor.judge import Status
from monitor.snapshot import ServiceView, Snapshot, Transition
from monitor.wording import transition_message


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    transition: Transition
    message: Text

    @property
    def is_news(self) -> bool:
        """The first green at the start is not."""
        return not (
            self.transition.before is Status.UNKNOWN and self.transition.after is Status.GREEN
        )


def changes(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    """Every service whose status differs, with what that means."""
    was = {view.service.id: view for view in before.services()}
    for view in after.services():
        old = was.get(view.service.id)
        if old is not None and old.status is not view.status:
            transition = _transition(old, view, after.at)
            yield Change(
                transition=transition,
                message=transition_message(transition, after),
            )


def _transition(before: ServiceView, after: ServiceView, at: float) -> Transition:
    return Transition(
        at=at,
        since=after.since,
        environment=after.service.environment,
        service=after.service.name,
        before=before.status,
        after=after.status,
        began=before.since if after.status is Status.GREEN else None,
        planned=after.planned,
    )
