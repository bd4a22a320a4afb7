"""The metrics of contract, section 6: of a snapshot, of every probe, and of the daemon itself.

A scrape at ten thousand checks is tens of megabytes. So lines are kept check by check and made
anew only where something changed, and the work is done in short stretches between which the event
loop goes on probing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator

from monitor.judging.grade import Verdict
from monitor.judging.snapshot import Snapshot
from monitor.model.estate import Check, CheckId, Estate, ServiceId
from monitor.model.time_in_status import NOTHING_KNOWN
from monitor.model.transition import Transition
from monitor.publish.metrics import families as f
from monitor.publish.metrics.check_series import CheckSeries
from monitor.publish.metrics.columns import ROWS, FamilyRows
from monitor.publish.metrics.exposition import CONTENT_TYPE
from monitor.publish.metrics.location_series import location_lines, place_by_place, series_id
from monitor.publish.metrics.plan_series import (
    WindowSeries,
    by_hand_lines,
    calendar_lines,
    upgrade_lines,
)
from monitor.publish.metrics.self_metrics import SelfMetrics
from monitor.publish.metrics.service_series import Changes, ServiceSeries, environment_lines
from monitor.publish.metrics.tally import CheckTally
from monitor.publish.metrics.upstream_series import stated_lines
from monitor.publish.rendering.compression import Packed
from monitor.publish.rendering.pacer import Pacer
from probes.observation import Observation

__all__ = ["CONTENT_TYPE", "Metrics"]


class Metrics(SelfMetrics):
    """Takes in what happens, and renders it. Belongs to one event loop."""

    def __init__(self, version: str, timer: Callable[[], float] = time.perf_counter) -> None:
        """``timer`` tells how long a stretch of work has taken."""
        super().__init__(version)
        self._timer = timer
        self._tallies: dict[CheckId, CheckTally] = {}
        self._changes: dict[ServiceId, Changes] = {}
        self._estate: Estate | None = None
        self._locations: tuple[str, ...] = ()
        self._check_rows: dict[CheckId, CheckSeries] = {}
        self._service_rows: dict[ServiceId, ServiceSeries] = {}
        self._checks = FamilyRows(f.CHECK_FAMILIES)
        self._services = FamilyRows(f.SERVICE_FAMILIES)
        self._windows = WindowSeries()
        self._rendering = asyncio.Lock()

    def observe(self, check: Check, observation: Observation, verdict: Verdict) -> None:
        """Counts one probe."""
        self._tally_of(series_id(check)).observe(observation, verdict)

    def transition(self, transition: Transition) -> None:
        """Counts a service's change; an environment's own is in its services' already. That a
        service window explains the same status now, or no more, is no change of status.
        """
        if transition.service is not None and transition.changes_status:
            service = ServiceId(f"{transition.environment}/{transition.service}")
            self._changes_of(service).count(transition)

    def forget(self, checks: Iterable[CheckId], services: Iterable[ServiceId]) -> None:
        """Drops what was counted of these: they have gone, or begin anew."""
        for check in checks:
            self._tallies.pop(check, None)
            for location in self._locations:
                self._tallies.pop(CheckId(f"{check}@{location}"), None)
        for service in services:
            self._changes.pop(service, None)

    async def render(self, snapshot: Snapshot) -> Packed:
        """The whole text, version 0.0.4. Never works longer than 2 ms without giving way."""
        async with self._rendering:
            pacer = Pacer(timer=self._timer)
            if snapshot.estate is not self._estate:
                await self._lay_out(snapshot, pacer)
            await self._update(snapshot, pacer)
            return await Packed.of(self._blocks(snapshot), pacer)

    def _blocks(self, snapshot: Snapshot) -> Iterator[bytes]:
        yield from self._checks.blocks()
        yield from self._histograms(snapshot)
        yield from self._services.blocks()
        yield f.ENVIRONMENT_STATUS.header()
        for view in snapshot.environments:
            yield environment_lines(view).encode()
        yield self._windows.render(snapshot)
        yield by_hand_lines(snapshot)
        yield upgrade_lines(snapshot)
        yield calendar_lines(snapshot)
        yield stated_lines(snapshot)
        yield location_lines(snapshot)
        yield self.render_house()

    def _histograms(self, snapshot: Snapshot) -> Iterator[bytes]:
        """Made at every scrape: they are half of all text, and change with every probe."""
        of = snapshot.estate.latency_histogram
        lines: Iterator[str]
        if of == "check":
            lines = (
                row.histogram(self._tally_of(series_id(row.check)))
                for row in self._check_rows.values()
            )
        elif of == "service":
            lines = (
                row.histogram(
                    self._tally_of(series_id(view.check)) for view in place_by_place(service)
                )
                for row, service in zip(
                    self._service_rows.values(), snapshot.services(), strict=True
                )
            )
        else:
            return
        header = f.LATENCY.header()
        for text in lines:
            yield header + text.encode()
            header = b""

    async def _lay_out(self, snapshot: Snapshot, pacer: Pacer) -> None:
        """Gives each check and service of a new configuration its row, with the lines that it had;
        drops those gone.
        """
        checks: dict[CheckId, CheckSeries] = {}
        services: dict[ServiceId, ServiceSeries] = {}
        check_rows: list[int | None] = []
        service_rows: list[int | None] = []
        for service in snapshot.services():
            series = self._service_rows.get(service.service.id)
            service_rows.append(None if series is None else series.row)
            services[service.service.id] = series or ServiceSeries(service, 0)
            for view in place_by_place(service):
                id_ = series_id(view.check)
                row = self._check_rows.get(id_)
                if row is not None and row.check is not view.check:
                    row = None
                check_rows.append(None if row is None else row.row)
                checks[id_] = row or CheckSeries(view.check, 0)
                if pacer.due():
                    await pacer.rest()
        arranged = await self._checks.arranged(check_rows, pacer)
        of_services = await self._services.arranged(service_rows, pacer)
        # all at once: who is cancelled halfway leaves everything as it was
        self._checks.take(arranged)
        self._services.take(of_services)
        for place, one in enumerate(checks.values()):
            one.row = place
        for place, other in enumerate(services.values()):
            other.row = place
        self._check_rows, self._service_rows = checks, services
        for check in self._tallies.keys() - checks.keys():
            del self._tallies[check]
        for gone in self._changes.keys() - services.keys():
            del self._changes[gone]
        self._estate = snapshot.estate
        self._locations = tuple(one.name for one in snapshot.estate.locations)
        await pacer.rest()

    async def _update(self, snapshot: Snapshot, pacer: Pacer) -> None:
        checks = iter(self._check_rows.values())
        services = iter(self._service_rows.values())
        rows = 0
        for service in snapshot.services():
            id_, series = service.service.id, next(services)
            series.update(service, self._changes_of(id_), self._services)
            series.measured(snapshot.availability.get(id_, NOTHING_KNOWN), self._services)
            for view in place_by_place(service):
                row = next(checks)
                row.update(view, snapshot.at, self._tally_of(series_id(row.check)), self._checks)
                rows += 1
                if rows % ROWS == 0:
                    await self._settle(pacer)
                if pacer.due():
                    await pacer.rest()

        await self._settle(pacer)

    async def _settle(self, pacer: Pacer) -> None:
        await self._checks.settle(pacer)
        await self._services.settle(pacer)

    def _tally_of(self, check: CheckId) -> CheckTally:
        tally = self._tallies.get(check)
        if tally is None:
            tally = self._tallies[check] = CheckTally()
        return tally

    def _changes_of(self, service: ServiceId) -> Changes:
        changes = self._changes.get(service)
        if changes is None:
            changes = self._changes[service] = Changes()
        return changes
