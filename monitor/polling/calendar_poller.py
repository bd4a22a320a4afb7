"""Reads the calendars, again and again, and keeps the last good one of each.

    address, every 15 minutes ─┐
    file, when it has changed ─┴▶ bytes ──▶ windows ──▶ ``changed``
                                    └─────▶ data_dir/calendars: the last good, over a restart

What cannot be read leaves the windows as they were; after an hour the calendar is published as
stale. Reading is done in threads, so that a large calendar holds nobody up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog
from tenacity.wait import wait_base

from monitor.model.estate import Estate
from monitor.plan import Window
from monitor.plan.calendars import CalendarSource, CalendarView, calendar_sources, stale
from monitor.plan.ics import Reading
from monitor.plan.ics_stream import NotACalendarError, utf8_of
from monitor.polling.calendar_folder import CalendarFolder, KeptCalendar
from monitor.polling.calendar_reader import CalendarReader, FileStamp, file_stamp, read_file
from monitor.polling.http_fetch import TIMEOUT, WAIT, Fetched, Fetcher, FetchError
from monitor.polling.poller import Poller
from monitor.support.threads import run_in_daemon_thread
from probes.observation import clean

log = structlog.get_logger("driftvakt")

EVERY = 900.0
"""Seconds between two questions to one address."""
READ_ANEW = 86_400.0
"""Seconds after which also a calendar that is the same is made into windows anew."""
LOOK_EVERY = 5.0
"""Seconds between two looks at a file."""
_LOGGED = 5
"""Events that were left out, in one line of the log."""


@dataclass(slots=True, kw_only=True)
class _Calendar:
    """One calendar and what is known of it."""

    source: CalendarSource
    kept: KeptCalendar | None = None
    windows: tuple[Window, ...] = ()
    trouble: str = ""
    stamp: FileStamp | None = None
    left_out: tuple[str, ...] = ()
    unknown_zones: tuple[str, ...] = ()
    read_at: float = 0.0
    """When its windows were made: what recurs is looked at anew every day."""

    def is_fresh(self, now: float) -> bool:
        return 0 <= now - self.read_at < READ_ANEW

    def view(self, now: float) -> CalendarView:
        last_success = self.kept.at if self.kept is not None else None
        return CalendarView(
            name=self.source.name,
            last_success=last_success,
            stale=stale(last_success, now),
            trouble=self.trouble,
            unknown_zones=self.unknown_zones,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedCalendars:
    """What :meth:`Calendars.adopt` takes."""

    calendars: Mapping[CalendarSource, _Calendar]
    reader: CalendarReader

    @property
    def windows(self) -> tuple[Window, ...]:
        """Of all calendars, in their order."""
        return tuple(window for one in self.calendars.values() for window in one.windows)


class Calendars:
    """All calendars of an estate, for as long as its context is entered.

    ``changed`` is called when there are other windows, or something else to tell. ``clock`` gives
    seconds since the epoch. The rest are for tests.
    """

    def __init__(
        self,
        estate: Estate,
        changed: Callable[[], None],
        clock: Callable[[], float],
        *,
        every: float = EVERY,
        look_every: float = LOOK_EVERY,
        timeout: float = TIMEOUT,
        wait: wait_base = WAIT,
    ) -> None:
        self._folder = CalendarFolder(estate.data_dir)
        self._changed = changed
        self._clock = clock
        self._now = PreparedCalendars(calendars={}, reader=CalendarReader.of(estate))
        self._fetcher = Fetcher(estate.user_agent, clock, timeout=timeout, wait=wait)
        self._poller = Poller[CalendarSource](
            "calendar",
            poll=self._poll,
            failed=self._failed,
            pause=lambda source: every if source.url is not None else look_every,
        )

    async def __aenter__(self) -> Self:
        self.follow()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._poller.close()
        await self._fetcher.close()

    @property
    def windows(self) -> tuple[Window, ...]:
        """Of all calendars, in their order."""
        return self._now.windows

    def views(self, now: float) -> tuple[CalendarView, ...]:
        """The calendars, in their order."""
        return tuple(one.view(now) for one in self._now.calendars.values())

    # another configuration

    async def prepare(self, estate: Estate) -> PreparedCalendars:
        """What is known of the calendars of ``estate`` now: of those that go on what is known
        already, of a file what is in it, else what was kept.
        """
        reader = CalendarReader.of(estate)
        found: dict[CalendarSource, _Calendar] = {}
        for source in calendar_sources(estate):
            known = self._now.calendars.get(source)
            if known is not None and reader == self._now.reader:
                found[source] = known
                continue
            kept = known.kept if known is not None else None
            made = await run_in_daemon_thread(partial(self._begin, source, kept, reader))
            if known is not None:  # what was logged is not logged anew
                made.trouble, made.left_out = known.trouble, known.left_out
                made.unknown_zones = known.unknown_zones
            found[source] = made
        return PreparedCalendars(calendars=found, reader=reader)

    def adopt(self, prepared: PreparedCalendars) -> None:
        """From now on these are the calendars."""
        self._now = prepared

    def follow(self) -> None:
        """Begins to read those that are new; ends those that are gone."""
        self._poller.follow(self._now.calendars.keys())

    def _begin(
        self, source: CalendarSource, kept: KeptCalendar | None, reader: CalendarReader
    ) -> _Calendar:
        """What there is to begin with; its task then reads it as if it were another, keeps it and
        logs what is left out, or what is wrong with it: nothing is logged here. In a thread.
        """
        made = _Calendar(source=source)
        known = kept or self._folder.read(source)
        if source.file is not None:
            with contextlib.suppress(OSError):
                document = Fetched(body=read_file(source.file))
                known = KeptCalendar(document=document, at=self._clock())
        for one in (known, self._folder.read(source)):
            if one is not None:
                with contextlib.suppress(NotACalendarError):
                    body = one.document.body
                    made.windows = reader.read(source.name, body, self._clock()).windows
                    made.kept = one
                    return made
        return made

    # one calendar's work

    async def _poll(self, source: CalendarSource) -> None:
        if source.file is not None:
            await self._look(source, source.file)
        else:
            await self._ask(source, source.url or "")

    async def _ask(self, source: CalendarSource, url: str) -> None:
        kept = self._now.calendars[source].kept
        got = await self._fetcher.fetch(url, kept.document if kept is not None else None)
        try:
            body = await run_in_daemon_thread(partial(utf8_of, got.body, got.charset))
        except NotACalendarError as error:
            raise FetchError(str(error)) from None
        await self._got(source, replace(got, body=body, charset=""))

    async def _look(self, source: CalendarSource, file: Path) -> None:
        one, body = self._now.calendars[source], None
        try:
            stamp = await run_in_daemon_thread(partial(file_stamp, file))
            if stamp != one.stamp:
                body = await run_in_daemon_thread(partial(read_file, file))
        except OSError as error:
            self._now.calendars[source].stamp = None
            raise FetchError(clean(f"it cannot be read: {error.strerror or error}")) from None
        if body is not None:
            self._now.calendars[source].stamp = stamp
            await self._got(source, Fetched(body=body))
        elif one.kept is not None and not one.trouble:
            # what is there and has not changed is what is known
            one.kept = replace(one.kept, at=self._clock())
            if not one.is_fresh(one.kept.at):
                await self._got(source, one.kept.document)

    async def _got(self, source: CalendarSource, document: Fetched) -> None:
        """Takes in what was read, which may be no calendar."""
        reader, one, now = self._now.reader, self._now.calendars[source], self._clock()
        known = one.kept is not None and one.kept.document.body == document.body
        reading = None
        if not (known and not one.trouble and one.is_fresh(now)):
            work = partial(reader.read, source.name, document.body, now)
            try:
                reading = await run_in_daemon_thread(work)
            except NotACalendarError as error:
                raise FetchError(str(error)) from None
        one = self._now.calendars[source]  # there may be another configuration by now
        one.kept = kept = KeptCalendar(document=document, at=self._clock())
        over, one.trouble = one.trouble, ""
        if over:
            log.info("calendar_read_again", calendar=source.name)
        if reading is not None:
            one.read_at = self._clock()
            _log_oddities(one, reading, reader)
            if reader == self._now.reader and reading.windows != one.windows:
                one.windows = reading.windows
                log.info("calendar_read", calendar=source.name, windows=len(one.windows))
        if reading is not None or over:
            self._changed()
        await run_in_daemon_thread(partial(self._folder.write, source, kept))

    def _failed(self, source: CalendarSource, trouble: str) -> None:
        one = self._now.calendars[source]
        if trouble != one.trouble:
            one.trouble = trouble
            log.warning("calendar_not_read", calendar=source.name, error=trouble)
            self._changed()


def _log_oddities(one: _Calendar, reading: Reading, reader: CalendarReader) -> None:
    """Logs what of a calendar is not understood, where that is other than before."""
    if reading.unknown_zones and reading.unknown_zones != one.unknown_zones:
        log.warning(
            "calendar_zones_unknown",
            calendar=one.source.name,
            zones=list(reading.unknown_zones[:_LOGGED]),
            read_as=reader.zone.key,
        )
    one.unknown_zones = reading.unknown_zones
    if reading.left_out and reading.left_out != one.left_out:
        log.warning(
            "calendar_events_left_out",
            calendar=one.source.name,
            number=len(reading.left_out),
            first=[clean(line) for line in reading.left_out[:_LOGGED]],
        )
    one.left_out = reading.left_out
