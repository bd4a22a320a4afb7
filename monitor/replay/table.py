"""The comparison for a terminal."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from monitor.model.status import Status
from monitor.model.transition import Transition
from monitor.replay.comparison import RECORDED, ComparisonLine, ReplayComparison
from monitor.replay.tally import Alarm, subject_of

SHOWN = 20
"""Alarms, and names of checks, that are told one by one."""
LISTED = 200
"""Transitions that are told one by one."""
SAME = 2.0
"""Seconds that the same transition may be apart: the daemon looks for what is stale every second."""
NOTHING = "–"
_ARROW = " → "


def comparison_table(found: ReplayComparison, zone: ZoneInfo) -> Group:
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
    told += _transitions(found, zone)
    told += _names("Checks without any observation in the record:", found.unmeasured)
    told += _names("Recorded checks that the configuration does not have:", found.gone)
    if found.damaged:
        told.append(Text(f"{found.damaged} damaged blocks were left out", style="bold red"))
    return Group(*told)


def _eventful(line: ComparisonLine) -> bool:
    return any(one.transitions or one.red or one.yellow for one in (line.then, line.now))


def _heading(found: ReplayComparison, zone: ZoneInfo) -> Text:
    then = "what was published" if found.against == RECORDED else found.against
    return Text(
        f"{found.observations:,} observations of {found.checks} "
        f"check{'' if found.checks == 1 else 's'}, "
        f"{_when(found.since, zone)} to {_when(found.until, zone)}. Then: {then}; "
        "now: the same observations under this configuration."
    )


def _table(found: ReplayComparison, lines: Sequence[ComparisonLine]) -> Table:
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


def _cells(line: ComparisonLine) -> list[Text]:
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


def _transitions(found: ReplayComparison, zone: ZoneInfo) -> list[RenderableType]:
    """Every transition of a service, then and now: one row where both have it."""
    rows = _beside(found.then, found.now)
    if not rows:
        return []
    table = Table(title="Every transition", title_justify="left", header_style="bold")
    for title in ("At", "Service", "From → to", "Why", "Then", "Now"):
        table.add_column(title, overflow="fold")
    for one, then, now in rows[:LISTED]:
        style = "" if then and now else "bold red" if now else "bold green"
        table.add_row(
            _when(one.at, zone),
            Text(subject_of(one)),
            Text(f"{one.before.value}{_ARROW}{one.after.value}"),
            Text(one.reason.value if one.reason is not None else ""),
            "yes" if then else NOTHING,
            "yes" if now else NOTHING,
            style=style,
        )
    left = len(rows) - LISTED
    if left > 0 or found.left_out:
        return [table, Text(f"  and {max(left, 0) + found.left_out} more (--json tells more)")]
    return [table]


def _beside(
    then: Sequence[Transition], now: Sequence[Transition]
) -> list[tuple[Transition, bool, bool]]:
    """Services' transitions by their instants, each with whether it was then and is now."""
    waiting: defaultdict[tuple[str, Status, Status], deque[Transition]] = defaultdict(deque)
    for one in _told(then):
        waiting[subject_of(one), one.before, one.after].append(one)
    rows = []
    for one in _told(now):
        alike = waiting[subject_of(one), one.before, one.after]
        while alike and alike[0].at < one.at - SAME:
            rows.append((alike.popleft(), True, False))
        met = bool(alike) and alike[0].at <= one.at + SAME
        if met:
            alike.popleft()
        rows.append((one, met, True))
    rows += [(one, True, False) for alike in waiting.values() for one in alike]
    return sorted(rows, key=lambda row: row[0].at)


def _told(transitions: Sequence[Transition]) -> Iterator[Transition]:
    """Services' changes of status, oldest first."""
    return (one for one in transitions if one.service is not None and one.changes_status)


def _names(title: str, names: Sequence[str]) -> list[Text]:
    if not names:
        return []
    told = [Text(title, style="bold yellow")]
    return [*told, *(Text(f"  {name}") for name in names[:SHOWN]), *_rest(len(names))]


def _rest(count: int) -> list[Text]:
    return [Text(f"  and {count - SHOWN} more (--json tells all)")] if count > SHOWN else []


def _when(at: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M:%S}"
