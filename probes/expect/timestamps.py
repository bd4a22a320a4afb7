"""Instants that services write into their answers, and how far they are from now."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

ZONES_OF_THE_NAMELESS: tuple[tzinfo, ...] = (UTC, ZoneInfo("Europe/Stockholm"))
"""What a time without a zone may be meant in."""

# xs:dateTime and xs:date (XML Schema 1.0, 3.2.7 and 3.2.9), and RIV TA's yyyyMMddHHmmss
_MOMENT = re.compile(
    r"""(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d):(\d\d)(?:\.\d{1,12})?)?\s?(Z|[+-]\d\d:?\d\d)?
    | (\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?""",
    re.VERBOSE | re.ASCII,
)


def offset_from(now: float, text: str, zone: tzinfo | None) -> float | None:
    """Seconds by which the instant is ahead of ``now`` (negative: ago), ``None`` when the text is
    none. A date is the nearest instant of its day. ``zone`` is for texts that name no zone; without
    it they are what is nearest among ``ZONES_OF_THE_NAMELESS``.
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (
        match.groups()[:6] if match[1] else match.groups()[7:13]
    )
    try:
        on = date(int(year), int(month), int(day))
        at = time(int(hour), int(minute), min(int(second), 59)) if hour else None
        zones = (_zone(match[7]),) if match[7] else (zone,) if zone else ZONES_OF_THE_NAMELESS
        offsets = [_offset(now, on, at, one) for one in zones]
    except (ValueError, OverflowError):
        return None
    return min(offsets, key=abs)


def _offset(now: float, on: date, at: time | None, zone: tzinfo) -> float:
    if at is not None:
        both = (datetime.combine(on, at.replace(fold=fold), zone) for fold in (0, 1))
        return min((one.timestamp() - now for one in both), key=abs)
    begin = datetime.combine(on, time(), zone)
    end = datetime.combine(on + timedelta(days=1), time(), zone)
    if begin.timestamp() <= now <= end.timestamp():
        return 0.0
    return min(begin.timestamp() - now, end.timestamp() - now, key=abs)


def _zone(text: str) -> tzinfo:
    if text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))
