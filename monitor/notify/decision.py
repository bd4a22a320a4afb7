"""Pure: what kind of message a transition is for a receiver, by what it has been sent already.

For each receiver and service there is one :class:`OpenAlarm` while an alarm is open there:

    becomes red or yellow, and the receiver wants that colour    ALARM, open
    yellow → red where an alarm is open                          ALARM, whatever colours it wants
    red → yellow, and it wants yellow                            ALARM, which says what is better
    a window ends and the disturbance does not                   ALARM
    unknown, and it wants to know                                UNKNOWN, open
    green while open                                             RECOVERY, always; closed
    still red or yellow after ``remind_every``                   REMINDER
    a window begins or ends, nothing else to tell, it wants it   WINDOW

What people silence makes no message; when that ends, what a receiver then does not know is told. What they
acknowledge makes no reminder.

What a service window explains is no alarm where ``planned`` is false. An alarm that is open stays
so through unknown, through a window and through a change of the routing: only green closes it.

What was red, was then not known, and is yellow may be red again in a moment: whoever was told that it
is red hears of yellow once it has lasted for :data:`CONFIRM`, and of red not once more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from monitor.model.receiver import Receiver
from monitor.model.records import MessageKind
from monitor.model.status import Status
from monitor.model.transition import Transition
from monitor.notify.message import Message

CONFIRM = 60.0
"""Seconds after not knowing for which a status that was told before is no news."""
TROUBLED = (Status.YELLOW, Status.RED)
_ALARMS = frozenset(("red", "yellow"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlarm:
    """An alarm that is open at one receiver for one service."""

    told: Status
    """What the receiver was last told that it is: red, yellow or unknown."""
    told_at: float
    """When it was told first of this; reminders count from here."""
    reminded: int = 0
    muted: bool = False
    """A window explains it now, and the receiver is not told of what is planned; or it is unknown."""
    message: Message
    unsure: bool = False
    """Whether it was unknown since, and what was told has not been seen again."""
    troubled_at: float | None = None
    """When it was first seen disturbed after that."""

    def again(self, transition: Transition) -> bool:
        """Whether the change may be back to what was told, after not knowing."""
        first = self.troubled_at if self.troubled_at is not None else transition.at
        return self.unsure and transition.at - first < CONFIRM


def decide(
    receiver: Receiver, standing: OpenAlarm | None, transition: Transition
) -> MessageKind | None:
    """What kind of message, if any, ``receiver`` gets of a service's transition."""
    environment, service = transition.environment, transition.service or ""
    after = transition.after
    if after is Status.GREEN and standing is not None:
        return MessageKind.RECOVERY
    if not receiver.covers(environment, service):
        return None
    if after in TROUBLED:
        if _alarms(receiver, standing, transition):
            return MessageKind.ALARM
    elif after is Status.UNKNOWN:
        if "unknown" in receiver.on and transition.changes_status:
            return MessageKind.UNKNOWN
    elif _only_recoveries(receiver, transition):
        return MessageKind.RECOVERY
    if "window" in receiver.on and transition.planned is not transition.was_planned:
        return MessageKind.WINDOW
    return None


def _alarms(receiver: Receiver, standing: OpenAlarm | None, transition: Transition) -> bool:
    if transition.planned and not receiver.planned:
        return False
    if not (transition.changes_status or transition.overrun):
        return False
    after = transition.after
    if standing is not None and standing.told is after and transition.changes_status:
        returns = transition.before is Status.UNKNOWN or standing.again(transition)
        if returns:
            return False  # it was not told of what was in between
    escalates = (
        standing is not None
        and after is Status.RED
        and (transition.before is Status.YELLOW or standing.told is Status.YELLOW)
    )
    return escalates or after.value in receiver.on


def _only_recoveries(receiver: Receiver, transition: Transition) -> bool:
    """Whoever asked for recoveries and no alarms is told of each; others of those they know of."""
    wants = "recovery" in receiver.on and not receiver.on & _ALARMS
    planned = transition.was_planned and not receiver.planned
    return wants and transition.before in TROUBLED and not planned


def improves(standing: OpenAlarm, transition: Transition) -> bool:
    """Whether it is yellow, after not knowing, where red was told."""
    told, after = standing.told, transition.after
    return told is Status.RED and after is Status.YELLOW and standing.again(transition)


def doubted(standing: OpenAlarm | None, transition: Transition) -> OpenAlarm | None:
    """What is known of an alarm's subject before the transition: that it was unknown, an earlier
    process may have seen, and told nobody.
    """
    if standing is None or standing.unsure or transition.before is not Status.UNKNOWN:
        return standing
    return replace(standing, unsure=True, troubled_at=None)


def seen_again(standing: OpenAlarm, transition: Transition) -> OpenAlarm:
    """What is known of an alarm's subject after the transition."""
    after = transition.after
    if after is Status.UNKNOWN:
        return replace(standing, unsure=True, troubled_at=None)
    if not standing.unsure or after not in TROUBLED:
        return standing
    if after is standing.told or not standing.again(transition):
        return replace(standing, unsure=False, troubled_at=None)
    if standing.troubled_at is None:
        return replace(standing, troubled_at=transition.at)
    return standing
