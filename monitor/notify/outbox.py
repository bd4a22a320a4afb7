"""Interfaces that delivery needs: an outbox that keeps messages, and counters of what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from monitor.model.records import Outgoing


class Outbox(Protocol):
    """Keeps messages until they are delivered. Methods that are no coroutines must not block."""

    async def pending(self, since: float) -> list[Outgoing]:
        """What is not delivered and was made after ``since``, oldest first."""

    async def expire(self, before: float, at: float, error: str) -> Mapping[str, int]:
        """Gives up what is not delivered and was not made after ``before``; gives how many by
        receiver.
        """

    async def last_told(self) -> Sequence[Outgoing]:
        """The newest message of each receiver and subject, delivered or not."""

    def superseded(self, outgoing_ids: Sequence[str], at: float) -> None:
        """These are not sent: a newer one says what they say."""

    def delivered(self, outgoing_id: str, at: float) -> None: ...

    def postponed(self, outgoing_id: str, attempts: int, next_attempt_at: float) -> None: ...

    def given_up(self, outgoing_id: str, at: float, error: str) -> None: ...


class DeliveryMetrics(Protocol):
    """Counts outcomes: ``delivered``, ``failed`` (an attempt), ``given_up``, ``folded``, ``silenced``."""

    def notified(self, notification: str, outcome: str, number: int = 1) -> None: ...
