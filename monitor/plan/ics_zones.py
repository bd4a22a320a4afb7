"""Pure: the time zones that a calendar's events go by, by their names.

A name is one of the time zone database, or of Windows, perhaps behind a vendor's prefix; or one that
the calendar describes itself (VTIMEZONE). A description counts in its own calendar alone: two calendars
may call different zones the same.
"""

from __future__ import annotations

import io
import re
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from monitor.plan.ics_stream import read_line, unquoted

MOST_CHANGES = 200
"""Lines of one description, of which each may be a change of the clocks."""
_RULE = re.compile(
    r"FREQ=YEARLY(?:;(?:INTERVAL=1|WKST=[A-Z]{2}|BYMONTH=(?:1[0-2]|0?[1-9])|BYDAY=[+-]?[1-5]?[A-Z]{2}"
    r"|BYMONTHDAY=(?:[12]?[0-9],){0,9}[12]?[0-9]|UNTIL=[12][0-9]{7}(?:T[0-9]{6}Z?)?))*"
)
"""The changes of clocks that there are. Others could be made to cost any time."""
_KEPT = frozenset(("DTSTART", "RRULE", "RDATE", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME"))


class DescribedZone(tzinfo):
    """A zone as a calendar describes it: the same as another of the same words."""

    def __init__(self, words: str) -> None:
        """Raises ``ValueError`` for words that dateutil does not understand."""
        from dateutil.tz import tzical  # only who reads calendars imports it

        self._words = words
        found = tzical(io.StringIO(words)).get()
        if found is None:
            raise ValueError("there is no time zone")
        self._zone: tzinfo = found
        # what a rule in it gives is found out now, not at the first look
        self._zone.utcoffset(datetime(2026, 1, 1))  # noqa: DTZ001 - wall-clock time

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DescribedZone) and self._words == other._words

    def __hash__(self) -> int:
        return hash(self._words)

    def utcoffset(self, when: datetime | None) -> timedelta | None:
        return self._zone.utcoffset(_bare(when))

    def dst(self, when: datetime | None) -> timedelta | None:
        return self._zone.dst(_bare(when))

    def tzname(self, when: datetime | None) -> str | None:
        return self._zone.tzname(_bare(when))

    def fromutc(self, when: datetime) -> datetime:
        return self._zone.fromutc(when.replace(tzinfo=self._zone)).replace(tzinfo=self)


def _bare(when: datetime | None) -> datetime | None:
    return None if when is None else when.replace(tzinfo=None)


class Zones:
    """The zones of one calendar, given the lines of its descriptions."""

    def __init__(self, blocks: list[list[str]]) -> None:
        self._blocks: dict[str, list[str]] = {}
        for block in blocks:
            for line in block:
                one = read_line(line)
                if one is not None and one.name == "TZID":
                    self._blocks.setdefault(unquoted(one.value), block)
                    break
        self._found: dict[str, tzinfo | None] = {}

    def find(self, name: str) -> tzinfo | None:
        """The zone of that name; ``None`` when nobody knows it."""
        if name not in self._found:
            self._found[name] = _known(name) or self._described(name)
        return self._found[name]

    def _described(self, name: str) -> tzinfo | None:
        block = self._blocks.get(name)
        if block is None or len(block) > MOST_CHANGES:
            return None
        try:
            return DescribedZone(_words(block))
        except Exception:  # noqa: BLE001 - a parser of what others write: it is a zone or none
            return None


def _known(name: str) -> tzinfo | None:
    # only who reads calendars imports it, in the thread that reads them
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    bare = name.strip("/")
    candidates = [bare, WINDOWS_TO_OLSON.get(bare, "")]
    if name.startswith("/"):
        parts = bare.split("/")
        candidates += ["/".join(parts[start:]) for start in range(1, len(parts))]
    for one in candidates:
        if one:
            try:
                return ZoneInfo(one)
            except (LookupError, ValueError, OSError):
                continue
    return None


def _words(block: list[str]) -> str:
    """The description as dateutil takes it. Raises ``ValueError`` for rules that may cost any time."""
    kept = ["BEGIN:VTIMEZONE", "TZID:one"]
    # the offset before a change stands anywhere in its part, and its rule's end goes by it
    part: list[str] = []
    for line in block:
        if line.startswith("BEGIN:"):
            part = [line]
        elif line.startswith("END:"):
            kept += [*_part(part), line]
            part = []
        else:
            part.append(line)
    return "\n".join([*kept, "END:VTIMEZONE"])


def _part(lines: list[str]) -> list[str]:
    kept = [lines[0]]
    read = [read_line(line) for line in lines[1:]]
    values = {one.name: one.value.strip().upper() for one in read if one is not None}
    for one in read:
        if one is None or one.name not in _KEPT:
            continue
        value = one.value.strip()
        if one.name == "RRULE":
            value = _rule(value.upper(), values.get("TZOFFSETFROM", ""))
        kept.append(f"{one.name}:{value}")
    return kept


def _rule(rule: str, before: str) -> str:
    """Dateutil wants the end of a rule in the clock's own time."""
    if not _RULE.fullmatch(rule):
        raise ValueError("a rule for the clocks that is none")
    end = re.search(r"UNTIL=([0-9T]+)Z", rule)
    if end is None:
        return rule
    ahead = timedelta(hours=int(before[1:3]), minutes=int(before[3:5]))
    utc = datetime.strptime(end[1], "%Y%m%dT%H%M%S")  # noqa: DTZ007 - wall-clock time
    local = utc - ahead if before[0] == "-" else utc + ahead
    return rule.replace(end[0], f"UNTIL={local:%Y%m%dT%H%M%S}")
