"""The metrics of contract, section 6: of a snapshot, of every probe, and of the daemon itself.

A scrape at ten thousand checks is tens of megabytes. So nothing of it is made before somebody reads
it, and the work is done in short stretches between which the event loop goes on probing.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from monitor.judging.grade import Verdict
from monitor.judging.snapshot import CheckView, EnvironmentView, ServiceView, Snapshot
from monitor.model.estate import Check, CheckId, Estate, ServiceId
from monitor.model.time_in_status import NOTHING_KNOWN, Availability
from monitor.model.transition import Transition
from monitor.publish.metrics import histogram_series
from monitor.publish.metrics.check_series import CheckLabels, CheckRows
from monitor.publish.metrics.columns import FamilyColumn, Pieces, Rows
from monitor.publish.metrics.exposition import CONTENT_TYPE, labels
from monitor.publish.metrics.location_series import location_column, place_by_place, series_id
from monitor.publish.metrics.plan_series import (
    by_hand_columns,
    calendar_columns,
    upgrade_columns,
    window_columns,
)
from monitor.publish.metrics.self_metrics import SelfMetrics
from monitor.publish.metrics.service_series import (
    Changes,
    Told,
    environment_column,
    service_columns,
)
from monitor.publish.metrics.tally import CheckTally
from monitor.publish.metrics.upstream_series import stated_columns
from monitor.publish.rendering.pacer import Pacer
from monitor.publish.rendering.scope import only
from probes.observation import Observation

__all__ = ["CONTENT_TYPE", "Exposition", "Metrics"]

TOGETHER, MOST = 32, 256
"""Services, and checks, of which rows are made in one go."""
HELD, A_FIELD = 2_000, 120
"""Bytes a check, about, of the views that an exposition holds when newer ones have replaced them; and
of each header field of a failed answer beside its text."""


class Exposition:
    """The text of one snapshot, version 0.0.4, to be read plain or as gzip, any number of times."""

    def __init__(
        self,
        columns: Sequence[FamilyColumn[Any]],
        own: Callable[[], bytes],
        kept: Pieces,
        *,
        held: int,
        timer: Callable[[], float],
    ) -> None:
        """``own`` gives the monitor's own series; ``kept`` is the gzip of an earlier one."""
        self._columns = columns
        self._own = own
        self._kept = kept
        self.held = held
        """Bytes, about, that it takes until it has been read."""
        self._timer = timer
        self._zipped: bytes | None = None

    def pieces(self) -> Iterator[bytes]:
        """Plain, each piece made when it is asked for: less than 128 kB in less than a millisecond.
        Some are empty.
        """
        yield from self._kept.plain(self._columns)
        yield self._own()

    def plain(self) -> bytes:
        """The whole of it, for one who has room for that."""
        return b"".join(self.pieces())

    async def gzip(self) -> bytes:
        """Never works longer than 2 ms without giving way."""
        if self._zipped is None:
            pacer = Pacer(timer=self._timer)
            self._zipped = await self._kept.gzip(self._columns, self._own, pacer)
        return self._zipped


class _Labels(NamedTuple):
    """What stands within the braces, as long as the configuration is the same."""

    estate: Estate
    services: Mapping[ServiceId, str]
    checks: Mapping[CheckId, CheckLabels]


