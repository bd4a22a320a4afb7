"""Transitions of services, read from the history or from a running daemon, and incidents as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from monitor.cli.history_source import HistoryLocation, HistoryUnreadableError, opened
from monitor.cli.http_get import NoAnswerError, http_get, without_password
from monitor.judging.incidents import Incident, TransitionEntry, transition_entry
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.model.timestamps import iso_timestamp
from monitor.support.json_read import read_json
from probes.observation import clean

MOST = 10_000
"""Transitions that are read, the newest; of what is older nothing is said."""
_PAGE = 1_000
_LIMIT = 20_000_000
"""Bytes of a page at most."""


def stored_transitions(
    location: HistoryLocation, environment: str | None, service: str | None, until: float
) -> list[TransitionEntry]:
    """Read the transitions before ``until`` (seconds since the epoch), oldest first; ``service`` is
    ``ENV/SERVICE``.

    Raises :class:`~monitor.cli.history_source.HistoryUnreadableError`.
    """
    with opened(location) as reader:
        found = reader.transitions(
            service=service, environment=environment, until=until, limit=MOST
        )
    return [transition_entry(entry) for entry in found if entry.transition.service is not None]


def fetched_transitions(
    url: str, environment: str | None, service: str | None, until: float
) -> list[TransitionEntry]:
    """Fetch the same from a running daemon, page by page.

    Raises :class:`~monitor.cli.history_source.HistoryUnreadableError`.
    """
    query = {"until": iso_timestamp(until), "limit": str(_PAGE)}
    if environment is not None:
        query["env"] = environment
    if service is not None:
        query["service"] = service
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
        raise _unreadable(url, str(error)) from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _unreadable(url, "it is none of Driftvakt's") from None
    return found[::-1]


def _unreadable(url: str, why: str) -> HistoryUnreadableError:
    return HistoryUnreadableError(f"no history from {clean(without_password(url))}: {why}")


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


def incidents_json(found: Sequence[Incident]) -> dict[str, Any]:
    """The incidents as a document for programs."""
    return {"incidents": [_incident(one) for one in found]}


def _incident(one: Incident) -> dict[str, Any]:
    decisive = one.decisive
    lasted = one.ended - one.began if one.began is not None and one.ended is not None else None
    return {
        "environment": one.environment,
        "service": f"{one.environment}/{one.service}",
        "status": one.worst.value,
        "planned": one.planned,
        "began": iso_timestamp(one.began) if one.began is not None else None,
        "ended": iso_timestamp(one.ended) if one.ended is not None else None,
        "seconds": round(lasted, 3) if lasted is not None else None,
        "check": decisive.check,
        "reason": decisive.reason,
        "cause": decisive.cause,
        "message": {"sv": decisive.message.sv, "en": decisive.message.en},
        "transitions": [each.id for each in one.changes],
        "evidence": [each.id for each in one.changes if each.evidence],
    }
