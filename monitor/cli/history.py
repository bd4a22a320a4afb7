"""``driftvakt history``: reads transitions from the history or from a daemon, as incidents."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from monitor.cli.evidence import HistoryLocation, NoEvidenceError, opened
from monitor.cli.http_get import NoAnswerError, http_get, without_password
from monitor.judging.incidents import Incident, TransitionEntry, incidents
from monitor.model.estate import Text
from monitor.model.records import Entry
from monitor.model.status import Status
from monitor.model.timestamps import iso_timestamp
from monitor.support.json_read import read_json
from probes.observation import clean
from probes.settings import parse_duration

MOST = 10_000
"""Transitions that are read, the newest; of what is older nothing is said."""
_PAGE = 1_000
_LIMIT = 20_000_000


class NoHistoryError(Exception):
    """No history could be had. The text says from where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is wanted. Instants are seconds since the epoch."""

    environment: str | None = None
    service: str | None = None
    """``ENV/SERVICE``."""
    since: float = 0.0
    until: float
    limit: int

    def chosen(self, changes: Sequence[TransitionEntry]) -> list[Incident]:
        """The incidents wanted, the one that began last first."""
        found = [one for one in incidents(changes) if one.touches(self.since, self.until)]
        return found[: self.limit]


def typed_instant(text: str, now: float, zone: ZoneInfo, *, end: bool = False) -> float:
    """An instant as somebody types it: ``7d`` ago, ``03:12`` (the last time it was so late), a date, or
    a date and a time of day (``2026-11-29T03:12``). The day of a date is whole: ``end`` gives its end.

    Raises ``ValueError``, with a sentence.
    """
    written = text.strip()
    try:
        if clock := re.fullmatch(r"([0-9]{1,2})[:.]([0-9]{2})(?:[:.]([0-9]{2}))?", written):
            return _last_time(time(int(clock[1]), int(clock[2]), int(clock[3] or 0)), now, zone)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", written):
            day = date.fromisoformat(written) + timedelta(days=1 if end else 0)
            return datetime.combine(day, time(), zone).timestamp()
        if "-" in written:
            moment = datetime.fromisoformat(written)
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
        return max(0.0, now - parse_duration(written))
    except (ValueError, OverflowError):
        raise ValueError(
            f"{clean(text)} is no instant: write 7d, 03:12, 2026-11-29 or 2026-11-29T03:12"
        ) from None


def _last_time(clock: time, now: float, zone: ZoneInfo) -> float:
    today = datetime.fromtimestamp(now, zone).date()
    at = datetime.combine(today, clock, zone).timestamp()
    if at <= now:
        return at
    return datetime.combine(today - timedelta(days=1), clock, zone).timestamp()


def stored_transitions(place: HistoryLocation, asked: Asked) -> list[TransitionEntry]:
    """The transitions of the history, oldest first. Raises :class:`NoHistoryError`."""
    try:
        with opened(place) as history:
            found = history.transitions(
                service=asked.service,
                environment=asked.environment,
                until=asked.until,
                limit=MOST,
            )
    except NoEvidenceError as error:
        raise NoHistoryError(str(error)) from None
    return [_of_entry(entry) for entry in found if entry.transition.service is not None]


def _of_entry(entry: Entry) -> TransitionEntry:
    one = entry.transition
    return TransitionEntry(
        id=entry.id,
        at=one.at,
        since=one.since,
        environment=one.environment,
        service=str(one.service).rpartition("/")[2],
        before=one.before,
        after=one.after,
        planned=one.planned,
        check=one.check,
        reason=one.reason,
        cause=one.cause,
        message=entry.message,
        evidence=one.worsening,
    )


def fetched_transitions(url: str, asked: Asked) -> list[TransitionEntry]:
    """The same of a running daemon, page by page. Raises :class:`NoHistoryError`."""
    query = {"until": iso_timestamp(asked.until), "limit": str(_PAGE)}
    if asked.environment is not None:
        query["env"] = asked.environment
    if asked.service is not None:
        query["service"] = asked.service
    found: list[TransitionEntry] = []
    try:
        while len(found) < MOST:
            address = f"{url.rstrip('/')}/api/v1/history?{urlencode(query)}"
            document = read_json(http_get(address, _LIMIT))
            found += [_of_json(one) for one in document["transitions"] if one["service"]]
            if document["next"] is None:
                break
            query["before"] = str(document["next"])
    except NoAnswerError as error:
        raise NoHistoryError(f"no history from {clean(without_password(url))}: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NoHistoryError(
            f"no history from {clean(without_password(url))}: it is none of Driftvakt's"
        ) from None
    return found[::-1]


def _of_json(one: Mapping[str, Any]) -> TransitionEntry:
    environment, _, service = str(one["service"]).partition("/")
    return TransitionEntry(
        id=clean(str(one["id"])),
        at=datetime.fromisoformat(one["at"]).timestamp(),
        since=datetime.fromisoformat(one["since"]).timestamp(),
        environment=clean(environment),
        service=clean(service),
        before=Status(one["from"]),
        after=Status(one["to"]),
        planned=bool(one["planned"]),
        check=one["check"],
        reason=one["reason"],
        cause=one["cause"],
        message=Text(sv=str(one["message"]["sv"]), en=str(one["message"]["en"])),
        evidence=one["evidence"] is not None,
    )


def document(found: Sequence[Incident]) -> dict[str, Any]:
    """The incidents for programs."""
    return {"incidents": [_value(one) for one in found]}


def _value(one: Incident) -> dict[str, Any]:
    told = one.decisive
    lasted = one.ended - one.began if one.began is not None and one.ended is not None else None
    return {
        "environment": one.environment,
        "service": f"{one.environment}/{one.service}",
        "status": one.worst.value,
        "planned": one.planned,
        "began": iso_timestamp(one.began) if one.began is not None else None,
        "ended": iso_timestamp(one.ended) if one.ended is not None else None,
        "seconds": round(lasted, 3) if lasted is not None else None,
        "check": told.check,
        "reason": told.reason,
        "cause": told.cause,
        "message": {"sv": told.message.sv, "en": told.message.en},
        "transitions": [each.id for each in one.changes],
        "evidence": [each.id for each in one.changes if each.evidence],
    }
