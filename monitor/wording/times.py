"""Instants and lengths of time, as people say them."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from math import isfinite
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.model.text import Text
from monitor.wording.grammar import plural

_DAYS_SV = ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag")
_DAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS_SV = (
    "januari",
    "februari",
    "mars",
    "april",
    "maj",
    "juni",
    "juli",
    "augusti",
    "september",
    "oktober",
    "november",
    "december",
)
_MONTHS_EN = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_UNITS = (
    (86400, ("dygn", "dygn"), ("day", "days")),
    (3600, ("timme", "timmar"), ("hour", "hours")),
    (60, ("minut", "minuter"), ("minute", "minutes")),
    (1, ("sekund", "sekunder"), ("second", "seconds")),
)


_WHOLE_MINUTES = 100_000_000.0
"""1973, in seconds since the epoch."""


def instant(at: float, zone: ZoneInfo) -> Text:
    """``måndag 23 november 2026 kl. 14.02``, ``Monday 23 November 2026 at 14:02``.

    In the hour that the end of summer time repeats, the zone's abbreviation tells the two apart.
    """
    try:
        # since then the offsets of all zones are whole minutes
        return _minute(at // 60 * 60 if at > _WHOLE_MINUTES else at, zone)
    except (OverflowError, ValueError, OSError):
        return Text(sv="okänd tid", en="an unknown time")


@lru_cache(256)
def _minute(at: float, zone: ZoneInfo) -> Text:
    local = datetime.fromtimestamp(at, zone)
    weekday, day, month, year = local.weekday(), local.day, local.month - 1, local.year
    hour, minute = f"{local.hour:02}", f"{local.minute:02}"
    if local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
        minute = f"{minute} {local.tzname()}"
    return Text(
        sv=f"{_DAYS_SV[weekday]} {day} {_MONTHS_SV[month]} {year} kl. {hour}.{minute}",
        en=f"{_DAYS_EN[weekday]} {day} {_MONTHS_EN[month]} {year} at {hour}:{minute}",
    )


class Clock(NamedTuple):
    """Says instants as short as they can be for whoever reads them at ``now``, in ``zone``."""

    zone: ZoneInfo
    now: float | None = None
    """Seconds since the epoch; ``None``: nobody knows when it is read, and instants are whole."""

    def says(self, at: float) -> Text:
        """``21.55`` today, ``måndag 21.55`` within a week, ``11 december 21.55`` beyond."""
        if self.now is None:
            return instant(at, self.zone)
        try:
            today = datetime.fromtimestamp(self.now, self.zone).date()
            return _short(at // 60 * 60 if at > _WHOLE_MINUTES else at, today, self.zone)
        except (OverflowError, ValueError, OSError):
            return instant(at, self.zone)

    def until(self, at: float) -> Text:
        """``till kl. 02.00``, ``till måndag 06.00``; ``until 02:00``."""
        end = self.says(at)
        alone = end.sv[:1].isdigit() and end.sv[2:3] == "."
        return Text(sv=f"till {'kl. ' if alone else ''}{end.sv}", en=f"until {end.en}")


@lru_cache(1024)
def _short(at: float, today: date, zone: ZoneInfo) -> Text:
    local = datetime.fromtimestamp(at, zone)
    sv, en = f"{local.hour:02}.{local.minute:02}", f"{local.hour:02}:{local.minute:02}"
    if local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
        sv, en = f"{sv} {local.tzname()}", f"{en} {local.tzname()}"
    days = abs((local.date() - today).days)
    if not days:
        return Text(sv=sv, en=en)
    if days < 7:
        return Text(sv=f"{_DAYS_SV[local.weekday()]} {sv}", en=f"{_DAYS_EN[local.weekday()]} {en}")
    year = "" if local.year == today.year else f" {local.year}"
    month = local.month - 1
    return Text(
        sv=f"{local.day} {_MONTHS_SV[month]}{year} {sv}",
        en=f"{local.day} {_MONTHS_EN[month]}{year} {en}",
    )


def day(of: date) -> Text:
    """``fredag 28 maj 2027``, ``Friday 28 May 2027``."""
    weekday, month = of.weekday(), of.month - 1
    return Text(
        sv=f"{_DAYS_SV[weekday]} {of.day} {_MONTHS_SV[month]} {of.year}",
        en=f"{_DAYS_EN[weekday]} {of.day} {_MONTHS_EN[month]} {of.year}",
    )


def duration(seconds: float) -> Text:
    """``3 minuter``, ``1 timme och 20 minuter``: the largest unit and the next, rounded down."""
    left = int(seconds) if isfinite(seconds) else 0
    if left < 1:
        return Text(sv="mindre än 1 sekund", en="less than 1 second")
    sv: list[str] = []
    en: list[str] = []
    for size, names_sv, names_en in _UNITS:
        number, rest = divmod(left, size)
        if number:
            sv.append(plural(number, *names_sv))
            en.append(plural(number, *names_en))
            left = rest
        if sv and (not number or len(sv) == 2):
            break
    return Text(sv=" och ".join(sv), en=" and ".join(en))


def seconds_short(seconds: float) -> Text:
    """A measured time: ``1,8 s``, ``840 ms``."""
    if not isfinite(seconds):
        return Text(sv="okänd tid", en="an unknown time")
    milliseconds = round(seconds * 1000)
    if milliseconds < 1000:
        return Text(sv=f"{milliseconds} ms", en=f"{milliseconds} ms")
    number = f"{seconds:.2f}".rstrip("0").rstrip(".")
    return Text(sv=f"{number.replace('.', ',')} s", en=f"{number} s")


def percent(share: float) -> Text:
    """A share as a percentage: ``25 %``, ``12,5 %``; English ``25%``."""
    number = f"{share * 100:.1f}".removesuffix(".0")
    return Text(sv=f"{number.replace('.', ',')} %", en=f"{number}%")
