"""Asks agencies' own pages for the colours that they state, once a minute at most for each address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Self

import structlog

from monitor.model.estate import Estate, StatedSource
from monitor.model.status import Status
from monitor.model.upstream_status import (
    OUTDATED,
    StatedView,
    Statement,
    UpstreamComparison,
    read_statement,
    upstream_sources,
)
from monitor.polling.http_fetch import Fetched, Fetcher
from monitor.polling.poller import Poller
from monitor.support.threads import run_in_daemon_thread

log = structlog.get_logger("driftvakt")

EVERY = 60.0
"""Seconds between two questions to one address."""
TIMEOUT = 10.0
ACCEPT = "application/json, application/xml, text/xml, */*;q=0.1"
_NOTHING = Statement(status=None, says="", trouble="")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """``at``: when it was last read."""

    statement: Statement = _NOTHING
    at: float | None = None


class StatedWatch:
    """For as long as its context is entered. ``clock`` gives seconds since the epoch; ``every`` is
    for tests.
    """

    def __init__(self, estate: Estate, clock: Callable[[], float], *, every: float = EVERY) -> None:
        self._clock = clock
        self._sources = upstream_sources(estate)
        self._known: dict[StatedSource, _Known] = {}
        self._documents: dict[str, Fetched] = {}
        """What was last fetched, by its address; ``_trouble``: why nothing is."""
        self._trouble: dict[str, str] = {}
        self._comparison = UpstreamComparison()
        self._differ: Mapping[str, float] = {}
        self._fetcher = Fetcher(
            estate.user_agent, clock, timeout=TIMEOUT, attempts=1, accept=ACCEPT
        )
        self._poller = Poller[str](
            "stated", poll=self._poll, failed=self._failed, pause=lambda url: every
        )

    async def __aenter__(self) -> Self:
        self._begin()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._poller.close()
        await self._fetcher.close()

    def follow(self, estate: Estate) -> None:
        """From now on this is the configuration; addresses that stay are asked no sooner."""
        self._sources = upstream_sources(estate)
        wanted = set(self._sources.values())
        self._known = {source: known for source, known in self._known.items() if source in wanted}
        self._begin()

    def look(self, measured: Callable[[str], Status], now: float) -> None:
        """To be called about once a second. ``measured`` tells what is measured of a subject."""
        if self._sources:
            stated = {subject: self._status(subject, now) for subject in self._sources}
            own = [(subject, measured(subject)) for subject in self._sources]
            self._differ = self._comparison.look(stated, own, now)

    def views(self, now: float) -> dict[str, StatedView]:
        """By ``ENV`` and ``ENV/SERVICE``."""
        return {subject: self._view(subject, now) for subject in self._sources}

    def _status(self, subject: str, now: float) -> Status:
        known = self._known.get(self._sources[subject], _Known())
        if known.at is None or now - known.at > OUTDATED:
            return Status.UNKNOWN
        return known.statement.status or Status.UNKNOWN

    def _view(self, subject: str, now: float) -> StatedView:
        source = self._sources[subject]
        known = self._known.get(source, _Known())
        status = self._status(subject, now)
        return StatedView(
            status=status,
            says=known.statement.says,
            at=known.at,
            differs_since=self._differ.get(subject) if status is not Status.UNKNOWN else None,
            trouble=self._trouble.get(source.url, "") or known.statement.trouble,
        )

    def _begin(self) -> None:
        for gone in self._poller.follow({source.url for source in self._sources.values()}):
            self._trouble.pop(gone, None)
            self._documents.pop(gone, None)

    async def _poll(self, url: str) -> None:
        got = await self._fetcher.fetch(url, self._documents.get(url))
        self._documents[url] = got
        if self._trouble.pop(url, ""):
            log.info("stated_read_again", subjects=self._subjects(url))
        await self._read(url, got.body)

    async def _read(self, url: str, body: bytes) -> None:
        for source in {one for one in self._sources.values() if one.url == url}:
            statement = await run_in_daemon_thread(partial(read_statement, body, source))
            before = self._known.get(source, _Known())
            self._known[source] = replace(before, statement=statement, at=self._clock())
            if statement != before.statement:
                level = log.warning if statement.trouble else log.info
                level(
                    "stated",
                    subjects=[one for one, known in self._sources.items() if known == source],
                    status=statement.status.value if statement.status is not None else None,
                    says=statement.says,
                    **({"error": statement.trouble} if statement.trouble else {}),
                )

    def _failed(self, url: str, trouble: str) -> None:
        if self._trouble.get(url) != trouble:
            self._trouble[url] = trouble
            log.warning("stated_not_read", subjects=self._subjects(url), error=trouble)

    def _subjects(self, url: str) -> list[str]:
        return [subject for subject, source in self._sources.items() if source.url == url]
