"""A service's transitions as incidents: what, from when to when, how long, why, and where more is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from monitor import wording
from monitor.judging.incidents import Incident, TransitionEntry, incidents, transition_entry
from monitor.model.addresses import event_anchor, event_path, evidence_path
from monitor.model.records import Entry
from monitor.publish.page.shared import mark, moment
from monitor.publish.page.words import WORDS
from monitor.publish.rendering.language import Language
from probes.observation import Cause, Reason, clean

PAGE = 50
"""Transitions that are read for a page of incidents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One transition within an incident. Texts ready."""

    anchor: str
    at: Markup
    mark: Markup
    planned: bool
    message: str
    evidence: str
    """An address, empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentCard:
    """One incident. Texts ready."""

    anchor: str
    link: str
    status: str
    mark: Markup
    span: Markup
    lasted: str
    planned: bool
    why: str
    message: str
    evidence: str
    changes: tuple[Change, ...]
    """Oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPage:
    cards: tuple[IncidentCard, ...]
    """The newest first."""
    older: str
    """What ``until`` asks for the page before this one; empty where nothing is older."""


def incident_page(
    entries: Sequence[Entry], now: float, zone: ZoneInfo, language: Language, *, newest: bool
) -> IncidentPage:
    """Of transitions of one service, oldest first, at most :data:`PAGE`; ``newest`` when none is
    later. An incident whose beginning was not read is left to the page of older ones.
    """
    found = incidents(
        transition_entry(each) for each in entries if each.transition.service is not None
    )
    older = ""
    if len(entries) >= PAGE:
        if len(found) > 1 and found[-1].changes[0].id == entries[0].id:
            found.pop()
        first = found[-1].changes[0].at if found else entries[0].transition.at
        older = repr(first)
    return IncidentPage(
        cards=tuple(_card(each, now, zone, language, newest=newest) for each in found),
        older=older,
    )


def _card(
    one: Incident, now: float, zone: ZoneInfo, language: Language, *, newest: bool
) -> IncidentCard:
    service = f"{one.environment}/{one.service}"
    decisive, first = one.decisive, one.changes[0]
    until = one.ended if one.ended is not None else now if newest else None
    known = one.began is not None and until is not None
    lasted = max(0.0, until - one.began) if one.began is not None and until is not None else 0.0
    return IncidentCard(
        anchor=event_anchor(first.id),
        link=event_path(service, first.id),
        status=one.worst.value,
        mark=mark(one.worst, language),
        span=_span(one, zone, language, newest=newest),
        lasted=wording.duration(lasted).pick(language) if known else "",
        planned=one.planned,
        why=_why(decisive, language),
        message=decisive.message.pick(language),
        evidence=_evidence(decisive),
        changes=tuple(_change(each, zone, language) for each in one.changes),
    )


def _span(one: Incident, zone: ZoneInfo, language: Language, *, newest: bool) -> Markup:
    words = WORDS[language]
    if one.began is None:
        edge = moment(one.changes[0].at, zone, language)
        begin = escape(words["incident_before"]).format(edge)
    else:
        begin = moment(one.began, zone, language)
    if one.ended is not None:
        return Markup("{} – {}").format(begin, moment(one.ended, zone, language))
    return escape(words["incident_lasts" if newest else "incident_goes_on"]).format(begin)


def _change(one: TransitionEntry, zone: ZoneInfo, language: Language) -> Change:
    return Change(
        anchor=event_anchor(one.id),
        at=moment(one.at, zone, language),
        mark=mark(one.after, language),
        planned=one.planned,
        message=one.message.pick(language),
        evidence=_evidence(one),
    )


def _evidence(one: TransitionEntry) -> str:
    return evidence_path(one.id) if one.evidence else ""


def _why(one: TransitionEntry, language: Language) -> str:
    """The reason of the worst in a phrase: ``Anslutningen nekades``; empty where there is none."""
    if one.reason is None:
        return ""
    cause = Cause(one.cause) if one.cause is not None else None
    phrase = wording.reason_phrase(Reason(one.reason), cause).pick(language)
    check = f" ({one.check.rpartition('/')[2]})" if one.check else ""
    return clean(phrase[:1].upper() + phrase[1:] + check)
