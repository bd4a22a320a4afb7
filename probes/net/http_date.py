"""Pure: the dates of HTTP (RFC 9110, section 5.6.7)."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

DATE_LIMIT = 80


@lru_cache(maxsize=1024)
def parse_http_date(text: str) -> float | None:
    """Seconds since the epoch of an HTTP date (RFC 9110, 5.6.7, all three forms), if it is one."""
    if len(text) > DATE_LIMIT:
        return None
    try:
        parsed = parsedate_to_datetime(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
