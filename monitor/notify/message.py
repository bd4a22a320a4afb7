"""Pure: one message as the outbox keeps it and a webhook is sent it: JSON, version 1.

Instants are seconds since the epoch; in the JSON they are texts (RFC 3339, UTC).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from monitor.model.records import MessageKind, Outgoing
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.model.timestamps import iso_timestamp
from probes.observation import Cause, Reason

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """All that a sender needs to word and send one :class:`~monitor.model.records.Outgoing`."""

    id: str
    kind: MessageKind
    transition: str
    """The id of the transition that it tells of; a reminder has that of its alarm."""
    at: float
    since: float
    began: float | None = None
    environment: str
    service: str
    """Its own name."""
    environment_title: Text
    service_title: Text
    before: Status
    after: Status
    planned: bool = False
    window: str | None = None
    check: str | None = None
    reason: Reason | None = None
    cause: Cause | None = None
    text: Text
    alarm: Status | None = None
    """The status of the alarm that is open at the receiver after this message."""
    alarmed_at: float | None = None
    observed: Text | None = None
    """The first lines of its evidence, where it has one."""
    incident: str = ""
    """The id of the transition by which the receiver was first told of this incident."""
    folded: int = 0
    """Earlier messages of the service that it says too, and that are not sent."""

    @property
    def subject(self) -> str:
        return f"{self.environment}/{self.service}"

    def document(self) -> dict[str, Any]:
        """What docs/notifications.md promises."""
        return {
            "version": VERSION,
            "id": self.id,
            "kind": self.kind.value,
            "transition": self.transition,
            "at": iso_timestamp(self.at),
            "since": iso_timestamp(self.since),
            "began": iso_timestamp(self.began) if self.began is not None else None,
            "environment": self.environment,
            "service": self.service,
            "titles": {
                "environment": _both(self.environment_title),
                "service": _both(self.service_title),
            },
            "from": self.before.value,
            "to": self.after.value,
            "planned": self.planned,
            "window": self.window,
            "check": self.check,
            "reason": self.reason.value if self.reason else None,
            "cause": self.cause.value if self.cause else None,
            "message": _both(self.text),
            "alarm": self.alarm.value if self.alarm else None,
            "alarmed_at": iso_timestamp(self.alarmed_at) if self.alarmed_at is not None else None,
            "observed": _both(self.observed) if self.observed is not None else None,
            "incident": self.incident or self.transition,
            "folded": self.folded,
        }

    def payload(self) -> bytes:
        return orjson.dumps(self.document())


def read_message(outgoing: Outgoing) -> Message:
    """The message of an outbox row. Raises ``ValueError`` when it is not one of ours."""
    try:
        found = orjson.loads(outgoing.payload)
        titles = found["titles"]
        return Message(
            id=found["id"],
            kind=MessageKind(found["kind"]),
            transition=found["transition"],
            at=_instant(found["at"]),
            since=_instant(found["since"]),
            began=_maybe(found["began"]),
            environment=found["environment"],
            service=found["service"],
            environment_title=Text(**titles["environment"]),
            service_title=Text(**titles["service"]),
            before=Status(found["from"]),
            after=Status(found["to"]),
            planned=found["planned"],
            window=found["window"],
            check=found["check"],
            reason=Reason(found["reason"]) if found["reason"] else None,
            cause=Cause(found["cause"]) if found["cause"] else None,
            text=Text(**found["message"]),
            alarm=Status(found["alarm"]) if found["alarm"] else None,
            alarmed_at=_maybe(found["alarmed_at"]),
            # an earlier version kept none of these
            observed=Text(**found["observed"]) if found.get("observed") else None,
            incident=found.get("incident", ""),
            folded=found.get("folded", 0),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"outbox row {outgoing.id} cannot be read: {error}") from None


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _maybe(text: str | None) -> float | None:
    return None if text is None else _instant(text)


def _both(text: Text) -> dict[str, str]:
    return {"sv": text.sv, "en": text.en}
