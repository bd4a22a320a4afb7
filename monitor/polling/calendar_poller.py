"""Reads the calendars, again and again, and keeps the last good one of each.

    address, every 15 minutes ─┐
    file, when it has changed ─┴▶ bytes ──▶ windows ──▶ ``changed``
                                    └─────▶ data_dir/calendars: the last good, over a restart

What cannot be read leaves the windows as they were; after an hour the calendar is stale, which is
told. Reading is done in threads, so that a large calendar holds nobody up.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

import aiohttp
import orjson
import structlog
from tenacity.wait import wait_base

from monitor.model.estate import Estate
from monitor.plan import Window
from monitor.plan.calendars import CalendarSource, CalendarView, calendar_sources, stale
from monitor.plan.ics import NotACalendarError, Reading, read_calendar
from monitor.plan.ics_stream import utf8_of
from monitor.polling.http_fetch import (
    MOST_BYTES,
    TIMEOUT,
    WAIT,
    Fetcher,
    FetchError,
    open_fetch_session,
)
from monitor.support.atomic_file import write_whole
from monitor.support.threads import run_in_daemon_thread
from probes.observation import clean

log = structlog.get_logger("driftvakt")

EVERY = 900.0
"""Seconds between two questions to one address."""
READ_ANEW = 86_400.0
"""Seconds after which also a calendar that is the same is made into windows anew."""
LOOK_EVERY = 5.0
"""Seconds between two looks at a file."""
STAY_AWAY = 86_400.0
"""Seconds at most for which a server may send us away."""
FOLDER = "calendars"
CLOSE = 1.0
_TOLD = 5
"""Events that were left out, in one line of the log."""

_Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """The last good calendar, as it lies in the folder."""

    body: bytes
    at: float
    etag: str = ""
    last_modified: str = ""


@dataclass(slots=True, kw_only=True)
class _Calendar:
    """One calendar and what is known of it."""

    source: CalendarSource
    kept: _Kept | None = None
    windows: tuple[Window, ...] = ()
    trouble: str = ""
    stamp: _Stamp | None = None
    left_out: tuple[str, ...] = ()
    unknown_zones: tuple[str, ...] = ()
    read_at: float = 0.0
    """When its windows were made: what recurs is looked at anew every day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _How:
    """What a calendar's reading depends on besides its bytes."""

    zone: ZoneInfo
    known: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedCalendars:
    """What :meth:`Calendars.adopt` takes."""

    calendars: Mapping[CalendarSource, _Calendar]
    how: _How
    windows: tuple[Window, ...] = field(default=())


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
        self._folder = estate.data_dir / FOLDER
        self._user_agent = estate.user_agent
        self._changed = changed
        self._clock = clock
        self._every, self._look_every = every, look_every
        self._timeout, self._wait = timeout, wait
        self._how = _how(estate)
        self._calendars: dict[CalendarSource, _Calendar] = {}
        self._tasks: dict[CalendarSource, asyncio.Task[None]] = {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self.follow()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE)
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def windows(self) -> tuple[Window, ...]:
        """Of all calendars, in their order."""
        return _windows(self._calendars)

    def views(self, now: float) -> tuple[CalendarView, ...]:
        return tuple(
            CalendarView(
                name=source.name,
                last_success=one.kept.at if one.kept is not None else None,
                stale=stale(one.kept.at if one.kept is not None else None, now),
                trouble=one.trouble,
                unknown_zones=one.unknown_zones,
            )
            for source, one in self._calendars.items()
        )

    # another configuration

    async def prepare(self, estate: Estate) -> PreparedCalendars:
        """What is known of the calendars of ``estate`` now: of those that go on what is known
        already, of a file what is in it, else what was kept.
        """
        how = _how(estate)
        found: dict[CalendarSource, _Calendar] = {}
        for source in calendar_sources(estate):
            known = self._calendars.get(source)
            if known is not None and how == self._how:
                found[source] = known
                continue
            kept = known.kept if known is not None else None
            made = await run_in_daemon_thread(lambda s=source, k=kept: self._begin(s, k, how))  # type: ignore[misc]
            if known is not None:  # what was told is not told anew
                made.trouble, made.left_out = known.trouble, known.left_out
                made.unknown_zones = known.unknown_zones
            found[source] = made
        return PreparedCalendars(calendars=found, how=how, windows=_windows(found))

    def adopt(self, prepared: PreparedCalendars) -> None:
        """From now on these are the calendars."""
        self._calendars, self._how = dict(prepared.calendars), prepared.how

    def follow(self) -> None:
        """Begins to read those that are new; ends those that are gone."""
        for source in self._tasks.keys() - self._calendars.keys():
            self._tasks.pop(source).cancel()
        for source in self._calendars:
            if source not in self._tasks:
                work = self._ask(source) if source.url is not None else self._watch(source)
                self._tasks[source] = asyncio.create_task(work, name=f"calendar {source.name}")

    def _begin(self, source: CalendarSource, kept: _Kept | None, how: _How) -> _Calendar:
        """What there is to begin with; its task then reads it as if it were another, keeps it and
        tells what is left out, or what is wrong with it: nothing is told here. In a thread.
        """
        made = _Calendar(source=source, kept=kept or _read_kept(self._path(source)))
        if source.file is not None:
            with contextlib.suppress(OSError):
                made.kept = _Kept(body=_read_file(source.file), at=self._clock())
        for kept_now in (made.kept, _read_kept(self._path(source))):
            if kept_now is not None:
                with contextlib.suppress(NotACalendarError):
                    made.windows = self._read(source, kept_now.body, how).windows
                    made.kept = kept_now
                    return made
        made.kept = None
        return made

    # one calendar's work

    async def _ask(self, source: CalendarSource) -> None:
        """Until it is cancelled."""
        if self._session is None:
            self._session = open_fetch_session(self._user_agent)
        fetcher = Fetcher(self._session, self._clock, timeout=self._timeout, wait=self._wait)
        while True:
            pause = self._every
            one = self._calendars[source]
            kept = one.kept
            try:
                got = await fetcher.fetch(
                    source.url or "",
                    kept.etag if kept is not None else "",
                    kept.last_modified if kept is not None else "",
                )
            except FetchError as error:
                self._failed(source, str(error))
                pause = max(pause, min(error.stay_away, STAY_AWAY))
            except Exception:  # a bug of ours must not end the reading for good
                log.exception("calendar_broke", calendar=source.name)
                self._failed(source, "a fault of the monitor itself")
            else:
                body = kept.body if kept is not None else b""
                if got.body is not None:
                    try:
                        body = await run_in_daemon_thread(lambda g=got: utf8_of(g.body, g.charset))  # type: ignore[misc]
                    except NotACalendarError as error:
                        self._failed(source, str(error))
                        await asyncio.sleep(pause)
                        continue
                etag = got.etag if got.body is not None or kept is None else kept.etag
                since = got.last_modified
                if got.body is None and kept is not None:
                    since = kept.last_modified
                await self._got(source, body, etag, since)
            await asyncio.sleep(pause)

    async def _watch(self, source: CalendarSource) -> None:
        """Until it is cancelled."""
        file = source.file or Path()
        while True:
            one = self._calendars[source]
            try:
                stamp = await run_in_daemon_thread(lambda: _stamp(file))
                if stamp != one.stamp:
                    body = await run_in_daemon_thread(lambda: _read_file(file))
                    self._calendars[source].stamp = stamp
                    await self._got(source, body, "", "")
                elif one.kept is not None and not one.trouble:
                    # what is there and has not changed is what is known
                    one.kept = _Kept(body=one.kept.body, at=self._clock())
                    if not 0 <= one.kept.at - one.read_at < READ_ANEW:
                        await self._got(source, one.kept.body, "", "")
            except OSError as error:
                self._calendars[source].stamp = None
                self._failed(source, clean(f"it cannot be read: {error.strerror or error}"))
            except Exception:  # a bug of ours must not end the reading for good
                log.exception("calendar_broke", calendar=source.name)
                self._failed(source, "a fault of the monitor itself")
            await asyncio.sleep(self._look_every)

    async def _got(self, source: CalendarSource, body: bytes, etag: str, modified: str) -> None:
        """Its bytes, which may be no calendar."""
        how, one = self._how, self._calendars[source]
        same = one.kept is not None and one.kept.body == body and not one.trouble
        same = same and 0 <= self._clock() - one.read_at < READ_ANEW
        try:
            reading = (
                None if same else await run_in_daemon_thread(lambda: self._read(source, body, how))
            )
        except NotACalendarError as error:
            self._failed(source, str(error))
            return
        one = self._calendars[source]  # there may be another configuration by now
        one.kept = kept = _Kept(body=body, at=self._clock(), etag=etag, last_modified=modified)
        over, one.trouble = one.trouble, ""
        if over:
            log.info("calendar_read_again", calendar=source.name)
        if reading is not None:
            one.read_at = self._clock()
            self._tell(one, reading)
            if how == self._how and reading.windows != one.windows:
                one.windows = reading.windows
                log.info("calendar_read", calendar=source.name, windows=len(one.windows))
        if reading is not None or over:
            self._changed()
        await run_in_daemon_thread(lambda: self._keep(source, kept))

    def _tell(self, one: _Calendar, reading: Reading) -> None:
        if reading.unknown_zones and reading.unknown_zones != one.unknown_zones:
            log.warning(
                "calendar_zones_unknown",
                calendar=one.source.name,
                zones=list(reading.unknown_zones[:_TOLD]),
                read_as=self._how.zone.key,
            )
        one.unknown_zones = reading.unknown_zones
        if reading.left_out and reading.left_out != one.left_out:
            log.warning(
                "calendar_events_left_out",
                calendar=one.source.name,
                number=len(reading.left_out),
                first=[clean(said) for said in reading.left_out[:_TOLD]],
            )
        one.left_out = reading.left_out

    def _failed(self, source: CalendarSource, trouble: str) -> None:
        one = self._calendars[source]
        if trouble != one.trouble:
            one.trouble = trouble
            log.warning("calendar_not_read", calendar=source.name, error=trouble)
            self._changed()

    def _read(self, source: CalendarSource, body: bytes, how: _How) -> Reading:
        """In a thread. Raises :class:`NotACalendarError`."""
        return _read_body(source, body, how, self._clock())

    def _path(self, source: CalendarSource) -> Path:
        return self._folder / f"{source.key}.json"

    def _keep(self, source: CalendarSource, kept: _Kept) -> None:
        """In a thread."""
        value = {
            "at": kept.at,
            "etag": kept.etag,
            "last_modified": kept.last_modified,
            "body": kept.body.decode("utf-8", "surrogateescape"),
        }
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._path(source), orjson.dumps(value))
        except (OSError, TypeError) as error:  # orjson refuses what is not UTF-8
            log.warning("calendar_not_kept", calendar=source.name, error=clean(str(error)))


