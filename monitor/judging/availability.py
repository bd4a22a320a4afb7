"""Pure: how much of the time each service has been available. docs/availability.md tells the rules.

Instants are seconds since the epoch and arguments; a clock is not read here. Within the timelines
they are milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.judging.timeline import Timeline
from monitor.model.estate import ServiceId
from monitor.model.status import Status
from monitor.model.time_in_status import WINDOWS, Availability, AvailabilityReport, DayShare
from monitor.model.transition import Transition

REFRESH = 10.0
"""Seconds that a measured availability may be old, while nothing has changed."""
DAYS = 90
_LENGTHS = tuple(1000 * seconds for seconds in WINDOWS.values())


def availability(timeline: Timeline, now: float) -> Availability:
    """Over the windows that end ``now``. Time before the first record is unknown."""
    return Availability(timeline.windows(_LENGTHS, _ms(now)))


def day_shares(
    timeline: Timeline, zone: ZoneInfo, now: float, count: int = DAYS
) -> tuple[DayShare, ...]:
    """The newest ``count`` days of ``zone``, oldest first, each from its midnight to the next,
    today until ``now``. A day has 23 or 25 hours where the clocks are changed.
    """
    today = datetime.fromtimestamp(now, zone).date()
    starts = [_midnight(today - timedelta(back), zone) for back in range(count - 1, -1, -1)]
    ends = [*starts[1:], now]
    return tuple(
        DayShare(
            day=today - timedelta(count - 1 - i),
            start=start,
            end=end,
            shares=timeline.shares(_ms(start), _ms(end)),
        )
        for i, (start, end) in enumerate(zip(starts, ends, strict=True))
    )


class Timelines:
    """The timelines of all services, and their availability as it was last measured."""

    def __init__(self, services: Iterable[ServiceId] = ()) -> None:
        self._timelines: dict[ServiceId, Timeline] = {service: Timeline() for service in services}
        self._measured: dict[ServiceId, Availability] = {}
        self._changed: set[ServiceId] = set()
        self._measured_at: float | None = None

    def of(self, service: ServiceId) -> Timeline:
        """Raises ``KeyError`` for a service that is not watched."""
        return self._timelines[service]

    def add(self, transition: Transition) -> None:
        """Takes one transition in, the newest last. An environment's own is left out.

        A change of status holds from the transition's ``since``; that only a service window began
        or ended, from its ``at``.
        """
        if transition.service is None:
            return
        service = ServiceId(f"{transition.environment}/{transition.service}")
        start = transition.since if transition.changes_status else transition.at
        self._change(service, transition.after, transition.planned, start, transition.at)

    def load(self, transitions: Iterable[Transition]) -> None:
        """Takes in what was recorded, in the order in which it was recorded, before anything is
        added; what is recorded twice counts once.

        Of each service the last transition from before the longest window should be among them:
        only it tells how the window began.
        """
        known: set[tuple[object, ...]] = set()
        for one in transitions:
            key = (one.environment, one.service, one.at, one.before, one.after, one.planned)
            if key not in known:
                known.add(key)
                self.add(one)

    def hold(
        self, service: ServiceId, status: Status, *, planned: bool, since: float, at: float
    ) -> None:
        """Says what is published of a service ``at`` the start, ``since`` when, where it is not
        what its transitions say: there are none, or the last of them were lost.
        """
        timeline = self._timelines.get(service)
        if timeline is not None and timeline.status is status:
            since = at  # a window began or ended since what was recorded
        self._change(service, status, planned, since, at)

    def lose(self, since: float) -> None:
        """Nothing is known of any service from ``since`` until its next transition: nobody
        watched.
        """
        for service in self._timelines:
            self._change(service, Status.UNKNOWN, False, since, since)

    def watch(self, services: Iterable[ServiceId]) -> None:
        """From now on these are watched; the others are forgotten, the new ones unknown."""
        kept = self._timelines
        self._timelines = {
            service: kept[service] if service in kept else Timeline() for service in services
        }
        for service in self._measured.keys() - self._timelines.keys():
            del self._measured[service]
        self._changed &= self._timelines.keys()

    def measure(self, now: float) -> Iterator[tuple[ServiceId, Availability]]:
        """The availability of every service of which it may be another than at the last call, one by
        one, so that the caller may give way between two: where something has changed, and of all
        after :data:`REFRESH`. One that is the same as before is the same object.
        """
        at = self._measured_at
        if at is None or not at <= now < at + REFRESH:
            self._measured_at = now
            self._changed.update(self._timelines)
        for service in list(self._changed):  # it may change between two steps
            self._changed.discard(service)
            timeline = self._timelines.get(service)
            if timeline is None:
                continue
            found = self._measured.get(service)
            new = availability(timeline, now)
            if new != found:
                found = self._measured[service] = new
            yield service, found

    def report(self, service: ServiceId, zone: ZoneInfo, now: float) -> AvailabilityReport:
        """All of one service, as of ``now``. Raises ``KeyError`` for one that is not watched."""
        timeline = self.of(service)
        return AvailabilityReport(
            at=now, availability=availability(timeline, now), days=day_shares(timeline, zone, now)
        )

    def _change(
        self, service: ServiceId, status: Status, planned: bool, start: float, at: float
    ) -> None:
        timeline = self._timelines.get(service)
        if timeline is not None:
            timeline.change(status, planned=planned, start=_ms(start), at=_ms(at))
            self._changed.add(service)


def _ms(instant: float) -> int:
    return round(1000 * instant)


def _midnight(day: date, zone: ZoneInfo) -> float:
    """The beginning of a day; where the clocks are changed at midnight, its first instant."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
