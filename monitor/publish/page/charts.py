"""Pure: plots as plain values that a template writes as SVG."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from monitor.model.records import Seen
from monitor.model.time_in_status import DayShare, TimeInStatus
from probes.observation import Grade

WIDTH, HEIGHT = 720, 120
BUCKETS = 240
"""Pieces of what is drawn: of a day six minutes each."""
DAY = 86_400.0
LEAST = 60.0
"""Seconds that are drawn at least."""
GAP = 2.5
"""As many usual distances between measurements without any are a gap in the line."""
MOST_TIMES = 7
"""Times below the plot at most."""
_STEPS = (60, 300, 600, 900, 1800, 3600, 7200, 14_400)
_NICE = (1, 2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """The last day of one check. Lengths in the drawing's units, texts ready."""

    path: str
    """Medians of the buckets; broken where nothing was measured."""
    failures: tuple[int, ...]
    """Where on the x axis observations failed."""
    top: str
    """What the upper edge is, with its unit."""
    half: str
    hours: tuple[tuple[int, str], ...]
    """Where round times are, and their local names."""
    dates: str
    """The local day, or days, that the axis is of."""
    median: str
    failed: int
    measured: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One day of availability."""

    x: float
    height: float
    tone: str
    label: str
    day: str
    share: str


def plot(seen: Sequence[Seen], at: float, zone: ZoneInfo, comma: str = ".") -> Plot | None:
    """The day before ``at``, or as much of it as has been measured; ``None`` when nothing was.
    ``comma`` is the language's decimal sign.
    """
    instants = sorted(one.at for one in seen if at - DAY <= one.at <= at)
    if not instants:
        return None
    begin = min(instants[0], at - LEAST)
    span = at - begin
    usual = median([later - sooner for sooner, later in pairwise(instants)] or [span])
    reach = max(1, round(GAP * usual / span * BUCKETS))
    buckets: list[list[float]] = [[] for _ in range(BUCKETS)]
    failures: set[int] = set()
    failed = measured = 0
    for one in seen:
        if not begin <= one.at <= at:
            continue
        place = min(BUCKETS - 1, int((one.at - begin) / span * BUCKETS))
        measured += 1
        if one.grade is Grade.FAILED:
            failed += 1
            failures.add(place)
        else:
            buckets[place].append(one.duration)
    middles = [median(each) if each else None for each in buckets]
    known = [each for each in middles if each is not None]
    top = _nice(max(known, default=0.001))
    step = WIDTH / BUCKETS
    return Plot(
        path=_path(middles, failures, top, step, reach),
        failures=tuple(int(place * step) for place in sorted(failures)),
        top=latency_text(top, comma),
        half=latency_text(top / 2, comma),
        hours=_times(begin, at, zone, "." if comma == "," else ":"),
        dates=_dates(begin, at, zone),
        median=latency_text(median(known), comma) if known else "–",
        failed=failed,
        measured=measured,
    )


def bars(days: Sequence[DayShare], words: Mapping[str, str], comma: str) -> list[Bar]:
    """The newest 90 days, oldest first. ``comma`` is the language's decimal sign."""
    found: list[Bar] = []
    newest = days[-90:]
    for place, day in enumerate(newest, 90 - len(newest)):
        shares = day.shares
        share = words["unmeasured"] if shares.ratio is None else percentage(shares.ratio, comma)
        if shares.planned_red:
            share += f", {words['day_planned']}"
        tone = _tone(shares)
        ratio = 1.0 if tone == "planned" else shares.ratio
        height = 40.0 if ratio is None else 8 + 32 * ratio
        found.append(
            Bar(
                x=place * 8,
                height=round(height, 1),
                tone=tone,
                label=f"{day.day.isoformat()}: {share}",
                day=day.day.isoformat(),
                share=share,
            )
        )
    return found


def _tone(shares: TimeInStatus) -> str:
    """By what was not planned; ``planned`` where nothing but a planned outage was amiss."""
    if shares.ratio is None:
        return "unknown"
    worst = shares.unplanned_ratio
    if worst is None or (shares.planned_red and worst >= 0.999):
        return "planned"
    return "green" if worst >= 0.999 else "yellow" if worst >= 0.95 else "red"


def percentage(ratio: float, comma: str) -> str:
    """``99,95 %``: never rounded up to a whole, for a minute of outage is to be seen."""
    number = f"{int(ratio * 100_000 + 1e-6) / 1000:.3f}".rstrip("0").rstrip(".")
    return number.replace(".", comma) + ("\N{NO-BREAK SPACE}%" if comma == "," else "%")


def _path(
    middles: Sequence[float | None],
    failures: Collection[int],
    top: float,
    step: float,
    reach: int,
) -> str:
    """A line through what was measured, broken by failures and where nothing is for ``reach``."""
    parts: list[str] = []
    last, pen = 0, False
    for place, value in enumerate(middles):
        if value is None:
            pen = pen and place not in failures and place - last <= reach
            continue
        last = place
        x, y = (place + 0.5) * step, HEIGHT - value / top * HEIGHT
        # a bucket alone still has a mark: a line as wide as itself
        parts.append(f"{'L' if pen else 'M'}{x:.1f} {y:.1f}" + ("" if pen else "h.1"))
        pen = True
    return "".join(parts)


def _dates(begin: float, end: float, zone: ZoneInfo) -> str:
    first, last = (f"{datetime.fromtimestamp(each, zone):%Y-%m-%d}" for each in (begin, end))
    return first if first == last else f"{first} – {last}"


def _nice(value: float) -> float:
    """The next of 1, 2, 5, 10 … above."""
    size = 0.001
    while True:
        for factor in _NICE:
            if value <= factor * size:
                return factor * size
        size *= 10


def latency_text(seconds: float, comma: str) -> str:
    """``41 ms``, ``1,25 s``."""
    said = f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
    return said.replace(".", comma)


def _times(begin: float, end: float, zone: ZoneInfo, colon: str) -> tuple[tuple[int, str], ...]:
    """Round local times, as many as have room."""
    span = end - begin
    step = next((each for each in _STEPS if span / each <= MOST_TIMES), _STEPS[-1])
    found: list[tuple[int, str]] = []
    # each quarter of an hour, or minute, is one in every zone; of hours the local ones are round
    fine = min(step, 900)
    instant = (int(begin) // fine + 1) * fine
    while instant < end:
        local = datetime.fromtimestamp(instant, zone)
        if (local.hour * 3600 + local.minute * 60) % step == 0:
            found.append((int((instant - begin) / span * WIDTH), f"{local:%H}{colon}{local:%M}"))
        instant += fine
    return tuple(found)
