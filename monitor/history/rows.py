"""Pure: turns values of the monitor into rows of the tables, and back.

What is to be written is an :class:`Operation`: which statement, with which values. The journal keeps
the same operations, so that what is replayed is what would have been written.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from monitor.history.codec.blocks import pack, unpack
from monitor.history.rollup import Rollup, packed_latency, unpacked_latency
from monitor.history.tables import by_hand, evidence, outbox, state, transition
from monitor.model.records import ByHandRow, Entry, MessageKind, Outgoing, Seen
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.model.transition import Transition
from probes.observation import Cause, Grade, Phases, Reason

Row = dict[str, Any]


class Operation(NamedTuple):
    """One statement's name (see :mod:`~monitor.history.statements`) and its values."""

    name: str
    row: Row


def storable_text(value: str) -> str:
    """What every database takes: no NUL (PostgreSQL), no lone surrogates (UTF-8)."""
    if value.isprintable():
        return value
    safe = value.encode("utf-8", "backslashreplace").decode("utf-8")
    return safe.replace("\0", "\\x00")


def _text(value: str | None) -> str | None:
    return None if value is None else storable_text(value)


# what is written


def of_entry(entry: Entry) -> list[Operation]:
    """A transition, its evidence and its messages."""
    of = entry.transition
    row: Row = {
        "id": entry.id,
        "at": of.at,
        "since": of.since,
        "environment": storable_text(of.environment),
        "service": _text(of.service),
        "before": of.before.value,
        "after": of.after.value,
        "began": of.began,
        "planned": of.planned,
        "was_planned": of.was_planned,
        "check": _text(of.check),
        "reason": of.reason.value if of.reason is not None else None,
        "cause": of.cause.value if of.cause is not None else None,
        "window": _text(of.window),
        "message_sv": storable_text(entry.message.sv),
        "message_en": storable_text(entry.message.en),
    }
    found = [Operation("transition", row)]
    if entry.evidence is not None:
        data = zlib.compress(entry.evidence)
        found.append(Operation("evidence", {"id": entry.id, "data": data}))
    found += (of_outgoing(one, entry.id) for one in entry.outgoing)
    return found


def of_outgoing(outgoing: Outgoing, transition: str | None = None) -> Operation:
    """One message; ``transition`` is the id of what caused it."""
    row: Row = {
        "id": storable_text(outgoing.id),
        "transition": transition,
        "notification": storable_text(outgoing.notification),
        "subject": storable_text(outgoing.subject),
        "kind": outgoing.kind.value,
        "created_at": outgoing.created_at,
        "payload": outgoing.payload,
        "attempts": outgoing.attempts,
        "next_attempt_at": outgoing.next_attempt_at,
        "settled_at": None,
        "error": None,
    }
    return Operation("outgoing", row)


def of_states(states: Mapping[str, bytes], at: float) -> list[Operation]:
    """States that were known ``at``."""
    return [
        Operation("state", {"key": storable_text(key), "saved_at": at, "data": data})
        for key, data in states.items()
    ]


def of_by_hand(row: ByHandRow) -> Operation:
    """What a person wrote."""
    return Operation("by_hand", asdict(row))


def of_settled(outgoing_id: str, at: float, error: str | None = None) -> Operation:
    """A message that was delivered; given up, with an ``error``."""
    return Operation("settled", {"of": outgoing_id, "settled_at": at, "error": _text(error)})


def of_expired(before: float, at: float, error: str) -> Operation:
    """All messages that were made ``before`` and are still to be delivered: given up."""
    return Operation("expired", {"before": before, "settled_at": at, "error": storable_text(error)})


def of_postponed(outgoing_id: str, attempts: int, next_attempt_at: float) -> Operation:
    """A message that is to be tried again."""
    row = {"of": outgoing_id, "attempts": attempts, "next_attempt_at": next_attempt_at}
    return Operation("postponed", row)


OBSERVATION = (
    *("series", "at", "duration", "grade", "reason", "cause"),
    *("resolve", "connect", "tls", "processing", "transfer"),
    *("address", "status", "detail", "parts"),
)
"""The columns of :func:`of_seen`."""


def of_seen(series: int, seen: Seen) -> tuple[object, ...]:
    """One observation; hundreds a second are written, so it is a bare tuple."""
    phases, reason, cause = seen.phases, seen.reason, seen.cause
    return (
        series,
        seen.at,
        seen.duration,
        seen.grade.value,
        reason.value if reason is not None else None,
        cause.value if cause is not None else None,
        phases.resolve,
        phases.connect,
        phases.tls,
        phases.processing,
        phases.transfer,
        _text(seen.address),
        seen.status,
        storable_text(seen.detail),
        pack(seen.parts) if seen.parts else None,
    )


def of_rollup(rollup: Rollup, **keys: int) -> Row:
    """One roll-up, by its keys."""
    return {
        **keys,
        "good": rollup.good,
        "degraded": rollup.degraded,
        "failed": rollup.failed,
        "trouble": rollup.trouble,
        "latency": packed_latency(rollup),
    }