class Metrics(SelfMetrics):
    """Takes in what happens, and renders it. Belongs to one event loop."""

    def __init__(self, version: str, timer: Callable[[], float] = time.perf_counter) -> None:
        """``timer`` tells how long a stretch of work has taken."""
        super().__init__(version)
        self._timer = timer
        self._tallies: defaultdict[CheckId, CheckTally] = defaultdict(CheckTally)
        self._changes: defaultdict[ServiceId, Changes] = defaultdict(Changes)
        self._located = False
        """Whether anything was counted location by location."""
        self._labels: _Labels | None = None
        self._labelling = asyncio.Lock()
        self._kept: dict[str | None, Pieces] = {}
        """By the environment, or of all."""
        self._read: dict[tuple[str, int], Sequence[ServiceView]] = {}
        """The views that were read last: they are let go a few at a time, as newer ones are read. To
        free ten thousand in one go takes twenty milliseconds.
        """

    def observe(self, check: Check, observation: Observation, verdict: Verdict) -> None:
        """Counts one probe."""
        self._located |= bool(check.locations)
        self._tallies[series_id(check)].observe(observation, verdict)

    def transition(self, transition: Transition) -> None:
        """Counts a service's change; an environment's own is in its services' already. That a
        service window explains the same status now, or no more, is no change of status.
        """
        if transition.service is not None and transition.changes_status:
            service = ServiceId(f"{transition.environment}/{transition.service}")
            self._changes[service].count(transition)

    def forget(self, checks: Iterable[CheckId], services: Iterable[ServiceId]) -> None:
        """Drops what was counted of these: they have gone, or begin anew."""
        gone = set(checks)
        for check in gone:
            self._tallies.pop(check, None)
        if self._located and gone:
            for key in [one for one in self._tallies if one.partition("@")[0] in gone]:
                del self._tallies[key]
        for service in services:
            self._changes.pop(service, None)

    async def render(self, snapshot: Snapshot, environment: str | None = None) -> Exposition:
        """Everything, or what concerns one environment. Raises ``KeyError`` for an unknown one.
        Never works longer than 2 ms without giving way.
        """
        pacer = Pacer(timer=self._timer)
        async with self._labelling:
            known = self._labels
            if known is None or known.estate is not snapshot.estate:
                known = self._labels = await self._labelled(snapshot, pacer)
        shown = snapshot if environment is None else only(snapshot, environment)
        checks, counted = CheckRows(snapshot.at), self._tallies
        services: Rows[Told] = Rows()
        by_service: Rows[Sequence[CheckTally]] = Rows()
        environments: Rows[EnvironmentView] = Rows()
        held = 0
        for environment_view in shown.environments:
            name = environment_view.environment.name
            environments.add(labels(environment=name), environment_view)
            for begin in range(0, len(environment_view.services), TOGETHER):
                some = environment_view.services[begin : begin + TOGETHER]
                self._read[name, begin] = some
                seen = [place_by_place(service) for service in some]
                names = [[series_id(one.check) for one in views] for views in seen]
                tallies = [[counted[each] for each in some_names] for some_names in names]
                at = [known.services[one.service.id] for one in some]
                services.extend(at, self._told(some, snapshot.availability))
                by_service.extend(at, tallies)
                ats = [known.checks[each] for each in chain.from_iterable(names)]
                all_seen, all_tallies = [*chain(*seen)], [*chain(*tallies)]
                for first in range(0, len(ats), MOST):
                    cut = slice(first, first + MOST)
                    checks.add(ats[cut], all_seen[cut], all_tallies[cut])
                    held += sum(map(_held, all_seen[cut]))
                    if pacer.due():
                        await pacer.rest()
        of = snapshot.estate.latency_histogram
        columns = (
            *checks.columns(),
            *((histogram_series.of_checks(checks.tallies),) if of == "check" else ()),
            *((histogram_series.of_services(by_service),) if of == "service" else ()),
            *service_columns(services),
            environment_column(environments),
            *window_columns(shown, services),
            *by_hand_columns(shown, services),
            *upgrade_columns(shown),
            *calendar_columns(shown),
            *stated_columns(shown),
            location_column(snapshot),
        )
        return Exposition(
            columns,
            self.render_house,
            self._kept.setdefault(environment, Pieces()),
            held=held,
            timer=self._timer,
        )

    def _told(
        self, services: Sequence[ServiceView], availability: Mapping[ServiceId, Availability]
    ) -> list[Told]:
        changes, ids = self._changes, [one.service.id for one in services]
        return [
            Told(one, changes.get(id_), availability.get(id_, NOTHING_KNOWN))
            for one, id_ in zip(services, ids, strict=True)
        ]

    async def _labelled(self, snapshot: Snapshot, pacer: Pacer) -> _Labels:
        """Labels of a new configuration; drops what was counted of those gone."""
        known = self._labels.checks if self._labels is not None else {}
        services: dict[ServiceId, str] = {}
        checks: dict[CheckId, CheckLabels] = {}
        for service in snapshot.services():
            one = service.service
            services[one.id] = labels(environment=one.environment, service=one.name)
            for check in (view.check for view in place_by_place(service)):
                before = known.get(series_id(check))
                same = before is not None and before.check is check
                checks[series_id(check)] = before if before and same else CheckLabels.of(check)
                if pacer.due():
                    await pacer.rest()
        for gone in self._tallies.keys() - checks.keys():
            del self._tallies[gone]
        for other in self._changes.keys() - services.keys():
            del self._changes[other]
        sizes = {view.environment.name: len(view.services) for view in snapshot.environments}
        for place in [each for each in self._read if each[1] >= sizes.get(each[0], 0)]:
            del self._read[place]
            if pacer.due():
                await pacer.rest()
        self._kept = {
            name: kept for name, kept in self._kept.items() if name is None or name in sizes
        }
        return _Labels(snapshot.estate, services, checks)


def _held(view: CheckView) -> int:
    """Bytes of it, about."""
    answer = view.last.answer if view.last is not None else None
    if answer is None:
        return HELD
    fields = sum(len(name) + len(value) + A_FIELD for name, value in answer.head)
    return HELD + len(answer.body_start) + fields
