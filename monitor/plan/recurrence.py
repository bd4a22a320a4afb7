"""Pure: at which instants a service window is, once or again and again.

Wall-clock times decide: a window from 22:00 to 02:00 is so in every night, the two in which the
clocks are changed too, in which it is an hour shorter or longer. A time that does not exist is read
with the offset before the gap, one that exists twice is its first (RFC 5545, section 3.3.5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta, tzinfo
from itertools import islice

from monitor.plan.windows import Window

MOST = 2_000
"""Times of one window within one horizon; what a careless rule has beyond is left out."""
_MARGIN = timedelta(days=2)
"""More than any two zones and the clocks' changes are apart."""
LOOKED_AT = 100_000
"""Times of a rule, from its start, that are looked at."""
_CYCLE = 400
"""Years after which the calendar repeats itself."""
_BASIC = "%Y%m%dT%H%M%S"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """A window at one of its times. Instants in seconds since the epoch; the end is not in it."""

    window: Window
    start: float
    end: float

    def active(self, at: float) -> bool:
        return self.start <= at < self.end and not self.window.cancelled


def occurrences(window: Window, after: float, until: float) -> Iterator[Occurrence]:
    """The times of ``window`` that touch the span from ``after`` to ``until``, in order."""
    length = _bare(window.ends) - _bare(window.starts)
    for begins in _beginnings(window, after, until, length):
        start = instant_of(begins, window.zone)
        end = instant_of((_bare(begins) + length).replace(fold=window.ends.fold), window.zone)
        if end > start and end >= after and start <= until:
            yield Occurrence(window=window, start=start, end=end)


def _beginnings(
    window: Window, after: float, until: float, length: timedelta
) -> Iterator[datetime]:
    """Wall-clock times. The first is the window's start, whether or not the rule would have it."""
    if window.starts.date().isoformat() not in window.except_dates:
        yield window.starts
    if window.rule is None:
        return
    first = _naive(after, window.zone) - length - _MARGIN
    last = _naive(until, window.zone) + _MARGIN
    found = 0
    for begins in _by_rule(window.rule, _bare(window.starts), window.zone, last):
        if begins < first or begins == _bare(window.starts):
            continue
        if begins.date().isoformat() not in window.except_dates:
            found += 1
            yield begins
        if found >= MOST:
            return


def _by_rule(rule: str, starts: datetime, zone: tzinfo, last: datetime) -> Iterator[datetime]:
    """What the rule gives up to ``last``.

    dateutil looks at its bound only when it finds something, and searches to the last year that
    there is: with a rule such as every 30 February for thousands of years. The calendar repeats
    itself every 400 years, weekdays and all, so it is asked as close to that year as can be.
    """
    from dateutil.rrule import rrulestr

    ahead = (MAXYEAR - last.year) // _CYCLE * _CYCLE
    parts = dict(part.split("=", 1) for part in rule.split(";"))
    count = int(parts.pop("COUNT")) if "COUNT" in parts else LOOKED_AT
    ends = min(_until(parts.pop("UNTIL"), zone), last) if "UNTIL" in parts else last
    if ends < starts:
        return iter(())
    bounded = ";".join(f"{name}={value}" for name, value in parts.items())
    until = ends.replace(year=ends.year + ahead)
    found = rrulestr(
        f"{bounded};UNTIL={until:%Y%m%dT%H%M%S}", dtstart=starts.replace(year=starts.year + ahead)
    )
    here = (begins.replace(year=begins.year - ahead) for begins in found)
    return islice(here, min(count, LOOKED_AT))


def _until(written: str, zone: tzinfo) -> datetime:
    """The end of a rule as wall-clock time; a date alone means the whole of its day."""
    if "T" not in written:
        return datetime.strptime(f"{written}T235959", _BASIC)  # noqa: DTZ007 - wall-clock time
    ends = datetime.strptime(written.rstrip("Z"), _BASIC)  # noqa: DTZ007
    if not written.endswith("Z"):
        return ends
    return ends.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def _bare(wall: datetime) -> datetime:
    return wall.replace(fold=0)


def _naive(at: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at, zone).replace(tzinfo=None, fold=0)


def instant_of(wall: datetime, zone: tzinfo) -> float:
    """The instant of a wall-clock time, in seconds since the epoch."""
    return wall.replace(tzinfo=zone).timestamp()
