"""Pure: finds the services that changed between two snapshots, with a sentence for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.judging.snapshot import ServiceView, Snapshot
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.model.transition import Transition
from monitor.wording import transition_message


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChange:
    """A service's transition and the sentence for it."""

    transition: Transition
    message: Text

    @property
    def is_news(self) -> bool:
        """Whether it is worth a line: the first green at the start is not."""
        return not (
            self.transition.before is Status.UNKNOWN and self.transition.after is Status.GREEN
        )


def service_changes(before: Snapshot, after: Snapshot) -> Iterator[ServiceChange]:
    """Find every service whose status differs, with what that means."""
    was = {view.service.id: view for view in before.services()}
    for view in after.services():
        old = was.get(view.service.id)
        if old is not None and old.status is not view.status:
            transition = _transition(old, view, after.at)
            yield ServiceChange(
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
