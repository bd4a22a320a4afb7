"""Renders a status in few lines: trouble first, each with its sentence, and the rest counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Group
from rich.padding import Padding
from rich.text import Text as RichText

from monitor.console.document_rows import rows_in
from monitor.console.frame import STOCKHOLM, Frame
from monitor.console.rows import Level, Row, last_known
from monitor.console.style import clock_time, status_mark
from monitor.model.status import Status
from monitor.model.text import Text
from probes.observation import clean

ROOM = 20
"""Services that all have a line and a sentence."""
_WORST = 10
"""Of more, those in trouble that have a line, with facts; the others share one an environment."""
_NAMED = 5
"""Services of an environment that are named in such a line."""
_ORDER = (Status.RED, Status.YELLOW, Status.UNKNOWN, Status.GREEN)
_PLANNED = Text(sv="planerat", en="planned")
_SINCE = Text(sv="sedan", en="since")
_MORE = Text(sv="{count} till", en="{count} more")
_TROUBLE = Text(
    sv="{count} av {all} tjänster har problem", en="{count} of {all} services have trouble"
)
_COUNTED = {
    "planned": Text(sv="{count} planerat stängda", en="{count} planned"),
    Status.UNKNOWN: Text(sv="{count} okända", en="{count} unknown"),
    Status.GREEN: Text(sv="{count} gröna", en="{count} green"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Service:
    """A service and its environment: one line."""

    environment: Row
    row: Row

    @property
    def planned(self) -> bool:
        return self.row.planned and self.row.status is not Status.GREEN

    @property
    def in_trouble(self) -> bool:
        return self.row.status in (Status.RED, Status.YELLOW) and not self.planned

    @property
    def expected(self) -> bool:
        """Green, or not green as planned."""
        return self.planned or self.row.status is Status.GREEN

    @property
    def place(self) -> tuple[bool, int]:
        """The key that lines are sorted by: what is not planned first, the worst first."""
        return self.planned, _ORDER.index(self.row.status)


def brief(
    document: Mapping[str, Any],
    language: str,
    *,
    now: float | None = None,
    zone: ZoneInfo = STOCKHOLM,
) -> Group:
    """Render a decoded status.json in few lines; with ``now`` they say when the document is stale.

    Raises :class:`~monitor.console.document_rows.NotAStatusDocumentError`.
    """
    frame = Frame.of(document, language, now=now, zone=zone)
    rows = rows_in(document)
    services = list(_services(last_known(row) for row in rows) if frame.stale else _services(rows))
    few = len(services) <= ROOM
    lines: list[RichText | Padding] = [] if frame.fault is None else [frame.fault]
    lines.append(_counts(services, language))
    ordered = sorted(services, key=lambda one: one.place)
    if few:
        lines += [line for one in ordered for line in _lines(one, frame)]
    else:
        trouble = [one for one in ordered if not one.expected]
        lines += [line for one in trouble[:_WORST] for line in _lines(one, frame, facts=True)]
        lines += _folded([*trouble[_WORST:], *(one for one in ordered if one.planned)], language)
        lines += _greens([one for one in services if one.row.status is Status.GREEN], language)
    return Group(*lines, *frame.below)


def _services(rows: Iterator[Row]) -> Iterator[_Service]:
    environment: Row | None = None
    for row in rows:
        if row.level is Level.ENVIRONMENT:
            environment = row
        elif row.level is Level.SERVICE and environment is not None:
            yield _Service(environment=environment, row=row)


def _counts(services: Sequence[_Service], language: str) -> RichText:
    """``6 of 200 services have trouble · 20 planned · 174 green``."""
    trouble = sum(one.in_trouble for one in services)
    parts = [_TROUBLE.pick(language).format(count=trouble, all=len(services))]
    planned = sum(one.planned for one in services)
    if planned:
        parts.append(_COUNTED["planned"].pick(language).format(count=planned))
    for status in (Status.UNKNOWN, Status.GREEN):
        count = sum(one.row.status is status and not one.planned for one in services)
        if count:
            parts.append(_COUNTED[status].pick(language).format(count=count))
    return RichText(" · ".join(parts), style="bold")


def _lines(one: _Service, frame: Frame, *, facts: bool = False) -> Iterator[RichText | Padding]:
    """A service's line, and below it what is wrong: in a sentence, or as ``facts``."""
    row, language = one.row, frame.language
    head = status_mark(row.status, language)
    head.no_wrap = False
    head.append(f"  {one.environment.name}/{row.name}", style="bold")
    head.append(f"  {row.title.pick(language)}", style="none")
    if row.since is not None:
        at = clock_time(row.since, frame.now, frame.zone, language)
        head.append(f"  {_SINCE.pick(language)} {at}", style="none")
    if one.planned:
        head.append(f"  {_PLANNED.pick(language)}", style="none")
    if said := row.said.pick(language):
        head.append(f"  {said}", style="italic")
    yield head
    if row.status is not Status.GREEN and not one.planned:
        told = (row.facts.pick(language) if facts else "") or clean(
            row.message.pick(language), 2_000
        )
        yield Padding(RichText(told), (0, 0, 0, 2), expand=False)


def _folded(services: Sequence[_Service], language: str) -> Iterator[RichText]:
    """A line for each environment and status: how many there are, and the first of them by name."""
    found: dict[tuple[bool, Status, str], list[str]] = {}
    for one in services:
        key = one.planned, one.row.status, one.environment.name
        found.setdefault(key, []).append(one.row.name)
    for (as_planned, status, environment), names in found.items():
        head = status_mark(status, language)
        head.no_wrap = False
        head.append(f"  {environment}", style="bold")
        more = len(names) - _NAMED
        shown = names[:_NAMED] + ([_MORE.pick(language).format(count=more)] if more > 0 else [])
        planned = f"{_PLANNED.pick(language)}  " if as_planned else ""
        head.append(f"  {planned}{len(names)}: {', '.join(shown)}", style="none")
        yield head


def _greens(services: Sequence[_Service], language: str) -> Iterator[RichText]:
    """One line: how many services of each environment are green."""
    if services:
        counted = Counter(one.environment.name for one in services)
        head = status_mark(Status.GREEN, language)
        head.no_wrap = False
        shown = ", ".join(f"{name} {count}" for name, count in counted.items())
        head.append(f"  {shown}", style="none")
        yield head
