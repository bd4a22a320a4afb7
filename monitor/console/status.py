"""Renders the table of statuses: environments, their services, their checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from rich import box
from rich.table import Table
from rich.text import Text as RichText

from monitor.console.document_rows import rows_in
from monitor.console.frame import STOCKHOLM, Frame, fault_line
from monitor.console.plans import coloured, lines_of
from monitor.console.rows import Level, Row, last_known, status_rows
from monitor.console.style import NOTHING, clock_time, milliseconds, status_mark, style
from monitor.model.status import Status
from monitor.model.text import Text

if TYPE_CHECKING:
    from monitor.judging.snapshot import Snapshot

Detail = Literal["services", "trouble", "checks"]
"""Which checks have a line: none, those that are not green, all."""

_HEADS = (
    Text(sv="Tjänst", en="Service"),
    Text(sv="Status", en="Status"),
    Text(sv="Sedan", en="Since"),
    Text(sv="Svarstid", en="Latency"),
    Text(sv="Läge", en="What we see"),
)
_PLANNED = Text(sv="planerat", en="planned")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """How the table is to look."""

    language: str
    zone: ZoneInfo
    now: float
    detail: Detail
    messages: bool
    latency: bool


def status_table(
    snapshot: Snapshot,
    language: str,
    *,
    detail: Detail = "checks",
    messages: bool = False,
    latency: bool = True,
) -> Table:
    """Render a snapshot as a table. ``messages`` gives services in trouble their full sentences,
    ``latency=False`` leaves that column out.
    """
    form = _Form(
        language=language,
        zone=snapshot.estate.timezone,
        now=snapshot.at,
        detail=detail,
        messages=messages,
        latency=latency,
    )
    table = _table(status_rows(snapshot), form)
    table.title = fault_line(snapshot.config_error, language)
    table.caption = _below(coloured(lines_of(snapshot), language))
    return table


def status_table_from_json(
    document: Mapping[str, Any],
    language: str,
    *,
    now: float | None = None,
    zone: ZoneInfo = STOCKHOLM,
    detail: Detail = "checks",
    messages: bool = True,
    latency: bool = True,
) -> Table:
    """Render a decoded status.json as a table; with ``now`` it says when the document is stale.

    Raises :class:`~monitor.console.document_rows.NotAStatusDocumentError`.
    """
    frame = Frame.of(document, language, now=now, zone=zone)
    form = _Form(
        language=language,
        zone=zone,
        now=frame.now,
        detail=detail,
        messages=messages,
        latency=latency,
    )
    rows = rows_in(document)
    table = _table((last_known(row) for row in rows) if frame.stale else rows, form)
    table.caption = _below(frame.below)
    table.title = frame.fault
    return table


def _below(lines: Sequence[RichText]) -> RichText | None:
    if not lines:
        return None
    plans = len(lines) > 1
    return RichText("\n", justify="left" if plans else None).join(lines)


def _table(rows: Iterable[Row], form: _Form) -> Table:
    service, status, since, latency, seen = (head.pick(form.language) for head in _HEADS)
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(service, min_width=22, max_width=34, overflow="fold")
    table.add_column(status, no_wrap=True)
    table.add_column(since, no_wrap=True)
    if form.latency:
        table.add_column(latency, justify="right", no_wrap=True)
    table.add_column(seen, ratio=1, min_width=20, overflow="fold")
    some = [row for row in rows if _shown(row, form.detail)]
    for row, following in zip_longest(some, some[1:]):
        table.add_row(
            *_cells(row, form),
            style="bold" if row.level is Level.ENVIRONMENT else None,
            end_section=following is not None and following.level is Level.ENVIRONMENT,
        )
    return table


def _cells(row: Row, form: _Form) -> Iterator[RichText | str]:
    yield _title(row, form.language)
    yield status_mark(row.status, form.language)
    if row.since is None:
        yield NOTHING
    else:
        yield clock_time(row.since, form.now, form.zone, form.language)
    if form.latency:
        whole = row.level is Level.ENVIRONMENT
        yield "" if whole else milliseconds(row.latency, form.language)
    yield _seen(row, form)


def _shown(row: Row, detail: Detail) -> bool:
    if row.level not in (Level.CHECK, Level.LOCATION):
        return True
    return detail == "checks" or (detail == "trouble" and row.status is not Status.GREEN)


def _title(row: Row, language: str) -> RichText:
    indent = {
        Level.ENVIRONMENT: "",
        Level.SERVICE: "  ",
        Level.CHECK: "    ",
        Level.LOCATION: "      ",
    }[row.level]
    quiet = (
        "dim" if row.level in (Level.CHECK, Level.LOCATION) and row.status is Status.GREEN else ""
    )
    return RichText(f"{indent}{row.title.pick(language)}", style=quiet)


def _seen(row: Row, form: _Form) -> RichText:
    """Why, in few words or in full sentences."""
    language = form.language
    whole = form.messages and row.level is Level.SERVICE and row.status is not Status.GREEN
    shown = (row.message if whole else row.short).pick(language)
    if form.detail == "services" and not whole and row.reason.pick(language):
        shown = f"{shown}: {row.reason.pick(language)}"
    if row.planned:
        shown = f"{shown} ({_PLANNED.pick(language)})"
    if said := row.said.pick(language):
        shown = f"{shown} ({said})"
    quiet = row.status is Status.GREEN
    return RichText(shown, style="dim" if quiet else style(row.status).removeprefix("bold "))