def _read_body(source: CalendarSource, body: bytes, how: _How, now: float) -> Reading:
    if len(body) > MOST_BYTES:
        raise NotACalendarError(f"it is larger than {MOST_BYTES} bytes")
    return read_calendar(
        body, how.zone, now, name=source.name, known=how.known, timer=time.perf_counter
    )


def calendar_warnings(estate: Estate, now: float) -> list[str]:
    """What is wrong with the calendars that are files, a line each; addresses are not asked."""
    found = []
    how = _how(estate)
    for source in calendar_sources(estate):
        if source.file is None:
            continue
        try:
            reading = _read_body(source, _read_file(source.file), how, now)
        except OSError as error:
            found.append(f"{source.file}: it cannot be read: {error.strerror or error}")
        except NotACalendarError as error:
            found.append(f"{source.file}: no service window of it is known: {error}")
        else:
            found += [f"{source.file}: left out: {clean(said)}" for said in reading.left_out]
            found += [
                f"{source.file}: nobody knows the time zone {zone}: its times are read as those of"
                f" {how.zone.key}"
                for zone in reading.unknown_zones
            ]
    return found


def _how(estate: Estate) -> _How:
    names = {one.name for one in estate.environments} | {one.id for one in estate.services()}
    return _How(zone=estate.timezone, known=frozenset(names))


def _windows(calendars: Mapping[CalendarSource, _Calendar]) -> tuple[Window, ...]:
    return tuple(window for one in calendars.values() for window in one.windows)


def _stamp(file: Path) -> _Stamp:
    found = file.stat()
    return found.st_mtime_ns, found.st_ino, found.st_size


def _read_file(file: Path) -> bytes:
    """No more than can be a calendar, and one byte that says so. Raises ``OSError``."""
    _stamp(file)
    if not file.is_file():
        raise OSError(22, "it is not a file")
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def _read_kept(path: Path) -> _Kept | None:
    """What an earlier process kept; ``None`` when that cannot be read."""
    try:
        value = orjson.loads(path.read_bytes())
        return _Kept(
            body=str(value["body"]).encode("utf-8"),
            at=float(value["at"]),
            etag=str(value["etag"]),
            last_modified=str(value["last_modified"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