# what is read


def seen_of_row(row: Any) -> Seen:
    return Seen(
        _number(row.at),
        _number(row.duration),
        Grade(row.grade),
        Reason(row.reason) if row.reason is not None else None,
        Cause(row.cause) if row.cause is not None else None,
        Phases(
            resolve=_maybe(row.resolve),
            connect=_maybe(row.connect),
            tls=_maybe(row.tls),
            processing=_maybe(row.processing),
            transfer=_maybe(row.transfer),
        ),
        _whole(row.address),
        int(row.status) if row.status is not None else None,
        text_of(row.detail),
        tuple(unpack(_bytes_of(row.parts))) if row.parts is not None else (),
    )


def transition_of_row(row: Any) -> Transition:
    return Transition(
        at=_number(row.at),
        since=_number(row.since),
        environment=text_of(row.environment),
        service=_whole(row.service),
        before=Status(row.before),
        after=Status(row.after),
        began=_number(row.began) if row.began is not None else None,
        planned=bool(row.planned),
        was_planned=bool(row.was_planned),
        check=_whole(row.check),
        reason=Reason(row.reason) if row.reason is not None else None,
        cause=Cause(row.cause) if row.cause is not None else None,
        window=_whole(row.window),
    )


def entry_of_row(row: Any) -> Entry:
    """Without its evidence and its messages."""
    text_of(row.id)
    message = Text(sv=text_of(row.message_sv), en=text_of(row.message_en))
    return Entry(transition=transition_of_row(row), message=message)


def outgoing_of_row(row: Any) -> Outgoing:
    return Outgoing(
        id=text_of(row.id),
        notification=text_of(row.notification),
        subject=text_of(row.subject),
        kind=MessageKind(row.kind),
        created_at=_number(row.created_at),
        payload=_bytes_of(row.payload),
        attempts=int(row.attempts),
        next_attempt_at=_number(row.next_attempt_at),
    )


def state_of_row(row: Any) -> tuple[str, bytes]:
    return text_of(row.key), _bytes_of(row.data)


def text_of(value: object) -> str:
    """A text that is one: a damaged cell of SQLite is read with surrogates, or is no text."""
    if not isinstance(value, str):
        raise TypeError("a cell is no text")
    if not value.isascii():
        value.encode()  # raises for surrogates
    return value


def _whole(value: object) -> str | None:
    return None if value is None else text_of(value)


def _number(value: object) -> float:
    if not isinstance(value, float | int):
        raise TypeError("a cell is no number")
    return float(value)


def _maybe(value: object) -> float | None:
    return value if value is None or isinstance(value, float) else _number(value)


def _bytes_of(value: object) -> bytes:
    if not isinstance(value, bytes | memoryview | bytearray):
        raise TypeError("a cell is no data")
    return bytes(value)


def rollup_of_row(row: Any, start: float) -> Rollup:
    total, longest, buckets = unpacked_latency(_bytes_of(row.latency))
    return Rollup(
        start=start,
        good=row.good,
        degraded=row.degraded,
        failed=row.failed,
        trouble=row.trouble,
        duration_sum=total,
        duration_max=longest,
        buckets=buckets,
    )


# what the journal keeps


def to_line(operations: Iterable[Operation]) -> bytes:
    """JSON on one line."""
    every = [[one.name, one.row] for one in operations]
    return json.dumps(every, default=_bytes, separators=(",", ":")).encode()


_OPERATIONS = {
    table.name if table is not outbox else "outgoing": {
        column.name for column in table.columns if column.name != "number"
    }
    for table in (transition, evidence, outbox, state, by_hand)
} | {
    "settled": {"of", "settled_at", "error"},
    "postponed": {"of", "attempts", "next_attempt_at"},
    "expired": {"before", "settled_at", "error"},
}
"""What the journal may hold: operations, and the values that each must have."""


def from_line(line: bytes) -> list[Operation]:
    """Raises ``ValueError`` for anything else than :func:`to_line` gives."""
    try:
        found = [Operation(name, dict(row)) for name, row in json.loads(line, object_hook=_unbytes)]
        for name, row in found:
            if row.keys() != _OPERATIONS[name]:
                raise ValueError(f"{name} has other values")
            if any(isinstance(value, dict | list) for value in row.values()):
                raise ValueError(f"{name} holds more than values")
    except (TypeError, ValueError, KeyError, RecursionError) as error:
        raise ValueError("not a line of the journal") from error
    return found


def _bytes(value: object) -> object:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    raise TypeError(type(value).__name__)


def _unbytes(value: Row) -> object:
    if value.keys() == {"base64"}:
        return base64.b64decode(value["base64"])
    return value


def without_evidence(operations: Sequence[Operation]) -> list[Operation]:
    return [one for one in operations if one.name != "evidence"]
