"""Pure: ``/api/v1/history``: what a reader asks for, and the transitions as JSON, newest first.

A page ends with the id of its last transition as ``next``; given as ``before`` it asks for the next
page. Ids stay, so that what happens while somebody reads moves no page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from monitor.model.records import Entry
from monitor.model.timestamps import iso_timestamp
from monitor.model.transition import ID_PATTERN, span_of
from monitor.publish.rendering.scope import Scope, read_scope

LIMIT, MOST = 100, 1000
"""Transitions of a page, when not said and at most."""
_KEYS = frozenset({"service", "env", "environment", "since", "until", "limit", "before"})
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_LAST = 253_402_300_800.0
"""The year 10000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryQuery:
    """A question. Instants are seconds since the epoch; ``until`` is not in it."""

    scope: Scope = field(default_factory=Scope)
    since: float = 0.0
    until: float | None = None
    limit: int = LIMIT
    before: str | None = None

    @property
    def ends(self) -> float | None:
        """Before which the transitions of this page are."""
        if self.before is None:
            return self.until
        last = span_of(self.before)[1]
        return last if self.until is None else min(last, self.until)


def read_question(query: Mapping[str, str], now: float) -> HistoryQuery:
    """Raises ``ValueError``, with a sentence for the reader."""
    if not _KEYS.issuperset(query):
        raise ValueError(f"only these can be asked for: {', '.join(sorted(_KEYS))}")
    if "env" in query and "environment" in query:
        raise ValueError("env and environment are the same: give one")
    scope = read_scope(query.get("env", query.get("environment")), query.get("service"))
    before = query.get("before")
    if before is not None and not re.fullmatch(ID_PATTERN, before):
        raise ValueError("before must be the id of a transition")
    return HistoryQuery(
        scope=scope,
        since=read_instant(query["since"], "since", now) if "since" in query else 0.0,
        until=read_instant(query["until"], "until", now) if "until" in query else None,
        limit=_limit(query["limit"]) if "limit" in query else LIMIT,
        before=before,
    )


def page(
    found: Sequence[Entry], asked: HistoryQuery, *, whole: bool
) -> tuple[list[Entry], bool] | None:
    """The page of ``found`` (oldest first), newest first, and whether there are more.

    ``None`` when ``found`` does not reach the page's end and is not the ``whole``: ask for more.
    """
    newest = list(reversed(found))
    if asked.before is not None:
        places = [place for place, one in enumerate(newest) if one.id == asked.before]
        begin = places[0] + 1 if places else None
        if begin is None:
            # it is kept no more, or was never there: by its time then
            first = span_of(asked.before)[0]
            begin = next(
                (i for i, one in enumerate(newest) if one.transition.at < first), len(newest)
            )
        newest = newest[begin:]
    if len(newest) > asked.limit:
        return newest[: asked.limit], True
    return (newest, False) if whole else None


def transitions_value(entries: Sequence[Entry], more: bool) -> dict[str, Any]:
    """The answer as plain values."""
    return {
        "transitions": [_value(one) for one in entries],
        "next": entries[-1].id if more and entries else None,
    }


def _value(entry: Entry) -> dict[str, Any]:
    one = entry.transition
    name = one.service.rpartition("/")[2] if one.service is not None else None
    return {
        "id": entry.id,
        "at": iso_timestamp(one.at),
        "since": iso_timestamp(one.since),
        "environment": one.environment,
        "service": f"{one.environment}/{name}" if name is not None else None,
        "from": one.before,
        "to": one.after,
        "planned": one.planned,
        "service_window": one.window,
        "check": one.check,
        "reason": one.reason,
        "cause": one.cause,
        "began": iso_timestamp(one.began) if one.began is not None else None,
        "message": {"sv": entry.message.sv, "en": entry.message.en},
        "evidence": f"/api/v1/evidence/{entry.id}" if one.worsening else None,
    }


def read_instant(written: str, name: str, now: float) -> float:
    """An instant (RFC 3339), seconds since the epoch, or a length of time ago: ``7d``.
    Raises ``ValueError``, with a sentence for the reader.
    """
    if ago := re.fullmatch(r"([0-9]{1,9})([smhd])", written):
        return now - int(ago[1]) * _UNITS[ago[2]]
    try:
        if re.fullmatch(r"[0-9]{1,11}(?:\.[0-9]{1,9})?", written):
            at = float(written)
        else:
            # a plus that nobody has escaped is read as a blank in a query
            moment = datetime.fromisoformat(
                written.replace(" ", "+") if "T" in written else written
            )
            at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        at = math.nan
    if not -_LAST < at < _LAST:
        raise ValueError(f"{name} must be an instant (2026-11-23T13:02:11Z), or 7d for a week ago")
    return at


def _limit(written: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", written) or not 1 <= int(written) <= MOST:
        raise ValueError(f"limit must be a whole number from 1 to {MOST}")
    return int(written)
