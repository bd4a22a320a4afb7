"""Pure: what happens to service windows, as events: they begin, end, are moved, cancelled or run over,
and what they stopped may answer again before their end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.model.estate import ServiceId
from monitor.model.status import Status
from monitor.plan.agenda import Agenda
from monitor.plan.recurrence import Occurrence
from monitor.plan.windows import Impact


class Happening(StrEnum):
    """What has happened."""

    BEGINS = "begins"
    ENDS = "ends"
    RUN_OVER = "run_over"
    """It is over, and what it explained is not."""
    MAY_RESUME = "may_resume"
    """A service that it stopped answers again before its end."""
    CANCELLED = "cancelled"
    """*Inställd*, or taken away before its end."""
    MOVED = "moved"
    """*Ändrad tid.*"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowEvent:
    """Something that has happened to a service window. Instants are seconds since the epoch."""

    at: float
    what: Happening
    occurrence: Occurrence
    service: ServiceId | None = None
    """The service that it happened with, where it was with one."""
    was: tuple[float, float] | None = None
    """Of a moved one, the start and the end that it was to have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """A service under an active window."""

    service: ServiceId
    measured: Status
    worsened: int
    """How often what is measured has become yellow or red, ever since the start."""
    occurrence: Occurrence


def edges(agenda: Agenda, after: float, until: float) -> Iterator[WindowEvent]:
    """What begins and ends after ``after`` and not after ``until``, in order."""
    found = [
        (instant, what, one)
        for one in agenda.occurrences
        if not one.window.cancelled
        for instant, what in ((one.start, Happening.BEGINS), (one.end, Happening.ENDS))
        if after < instant <= until
    ]
    for instant, what, one in sorted(found, key=lambda each: each[0]):
        yield WindowEvent(at=instant, what=what, occurrence=one)


def window_changes(old: Agenda, new: Agenda, at: float) -> Iterator[WindowEvent]:
    """What was moved or cancelled of what is not over, the first time of each window: a series that
    is moved is one event and not fifty. And what is under way and was not known.
    """
    coming = {_key(one): one for one in new.occurrences}
    yielded: set[str] = set()
    for was in old.occurrences:
        id_ = was.window.id.partition("/")[0]
        if was.window.cancelled or was.end <= at or id_ in yielded:
            continue
        now_is = coming.get(_key(was))
        if now_is is None or now_is.window.cancelled:
            yielded.add(id_)
            yield WindowEvent(at=at, what=Happening.CANCELLED, occurrence=now_is or was)
        elif (now_is.start, now_is.end) != (was.start, was.end) and now_is.end > at:
            yielded.add(id_)
            yield WindowEvent(
                at=at, what=Happening.MOVED, occurrence=now_is, was=(was.start, was.end)
            )
    known = {_key(one) for one in old.occurrences if not one.window.cancelled}
    for one in new.occurrences:
        if one.active(at) and _key(one) not in known:
            yield WindowEvent(at=at, what=Happening.BEGINS, occurrence=one)


def _key(one: Occurrence) -> str:
    """The same for a time of a recurring window and for what that time was moved to."""
    if one.window.rule is None:
        return one.window.id
    return f"{one.window.id}/{datetime.fromtimestamp(one.start, one.window.zone):%Y%m%dT%H%M}"


class WindowNews:
    """Remembers the last look at the plan, and which services a declared outage has really stopped."""

    def __init__(self, agenda: Agenda, now: float) -> None:
        self._agenda = agenda
        self._at = now
        self._services: Sequence[UnderWay] = ()
        self._stops: dict[ServiceId, tuple[Occurrence, int]] = {}
        """By service the window it is under, and how often it had become worse when that began,
        or when testing was last announced to resume.
        """

    def look(self, agenda: Agenda, services: Sequence[UnderWay], now: float) -> list[WindowEvent]:
        """What has happened since the last look; the same ``services`` object says that nothing has
        with them. A clock that was set back tells nothing.
        """
        found: list[WindowEvent] = []
        if agenda is not self._agenda:
            found += window_changes(self._agenda, agenda, now)
        if now > self._at:
            found += edges(agenda, self._at, now)
        self._agenda, self._at = agenda, now
        if services is not self._services:
            self._services = services
            found += self._resumed(services, now)
        return found

    def _resumed(self, services: Iterable[UnderWay], now: float) -> Iterator[WindowEvent]:
        before, self._stops = self._stops, {}
        for one in services:
            if one.occurrence.window.impact is not Impact.OUTAGE:
                continue
            known, seen = before.get(one.service, (None, 0))
            if known != one.occurrence:
                seen = one.worsened - (one.measured in (Status.RED, Status.YELLOW))
            if one.measured is Status.GREEN and one.worsened > seen:
                seen = one.worsened
                yield WindowEvent(
                    at=now,
                    what=Happening.MAY_RESUME,
                    occurrence=one.occurrence,
                    service=one.service,
                )
            self._stops[one.service] = one.occurrence, seen


def run_over(
    agenda: Agenda, window: str | None, service: ServiceId, at: float
) -> WindowEvent | None:
    """A service that is still in trouble although ``window`` is over; ``None`` when that is not
    known any more.
    """
    ended = [one for one in agenda.occurrences if one.window.id == window and one.end <= at]
    if not ended:
        return None
    last = max(ended, key=lambda one: one.end)
    return WindowEvent(at=at, what=Happening.RUN_OVER, occurrence=last, service=service)
