"""An outbox in memory, a counter of outcomes, and small messages, for tests of notifying."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.model.estate import Environment, Estate
from monitor.model.receiver import Receiver
from monitor.model.records import MessageKind, Outgoing
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.model.transition import Transition
from monitor.notify.message import Message
from probes.observation import Cause, Reason
from tests.support.factories import NOW, make_service

TEXT = Text(sv="Tjänsten svarar inte.", en="The service does not answer.")


@dataclass
class MemoryOutbox:
    """What a store would keep."""

    kept: list[Outgoing] = field(default_factory=list)
    done: dict[str, float] = field(default_factory=dict)
    dead: dict[str, str] = field(default_factory=dict)
    folded: set[str] = field(default_factory=set)
    attempts: list[tuple[str, int, float]] = field(default_factory=list)

    async def pending(self, since: float) -> list[Outgoing]:
        return [one for one in self._open() if one.created_at > since]

    async def expire(self, before: float, at: float, error: str) -> Counter[str]:
        old = [one for one in self._open() if one.created_at <= before]
        self.dead |= {one.id: error for one in old}
        return Counter(one.notification for one in old)

    def _open(self) -> list[Outgoing]:
        closed = {*self.done, *self.dead, *self.folded}
        return [one for one in self.kept if one.id not in closed]

    def superseded(self, outgoing_ids: Sequence[str], at: float) -> None:
        assert not self.folded & set(outgoing_ids)
        self.folded |= set(outgoing_ids)

    async def last_told(self) -> list[Outgoing]:
        newest = {(one.notification, one.subject): one for one in self.kept}
        return list(newest.values())

    def delivered(self, outgoing_id: str, at: float) -> None:
        assert outgoing_id not in self.done
        self.done[outgoing_id] = at

    def postponed(self, outgoing_id: str, attempts: int, next_attempt_at: float) -> None:
        self.attempts.append((outgoing_id, attempts, next_attempt_at))

    def given_up(self, outgoing_id: str, at: float, error: str) -> None:
        self.dead[outgoing_id] = error


@dataclass
class Counted:
    """Outcomes by receiver."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def notified(self, notification: str, outcome: str, number: int = 1) -> None:
        self.outcomes[notification, outcome] += number


def make_receiver(name: str = "hook", kind: str = "webhook", **changes: Any) -> Receiver:
    """Wants red, yellow and recoveries; groups nothing unless told to."""
    values: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "url": "http://127.0.0.1:9/",
        "flood": 1_000,
    }
    return Receiver(**{**values, **changes})


def make_watched(*receivers: Receiver, services: int = 1, **changes: Any) -> Estate:
    """Services ``s0`` … of ``ext5``."""
    every = tuple(make_service(f"s{n}", ()) for n in range(services))
    ext5 = Environment(name="ext5", title=Text(sv="EXT5", en="EXT5"), services=every)
    values: dict[str, Any] = {"language": "en", "location": "sjunet", "notifications": receivers}
    return Estate(environments=(ext5,), **{**values, **changes})


def make_transition(
    before: str = "green", after: str = "red", service: str = "s0", at: float = NOW, **changes: Any
) -> Transition:
    red = after in ("red", "yellow")
    values: dict[str, Any] = {
        "at": at,
        "since": at - 11.0,
        "environment": "ext5",
        "service": service,
        "before": Status(before),
        "after": Status(after),
        "check": "api" if red else None,
        "reason": Reason.CONNECT_REFUSED if red else None,
        "cause": Cause.TARGET if red else None,
    }
    return Transition(**{**values, **changes})


def make_message(
    number: int = 0, service: str = "s0", kind: MessageKind = MessageKind.ALARM, **changes: Any
) -> Message:
    recovers = kind is MessageKind.RECOVERY
    values: dict[str, Any] = {
        "id": f"{service}-{number}",
        "kind": kind,
        "transition": f"t{number}",
        "at": NOW,
        "since": NOW - 11.0,
        "environment": "ext5",
        "service": service,
        "environment_title": Text(sv="EXT5", en="EXT5"),
        "service_title": Text(sv=f"Tjänst {service}", en=f"Service {service}"),
        "before": Status.RED if recovers else Status.GREEN,
        "after": Status.GREEN if recovers else Status.RED,
        "check": None if recovers else "api",
        "reason": None if recovers else Reason.CONNECT_REFUSED,
        "cause": None if recovers else Cause.TARGET,
        "text": TEXT,
        "alarm": None if recovers else Status.RED,
        "alarmed_at": None if recovers else NOW,
    }
    return Message(**{**values, **changes})


def make_outgoing(message: Message, notification: str = "hook", **changes: Any) -> Outgoing:
    made = Outgoing(
        id=message.id,
        notification=notification,
        subject=message.subject,
        kind=message.kind,
        created_at=message.at,
        payload=message.payload(),
    )
    return replace(made, **changes)
