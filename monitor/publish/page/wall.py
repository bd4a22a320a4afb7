"""The wall: everything on one screen without scrolling, the worst first, readable from afar.

The server knows how many tiles there are and chooses columns and rows; the style sheet sizes tiles
and letters by them, so that a screen of any size is filled. What does not fit shrinks, the green
and the planned first: tiles of one size, then smaller ones, then one for each environment, then a
number; at last the worst are shown and the rest counted. The wall says when it has shrunk something.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt

from monitor.judging.snapshot import EnvironmentView, ServiceView, Snapshot
from monitor.model.status import Status
from monitor.model.timestamps import iso_timestamp
from monitor.publish.page.query import PageQuery
from monitor.publish.page.selection import answer, selected
from monitor.publish.page.shared import SYMBOLS, TEMPLATES, frame, moment, word
from monitor.publish.page.words import WORDS
from monitor.publish.rendering.language import Language

_WALL = TEMPLATES.get_template("wall.html")
SAME_SIZE = 24
"""Services up to which all tiles have one size."""
CHIPS, CHIPS_BESIDE = 240, 60
"""Green and planned tiles that are shown one by one at most: alone on the screen, and below trouble."""
FOLDED = 60
"""Tiles of counted environments at most."""
WORST = 112
"""Tiles of trouble at most."""
_FLAT, _WIDE = 2.6, 4.5
"""How many times wider than high a tile should be: of trouble, of what is calm."""
_SCREEN = 16 / 9
_ABOVE, _BELOW = 0.6, 0.25
"""The parts of the height that trouble and, beside it, what is calm have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    status: str
    symbol: str
    title: str
    link: str = ""
    where: str = ""
    word: str = ""
    planned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Tiles, and how many columns and rows they stand in on a wide and on a high screen."""

    name: str
    tiles: tuple[Tile, ...]
    columns: int
    rows: int
    high_columns: int
    high_rows: int


def render_wall(snapshot: Snapshot, asked: PageQuery) -> str:
    """The wall of what was asked for. Of values only, so that it may be called in a thread."""
    language, zone = asked.language, snapshot.estate.timezone
    words = WORDS[language]
    selection = selected(snapshot, asked)
    shown = [(row.view, service) for row in selection.rows for service in row.services]
    shown.sort(key=lambda both: _order(both[1]))
    grids, notes = _grids(shown, asked)
    worst = next((view.status for _, view in shown if not view.planned), Status.GREEN)
    said, further = answer(selection, asked)
    return _WALL.render(
        frame(snapshot, asked, "/", f"{said} – {words['wall']}"),
        tone=worst.value if shown else Status.UNKNOWN.value,
        headline=said,
        further=" · ".join(further),
        grids=grids,
        notes=" ".join(words[note] for note in notes),
        zone=zone.key,
        made=moment(snapshot.at, zone, language),
        iso=iso_timestamp(snapshot.at),
    )


def _order(view: ServiceView) -> tuple[bool, int, float]:
    """What somebody must look after, then what is planned, then green; the worse before the better,
    the newest first.
    """
    return _calm(view), -view.status.severity, -view.since


_Shown = Sequence[tuple[EnvironmentView, ServiceView]]


def _grids(shown: _Shown, asked: PageQuery) -> tuple[list[Grid], list[str]]:
    """The grids from above, and the notes of what had to shrink."""
    if len(shown) <= SAME_SIZE:
        tiles = [_tile(*both, asked) for both in shown]
        return [_grid("all", tiles, _ABOVE + _BELOW, _FLAT)] if tiles else [], []
    trouble = [both for both in shown if not _calm(both[1])]
    calm = shown[len(trouble) :]
    notes: list[str] = []
    grids: list[Grid] = []
    if trouble:
        tiles = [_tile(*both, asked) for both in trouble[:WORST]]
        if len(trouble) > WORST:
            notes.append("wall_not_all")
            tiles[-1:] = [_rest(trouble[WORST - 1 :], asked.language)]
        grids.append(_grid("trouble", tiles, _ABOVE if calm else _ABOVE + _BELOW, _FLAT))
    if calm:
        small, note = _small(calm, CHIPS_BESIDE if trouble else CHIPS, asked)
        notes += [note] if trouble or note != "wall_chips" else []
        grids.append(_grid("calm", small, _BELOW if trouble else _ABOVE + _BELOW, _WIDE))
    return grids, notes


def _small(calm: _Shown, most: int, asked: PageQuery) -> tuple[list[Tile], str]:
    if len(calm) <= most:
        return [_tile(*both, asked) for both in calm], "wall_chips"
    groups: dict[tuple[bool, str], list[ServiceView]] = {}
    titles: dict[str, str] = {}
    for environment, view in calm:
        name = environment.environment.name
        titles[name] = environment.environment.title.pick(asked.language)
        groups.setdefault((not view.planned, name), []).append(view)
    note = "wall_folded"
    if len(groups) > FOLDED:
        note, merged = "wall_counted", dict[tuple[bool, str], list[ServiceView]]()
        for (fine, _), views in groups.items():
            merged.setdefault((fine, ""), []).extend(views)
        groups = merged
    return [
        _counted(views, name, titles.get(name, ""), asked)
        for (_, name), views in sorted(groups.items(), key=lambda both: both[0])
    ], note


def _tile(environment: EnvironmentView, view: ServiceView, asked: PageQuery) -> Tile:
    language = asked.language
    return Tile(
        status=view.status.value,
        symbol=SYMBOLS[view.status],
        title=view.service.title.pick(language),
        link=asked.service_link(view.service.id),
        where=environment.environment.title.pick(language),
        word=WORDS[language]["wall_tile_planned"] if view.planned else word(view.status, language),
        planned=view.planned,
    )


def _rest(rest: _Shown, language: Language) -> Tile:
    title = WORDS[language]["wall_more"].format(len(rest))
    return Tile(status=_worst(view for _, view in rest).value, symbol="+", title=title)


def _counted(views: Sequence[ServiceView], name: str, title: str, asked: PageQuery) -> Tile:
    status, planned = _worst(views), views[0].planned
    name_of_words = "wall_planned" if planned else "wall_fine_here" if name else "wall_fine"
    said = WORDS[asked.language][name_of_words].format(len(views))
    return Tile(
        status=status.value,
        symbol=SYMBOLS[status],
        title=title or said,
        link=replace(asked, environments=(name,), kiosk=False).home() if name else "",
        word=said if title else "",
        planned=planned,
    )


def _worst(views: Iterable[ServiceView]) -> Status:
    return max((view.status for view in views), key=lambda status: status.severity)


def _calm(view: ServiceView) -> bool:
    """Whether nobody has to do anything about it."""
    return view.planned or view.status is Status.GREEN


def _grid(name: str, tiles: Sequence[Tile], share: float, flat: float) -> Grid:
    """``share`` is the part of the screen's height; ``flat`` how wide a tile should be for its
    height.
    """
    number = len(tiles)

    def columns(screen: float) -> int:
        return min(
            16, number, max(1, ceil(number / 16), round(sqrt(number * screen / share / flat)))
        )

    wide, high = columns(_SCREEN), columns(1 / _SCREEN)
    return Grid(
        name=name,
        tiles=tuple(tiles),
        columns=wide,
        rows=ceil(number / wide),
        high_columns=high,
        high_rows=ceil(number / high),
    )
