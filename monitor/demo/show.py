"""Shows the demo: a live table on a terminal, plain lines anywhere else."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text as RichText

from monitor.console.status import Detail, status_table
from monitor.console.style import clock_time, status_mark
from monitor.demo.changes import ServiceChange, service_changes
from monitor.judging.snapshot import Snapshot
from monitor.model.text import Text

REFRESH = 0.25
TABLE_EVERY = 2.0
"""Seconds between tables where there is no terminal."""
LINE_WIDTH = 120
"""Columns of a table where there is no terminal."""
EVENTS = 6
TALL = 48
"""Lines of a terminal that has room for every check."""
MEDIUM = 36
"""Lines of a terminal that has room for the checks in trouble."""
WIDE = 100
"""Columns of a terminal that has room for latencies."""

_HEADING = Text(
    sv="Två testmiljöer på den egna datorn går ner och kommer upp igen. Ctrl-C avslutar.",
    en="Two test environments on this machine go down and come up again. Ctrl-C ends it.",
)
_CONFIGURATION = Text(sv="konfiguration", en="configuration")
_PAGE = Text(sv="sida", en="page")
_METRICS = Text(sv="mätvärden", en="metrics")
_STATUS = Text(sv="statusadress", en="status address")
_STATUS_FILE = Text(sv="statusfil", en="status file")
_LOG = Text(sv="logg", en="log")
_EVENTS = Text(sv="Senaste händelser", en="Latest events")
_ENDED = Text(
    sv="Slut. Servrarna är stoppade och de tillfälliga filerna borttagna.",
    en="Ended. The servers are stopped and the temporary files removed.",
)
_FAILED = Text(sv="Testmiljöerna startade inte:", en="The test environments did not start:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Addresses and paths where there is more to see."""

    configuration: str
    page: str
    metrics: str
    status: str
    status_file: str
    log: str


async def show_demo(
    snapshot: Callable[[], Snapshot], places: Addresses, console: Console, language: str
) -> NoReturn:
    """Show what ``snapshot`` gives, until cancelled.

    Drawing is done in a thread: a slow terminal must not make the targets look slow.
    """
    if console.is_terminal and not console.is_dumb_terminal:
        await _live(snapshot, places, console, language)
    await _lines(snapshot, places, console, language)


def print_end(console: Console, language: str) -> None:
    """Print that the demo has ended."""
    console.print(RichText(_ENDED.pick(language)))


def print_failure(console: Console, reason: str, language: str) -> None:
    """Print why the demo did not start."""
    console.print(RichText(f"{_FAILED.pick(language)}\n{reason}", style="red"))


async def _live(
    snapshot: Callable[[], Snapshot], places: Addresses, console: Console, language: str
) -> NoReturn:
    events: deque[ServiceChange] = deque(maxlen=EVENTS)
    before = snapshot()
    with Live(console=console, auto_refresh=False) as live:

        def draw(now: Snapshot) -> None:
            live.update(screen(now, tuple(events), places, console, language), refresh=True)

        while True:
            now = snapshot()
            events.extend(change for change in service_changes(before, now) if change.is_news)
            before = now
            await _in_thread(draw, now)
            await asyncio.sleep(REFRESH)


async def _lines(
    snapshot: Callable[[], Snapshot], places: Addresses, console: Console, language: str
) -> NoReturn:
    before = snapshot()

    width = max(console.width, LINE_WIDTH)

    def write(*parts: RenderableType) -> None:
        for part in parts:
            # a sentence is one line for whoever reads lines
            console.print(part, width=width, soft_wrap=isinstance(part, RichText))

    await _in_thread(write, demo_heading(places, language))
    due = before.at
    while True:
        now = snapshot()
        news: list[RenderableType] = [
            event_line(change, now, language) for change in service_changes(before, now)
        ]
        if now.at >= due:
            news.append(status_table(now, language, detail="trouble"))
            due = now.at + TABLE_EVERY
        before = now
        if news:
            await _in_thread(write, *news)
        await asyncio.sleep(REFRESH)


async def _in_thread(draw: Callable[..., None], *parts: object) -> None:
    """Waits for the drawing to end even when cancelled: half a table is no last impression."""
    drawing = asyncio.ensure_future(asyncio.to_thread(draw, *parts))
    try:
        await asyncio.shield(drawing)
    except asyncio.CancelledError:
        await asyncio.wait([drawing])
        raise


def screen(
    now: Snapshot,
    events: tuple[ServiceChange, ...],
    places: Addresses,
    console: Console,
    language: str,
) -> RenderableType:
    """Render as much as the terminal has room for: the table first, then the newest events."""
    top = demo_heading(places, language, brief=console.height < MEDIUM)
    room = console.height - 1 - _height(top, console)
    table = _fitting_table(now, console, language, room)
    title = RichText(_EVENTS.pick(language), style="bold")
    left = room - _height(table, console) - _height(title, console)
    lines: list[RenderableType] = []
    for change in reversed(events):
        line = event_line(change, now, language)
        left -= _height(line, console)
        if left < 0:
            break
        lines.append(line)
    return Group(top, table, *([title, *lines] if lines else []))


def _fitting_table(now: Snapshot, console: Console, language: str, room: int) -> Table:
    """The table with every check where the terminal is tall, with fewer where it is not."""
    details: list[Detail] = ["services"]
    if console.height >= MEDIUM:
        details.insert(0, "checks" if console.height >= TALL else "trouble")
    for detail in details:
        table = status_table(now, language, detail=detail, latency=console.width >= WIDE)
        if _height(table, console) <= room:
            break
    return table


def _height(part: RenderableType, console: Console) -> int:
    return len(console.render_lines(part, pad=False))


def demo_heading(places: Addresses, language: str, *, brief: bool = False) -> RenderableType:
    """Render where everything is; ``brief`` leaves out what a small terminal has no room for."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    lines = [
        (_CONFIGURATION, places.configuration),
        (_PAGE, places.page),
        (_METRICS, places.metrics),
        (_STATUS_FILE, places.status_file),
    ]
    if not brief:
        lines += [(_STATUS, places.status), (_LOG, places.log)]
    for label, place in lines:
        grid.add_row(label.pick(language), RichText(place))
    return Group(RichText(_HEADING.pick(language), style="bold"), grid)


def event_line(change: ServiceChange, now: Snapshot, language: str) -> RichText:
    """Render a change: when, the colour, and what it means in full sentences."""
    at = clock_time(change.transition.at, now.at, now.estate.timezone, language)
    return RichText.assemble(
        (f"{at}  ", "dim"),
        status_mark(change.transition.after, language),
        "  ",
        change.message.pick(language),
    )
