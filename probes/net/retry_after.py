"""A server that asks us to stay away for a while: 429 (RFC 6585, section 4) and ``Retry-After``
(RFC 9110, section 10.2.3).
"""

from __future__ import annotations

import re

from probes.failure import ProbeFailure
from probes.net.http_date import parse_http_date
from probes.observation import Cause, Reason

TOO_MANY_REQUESTS = 429
LONGEST = 86_400.0
"""Seconds: what is asked beyond a day is taken for a day."""


class SlowDown(ProbeFailure):
    """429: we ask too often, and that is ours."""

    def __init__(self, retry_after: float | None) -> None:
        wish = "no Retry-After" if retry_after is None else f"Retry-After {retry_after:.0f} s"
        super().__init__(
            Reason.STATUS,
            f"the server asks us to slow down (HTTP {TOO_MANY_REQUESTS}, {wish})",
            Cause.MONITOR,
        )


def parse_retry_after(text: str | None, now: float) -> float | None:
    """The seconds from ``now`` (since the epoch) that the header asks for, written as seconds or
    as an HTTP date; 0 for a date gone by, ``None`` when it says nothing that can be read.
    """
    if text is None:
        return None
    text = text.strip()
    if re.fullmatch(r"[0-9]+", text, re.ASCII):
        return min(float(text), LONGEST)
    at = parse_http_date(text)
    return None if at is None else min(max(at - now, 0.0), LONGEST)
