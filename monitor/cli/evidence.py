"""``driftvakt evidence``: reads the evidence of a transition from a daemon or from the history."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from monitor.cli.http_get import NoAnswerError, http_get, without_password
from monitor.evidence import LIMIT, NotEvidenceError, mail, read_bundle
from monitor.evidence.text_writer import TextWriter
from monitor.model.estate import Estate
from monitor.model.records import Entry
from monitor.model.timestamps import iso_timestamp
from monitor.model.transition import span_of
from monitor.support.terminal import json_text
from probes.observation import clean

if TYPE_CHECKING:
    from monitor.history.reader import HistoryReader

LISTED = 20
"""Transitions that are listed."""


class NoEvidenceError(Exception):
    """No evidence could be had. The text says from where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLocation:
    """Where the history is, and how its instants are shown."""

    store: str = field(default="sqlite", repr=False)
    """``sqlite``, or an address that may hold a password."""
    data_dir: Path
    zone: ZoneInfo
    language: str


def history_location(estate: Estate | None, data_dir: Path | None) -> HistoryLocation:
    """Of a configuration, a folder, or both: the folder goes before."""
    if estate is None:
        folder = data_dir if data_dir is not None else Path("data")
        return HistoryLocation(data_dir=folder, zone=ZoneInfo("Europe/Stockholm"), language="sv")
    return HistoryLocation(
        store=estate.store,
        data_dir=data_dir if data_dir is not None else estate.data_dir,
        zone=estate.timezone,
        language=estate.language,
    )


@contextlib.contextmanager
def opened(place: HistoryLocation) -> Iterator[HistoryReader]:
    """The history, for reading. Raises :class:`NoEvidenceError`, also of what fails inside."""
    # a database's drivers take long to import: not where a daemon is asked
    from monitor.history.errors import HistoryTroubleError
    from monitor.history.reader import HistoryReader

    try:
        with HistoryReader(place.store, place.data_dir) as reader:
            yield reader
    except HistoryTroubleError as error:
        where = f"in {place.data_dir}" if place.store == "sqlite" else "in the database"
        raise NoEvidenceError(f"the history {where} cannot be read: {error}") from None


def fetched_bundle(url: str, id_: str) -> dict[str, Any]:
    """The bundle from a running daemon. Raises :class:`NoEvidenceError`."""
    address = f"{url.rstrip('/')}/api/v1/evidence/{id_}"
    try:
        body = http_get(address, 4 * LIMIT)
    except NoAnswerError as error:
        if error.status == 404:
            raise _unknown(id_) from None
        raise NoEvidenceError(f"no evidence from {clean(without_password(url))}: {error}") from None
    return _read(body, without_password(url))


def stored_bundle(place: HistoryLocation, id_: str) -> dict[str, Any]:
    """The bundle from the history. Raises :class:`NoEvidenceError`."""
    since, until = span_of(id_)
    with opened(place) as reader:
        entries = reader.transitions(since=since, until=until)
        found = [entry.id for entry in entries if entry.id.startswith(id_)]
        if len(found) > 1:
            raise NoEvidenceError(f"several ids begin with {id_}: {', '.join(found[:5])}")
        body = reader.evidence(found[0]) if found else None
    if body is None:
        raise _unknown(id_)
    return _read(body, str(place.data_dir))


def _unknown(id_: str) -> NoEvidenceError:
    return NoEvidenceError(
        f"there is no evidence of {id_}: it is kept of worsenings alone, and not for ever"
    )


def _read(body: bytes, where: str) -> dict[str, Any]:
    try:
        return read_bundle(body)
    except NotEvidenceError as error:
        raise NoEvidenceError(f"{where}: {error}") from None


def bundle_text(document: dict[str, Any], language: str | None, *, as_json: bool) -> str:
    """The bundle for programs, or as text for a mail. Raises :class:`NoEvidenceError`."""
    if as_json:
        return json_text(document)
    own = document.get("generator")
    written = own.get("language") if isinstance(own, dict) else None
    try:
        return mail(document, language or str(written))
    except NotEvidenceError as error:
        raise NoEvidenceError(str(error)) from None


def transition_list(place: HistoryLocation, since: float | None, *, as_json: bool) -> str:
    """The newest transitions, newest first. Raises :class:`NoEvidenceError`."""
    with opened(place) as reader:
        newest = reader.transitions(since=since or 0.0, limit=LISTED)[::-1]
    if as_json:
        return json_text([_value(entry) for entry in newest])
    if not newest:
        return "no transitions\n"
    sheet = TextWriter(place.language, place.zone.key)
    rows = [_row(entry, sheet) for entry in newest]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        + "\n"
        for row in rows
    )


def _row(entry: Entry, sheet: TextWriter) -> tuple[str, ...]:
    change = entry.transition
    where = change.environment if change.service is None else _named(entry)
    return (
        entry.id,
        sheet.instant(iso_timestamp(change.at)),
        where,
        f"{change.before.value} -> {change.after.value}",
        change.reason.value if change.reason is not None else "",
    )


def _named(entry: Entry) -> str:
    return f"{entry.transition.environment}/{entry.transition.service}"


def _value(entry: Entry) -> dict[str, Any]:
    change = entry.transition
    return {
        "id": entry.id,
        "at": iso_timestamp(change.at),
        "environment": change.environment,
        "service": change.service,
        "from": change.before.value,
        "to": change.after.value,
        "planned": change.planned,
        "reason": change.reason.value if change.reason is not None else None,
    }
