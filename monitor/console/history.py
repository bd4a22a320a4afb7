"""Renders incidents as text: what, when, how long, why, and where the evidence is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Group
from rich.padding import Padding
from rich.text import Text as RichText

from monitor.console.style import clock_time, status_mark
from monitor.judging.incidents import Incident
from monitor.model.text import Text
from monitor.wording.times import duration
from probes.observation import clean

_PLANNED = Text(sv="planerat", en="planned")
_LASTS = Text(sv="pågår", en="still so")
_EARLIER = Text(sv="tidigare", en="earlier")
_NONE = Text(sv="inga avvikelser", en="no incidents")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentForm:
    """The language, the zone and the instant (seconds since the epoch) that incidents are shown in."""

    language: str
    zone: ZoneInfo
    now: float


def incident_list(found: Sequence[Incident], form: IncidentForm) -> Group:
    """Render incidents in the order given; ``no incidents`` when there are none."""
    if not found:
        return Group(RichText(_NONE.pick(form.language)))
    return Group(*(part for one in found for part in _parts(one, form)))


def _parts(one: Incident, form: IncidentForm) -> Iterator[RichText | Padding]:
    head = status_mark(one.worst, form.language)
    head.no_wrap = False
    head.append(f"  {one.environment}/{one.service}", style="bold")
    head.append(f"  {_span(one, form)}", style="none")
    if one.planned:
        head.append(f"  {_PLANNED.pick(form.language)}", style="none")
    yield head
    decisive = one.decisive
    why = [part for part in (decisive.check, decisive.reason, decisive.cause) if part]
    if why:
        yield Padding(RichText(clean(" · ".join(why))), (0, 0, 0, 2), expand=False)
    yield Padding(
        RichText(clean(decisive.message.pick(form.language), 2_000)), (0, 0, 0, 2), expand=False
    )
    if decisive.evidence:
        yield Padding(
            RichText(f"driftvakt evidence {decisive.id}", style="dim"), (0, 0, 0, 2), expand=False
        )


def _span(one: Incident, form: IncidentForm) -> str:
    language = form.language
    if one.began is None:
        first = _EARLIER.pick(language)
    else:
        first = clock_time(one.began, form.now, form.zone, language)
    if one.ended is None:
        last = _LASTS.pick(language)
    elif one.began is not None and _day(one.began, form.zone) == _day(one.ended, form.zone):
        last = clock_time(one.ended, one.ended, form.zone, language)
    else:
        last = clock_time(one.ended, form.now, form.zone, language)
    shown = f"{first} – {last}"
    if one.began is None:
        return shown
    until = one.ended if one.ended is not None else form.now
    return f"{shown}  {duration(max(0.0, until - one.began)).pick(language)}"


def _day(at: float, zone: ZoneInfo) -> object:
    return datetime.fromtimestamp(at, zone).date()
