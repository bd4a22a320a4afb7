"""Environments × services: a symbol and a short word in each cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from markupsafe import escape

from monitor.judging.snapshot import ServiceView
from monitor.model.estate import ServiceId
from monitor.publish.page.query import counted_as
from monitor.publish.page.selection import Selection
from monitor.publish.page.words import WORDS
from monitor.publish.rendering.language import Language

MARKS = {"green": "✔", "yellow": "▲", "red": "✖", "unknown": "?", "planned": "◆"}
SHORT = 24
"""Characters of a title that fits a column's head."""
MOST_COLUMNS = 24
"""Services in columns at most; more, or others in each environment, wrap within its row."""


def matrix(
    selection: Selection, cells: Mapping[ServiceId, str], language: Language
) -> Iterator[str]:
    """The table, a cell at a time."""
    words, shown = WORDS[language], selection.rows
    columns = list(dict.fromkeys(view.service.name for one in shown for view in one.services))
    half_empty = len(selection.ids) * 2 < len(columns) * len(shown)
    wrapped = len(columns) > MOST_COLUMNS or half_empty
    kind = "matrix wrap" if wrapped else "matrix"
    yield (
        f'<section class="{kind}" aria-labelledby="matrix"><h2 id="matrix">{words["matrix"]}</h2>\n'
        f'<table><thead><tr><th scope="col">{words["environment"]}</th>'
    )
    if wrapped:
        yield f'<th scope="col">{words["service"]}</th>'
    else:
        titles = {v.service.name: short_name(v, language) for one in shown for v in one.services}
        for name in columns:
            yield f'<th scope="col"><span>{escape(titles[name])}</span></th>'
    yield "</tr></thead><tbody>\n"
    for one in shown:
        environment = one.view.environment
        counted = Counter(counted_as(view) for view in one.services)
        well = " ".join(f"{MARKS[x]} {counted[x]}" for x in ("green", "planned") if counted[x])
        side = f" <small>{escape(environment.side)}</small>" if environment.side else ""
        yield (
            f'<tr><th scope="row">{escape(environment.title.pick(language))}{side}'
            f'<span class="well">{well}</span></th>'
        )
        by_name = {view.service.name: view for view in one.services}
        if wrapped:
            yield "<td><ul>"
        for name in by_name if wrapped else columns:
            view = by_name.get(name)
            if view is None:
                yield "<td></td>"
                continue
            differs = (environment.group, name) in selection.apart
            tone = f"{counted_as(view)} apart" if differs else counted_as(view)
            inner = cells[view.service.id]
            if differs:
                inner += f'<span class="hidden">, {words["differs"]}</span>'
            yield (
                f'<li class="{tone}">{inner}</li>'
                if wrapped
                else f'<td class="{tone}">{inner}</td>'
            )
        yield "</ul></td></tr>\n" if wrapped else "</tr>\n"
    yield "</tbody></table></section>\n"


def short_name(view: ServiceView, language: Language) -> str:
    """What the title has in brackets at its end, such as ``EXPO``; else the title if it is short;
    else its name.
    """
    title = view.service.title.pick(language)
    inner = title[title.rfind("(") + 1 : -1]
    if title.endswith(")") and 0 < len(inner) <= 8:
        return inner
    return title if len(title) <= SHORT else view.service.name
