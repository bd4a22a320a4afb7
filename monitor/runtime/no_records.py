"""Null objects: what stands in the place of the history and of notifications where there are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from monitor.judging.persisted_state import PublishedState
from monitor.model.estate import CheckId, Estate, ServiceId
from monitor.model.records import Entry, Outgoing, Past
from monitor.model.text import Text
from monitor.model.transition import Transition
from monitor.notify.routing import Observed, no_evidence
from monitor.notify.service import AllClear
from monitor.plan import Agenda
from probes.observation import Observation


class NoCheckpointer:
    """Remembers nothing: a :class:`~monitor.history.checkpointer.Checkpointer` without a history."""

    def observed(self, check_id: CheckId, observation: Observation) -> None: ...
    def record(self, entries: Sequence[Entry], published: Mapping[str, PublishedState]) -> None: ...
    def keep_revisions(self, data: bytes) -> None: ...
    def follow(self, estate: Estate, begun: Mapping[str, bytes]) -> None: ...
    def tick(self, now: float) -> None: ...
    def keep_all(self, now: float) -> None: ...

    async def past(self, service: ServiceId, now: float) -> Past | None:
        return None

    async def evidence(self, id_: str) -> bytes | None:
        return None

    async def transitions(self, **filters: Any) -> Sequence[Entry] | None:
        return None


class NoNotifications:
    """Notifies nobody: a :class:`~monitor.notify.service.NotificationService` without receivers."""

    def plan(
        self, transition: Transition, text: Text, observed: Observed = no_evidence
    ) -> tuple[Outgoing, ...]:
        return ()

    def heed(self, agenda: Callable[[], Agenda]) -> None: ...
    def tell_now(self, transition: Transition, text: Text) -> None: ...
    def restore_late(self, told: Sequence[Outgoing], all_clear: AllClear) -> None: ...
    def tick(self) -> None: ...
    def follow(self, estate: Estate) -> None: ...
    async def renew(self) -> None: ...
