"""From a calendar's bytes to its service windows; and the files that calendars are read from."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from monitor.model.estate import Estate
from monitor.plan.calendars import calendar_sources
from monitor.plan.ics import Reading, read_calendar
from monitor.plan.ics_stream import NotACalendarError
from monitor.polling.http_fetch import MOST_BYTES
from probes.observation import clean

FileStamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarReader:
    """Reads calendars as one configuration would have it."""

    zone: ZoneInfo
    known: frozenset[str]
    """Environments, and services as ``ENV/SERVICE``."""

    @classmethod
    def of(cls, estate: Estate) -> Self:
        names = {one.name for one in estate.environments} | {one.id for one in estate.services()}
        return cls(zone=estate.timezone, known=frozenset(names))

    def read(self, name: str, body: bytes, now: float) -> Reading:
        """Takes its time: for a thread. Raises :class:`NotACalendarError`."""
        if len(body) > MOST_BYTES:
            raise NotACalendarError(f"it is larger than {MOST_BYTES} bytes")
        return read_calendar(
            body, self.zone, now, name=name, known=self.known, timer=time.perf_counter
        )


def file_stamp(file: Path) -> FileStamp:
    """What is another when the file is. Raises ``OSError``."""
    found = file.stat()
    return found.st_mtime_ns, found.st_ino, found.st_size


def read_file(file: Path) -> bytes:
    """Reads no more than can be a calendar, and one byte as a sign that there is more. Raises
    ``OSError``.
    """
    file.stat()
    if not file.is_file():
        raise OSError(22, "it is not a file")
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def calendar_warnings(estate: Estate, now: float) -> list[str]:
    """What is wrong with the calendars that are files, a line each; addresses are not asked."""
    found = []
    reader = CalendarReader.of(estate)
    for source in calendar_sources(estate):
        if source.file is None:
            continue
        try:
            reading = reader.read(source.name, read_file(source.file), now)
        except OSError as error:
            found.append(f"{source.file}: it cannot be read: {error.strerror or error}")
        except NotACalendarError as error:
            found.append(f"{source.file}: no service window of it is known: {error}")
        else:
            found += [f"{source.file}: left out: {clean(line)}" for line in reading.left_out]
            found += [
                f"{source.file}: nobody knows the time zone {zone}: its times are read as those of"
                f" {reader.zone.key}"
                for zone in reading.unknown_zones
            ]
    return found
