"""Pure: which calendars are configured, and what is published of each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from monitor.model.estate import Estate

STALE_AFTER = 3_600.0
"""Seconds after the last success after which a calendar counts as stale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSource:
    """A calendar of the configuration: an address or a file."""

    name: str
    url: str | None = None
    file: Path | None = None

    @property
    def key(self) -> str:
        """What it is kept under; another for another address or file."""
        given = f"url {self.url}" if self.url is not None else f"file {self.file}"
        return hashlib.sha256(given.encode("utf-8", "surrogateescape")).hexdigest()[:24]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarView:
    """A calendar at an instant."""

    name: str
    last_success: float | None
    """When it was last read without a fault, in seconds since the epoch."""
    stale: bool
    """Whether that is too long ago, or never was: its windows are those that were last read."""
    trouble: str = ""
    """What was wrong the last time, in words of ours and without its address."""
    unknown_zones: tuple[str, ...] = ()
    """Time zones in it that nobody knows: their times are read as local."""

    @property
    def successful(self) -> bool | None:
        """Whether it was read the last time; ``None`` before it was tried."""
        return False if self.trouble else True if self.last_success is not None else None


def stale(last_success: float | None, now: float) -> bool:
    return last_success is None or now - last_success > STALE_AFTER


def calendar_sources(estate: Estate) -> tuple[CalendarSource, ...]:
    """The configured calendars. One without a name is called by its host, or its file's name: an
    address may be a secret.
    """
    taken: set[str] = set()
    found: list[CalendarSource] = []
    for one in estate.later.get("calendars", ()):
        wanted = one.name or _called(one.url, one.file)
        name, number = wanted, 2
        while name in taken:
            name, number = f"{wanted}-{number}", number + 1
        taken.add(name)
        found.append(CalendarSource(name=name, url=one.url, file=one.file))
    return tuple(found)


def _called(url: str | None, file: Path | None) -> str:
    if url is not None:
        return urlsplit(url).hostname or "calendar"
    return file.name if file is not None else "calendar"
