"""The comparison for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from monitor.replay.comparison import RECORDED, Comparison, Line
from monitor.replay.tally import Alarm

SHOWN = 20
"""Alarms, and names of checks, that are told one by one."""
NOTHING = "–"
_ARROW = " → "


def comparison_table(found: Comparison, zone: ZoneInfo) -> Group:
    """A line a service, those that nothing happened to left out; then each alarm more and fewer."""
    told: list[RenderableType] = [_heading(found, zone)]
    eventful = [line for line in found.services if _eventful(line)]
    if eventful:
        told.append(_table(found, eventful))
    quiet = len(found.services) - len(eventful)
    if quiet:
        always = "green or unknown throughout, then and now"
        told.append(Text(f"{quiet} service{'s' if quiet > 1 else ''} {always}", style="dim"))
    told += _alarms("Alarms that would be new:", found.total.more, zone, "bold red")
    told += _alarms("Alarms that would not have been:", found.total.fewer, zone, "bold green")
    told += _names("Checks without any observation in the record:", found.unmeasured)
    told += _names("Recorded checks that the configuration does not have:", found.gone)
    if found.damaged:
        told.append(Text(f"{found.damaged} damaged blocks were left out", style="bold red"))
    return Group(*told)


def _eventful(line: Line) -> bool:
    return any(one.transitions or one.red or one.yellow for one in (line.then, line.now))


def _heading(found: Comparison, zone: ZoneInfo) -> Text:
    then = "what was published" if found.against == RECORDED else found.against
    return Text(
        f"{found.observations:,} observations of {found.checks} checks, "
        f"{_when(found.since, zone)} to {_when(found.until, zone)}. Then: {then}; "
        "now: the same observations under this configuration."
    )


def _table(found: Comparison, lines: Sequence[Line]) -> Table:
    table = Table(header_style="bold")
    table.add_column("Service", overflow="fold")
    for title in (
        "Transitions",
        "Alarms",
        "More",
        "Fewer",
        "Minutes red",
        "Minutes yellow",
        "Red after (median)",
        "Red after (longest)",
    ):
        table.add_column(title, justify="right")
    for line in lines:
        table.add_row(Text(line.subject), *_cells(line))
    table.add_section()
    table.add_row(Text("all services", style="bold"), *_cells(found.total))
    return table


def _cells(line: Line) -> list[Text]:
    then, now = line.then, line.now
    return [
        _pair(str(then.transitions), str(now.transitions)),
        _pair(str(len(then.alarms)), str(len(now.alarms))),
        Text(f"+{len(line.more)}", style="bold red") if line.more else Text(NOTHING),
        Text(f"-{len(line.fewer)}", style="bold green") if line.fewer else Text(NOTHING),
        _pair(_minutes(then.red), _minutes(now.red)),
        _pair(_minutes(then.yellow), _minutes(now.yellow)),
        _pair(_seconds(then.usual_delay), _seconds(now.usual_delay)),
        _pair(_seconds(then.longest_delay), _seconds(now.longest_delay)),
    ]


def _pair(then: str, now: str) -> Text:
    return Text(then) if then == now else Text(then + _ARROW + now, style="bold")


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f}"


def _seconds(seconds: float | None) -> str:
    return NOTHING if seconds is None else f"{seconds:.1f} s"


def _alarms(title: str, alarms: Sequence[Alarm], zone: ZoneInfo, style: str) -> list[Text]:
    if not alarms:
        return []
    told = [Text(title, style=style)]
    for alarm in alarms[:SHOWN]:
        lasted = _minutes(alarm.until - alarm.since)
        told.append(
            Text(
                f"  {_when(alarm.since, zone)}  {alarm.subject}  {alarm.worst.value}, {lasted} min"
            )
        )
    return [*told, *_rest(len(alarms))]


def _names(title: str, names: Sequence[str]) -> list[Text]:
    if not names:
        return []
    told = [Text(title, style="bold yellow")]
    return [*told, *(Text(f"  {name}") for name in names[:SHOWN]), *_rest(len(names))]


def _rest(count: int) -> list[Text]:
    return [Text(f"  and {count - SHOWN} more (--json tells all)")] if count > SHOWN else []


def _when(at: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M:%S}"
