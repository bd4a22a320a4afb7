"""``driftvakt evidence``: the evidence of a transition, from a daemon or from the history."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.history_source import (
    DaemonOption,
    HistoryConfigOption,
    HistoryFolderOption,
    HistoryLocation,
    HistoryUnreadableError,
    OwnLanguageOption,
    history_location,
    opened,
    require_language,
    require_one_source,
)
from monitor.cli.options import JsonOption, fail, parse_seconds
from monitor.support.terminal import json_text

if TYPE_CHECKING:
    from monitor.evidence.text_writer import TextWriter
    from monitor.model.records import Entry

LISTED = 20
"""Transitions that are listed at most."""


class NoEvidenceError(Exception):
    """There is no usable evidence. The text says from where and why."""


def evidence(
    id_: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="A transition's id, or the beginning of it."),
    ] = None,
    config: HistoryConfigOption = None,
    data_dir: HistoryFolderOption = None,
    url: DaemonOption = None,
    since: Annotated[
        float | None,
        typer.Option(parser=parse_seconds, metavar="DURATION", help="List no older ones, e.g. 7d."),
    ] = None,
    as_json: JsonOption = False,
    language: OwnLanguageOption = None,
) -> None:
    """Print the evidence of a worsening, as text for a mail; without ID list the newest transitions.

    Exit 0, 1 when there is none, 2 usage.
    """
    from monitor.model.transition import read_id

    require_language(language)
    require_one_source(url, config, data_dir)
    wanted = read_id(id_) if id_ is not None else None
    if id_ is not None and wanted is None:
        fail(f"{id_} is not the id of a transition")
    if wanted is None and url is not None:
        fail("--url needs an ID")
    try:
        if wanted is None:
            begin = time.time() - since if since is not None else 0.0
            text = transition_list(history_location(config, data_dir), begin, as_json=as_json)
        else:
            document = (
                stored_bundle(history_location(config, data_dir), wanted)
                if url is None
                else fetched_bundle(url, wanted)
            )
            text = bundle_text(document, language, as_json=as_json)
    except (NoEvidenceError, HistoryUnreadableError) as error:
        fail(str(error), 1)
    print(text, end="")


def fetched_bundle(url: str, id_: str) -> dict[str, Any]:
    """The bundle from a running daemon. Raises :class:`NoEvidenceError`."""
    from monitor.cli.http_get import NoAnswerError, http_get, without_password
    from monitor.evidence import LIMIT
    from probes.observation import clean

    shown = without_password(url)
    try:
        body = http_get(f"{url.rstrip('/')}/api/v1/evidence/{id_}", 4 * LIMIT)
    except NoAnswerError as error:
        if error.status == 404:
            raise _unknown(id_) from None
        raise NoEvidenceError(f"no evidence from {clean(shown)}: {error}") from None
    return _decoded(body, shown)


def stored_bundle(location: HistoryLocation, id_: str) -> dict[str, Any]:
    """The bundle from the history.

    Raises :class:`NoEvidenceError` and
    :class:`~monitor.cli.history_source.HistoryUnreadableError`.
    """
    from monitor.model.transition import span_of

    since, until = span_of(id_)
    with opened(location) as reader:
        entries = reader.transitions(since=since, until=until)
        found = [entry.id for entry in entries if entry.id.startswith(id_)]
        if len(found) > 1:
            raise NoEvidenceError(f"several ids begin with {id_}: {', '.join(found[:5])}")
        body = reader.evidence(found[0]) if found else None
    if body is None:
        raise _unknown(id_)
    return _decoded(body, str(location.data_dir))


def _unknown(id_: str) -> NoEvidenceError:
    return NoEvidenceError(
        f"there is no evidence of {id_}: it is kept of worsenings alone, and not for ever"
    )


def _decoded(body: bytes, where: str) -> dict[str, Any]:
    from monitor.evidence import NotEvidenceError, read_bundle

    try:
        return read_bundle(body)
    except NotEvidenceError as error:
        raise NoEvidenceError(f"{where}: {error}") from None


def bundle_text(document: dict[str, Any], language: str | None, *, as_json: bool) -> str:
    """The bundle for programs, or as text for a mail. Raises :class:`NoEvidenceError`."""
    from monitor.evidence import NotEvidenceError, mail

    if as_json:
        return json_text(document)
    generator = document.get("generator")
    own = generator.get("language") if isinstance(generator, dict) else None
    try:
        return mail(document, language or str(own))
    except NotEvidenceError as error:
        raise NoEvidenceError(str(error)) from None


def transition_list(location: HistoryLocation, since: float, *, as_json: bool) -> str:
    """The newest transitions since an instant (seconds since the epoch), newest first.

    Raises :class:`~monitor.cli.history_source.HistoryUnreadableError`.
    """
    from monitor.evidence.text_writer import TextWriter

    with opened(location) as reader:
        newest = reader.transitions(since=since, limit=LISTED)[::-1]
    if as_json:
        return json_text([_value(entry) for entry in newest])
    if not newest:
        return "no transitions\n"
    writer = TextWriter(location.language, location.zone.key)
    rows = [_row(entry, writer) for entry in newest]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        + "\n"
        for row in rows
    )


def _row(entry: Entry, writer: TextWriter) -> tuple[str, ...]:
    from monitor.model.timestamps import iso_timestamp

    change = entry.transition
    service = "" if change.service is None else f"/{change.service}"
    return (
        entry.id,
        writer.instant(iso_timestamp(change.at)),
        f"{change.environment}{service}",
        f"{change.before.value} -> {change.after.value}",
        change.reason.value if change.reason is not None else "",
    )


def _value(entry: Entry) -> dict[str, Any]:
    from monitor.model.timestamps import iso_timestamp

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
