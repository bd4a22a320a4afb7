"""What a history keeps: transitions of ``ext5/expo`` with their messages."""

from __future__ import annotations

from typing import Any

from monitor.model.records import Entry, MessageKind, Outgoing, Seen, seen_of
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.model.transition import Transition
from probes.observation import Cause, Reason
from tests.support.factories_observed import NOW, make_failure, make_observation


def make_transition(number: int = 0, **changes: Any) -> Transition:
    """The ``number``-th: red, then green, and so on, a second after the other."""
    red = number % 2 == 0
    values: dict[str, Any] = {
        "at": NOW + number,
        "since": NOW + number - 3.0,
        "environment": "ext5",
        "service": "expo",
        "before": Status.GREEN if red else Status.RED,
        "after": Status.RED if red else Status.GREEN,
        "check": "ext5/expo/api" if red else None,
        "reason": Reason.CONNECT_REFUSED if red else None,
        "cause": Cause.TARGET if red else None,
    }
    return Transition(**{**values, **changes})


def make_outgoing(number: int = 0, **changes: Any) -> Outgoing:
    values: dict[str, Any] = {
        "id": f"message-{number}",
        "notification": "mail",
        "subject": "ext5/expo",
        "kind": MessageKind.ALARM if number % 2 == 0 else MessageKind.RECOVERY,
        "created_at": NOW + number,
        "payload": b'{"number": %d}' % number,
    }
    return Outgoing(**{**values, **changes})


def make_entry(number: int = 0, **changes: Any) -> Entry:
    """The ``number``-th transition with a message, and with evidence when it is a worsening."""
    values: dict[str, Any] = {
        "transition": make_transition(number),
        "message": Text(sv=f"Övergång {number}.", en=f"Transition {number}."),
        "evidence": b'{"evidence": %d}' % number if number % 2 == 0 else None,
        "outgoing": (make_outgoing(number),),
    }
    return Entry(**{**values, **changes})


def make_seen(at: float, **changes: Any) -> Seen:
    """A good one at ``at``."""
    return seen_of(make_observation(at=at, **changes))


def make_seen_failure(at: float, **changes: Any) -> Seen:
    return seen_of(make_failure(at=at, **changes))
