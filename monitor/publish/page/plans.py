"""Service windows, upgrades and notices as cards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice

from markupsafe import Markup

from monitor import wording
from monitor.judging.snapshot import Snapshot
from monitor.model.status import Status
from monitor.plan import (
    Acknowledgement,
    NoticeView,
    Occurrence,
    Silence,
    UpgradeView,
    covering,
)
from monitor.plan.windows import PlanScope
from monitor.publish.page.query import PageQuery
from monitor.publish.page.shared import moment
from monitor.publish.page.words import WORDS
from monitor.publish.rendering.language import Language

AHEAD, BEHIND = 60 * 86_400.0, 30 * 86_400.0
"""Seconds ahead and back for which service windows are shown."""
MOST = 20
"""Cards of one kind at most."""
_TONES = {Status.RED: "outage", Status.YELLOW: "disturbance"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One planned thing. ``tone`` is a class of the style sheet."""

    title: str
    when: Markup
    short: str = ""
    """When, in a word or two."""
    note: str = ""
    """One line: what it will mean."""
    message: str = ""
    scope: str = ""
    tone: str = "none"
    cancelled: bool = False


def windows(
    snapshot: Snapshot, asked: PageQuery, concerns: Callable[[PlanScope], bool]
) -> dict[str, list[Card]]:
    """Active, upcoming and past ones that concern what is shown."""
    at, agenda = snapshot.at, snapshot.agenda
    found = {
        "active": [one for one in agenda.occurrences if one.start <= at < one.end],
        "upcoming": agenda.upcoming(at, AHEAD),
        "past": agenda.past(at, BEHIND),
    }
    cards = {
        when: [
            _card(one, snapshot, asked)
            for one in islice((one for one in some if concerns(one.window)), MOST)
        ]
        for when, some in found.items()
    }
    return {**cards, "by_hand": _by_hand(snapshot, asked, concerns)}


def by_hand_marks(snapshot: Snapshot, language: Language) -> dict[str, str]:
    """A few words of whoever is at a service, or has silenced it, by ``ENV/SERVICE``."""
    agenda, found = snapshot.agenda, dict[str, str]()
    if not agenda.acknowledgements and not agenda.silences:
        return found
    services = [(one.service.environment, one.service.name) for one in snapshot.services()]
    for some in (agenda.acknowledgements, agenda.silences):
        for subject, one in covering(some, services, snapshot.at).items():
            said = wording.by_hand_mark(one.author, silenced=isinstance(one, Silence))
            before = f"{found[subject]}, " if subject in found else ""
            found[subject] = before + said.pick(language)
    return found


def _by_hand(
    snapshot: Snapshot, asked: PageQuery, concerns: Callable[[PlanScope], bool]
) -> list[Card]:
    """What people have acknowledged and silenced, who and until when."""
    agenda, zone, language = snapshot.agenda, snapshot.estate.timezone, asked.language
    said: tuple[Acknowledgement | Silence, ...] = (*agenda.acknowledgements, *agenda.silences)
    active = [one for one in said if one.active(snapshot.at)]
    return [
        Card(
            title=wording.by_hand_message(one, zone, silenced=isinstance(one, Silence)).pick(
                language
            ),
            when=Markup(),
            message=one.because,
            scope=_scope(one, snapshot, asked),
        )
        for one in active
        if concerns(one)
    ][:MOST]


def upgrades(snapshot: Snapshot, asked: PageQuery) -> list[Card]:
    """Version packages, in the configuration's order."""
    return [_package(one, asked) for one in snapshot.upgrades]


def _package(view: UpgradeView, asked: PageQuery) -> Card:
    upgrade, language = view.upgrade, asked.language
    words = WORDS[language]
    return Card(
        title=upgrade.title.pick(language)
        if upgrade.title is not None
        else f"{words['package']} {upgrade.package}",
        when=Markup(),
        note=wording.upgrade_message(view).pick(language),
        message=upgrade.message.pick(language) if upgrade.message is not None else "",
        tone="disturbance" if view.answering else "none",
    )


def notices(
    snapshot: Snapshot, asked: PageQuery, concerns: Callable[[PlanScope], bool]
) -> list[Card]:
    """What people have written and is valid now, with when it was last changed."""
    return [_notice(one, snapshot, asked) for one in snapshot.notices if concerns(one.notice)]


def _notice(view: NoticeView, snapshot: Snapshot, asked: PageQuery) -> Card:
    notice, zone, language = view.notice, snapshot.estate.timezone, asked.language
    words = WORDS[language]
    times = [
        (words[name], moment(at, zone, language))
        for name, at in (
            ("from", notice.begins),
            ("until", notice.ends),
            ("changed", view.changed_at),
        )
        if at is not None
    ]
    return Card(
        title=notice.title.pick(language) if notice.title is not None else words["notice"],
        note=_signed("", notice.author, words),
        when=Markup(". ").join(Markup("{} {}").format(*one) for one in times),
        message=notice.message.pick(language),
        scope=_scope(notice, snapshot, asked),
        tone=_TONES.get(notice.says, "none"),
    )


def _signed(note: str, author: str, words: Mapping[str, str]) -> str:
    signed = f"{words['written_by']} {author}." if author else ""
    return f"{note}{' – ' if note and signed else ''}{signed}"


def _card(one: Occurrence, snapshot: Snapshot, asked: PageQuery) -> Card:
    window, zone, language = one.window, snapshot.estate.timezone, asked.language
    words = WORDS[language]
    under_way = one.start <= snapshot.at
    at = wording.short_instant(one.end if under_way else one.start, snapshot.at, zone)
    return Card(
        title=window.title.pick(language),
        short=f"{words['until'].lower()} {at.pick(language)}" if under_way else at.pick(language),
        when=Markup("{} – {}").format(
            moment(one.start, zone, language), moment(one.end, zone, language)
        ),
        note=_signed(words[window.impact.value], window.author, words),
        message=window.message.pick(language) if window.message is not None else "",
        scope=_scope(window, snapshot, asked),
        tone=window.impact.value,
        cancelled=window.cancelled,
    )


def _scope(one: PlanScope, snapshot: Snapshot, asked: PageQuery) -> str:
    """Whom it concerns, by their titles."""
    language = asked.language
    named: list[str] = []
    for view in snapshot.environments:
        name = view.environment.name
        where = view.environment.title.pick(language)
        if name in one.environments:
            named.append(where)
        elif any(id_.partition("/")[0] == name for id_ in one.services):
            named += [
                f"{where}: {each.service.title.pick(language)}"
                for each in view.services
                if each.service.id in one.services
            ]
    # a calendar may name what is not watched
    named = named or sorted(one.environments) + sorted(one.services)
    return ", ".join(named) if named else WORDS[language]["everything"]
