"""Pure: decides which receivers a transition is sent to, and remembers what each has been sent.

What kind of message it is, :mod:`monitor.notify.decision` says. Reminders are not kept in the outbox:
after a restart the next one comes when it is due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from math import inf

from monitor.model.estate import Estate, Service
from monitor.model.receiver import Receiver
from monitor.model.records import MessageKind, Outgoing
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.model.transition import Transition
from monitor.notify.decision import (
    CONFIRM,
    TROUBLED,
    OpenAlarm,
    decide,
    doubted,
    improves,
    seen_again,
)
from monitor.notify.message import Message, read_message
from monitor.plan import EMPTY, Agenda
from monitor.wording.notifications import no_longer_watched, reminder

Observed = Callable[[], Text | None]


def no_evidence() -> None:
    """Of what has no evidence."""


class Router:
    """Knows what every receiver was sent, by receiver and ``ENV/SERVICE``. The one place where that
    changes; it does no I/O and reads no clock.
    """

    def __init__(self, estate: Estate) -> None:
        self._open: dict[tuple[str, str], OpenAlarm] = {}
        self._waiting: dict[tuple[str, str], Message] = {}
        """What is better than what was told, until it has lasted."""
        self._reminds = False
        self._remind_at = inf
        """No reminder is due sooner, as far as is known."""
        self.agenda: Callable[[], Agenda] = lambda: EMPTY
        """What people have acknowledged and silenced."""
        self.silenced: Callable[[str], object] = lambda receiver: None
        """Counts a message that was not made."""
        self._lay_out(estate)

    def _lay_out(self, estate: Estate) -> None:
        self._estate = estate
        self._receivers = {one.name: one for one in estate.notifications}
        self._reminds = any(one.remind_every is not None for one in estate.notifications)
        self._remind_at = -inf if self._reminds else inf
        self._services: dict[str, Service] = {one.id: one for one in estate.services()}
        self._titles = {one.name: one.title for one in estate.environments}

    def restore(self, last_told: Iterable[Outgoing], *, unsure: bool = False) -> None:
        """Takes up what an earlier process told: the newest message of each receiver and subject.
        ``unsure``: nothing else is known of that process.

        Rows that cannot be read, and those of services that are watched no more, are left out.
        """
        for outgoing in last_told:
            try:
                message = read_message(outgoing)
            except ValueError:
                continue
            if message.subject in self._services and outgoing.notification in self._receivers:
                self._told(outgoing.notification, message, unsure=unsure)

    def take_up(self, told: Outgoing, own: Outgoing | None) -> Message | None:
        """Of one receiver and subject what earlier processes ``told`` last, once this process may
        have said something of it: ``own`` is the newest of that. Gives the message when an alarm
        is open by it.
        """
        try:
            message = read_message(told)
        except ValueError:
            return None
        known = message.subject in self._services and told.notification in self._receivers
        if not known:
            return None
        standing = self._open.get((told.notification, message.subject))
        if own is None and (standing is None or standing.message.id != message.id):
            self._told(told.notification, message)
        return message if message.alarm is not None else None

    def all_clear(
        self, receiver: str, transition: Transition, text: Text, now: float
    ) -> tuple[Outgoing, ...]:
        """The message that closes one receiver's alarm."""
        service = self._services[f"{transition.environment}/{transition.service}"]
        found = self._receivers[receiver]
        standing = self._open.get((receiver, str(service.id)))
        message = self._message(found, service, transition, MessageKind.RECOVERY, text, standing)
        self._told(receiver, message)
        return (_outgoing(receiver, message, now),)

    def plan(
        self, transition: Transition, text: Text, now: float, observed: Observed = no_evidence
    ) -> tuple[Outgoing, ...]:
        """The messages that ``transition`` causes; an environment's own causes none, since those
        of its services name it. ``text`` is what it means to a reader, ``observed`` is asked for the
        first lines of its evidence when somebody is told.
        """
        service = self._services.get(f"{transition.environment}/{transition.service}")
        if service is None:
            return ()
        made, seen = [], cache(observed)
        silenced = self.agenda().silenced(now, transition.environment, service.name)
        for receiver in self._receivers.values():
            key = receiver.name, str(service.id)
            standing = doubted(self._open.get(key), transition)
            if standing is not None:
                self._open[key] = standing
            kind = decide(receiver, standing, transition)
            if kind is None or silenced:
                self._follow(key, receiver, transition)
                if kind is not None:
                    self.silenced(receiver.name)
                continue
            message = self._message(receiver, service, transition, kind, text, standing, seen())
            if (
                kind is MessageKind.ALARM
                and standing is not None
                and improves(standing, transition)
            ):
                self._follow(key, receiver, transition)
                self._waiting[key] = message
                continue
            self._told(receiver.name, message)
            self._follow(key, receiver, transition)
            made.append(_outgoing(receiver.name, message, now))
        return tuple(made)

    def confirmed(self, now: float) -> tuple[Outgoing, ...]:
        """What is better than what was told, and has lasted."""
        made = []
        for key, message in list(self._waiting.items()):
            standing = self._open.get(key)
            if standing is not None and now - (standing.troubled_at or 0.0) < CONFIRM:
                continue
            del self._waiting[key]
            if self.agenda().silenced(now, message.environment, message.service):
                continue
            if standing is not None and key[0] in self._receivers:
                self._told(key[0], message)
                made.append(_outgoing(key[0], message, now))
        return tuple(made)

    def reminders(self, now: float) -> tuple[Outgoing, ...]:
        """The reminders that are due: one at most for each open alarm, however long ago."""
        if now < self._remind_at:
            return ()
        made = []
        self._remind_at = inf
        for (name, subject), standing in self._open.items():
            receiver = self._receivers.get(name)
            every = receiver.remind_every if receiver is not None else None
            if every is None or standing.muted:
                continue
            number = int((now - standing.told_at) // every)
            following = max(number, standing.reminded) + 1
            self._remind_at = min(self._remind_at, standing.told_at + following * every)
            if number <= standing.reminded:
                continue
            self._open[name, subject] = replace(standing, reminded=number)
            alarm = standing.message
            if self.rests(subject, now):
                self.silenced(name)
                continue
            message = replace(
                alarm,
                id=f"{alarm.id}-r{number}",
                kind=MessageKind.REMINDER,
                at=now,
                text=reminder(alarm.text, now - alarm.since),
            )
            made.append(_outgoing(name, message, now))
        return tuple(made)

    def rests(self, subject: str, now: float) -> bool:
        """Whether people have seen to it that no reminder of ``ENV/SERVICE`` is sent."""
        agenda, (environment, _, service) = self.agenda(), subject.partition("/")
        return agenda.acknowledged(now, environment, service) or agenda.silenced(
            now, environment, service
        )

    def reload(self, estate: Estate, now: float) -> tuple[Outgoing, ...]:
        """Goes over to another configuration. What is open stays so; an alarm of a service that is
        watched no more is closed, and its receiver told.
        """
        self._lay_out(estate)
        made = []
        for name, subject in list(self._open):
            if name in self._receivers and subject in self._services:
                continue
            standing = self._open.pop((name, subject))
            if name not in self._receivers:
                continue
            alarm = standing.message
            message = replace(
                alarm,
                id=f"{alarm.id}-gone",
                kind=MessageKind.RECOVERY,
                at=now,
                since=now,
                before=alarm.after,
                after=Status.UNKNOWN,
                text=no_longer_watched(alarm.service_title, alarm.environment_title),
                alarm=None,
                alarmed_at=None,
            )
            made.append(_outgoing(name, message, now))
        return tuple(made)

    def open(self) -> Iterator[tuple[str, str, OpenAlarm]]:
        """Every open alarm: receiver, subject, standing."""
        for (name, subject), standing in self._open.items():
            yield name, subject, standing

    def _message(
        self,
        receiver: Receiver,
        service: Service,
        transition: Transition,
        kind: MessageKind,
        text: Text,
        standing: OpenAlarm | None,
        observed: Text | None = None,
    ) -> Message:
        alarm, alarmed_at = None, None
        if kind in (MessageKind.ALARM, MessageKind.UNKNOWN):
            alarm, alarmed_at = transition.after, transition.at
        elif kind is MessageKind.WINDOW and standing is not None:
            alarm, alarmed_at = standing.told, standing.told_at
        return Message(
            id=f"{transition.id}-{receiver.name}",
            kind=kind,
            transition=transition.id,
            at=transition.at,
            since=transition.since,
            began=transition.began,
            environment=transition.environment,
            service=service.name,
            environment_title=self._titles[transition.environment],
            service_title=service.title,
            before=transition.before,
            after=transition.after,
            planned=transition.planned,
            window=transition.window,
            check=transition.check,
            reason=transition.reason,
            cause=transition.cause,
            text=text,
            alarm=alarm,
            alarmed_at=alarmed_at,
            observed=observed,
            incident=(standing.message.incident if standing is not None else "") or transition.id,
        )

    def _told(self, receiver: str, message: Message, *, unsure: bool = False) -> None:
        key = receiver, message.subject
        self._waiting.pop(key, None)
        if message.alarm is None:
            self._open.pop(key, None)
        elif message.kind is not MessageKind.WINDOW or key not in self._open:
            self._look_for_reminders()
            self._open[key] = OpenAlarm(
                told=message.alarm,
                told_at=message.alarmed_at if message.alarmed_at is not None else message.at,
                muted=message.after is Status.UNKNOWN,
                message=message,
                unsure=unsure,
            )

    def _follow(self, key: tuple[str, str], receiver: Receiver, transition: Transition) -> None:
        """Reminders rest while the state is unknown or planned."""
        self._waiting.pop(key, None)
        standing = self._open.get(key)
        if standing is None:
            return
        followed = seen_again(standing, transition)
        if followed is not standing:
            standing = self._open[key] = followed
        unexplained = receiver.planned or not transition.planned
        muted = transition.after not in TROUBLED or not unexplained
        if muted is not standing.muted:
            self._look_for_reminders()
            self._open[key] = replace(standing, muted=muted)

    def _look_for_reminders(self) -> None:
        if self._reminds:
            self._remind_at = -inf


def _outgoing(receiver: str, message: Message, now: float) -> Outgoing:
    return Outgoing(
        id=message.id,
        notification=receiver,
        subject=message.subject,
        kind=message.kind,
        created_at=now,
        payload=message.payload(),
    )
