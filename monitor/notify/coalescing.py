"""Pure: messages that come too late are folded into the newest one, which says what happened.

What is told is the present. A message that could not go in time, because a flood was throttled or
the receiver did not answer, and that a newer one of its service follows, is superseded: the newest
is sent in its place and says how often the service has changed meanwhile.

Instants are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import inf
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.model.records import MessageKind, Outgoing
from monitor.notify.message import Message, read_message
from monitor.wording.notifications import flapped
from monitor.wording.times import instant

LATE = 5.0
"""Seconds after ``group_wait`` at which a message that has not gone is late."""


def newest(waiting: Sequence[Outgoing]) -> int:
    """The place of the one that is to be told of a service's waiting messages, oldest first. A
    reminder says less than what it reminds of.
    """
    for place in range(len(waiting) - 1, -1, -1):
        if waiting[place].kind is not MessageKind.REMINDER:
            return place
    return len(waiting) - 1


class Missed(NamedTuple):
    """What the next message of a service is to say too."""

    number: int = 0
    since: float = inf

    def and_these(self, gone: Iterable[Outgoing]) -> Missed:
        """More messages that are not sent."""
        changes = [one.created_at for one in gone if one.kind is not MessageKind.REMINDER]
        return Missed(self.number + len(changes), min([self.since, *changes]))


NOTHING = Missed()


def folded(message: Message, missed: Missed, zone: ZoneInfo) -> Message:
    """``message`` with what happened before it, of which nobody was told."""
    if not missed.number:
        return message
    text = flapped(
        message.text,
        missed.number + 1,
        max(0.0, message.at - missed.since),
        message.after,
        instant(message.since, zone),
    )
    return replace(message, text=text, folded=missed.number)


def repeats(told: Message, held: Sequence[Outgoing]) -> list[Outgoing]:
    """Of a service's ``held`` messages, oldest first, those that say nothing new to whoever was
    ``told`` of an alarm: all that the newest one supersedes, and it too when it is the same alarm.
    """
    if not held:
        return []
    place = newest(held)
    last = held[place]
    rest = [one for one in held if one is not last]
    same = last.kind is MessageKind.ALARM and _after(last) == (told.alarm or told.after).value
    return [*rest, last] if same else rest


def _after(outgoing: Outgoing) -> str:
    try:
        return read_message(outgoing).after.value
    except ValueError:
        return ""
