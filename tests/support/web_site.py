"""A site with a source made of values, served on a real socket."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from monitor.judging.snapshot import Snapshot
from monitor.model.estate import Estate, ServiceId
from monitor.model.records import Entry, Past
from monitor.model.time_in_status import AvailabilityReport
from monitor.publish.feeds.revisions import Revisions
from monitor.publish.metrics.columns import Pieces
from monitor.publish.metrics.metrics import Exposition
from monitor.publish.web.app import BoundedRunner, Lock, application
from monitor.publish.web.by_hand_routes import Answer
from monitor.publish.web.sse import Broadcast
from tests.support.factories import NOW, make_red_view, make_snapshot


@dataclass
class FixedSource:
    """Says what it was made with."""

    body: bytes = b'{"schema_version":1}'
    generated_at: float = NOW
    text: bytes = b"# HELP x X.\n# TYPE x gauge\nx 1\n"
    well: tuple[bool, str] = (True, "well")
    set_up: tuple[bool, str] = (True, "ready")
    reports: dict[ServiceId, AvailabilityReport] = field(default_factory=dict)
    bundles: dict[str, bytes] = field(default_factory=dict)
    entries: list[Entry] | None = field(default_factory=list)
    changed: Revisions = field(default_factory=dict)
    now: Snapshot = field(default_factory=lambda: make_snapshot(make_red_view()))

    events: Broadcast = field(default_factory=Broadcast)
    history: Past | None = None

    @property
    def estate(self) -> Estate:
        return self.now.estate

    async def current(self) -> Snapshot:
        return self.now

    def status_body(self) -> tuple[bytes, float]:
        return self.body, self.generated_at

    async def metrics(self, environment: str | None = None) -> Exposition:
        text = self.text_of(environment)
        return Exposition((), lambda: text, Pieces(), held=len(text), timer=perf_counter)

    def text_of(self, environment: str | None) -> bytes:
        """Other metrics for each environment."""
        return self.text if environment is None else b"# " + environment.encode() + b"\n"

    def availability(self, service: ServiceId) -> AvailabilityReport:
        return self.reports[service]

    async def past(self, service: ServiceId) -> Past | None:
        return self.history

    async def evidence(self, id_: str) -> bytes | None:
        found = [bundle for known, bundle in self.bundles.items() if known.startswith(id_)]
        return found[0] if len(found) == 1 else None

    def revisions(self, snapshot: Snapshot) -> Revisions:
        del snapshot
        return self.changed

    async def transitions(
        self,
        *,
        service: str | None = None,
        environment: str | None = None,
        since: float = 0.0,
        until: float | None = None,
        limit: int | None = None,
    ) -> list[Entry] | None:
        if self.entries is None:
            return None
        found = [
            one
            for one in self.entries
            if service in (None, f"{one.transition.environment}/{one.transition.service}")
            and environment in (None, one.transition.environment)
            and since <= one.transition.at < (math.inf if until is None else until)
        ]
        return found if limit is None else found[-limit:]

    def healthy(self) -> tuple[bool, str]:
        return self.well

    def ready(self) -> tuple[bool, str]:
        return self.set_up


@asynccontextmanager
async def serve(
    source: FixedSource,
    *,
    credentials: tuple[str, str] | None = None,
    failed: Callable[[str, int], object] = lambda address, times: None,
    hands: NoHands | None = None,
    first_request: float = 10.0,
    sweep: float = 2.0,
) -> AsyncIterator[str]:
    """The site's address, for as long as the context is entered."""
    runner = BoundedRunner(
        application(source, lock=Lock(credentials, failed=failed), hands=hands),
        first_request=first_request,
        sweep=sweep,
    )
    await runner.setup()
    assert runner.server is not None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(runner.server, "127.0.0.1", 0)
    try:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"
    finally:
        server.close()
        await runner.cleanup()


class NoHands:
    """Does nothing of what people ask for, and remembers it."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def listed(self, kind: str) -> list[dict[str, Any]]:
        return []

    async def add(self, kind: str, document: Any, author: str) -> Answer:
        return self._done("add", kind, document, author)

    async def change(self, kind: str, id_: str, document: Any, author: str) -> Answer:
        return self._done("change", kind, id_, document, author)

    async def end(self, kind: str, id_: str, author: str) -> Answer:
        return self._done("end", kind, id_, author)

    async def run(self, document: Any) -> Answer:
        return self._done("run", document)

    def _done(self, *asked: Any) -> Answer:
        self.asked.append(asked)
        return Answer(200, {})
