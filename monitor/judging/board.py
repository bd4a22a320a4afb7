"""The running tally: folds observations check by check and rolls their statuses up.

The one place where state changes. It does no I/O and reads no clock: instants are arguments, in
seconds since the epoch. A change comes out as :class:`Transition` values, everything else as a
:class:`Snapshot`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from monitor.judging import rollup
from monitor.judging.aggregates import EnvironmentAggregate, ServiceAggregate, move
from monitor.judging.check_tracker import CheckTracker
from monitor.judging.grade import Verdict
from monitor.judging.persisted_state import CheckState, PublishedState
from monitor.judging.rollup import Child
from monitor.judging.snapshot import EnvironmentView, ServiceView, Snapshot
from monitor.judging.staleness import Aging, Excused, nobody
from monitor.judging.standing import Standing
from monitor.judging.transition_context import TransitionContext
from monitor.model.certificate_changes import News
from monitor.model.diff import Difference
from monitor.model.estate import CheckId, Environment, Estate, ServiceId
from monitor.model.records import Seen
from monitor.model.status import Status
from monitor.model.time_in_status import NOTHING, Availability
from monitor.model.transition import Transition
from monitor.model.upstream_status import StatedView
from monitor.plan import Agenda, CalendarView, Occurrence, UnderWay, Window, agenda_of
from probes.observation import Observation

OVERALL = ""
"""What all environments together are kept under."""


class ObservationOutcome(NamedTuple):
    """What one observation is worth, what has changed by it, and what its certificates tell."""

    verdict: Verdict
    transitions: list[Transition]
    certificates: News


class _Trigger(NamedTuple):
    """Why a service has to be looked at."""

    service: ServiceAggregate
    row: CheckTracker | None
    """The check that has changed; ``None`` when it was a service window."""
    since: float
    was: Occurrence | None
    """The window that explained it until now."""
    by_notice: bool = False
    """Whether another notice speaks of it than before."""


def _weightier(one: _Trigger, other: _Trigger) -> _Trigger:
    """Of two reasons to look at a service the one to be told: a check before a window, of two
    checks the worse one, of equals the first.
    """
    if other.row is None:
        return one
    if one.row is None:
        return other._replace(was=one.was)
    worse = other.row.standing.status.severity > one.row.standing.status.severity
    return other._replace(was=one.was) if worse else one


class Board:
    """Every check's state and every service's and environment's status."""

    def __init__(self, estate: Estate, now: float, windows: Iterable[Window] = ()) -> None:
        """``windows`` are those that the configuration does not hold itself: of calendars."""
        self._estate = estate
        self._windows = tuple(windows)
        self._agenda = agenda_of(estate, now, self._windows)
        self._planned_at = now
        self._rows: dict[CheckId, CheckTracker] = {}
        self._above: dict[CheckId, ServiceAggregate] = {}
        self._environments: list[EnvironmentAggregate] = []
        self._services: dict[ServiceId, ServiceAggregate] = {}
        self._aging = Aging()
        self._covered: dict[ServiceId, ServiceAggregate] = {}
        """The services that an active window covers."""
        self._under_way: tuple[UnderWay, ...] | None = None
        self._pending: list[_Trigger] = []
        """What has changed and is not published yet."""
        self._status = Status.UNKNOWN
        self._since = now
        for environment in estate.environments:
            above = EnvironmentAggregate(environment, now)
            self._environments.append(above)
            for service in environment.services:
                middle = self._services[service.id] = ServiceAggregate(service, above, now)
                for check in service.checks:
                    row = self._rows[check.id] = CheckTracker(check, now, len(self._rows))
                    middle.rows.append(row)
                    self._above[check.id] = middle
        self._plan_each(self._services.values(), now)
        for middle in self._services.values():
            middle.status, middle.planned = middle.weigh()
            middle.environment.moved(middle)
        for above in self._environments:
            above.status, above.planned = above.weigh()
        self._status = self._overall()

    def observe(
        self, check_id: CheckId, observation: Observation, now: float
    ) -> ObservationOutcome:
        """Takes one observation in, and publishes what has changed by it.

        Raises ``KeyError`` for a check that is not on the board.
        """
        verdict, news = self.take(check_id, observation, now)
        return ObservationOutcome(verdict, self.publish(now), news)

    def take(self, check_id: CheckId, observation: Observation, now: float) -> tuple[Verdict, News]:
        """Takes one observation in. What changes by it above its check waits for :meth:`publish`,
        so that all that is seen in one turn of the loop is published as one.

        Raises ``KeyError`` for a check that is not on the board.
        """
        row = self._rows[check_id]
        verdict = row.observe(observation)
        self._aging.observed(row)
        above = self._above[check_id]
        above.environment.outdated(above)
        check = row.check
        announced = partial(
            self._agenda.announced, observation.at, check.environment, check.service
        )
        news = row.certify(observation, announced)
        if self._restand(row, now):
            self._pending.append(self._by_check(row, now))
        return verdict, news

    @property
    def pending(self) -> bool:
        """Whether :meth:`publish` may have something to tell."""
        return bool(self._pending)

    def publish(self, now: float) -> list[Transition]:
        """What is published otherwise because of what was taken since the last time: every service
        and environment changes once at most, however much has changed below it.
        """
        if not self._pending:
            return []
        triggers, self._pending = self._pending, []
        return self._publish(triggers, now)

    def stand(self, check_id: CheckId, standing: Standing, now: float) -> list[Transition]:
        """Takes a check's standing by an observation as it was worked out elsewhere: the replay
        judges check by check, and rolls up afterwards.
        """
        row = self._rows[check_id]
        return self._publish([self._by_check(row, now)] if self._take(row, standing) else [], now)

    def stand_aged(
        self, standings: Iterable[tuple[CheckId, Standing]], now: float
    ) -> list[Transition]:
        """The same for all that has become stale at one instant, as :meth:`age` tells it."""
        causes = self._follow_plan(now)
        for check_id, standing in standings:
            row = self._rows[check_id]
            if self._take(row, standing):
                causes.append(self._by_check(row, now))
        return self._publish(causes, now)

    def next_plan(self) -> float:
        """The next instant at which :meth:`age` may find that a service window begins or ends, or
        has to look further ahead.
        """
        return self._agenda.next_change(self._planned_at)

    def restore(
        self,
        checks: Mapping[CheckId, CheckState],
        later: Mapping[CheckId, Iterable[Seen]],
        published: Mapping[str, PublishedState],
        now: float,
    ) -> list[Transition]:
        """Takes up where an earlier process ended: its checks' states, what they saw after that
        (oldest first), and what was published, as :meth:`published` gives it.

        Gives what has changed meanwhile: what has become stale, and what was not recorded to its
        end. To be called before the first observation.
        """
        for check_id, row in self._rows.items():
            row.restore(checks.get(check_id), later.get(check_id, ()))
            row.standing = row.stand(now)
        self._aging.begin(self._rows.values(), now)
        for environment in self._environments:
            environment.restore(published.get(environment.name))
            for service in environment.services:
                service.restore(published.get(service.service.id))
        self._status = self._overall()
        before = published.get(OVERALL)
        if before is not None and before.status is self._status:
            self._since = before.since
        return self._publish(
            [
                self._by_check(service.worst(), now)
                for environment in self._environments
                for service in environment.services
                if service.rows
            ],
            now,
        )

    def restore_late(
        self,
        checks: Mapping[CheckId, CheckState],
        later: Mapping[CheckId, Iterable[Seen]],
        published: Mapping[str, PublishedState],
        began: Mapping[str, float],
        now: Callable[[], float],
    ) -> Generator[int, None, list[Transition]]:
        """The same when the earlier process is known of only after checks were observed. What was
        observed since stands; the others are taken up, and when the disturbances ``began`` that
        go on.

        Goes on service by service and gives how many checks that were, so that its caller may do
        something else in between; returns what has changed, published at the end and at once.
        """
        at = now()
        otherwise: list[ServiceAggregate] = []
        for name in list(self._services):
            service = self._services.get(name)
            if service is not None and self._restore_late(
                service, checks, later, published.get(name), began.get(name), at
            ):
                otherwise.append(service)
            yield len(service.rows) if service is not None else 0
        for environment in self._environments:
            first = next((one for one in environment.services if one.rows), None)
            if first is not None:
                otherwise.append(first)
        at = now()
        return self._publish([self._by_check(one.worst(), at) for one in otherwise], at)

    def _restore_late(
        self,
        service: ServiceAggregate,
        checks: Mapping[CheckId, CheckState],
        later: Mapping[CheckId, Iterable[Seen]],
        published: PublishedState | None,
        began: float | None,
        now: float,
    ) -> bool:
        """Whether it is to be published otherwise."""
        fresh = [row for row in service.rows if row.last is None and row.fold.trouble is None]
        for row in fresh:
            row.restore(checks.get(row.check.id), later.get(row.check.id, ()))
            row.standing = row.stand(now)
            self._aging.restored(row, now)
        if len(fresh) == len(service.rows):
            service.restore(published)
        elif service.began is not None and began is not None:
            service.began = min(service.began, began)
        service.environment.moved(service)
        differs = service.weigh() != (service.status, service.planned)
        service.environment.count()
        return differs

    def recall(self, began: Mapping[str, float]) -> None:
        """Services of which nothing is known but when their disturbances ``began``."""
        for subject, since in began.items():
            service = self._services.get(ServiceId(subject))
            if service is not None and service.began is None:
                service.began = since

    def adopt(self, fresh: Board, changes: Difference, now: float) -> list[Transition]:
        """Takes another configuration: that of ``fresh``, a board on which nothing was observed,
        with ``changes`` from this one's. What goes on keeps all that is known of it.

        Gives what has changed by it in what is published: a service of which a check was taken
        away, or begins anew. What is new, or gone, makes no transition.
        """
        before = {above.name: above for above in self._environments}
        fresh._follow_plan(now)
        causes: list[_Trigger] = []
        for place, above in enumerate(fresh._environments):
            known = before.pop(above.name, None)
            if known is not None:
                causes += self._go_on(known, above, fresh, changes, now)
                fresh._environments[place] = known
                above.clear()  # no cycles are left behind
        for gone in before.values():
            gone.clear()
        same_checks = len(changes.kept) == len(self._rows) == len(fresh._rows)
        self._estate, self._windows = fresh._estate, fresh._windows
        self._agenda, self._planned_at = fresh._agenda, now
        self._rows, self._above = fresh._rows, fresh._above
        self._environments, self._services = fresh._environments, fresh._services
        self._covered, self._under_way = fresh._covered, None
        for place, row in enumerate(self._rows.values()):
            same_checks = same_checks and row.place == place
            row.place = place
        if not same_checks:
            self._aging.begin(self._rows.values(), now)
        written = {one.service.environment.name for one in causes if one.by_notice}
        transitions = [
            replace(one, reconfigured=one.environment not in written)
            for one in self._publish(causes, now)
        ]
        overall = self._overall()
        if overall is not self._status:
            self._status, self._since = overall, now
        return transitions

    def _go_on(
        self,
        known: EnvironmentAggregate,
        above: EnvironmentAggregate,
        fresh: Board,
        changes: Difference,
        now: float,
    ) -> list[_Trigger]:
        """Goes over from one environment to the same as it is configured now (``above``); gives
        the services that are to be weighed.
        """
        services = {row.name: row for row in known.services}
        rows: list[ServiceAggregate] = []
        causes: list[_Trigger] = []
        for row in above.services:
            was = services.get(row.name)
            if was is not None and was.service is row.service and was.planned_as(row):
                rows.append(was)  # of thousands all but a few
                self._stay(was, fresh)
                continue
            rows.append(row)
            plan = was.plan if was is not None else ()
            if was is not None:
                row.restore(was.state())
                row.measured, row.worsened = was.measured, was.worsened
                self._hand_on(row, fresh, changes)
            same = row.service.id in changes.same_services
            if was is None or not same or plan != row.plan:
                window, notice = (None, None) if was is None else (was.window, was.notice)
                causes.append(_Trigger(row, None, now, window, notice != row.notice))
        known.become(above.environment, rows)
        if not causes and rows and above.name not in changes.same_environments:
            causes.append(_Trigger(rows[0], None, now, rows[0].window))
        return causes

    def _stay(self, service: ServiceAggregate, fresh: Board) -> None:
        """A service of which nothing has changed stands on ``fresh`` as it does here."""
        id_ = service.service.id
        fresh._services[id_] = service
        if id_ in fresh._covered:
            fresh._covered[id_] = service
        for row in service.rows:
            fresh._rows[row.check.id] = row
            fresh._above[row.check.id] = service

    def _hand_on(self, service: ServiceAggregate, fresh: Board, changes: Difference) -> None:
        begun = changes.begun
        for place, row in enumerate(service.rows):
            check = row.check
            if check.id in begun:
                continue
            known = self._rows[check.id]
            known.retire(row.retired)
            if check.id in changes.kept:
                known.check = check
            else:
                known.adopt(check)
            service.rows[place] = fresh._rows[check.id] = known

    def check_state(self, check_id: CheckId) -> CheckState:
        """What must outlive the process of one check."""
        return self._rows[check_id].state()

    def unmeasured(self) -> list[CheckId]:
        """The checks of which nothing was observed yet."""
        return [name for name, row in self._rows.items() if row.last is None]

    def published_of(self, subject: str) -> PublishedState | None:
        """The same of one ``ENV/SERVICE`` or ``ENV``, or of :data:`OVERALL`; ``None`` for what is not
        on the board.
        """
        if subject == OVERALL:
            return PublishedState(status=self._status, since=self._since)
        service = self._services.get(ServiceId(subject))
        if service is not None:
            return service.state()
        return next((one.state() for one in self._environments if one.name == subject), None)

    def published(self) -> Iterator[tuple[str, PublishedState]]:
        """What must outlive the process, by ``ENV/SERVICE``, ``ENV`` and :data:`OVERALL`."""
        yield OVERALL, PublishedState(status=self._status, since=self._since)
        for environment in self._environments:
            yield environment.name, environment.state()
            for service in environment.services:
                yield service.service.id, service.state()

    @property
    def agenda(self) -> Agenda:
        """What is planned."""
        return self._agenda

    def measured(self, subject: str) -> Status:
        """What is measured of an environment (``ENV``) or a service (``ENV/SERVICE``); unknown of
        what is not on the board.
        """
        row = self._services.get(ServiceId(subject))
        if row is not None:
            return row.measured
        found = (one.measured for one in self._environments if one.name == subject)
        return next(found, Status.UNKNOWN)

    def under_way(self) -> tuple[UnderWay, ...]:
        """The services that an active window covers; the same object as long as nothing of them has
        changed.
        """
        if self._under_way is None:
            self._under_way = tuple(
                UnderWay(
                    service=service.service.id,
                    measured=service.measured,
                    worsened=service.worsened,
                    occurrence=service.window,
                )
                for service in self._covered.values()
                if service.window is not None
            )
        return self._under_way

    def hold(self, check_id: CheckId, until: float) -> None:
        """The check will not be measured before ``until``: the server has asked for it."""
        self._rows[check_id].hold(until)
        above = self._above[check_id]
        above.environment.outdated(above)

    def clock_set(self, now: float) -> None:
        """The wall clock was set and says ``now``. How old the last observations are it no longer
        tells: they are as good as made now, for as long as any other.
        """
        for row in self._rows.values():
            row.clock_set_at = now
        self._aging.clock_set(now)

    def age(self, now: float, excused: Excused = nobody) -> list[Transition]:
        """What has changed because time has passed: service windows that begin or end, and
        observations that have become stale. Checks that are ``excused`` do
        not: we ourselves have put off their probes.
        """
        causes, self._pending = [*self._pending, *self._follow_plan(now)], []
        stale = self._aging.look(now, excused)
        causes += [self._by_check(row, now) for row in stale if self._restand(row, now)]
        return self._publish(causes, now)

    def plan(self, windows: Iterable[Window], now: float) -> list[Transition]:
        """From now on these are the windows that the configuration does not hold itself. Gives
        what has changed by them.
        """
        new = tuple(windows)
        if new == self._windows:
            return []
        self._windows = new
        self._agenda = agenda_of(self._estate, now, new)
        before, self._planned_at = self._planned_at, now
        return self._publish(self._plan_all(before, now), now)

    def _follow_plan(self, now: float) -> list[_Trigger]:
        """The services of which other service windows decide than at the last look."""
        before, self._planned_at = self._planned_at, now
        if before <= now < self._agenda.next_change(before):
            return []
        if not self._agenda.good_for(now):
            self._agenda = agenda_of(self._estate, now, self._windows)
        return self._plan_all(before, now)

    def _plan_all(self, before: float, now: float) -> list[_Trigger]:
        found: list[_Trigger] = []
        services = list(self._services.values())
        was = [(service.window, service.plan) for service in services]
        self._plan_each(services, now)
        for service, (window, plan) in zip(services, was, strict=True):
            if service.window != window:
                since = _edge(window, service.window, now)
                found.append(_Trigger(service, None, since, window))
            elif service.plan != plan:
                since = self._agenda.last_change(before, now)
                found.append(_Trigger(service, None, since, window))
        return found

    def _plan_each(self, services: Iterable[ServiceAggregate], now: float) -> None:
        """Gives each service what is planned for it at ``now``."""
        sheet = self._agenda.sheet(now)
        for service in services:
            environment, name = service.environment.name, service.name
            before = service.window, service.notice
            service.window = sheet.declared(environment, name)
            service.notice = sheet.noticed(environment, name)
            changed = before != (service.window, service.notice)
            for row in service.rows:
                changed |= row.retire(sheet.package(row.check.id))
            if changed:
                service.environment.moved(service)
                self._covered.pop(service.service.id, None)
            if service.window is not None:
                self._covered[service.service.id] = service
        self._under_way = None

    def unsettled(self, check_id: CheckId) -> bool:
        """Whether the check should run at its ``retry_interval``."""
        return self._rows[check_id].unsettled()

    def case(self, check_id: CheckId, now: float) -> TransitionContext:
        """A check's facts, as evidence of what it has just decided.

        Raises ``KeyError`` for a check that is not on the board.
        """
        above = self._above[check_id]
        environment = above.environment.environment
        return self._rows[check_id].case(now, environment.title, above.service.title)

    def snapshot(
        self,
        now: float,
        availability: Mapping[ServiceId, Availability] = NOTHING,
        config_error: str = "",
        calendars: tuple[CalendarView, ...] = (),
        stated: Mapping[str, StatedView] | None = None,
    ) -> Snapshot:
        """Everything, at ``now``, with the ``availability`` that was measured, what is wrong with
        the configuration on the disk, and the state of the ``calendars``, and what is
        ``stated``. Views that have not changed are the same objects as
        before.
        """
        return Snapshot(
            at=now,
            status=self._status,
            since=self._since,
            environments=tuple([row.look(now) for row in self._environments]),
            estate=self._estate,
            agenda=self._agenda,
            availability=availability,
            config_error=config_error,
            upgrades=self._agenda.upgrades_at(now, self._answers),
            notices=self._agenda.notices_at(now),
            calendars=calendars,
            stated=stated or {},
        )

    def refresh(self, now: float) -> Iterator[None]:
        """Makes the views that the next :meth:`snapshot` needs, a service a step: the snapshot then
        takes little time. The board may be used between two steps, and what changes there is left
        to the snapshot.
        """
        for row in tuple(self._environments):
            yield from row.refresh(now)

    def view_of(
        self, transition: Transition, now: float
    ) -> tuple[Environment, ServiceView | EnvironmentView]:
        """What a transition is of, as it is now, and the environment it is in.

        Raises ``KeyError`` for what is not on the board.
        """
        if transition.service is not None:
            service = self._services[ServiceId(f"{transition.environment}/{transition.service}")]
            return service.environment.environment, service.look(now)
        for row in self._environments:
            if row.name == transition.environment:
                return row.environment, row.look(now)
        raise KeyError(transition.environment)

    def _answers(self, check_id: str) -> bool:
        """Whether the check's target answers, as far as is known."""
        row = self._rows.get(CheckId(check_id))
        return row is not None and row.standing.status in (Status.GREEN, Status.YELLOW)

    def _restand(self, row: CheckTracker, now: float) -> bool:
        """Whether the check's status has changed."""
        return self._take(row, row.stand(now))

    def _take(self, row: CheckTracker, standing: Standing) -> bool:
        before = row.standing
        if standing == before:
            return False
        row.standing = standing
        row.view = None
        above = self._above[row.check.id]
        above.environment.outdated(above)
        return standing.status is not before.status

    def _by_check(self, row: CheckTracker, now: float) -> _Trigger:
        since = row.standing.since if row.standing.since is not None else now
        return _Trigger(self._above[row.check.id], row, since, None)

    def _publish(self, triggers: list[_Trigger], now: float) -> list[Transition]:
        """Carries changes upwards, as far as they change anything. All services first, and every
        service and environment once, however much has changed at the instant: nothing is told that
        was true at none.
        """
        if not triggers:
            return []
        self._under_way = None
        services: dict[str, _Trigger] = {}
        for one in triggers:
            known = services.setdefault(one.service.service.id, one)
            services[one.service.service.id] = _weightier(known, one)
        changed = [self._told(one.service, one, now) for one in services.values()]
        for one in services.values():
            one.service.environment.moved(one.service)
        environments: dict[str, _Trigger] = {}
        for one in services.values():
            name = one.service.environment.name
            known = environments.setdefault(name, one)
            if one.service.status.severity > known.service.status.severity:
                environments[name] = one
        changed += [self._told(one.service.environment, one, now) for one in environments.values()]
        overall = self._overall()
        if overall is not self._status:
            worst = max(environments.values(), key=lambda one: one.service.status.severity)
            self._status, self._since = overall, worst.since
        return [one for one in changed if one is not None]

    def _told(
        self, above: ServiceAggregate | EnvironmentAggregate, trigger: _Trigger, now: float
    ) -> Transition | None:
        """What has to be published anew of a service or its environment."""
        service, row, since, was, _ = trigger
        window = above.window or was
        status, planned = above.weigh()
        if status is above.status and planned is above.planned:
            return None
        before, was_planned = above.status, above.planned
        above.planned = planned
        began = move(above, status, since) if status is not before else None
        noticed = service.notice is not None and above.measured is not status and not planned
        deciding = None if noticed else row
        if row is None and status is not Status.GREEN and not (planned or noticed) and service.rows:
            deciding = service.worst()
        standing = deciding.standing if deciding is not None else None
        evident = row if row is not None else deciding
        return Transition(
            at=now,
            since=above.since,
            environment=service.environment.name,
            service=service.name if above is service else None,
            before=before,
            after=status,
            began=began,
            planned=planned,
            check=deciding.check.name if deciding is not None else None,
            reason=standing.reason if standing is not None else None,
            cause=standing.cause if standing is not None else None,
            was_planned=was_planned,
            window=window.window.id if window is not None else None,
            decided_by=evident.check.id if evident is not None else None,
        )

    def _overall(self) -> Status:
        return rollup.roll_up(
            [
                Child(
                    status=row.status,
                    weight=row.environment.weight,
                    critical=row.environment.critical,
                )
                for row in self._environments
            ]
        )


def _edge(was: Occurrence | None, now_is: Occurrence | None, now: float) -> float:
    """When the windows that decide changed: the new one's beginning, or the old one's end."""
    if now_is is not None:
        return min(now, now_is.start) if was is None else now
    return min(now, was.end) if was is not None else now
