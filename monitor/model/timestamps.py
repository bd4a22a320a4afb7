"""Pure: instants as programs read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENDS = tuple(f".{number:03}Z" for number in range(1000))
_FIRST, _LAST = "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"


def iso_timestamp(at: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC with milliseconds: ``2026-11-23T13:02:11.120Z``.

    What a calendar does not reach (a certificate may say anything) becomes its nearest end.
    """
    try:
        milliseconds = round(at * 1000)
        return _second(milliseconds // 1000) + _ENDS[milliseconds % 1000]
    except (OverflowError, ValueError):
        return _LAST if at > 0 else _FIRST


@lru_cache(256)
def _second(seconds: int) -> str:
    """Whatever is published at one time is mostly of the same few seconds."""
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]
