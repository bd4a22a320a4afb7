"""The running tally: folds observations check by check and rolls their statuses up.

The one place where state changes. It does no I/O and reads no clock: instants are arguments, in
seconds since the epoch. A change comes out as :class:`Transition` values, everything else as a
:class:`Snapshot`.

    observe, age, plan ──▶ triggers ──▶ propagation ──▶ transitions
                    aggregates, trackers ──▶ views ──▶ snapshot
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from monitor.judging.aggregates import EnvironmentAggregate
from monitor.judging.carry_over import carry_over
from monitor.judging.check_tracker import CheckTracker
from monitor.judging.grade import Verdict
from monitor.judging.located_check import Tracker
from monitor.judging.persisted_state import AnyCheckState, PublishedState
from monitor.judging.propagation import Trigger, by_check, propagate
from monitor.judging.restoring import restore_all, restore_each
from monitor.judging.snapshot import EnvironmentView, ServiceView, Snapshot
from monitor.judging.staleness import Aging, Excused, nobody
from monitor.judging.standing import Standing
from monitor.judging.tracked_estate import TrackedEstate
from monitor.judging.transition_context import TransitionContext
from monitor.model.certificate_changes import News
from monitor.model.diff import Difference
from monitor.model.estate import CheckId, Environment, Estate, ServiceId
from monitor.model.records import Seen
from monitor.model.status import Status
from monitor.model.time_in_status import NOTHING, Availability
from monitor.model.transition import Transition
from monitor.model.upstream_status import StatedView
from monitor.plan import Agenda, CalendarView, Planned, UnderWay
from probes.observation import Observation

OVERALL = ""
"""What all environments together are kept under."""


class ObservationOutcome(NamedTuple):
    """What one observation is worth, what has changed by it, and what its certificates tell."""

    verdict: Verdict
    transitions: list[Transition]
    certificates: News


class Board:
    """Every check's state and every service's and environment's status."""

    def __init__(self, estate: Estate, now: float, windows: Iterable[Planned] = ()) -> None:
        """``windows`` are those that the configuration does not hold itself: of calendars."""
        self._tracked = TrackedEstate(estate, now, windows)
        self._aging = Aging()
        self._pending: list[Trigger] = []
        """What has changed and is not published yet."""
        self._left: list[EnvironmentAggregate] = []
        """Of configurations that were."""
        self._under_way: tuple[UnderWay, ...] | None = None
        self._status = self._tracked.overall()
        self._since = now

    # observe

    def observe(
        self, check_id: CheckId, observation: Observation, now: float, location: str | None = None
    ) -> ObservationOutcome:
        """Takes one observation in, and publishes what has changed by it.

        Raises ``KeyError`` as :meth:`take` does.
        """
        verdict, news = self.take(check_id, observation, now, location)
        return ObservationOutcome(verdict, self.publish(now), news)

    def take(
        self, check_id: CheckId, observation: Observation, now: float, location: str | None = None
    ) -> tuple[Verdict, News]:
        """Takes one observation in, made at ``location``; at our own without one. What changes by
        it above its check waits for :meth:`publish`, so that all that is seen in one turn of the
        loop is published as one.

        Raises ``KeyError`` for a check that is not on the board, or not measured from there.
        """
        tracker = self._tracked.trackers[check_id]
        row = tracker.row(location)
        service = self._tracked.service_of[check_id]
        verdict = row.observe(observation)
        self._aging.observed(row)
        service.environment.outdated(service)
        check = tracker.check
        announced = partial(self.agenda.announced, observation.at, check.environment, check.service)
        news = row.certify(observation, announced)
        if self._restand(tracker, row, now):
            self._pending.append(by_check(service, tracker, now))
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

    def restore(
        self,
        checks: Mapping[CheckId, AnyCheckState],
        later: Mapping[CheckId, Iterable[Seen]],
        published: Mapping[str, PublishedState],
        now: float,
    ) -> list[Transition]:
        """Takes up where an earlier process ended: its checks' states, what they saw after that
        (oldest first), and what was published, as :meth:`published` gives it.

        Gives what has changed meanwhile: what has become stale, and what was not recorded to its
        end. To be called before the first observation.
        """
        triggers = restore_all(self._tracked, checks, later, published, now)
        self._aging.begin(self._tracked.rows(), now)
        self._status = self._tracked.overall()
        before = published.get(OVERALL)
        if before is not None and before.status is self._status:
            self._since = before.since
        return self._publish(triggers, now)

    def restore_late(
        self,
        checks: Mapping[CheckId, AnyCheckState],
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
        differing = yield from restore_each(
            lambda: self._tracked, self._aging, checks, later, published, began, now()
        )
        at = now()
        return self._publish([by_check(one, one.worst(), at) for one in differing], at)

    def recall(self, began: Mapping[str, float]) -> None:
        """Services of which nothing is known but when their disturbances ``began``."""
        for subject, since in began.items():
            service = self._tracked.services.get(ServiceId(subject))
            if service is not None and service.began is None:
                service.began = since

    # another configuration

    def adopt(
        self, new: TrackedEstate, changes: Difference, now: float, windows: Iterable[Planned] = ()
    ) -> list[Transition]:
        """Takes another configuration, of which nothing was observed, with ``changes`` from this
        one's and the ``windows`` of its calendars. What goes on keeps all that is known of it.

        Gives what has changed by it in what is published: a service of which a check was taken
        away, or begins anew. What is new, or gone, makes no transition.
        """
        propagate([*new.plan.use(windows, now), *new.plan.follow(now)], now)
        old = self._tracked.trackers
        same_checks = len(changes.kept) == len(old) == len(new.trackers)
        triggers, left = carry_over(self._tracked, new, changes, now)
        self._left += left
        self._tracked, self._under_way = new, None
        if not (new.index() and same_checks):
            self._aging.begin(new.rows(), now)
        written = {one.service.environment.name for one in triggers if one.by_notice}
        transitions = [
            replace(one, reconfigured=one.environment not in written)
            for one in self._publish(triggers, now)
        ]
        overall = new.overall()
        if overall is not self._status:
            self._status, self._since = overall, now
        return transitions

    def clear(self) -> Iterator[None]:
        """Lets go of what :meth:`adopt` has put something else in the place of, little by little: to
        free thousands of values at once takes longer than the loop may be held.
        """
        while self._left:
            yield from self._left.pop().clear()

    # what must outlive the process

    def check_state(self, check_id: CheckId) -> AnyCheckState:
        """What must outlive the process of one check."""
        return self._tracked.trackers[check_id].state()

    def watches(self, check_id: CheckId) -> bool:
        """Whether it is on the board."""
        return check_id in self._tracked.trackers

    def unmeasured(self) -> list[CheckId]:
        """The checks of which nothing was observed yet."""
        return [name for name, one in self._tracked.trackers.items() if one.row().last is None]

    def published_of(self, subject: str) -> PublishedState | None:
        """The same of one ``ENV/SERVICE`` or ``ENV``, or of :data:`OVERALL`; ``None`` for what is not
        on the board.
        """
        if subject == OVERALL:
            return PublishedState(status=self._status, since=self._since)
        found = self._tracked.aggregate(subject)
        return found.state() if found is not None else None

    def published(self) -> Iterator[tuple[str, PublishedState]]:
        """What must outlive the process, by ``ENV/SERVICE``, ``ENV`` and :data:`OVERALL`."""
        yield OVERALL, PublishedState(status=self._status, since=self._since)
        yield from self._tracked.published()

    # age and plan

    @property
    def agenda(self) -> Agenda:
        """What is planned."""
        return self._tracked.plan.agenda

    def measured(self, subject: str) -> Status:
        """What is measured of an environment (``ENV``) or a service (``ENV/SERVICE``); unknown of
        what is not on the board.
        """
        found = self._tracked.aggregate(subject)
        return found.measured if found is not None else Status.UNKNOWN

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
                    occurrence=window,
                )
                for service, window in self._tracked.plan.covered()
            )
        return self._under_way

    def hold(self, check_id: CheckId, until: float) -> None:
        """The check will not be measured before ``until``: the server has asked for it."""
        self._tracked.trackers[check_id].row().hold(until)
        service = self._tracked.service_of[check_id]
        service.environment.outdated(service)

    def clock_set(self, now: float) -> None:
        """The wall clock was set and says ``now``. How old the last observations are it no longer
        tells: they are as good as made now, for as long as any other. What counts again by that
        waits for :meth:`publish`, beside what is seen in the same turn.
        """
        for row in self._tracked.rows():
            row.clock_set_at = now
        self._aging.clock_set(now)
        self._pending += self._aged(now, nobody)

    def age(self, now: float, excused: Excused = nobody) -> list[Transition]:
        """What has changed because time has passed: service windows that begin or end, and
        observations that have become stale. Those of checks that are ``excused`` do not: we
        ourselves have put off their probes.
        """
        triggers, self._pending = [*self._pending, *self._tracked.plan.follow(now)], []
        return self._publish([*triggers, *self._aged(now, excused)], now)

    def plan(self, windows: Iterable[Planned], now: float) -> list[Transition]:
        """From now on these are the windows that the configuration does not hold itself. Gives
        what has changed by them.
        """
        return self._publish(self._tracked.plan.use(windows, now), now)

    def next_plan(self) -> float:
        """The next instant at which :meth:`age` may find that a service window begins or ends, or
        has to look further ahead.
        """
        return self._tracked.plan.next_change()

    # snapshot

    def unsettled(self, check_id: CheckId) -> bool:
        """Whether the check should run at its ``retry_interval``."""
        return self._tracked.trackers[check_id].unsettled()

    def transition_context(self, check_id: CheckId, now: float) -> TransitionContext:
        """A check's facts, as evidence of what it has just decided.

        Raises ``KeyError`` for a check that is not on the board.
        """
        service = self._tracked.service_of[check_id]
        environment = service.environment.environment
        return self._tracked.trackers[check_id].transition_context(
            now, environment.title, service.service.title
        )

    def snapshot(
        self,
        now: float,
        availability: Mapping[ServiceId, Availability] = NOTHING,
        config_error: str = "",
        calendars: tuple[CalendarView, ...] = (),
        stated: Mapping[str, StatedView] | None = None,
    ) -> Snapshot:
        """Everything, at ``now``, with the ``availability`` that was measured, what is wrong with
        the configuration on the disk, the state of the ``calendars``, and what is ``stated``.
        Views that have not changed are the same objects as before.
        """
        return Snapshot(
            at=now,
            status=self._status,
            since=self._since,
            environments=tuple([one.look(now) for one in self._tracked.environments.values()]),
            estate=self._tracked.estate,
            agenda=self.agenda,
            availability=availability,
            config_error=config_error,
            upgrades=self.agenda.upgrades_at(now, self._answers),
            notices=self.agenda.notices_at(now),
            calendars=calendars,
            stated=stated or {},
        )

    def refresh(self, now: float) -> Iterator[None]:
        """Makes the views that the next :meth:`snapshot` needs, a service a step: the snapshot then
        takes little time. The board may be used between two steps, and what changes there is left
        to the snapshot.
        """
        for environment in tuple(self._tracked.environments.values()):
            yield from environment.refresh(now)

    def view_of(
        self, transition: Transition, now: float
    ) -> tuple[Environment, ServiceView | EnvironmentView]:
        """What a transition is of, as it is now, and the environment it is in.

        Raises ``KeyError`` for what is not on the board.
        """
        environment = self._tracked.environments[transition.environment]
        if transition.service is None:
            return environment.environment, environment.look(now)
        id_ = ServiceId(f"{transition.environment}/{transition.service}")
        return environment.environment, self._tracked.services[id_].look(now)

    def _answers(self, check_id: str) -> bool:
        """Whether the check's target answers, as far as is known."""
        tracker = self._tracked.trackers.get(CheckId(check_id))
        return tracker is not None and tracker.standing.status in (Status.GREEN, Status.YELLOW)

    def _aged(self, now: float, excused: Excused) -> Iterator[Trigger]:
        """The services of which a check stands otherwise because time has passed."""
        for row in self._aging.look(now, excused):
            tracker = self._tracked.trackers[row.check.id]
            service = self._tracked.service_of[tracker.check.id]
            service.environment.outdated(service)  # one place of several may be all that is stale
            if self._restand(tracker, row, now):
                yield by_check(service, tracker, now)

    def _restand(self, tracker: Tracker, row: CheckTracker, now: float) -> bool:
        """Whether the check's status has changed by one of its rows."""
        return self._move(tracker, tracker.stand(now, row))

    def _move(self, tracker: Tracker, standing: Standing) -> bool:
        before = tracker.standing
        if standing == before:
            return False
        tracker.standing = standing
        tracker.view = None
        service = self._tracked.service_of[tracker.check.id]
        service.environment.outdated(service)
        return standing.status is not before.status

    def _publish(self, triggers: list[Trigger], now: float) -> list[Transition]:
        """Carries changes upwards to the top."""
        if not triggers:
            return []
        self._under_way = None
        transitions, environments = propagate(triggers, now)
        overall = self._tracked.overall()
        if overall is not self._status:
            worst = max(environments.values(), key=lambda one: one.service.status.severity)
            self._status, self._since = overall, worst.since
        return transitions
