"""The front page: one answer, what is in trouble, and environments × services.

What is written of a service is kept as long as its view is the same object, so that a page of
thousands of services costs little more than its copying.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import escape

from monitor import wording
from monitor.judging.snapshot import EnvironmentView, ServiceView, Snapshot
from monitor.model.estate import Estate, Service, ServiceId
from monitor.publish.page import plans
from monitor.publish.page.matrix import MARKS, matrix, short_name
from monitor.publish.page.query import PageQuery, counted_as
from monitor.publish.page.selection import Selection, answer, select
from monitor.publish.page.shared import TEMPLATES, frame, mark, stated, word
from monitor.publish.page.words import WORDS
from monitor.publish.rendering.language import Language
from monitor.publish.rendering.reuse import staying

_HEAD = TEMPLATES.get_template("head.html")
_FRONT = TEMPLATES.get_template("front.html")
_TROUBLE = TEMPLATES.get_template("trouble.html")
_FILTER = TEMPLATES.get_template("filter.html")
_PLANNED = TEMPLATES.get_template("planned.html")
_FOOT = TEMPLATES.get_template("foot.html")
_ORDER = ("red", "yellow", "unknown", "planned", "green")


def render_overview(snapshot: Snapshot, language: Language, asked: PageQuery | None = None) -> str:
    """The whole front page, made from nothing. For a site keep a :class:`Overview`."""
    return "".join(Overview().pieces(snapshot, asked or PageQuery(language=language)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """What is written of a service: its cell, and its line in a list."""

    made_of: ServiceView | Service
    """Of a service that is well, or of which nothing is known, no measurement is told."""
    counted: str
    says: str
    by_hand: str
    on: date
    cell: str
    line: str


class Overview:
    """Renders snapshot after snapshot, each time only what has changed."""

    def __init__(self) -> None:
        self._estate: Estate | None = None
        self._kept: dict[tuple[str, Language], dict[ServiceId, _Written]] = {}

    def pieces(self, snapshot: Snapshot, asked: PageQuery) -> Iterator[str]:
        """HTML bit by bit, at most a service each, for whoever must not stop the event loop."""
        self._renew(snapshot)
        language, words = asked.language, WORDS[asked.language]
        selection = yield from select(snapshot, asked)
        said, further = answer(selection, asked)
        framed = frame(snapshot, asked, "/", "")
        framed["title"] = f"{word(selection.worst, language)} – {framed['heading']}"
        windows = plans.windows(snapshot, asked, selection.touches)
        yield _HEAD.render(framed)
        yield _FRONT.render(
            framed,
            tone=selection.worst.value,
            answer=" · ".join((said, *further)),
            counts=[
                (each, MARKS[each], words[f"{each}_short"], number, asked.only(each))
                for each in _ORDER
                if (number := selection.counted[each])
            ],
            active=windows["active"],
            upcoming=windows["upcoming"],
            notices=plans.notices(snapshot, asked, selection.touches),
        )
        if selection.rows:
            yield from self._services(snapshot, selection, asked)
        yield _FILTER.render(
            framed,
            environments=[
                (each.name, each.title.pick(language))
                for each in (view.environment for view in snapshot.environments)
            ],
        )
        yield _PLANNED.render(framed, windows=windows, upgrades=plans.upgrades(snapshot, asked))
        yield _FOOT.render(framed)

    def _renew(self, snapshot: Snapshot) -> None:
        if snapshot.estate is self._estate:
            return
        kept = [service.id for service in staying(self._estate, snapshot.estate)]
        self._kept = {
            told: {id_: made[id_] for id_ in kept if id_ in made}
            for told, made in self._kept.items()
        }
        self._estate = snapshot.estate

    def _services(
        self, snapshot: Snapshot, selection: Selection, asked: PageQuery
    ) -> Iterator[str]:
        words = WORDS[asked.language]
        # what is kept has few variants: language, chosen or not
        kept = self._kept.setdefault((asked.suffix, asked.language), {})
        today = datetime.fromtimestamp(snapshot.at, snapshot.estate.timezone).date()
        bad: list[tuple[int, float, int, str]] = []
        folded: dict[str, list[tuple[str, list[str]]]] = {"unknown": [], "planned": [], "green": []}
        cells: dict[ServiceId, str] = {}
        marks = plans.by_hand_marks(snapshot, asked.language)
        for one in selection.rows:
            lines: dict[str, list[str]] = {name: [] for name in folded}
            for view in one.services:
                id_ = view.service.id
                says, known = stated(snapshot, id_, asked.language), kept.get(id_)
                counted = counted_as(view)
                if (
                    known is None
                    or known.made_of is not _made_of(view, counted)
                    or known.counted != counted
                    or known.says != says
                    or known.by_hand != marks.get(id_, "")
                    or known.on != today
                ):
                    known = _write(view, says, marks.get(id_, ""), today, one.view, snapshot, asked)
                    kept[id_] = known
                yield ""  # somebody else may want the loop
                cells[id_] = known.cell
                if counted in lines:
                    lines[counted].append(known.line)
                else:
                    bad.append((-view.status.severity, -view.since, len(bad), known.line))
            title = one.view.environment.title.pick(asked.language)
            for name, some in lines.items():
                if some:
                    folded[name].append((title, some))
        if bad:
            yield f'<section class="troubles" aria-labelledby="trouble"><h2 id="trouble">{words["trouble"]}</h2><ul>\n'
            for *_, line in sorted(bad):
                yield line
            yield "</ul></section>\n"
        yield from matrix(selection, cells, asked.language)
        for one in selection.rows:
            says = stated(snapshot, one.view.environment.name, asked.language)
            if says:
                where = one.view.environment.title.pick(asked.language)
                yield f'<p class="stated">{escape(where)}: {escape(says)}</p>\n'
        yield _legend(asked.language)
        for name, rest in folded.items():
            yield from _folded(name, rest, words[f"{name}_head"])


def _made_of(view: ServiceView, counted: str) -> ServiceView | Service:
    return view if counted in ("red", "yellow") else view.service


def _write(
    view: ServiceView,
    says: str,
    by_hand: str,
    on: date,
    environment: EnvironmentView,
    snapshot: Snapshot,
    asked: PageQuery,
) -> _Written:
    zone, language, service = snapshot.estate.timezone, asked.language, view.service
    words, counted = WORDS[language], counted_as(view)
    link, title = asked.service_link(service.id), service.title.pick(language)
    # of thousands that change at once; ``Markup.format`` would take ten times as long
    cell = (
        f'<a href="{escape(link)}"><span class="n">{escape(short_name(view, language))} </span>'
        f'<span aria-hidden="true">{MARKS[counted]}</span> {escape(words[f"{counted}_short"])}</a>'
    )
    if counted in ("red", "yellow"):
        message = wording.service_message(
            view, zone, environment.environment.title, now=snapshot.at
        )
        line = _TROUBLE.render(
            w=words,
            link=link,
            title=title,
            where=environment.environment.title.pick(language),
            status=view.status.value,
            mark=mark(view.status, language),
            facts=wording.service_facts(view, snapshot.at, zone).pick(language),
            message=message.pick(language),
            stated=says,
            by_hand=by_hand,
            help=service.help.pick(language) if service.help is not None else "",
        )
    else:
        beside = "".join(
            f' <span class="stated">{escape(one)}</span>' for one in (says, by_hand) if one
        )
        line = f'<li><a href="{escape(link)}">{escape(title)}</a>{beside}</li>\n'
    return _Written(
        made_of=_made_of(view, counted),
        counted=counted,
        says=says,
        by_hand=by_hand,
        on=on,
        cell=cell,
        line=line,
    )


def _legend(language: Language) -> str:
    words = WORDS[language]
    items = "".join(
        f'<li class="{each}"><span aria-hidden="true">{MARKS[each]}</span>'
        f" <strong>{words[f'{each}_short']}</strong> {words[f'{each}_means']}</li>"
        for each in ("green", "yellow", "red", "unknown", "planned")
    )
    return f'<section class="colours" aria-labelledby="legend"><h2 id="legend" class="hidden">{words["legend"]}</h2><ul>{items}</ul></section>\n'


def _folded(name: str, rest: list[tuple[str, list[str]]], heading: str) -> Iterator[str]:
    """A line for each environment, with its services one click away."""
    if not rest:
        return
    yield f'<section class="folded {name}" aria-labelledby="all-{name}"><h2 id="all-{name}">{heading}</h2>\n'
    for title, lines in rest:
        yield (
            f"<details><summary>{escape(title)}: {len(lines)}"
            f' <span aria-hidden="true">{MARKS[name]}</span></summary><ul>\n'
        )
        yield from lines
        yield "</ul></details>\n"
    yield "</section>\n"
