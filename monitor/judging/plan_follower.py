"""Pure: gives each service what is planned for it, and notices when that changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from monitor.judging.aggregates import ServiceAggregate
from monitor.judging.propagation import Trigger
from monitor.model.estate import Estate, ServiceId
from monitor.plan import Occurrence, Planned, agenda_of


class PlanFollower:
    """The agenda of one configuration, and which services its active windows cover."""

    __slots__ = ("_covered", "_estate", "_followed_at", "_services", "_windows", "agenda")

    def __init__(
        self,
        estate: Estate,
        services: Mapping[ServiceId, ServiceAggregate],
        now: float,
        windows: Iterable[Planned] = (),
    ) -> None:
        """``windows`` are those that the configuration does not hold itself: of calendars."""
        self._estate = estate
        self._services = services
        self._windows = tuple(windows)
        self._covered: dict[ServiceId, None] = {}
        self.agenda = agenda_of(estate, now, self._windows)
        self._followed_at = now
        self._assign(now)

    def covered(self) -> Iterator[tuple[ServiceAggregate, Occurrence]]:
        """The services that an active window covers, each with its window."""
        for service in map(self._services.__getitem__, self._covered):
            if service.window is not None:
                yield service, service.window

    def next_change(self) -> float:
        """The next instant at which :meth:`follow` may find something."""
        return self.agenda.next_change(self._followed_at)

    def follow(self, now: float) -> list[Trigger]:
        """The services of which something else is planned than at the last look."""
        before, self._followed_at = self._followed_at, now
        if before <= now < self.agenda.next_change(before):
            return []
        if not self.agenda.good_for(now):
            self.agenda = agenda_of(self._estate, now, self._windows)
        return self._changes(before, now)

    def use(self, windows: Iterable[Planned], now: float) -> list[Trigger]:
        """Takes other windows of calendars from now on; gives the services that they change."""
        new = tuple(windows)
        if new == self._windows:
            return []
        self._windows = new
        self.agenda = agenda_of(self._estate, now, new)
        before, self._followed_at = self._followed_at, now
        return self._changes(before, now)

    def _changes(self, before: float, now: float) -> list[Trigger]:
        found: list[Trigger] = []
        was = [(service, service.window, service.plan) for service in self._services.values()]
        self._assign(now)
        for service, window, plan in was:
            if service.window != window:
                found.append(Trigger(service, None, _edge(window, service.window, now), window))
            elif service.plan != plan:
                since = self.agenda.last_change(before, now)
                found.append(Trigger(service, None, since, window))
        return found

    def _assign(self, now: float) -> None:
        sheet = self.agenda.sheet(now)
        for id_, service in self._services.items():
            environment, name = service.environment.name, service.name
            before = service.window, service.notice
            service.window = sheet.declared(environment, name)
            service.notice = sheet.noticed(environment, name)
            changed = before != (service.window, service.notice)
            for tracker in service.trackers:
                changed |= tracker.retire(sheet.package(tracker.check.id))
            if changed:
                service.environment.moved(service)
                self._covered.pop(id_, None)
            if service.window is not None:
                self._covered[id_] = None


def _edge(was: Occurrence | None, now_is: Occurrence | None, now: float) -> float:
    """When the windows that decide changed: the new one's beginning, or the old one's end."""
    if now_is is not None:
        return min(now, now_is.start) if was is None else now
    return min(now, was.end) if was is not None else now
