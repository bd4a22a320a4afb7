"""Pure: plots as plain values that a template writes as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from zoneinfo import ZoneInfo

from monitor.record import Seen
from monitor.shares import DayShare
from probes.observation import Grade

WIDTH, HEIGHT = 720, 120
BUCKETS = 240
"""Pieces of what is drawn: of a whole day, six minutes each."""
DAY, SHORTEST = 86_400.0, 600.0
"""Seconds that are drawn at most and at least."""
TICKS = 6
"""Instants that are named at most."""
_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 240)
_NICE = (1, 2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """The last day of one check, or what of it is known. Lengths in the drawing's units, texts ready."""

    path: str
    """Medians of the buckets; broken where nothing was measured."""
    failures: tuple[int, ...]
    """Where on the x axis observations failed."""
    top: str
    """What the upper edge is, with its unit; empty when nothing succeeded."""
    half: str
    hours: tuple[tuple[int, str], ...]
    """Where round local times are, and their names."""
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
    """The day before ``at``, from the first measurement on (``seen``: oldest first); ``None`` when
    nothing was measured in it. ``comma`` is the language's decimal sign.
    """
    oldest = next((one.at for one in seen if one.at >= at - DAY), at)
    begin = min(oldest, at - SHORTEST)
    span = at - begin
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
    if not measured:
        return None
    middles = [median(each) if each else None for each in buckets]
    known = [each for each in middles if each is not None]
    top = _nice(max(known, default=0.001))
    step = WIDTH / BUCKETS
    return Plot(
        path=_path(middles, top, step),
        failures=tuple(int(place * step) for place in sorted(failures)),
        top=_length(top, comma) if known else "",
        half=_length(top / 2, comma) if known else "",
        hours=_round_times(begin, at, zone),
        median=_length(median(known), comma) if known else "–",
        failed=failed,
        measured=measured,
    )


def bars(days: Sequence[DayShare], nothing: str, comma: str) -> list[Bar]:
    """The newest 90 days, oldest first. ``comma`` is the language's decimal sign."""
    found: list[Bar] = []
    newest = days[-90:]
    for place, day in enumerate(newest, 90 - len(newest)):
        shares = day.shares
        ratio, unplanned = shares.ratio, shares.unplanned_ratio
        if ratio is None:
            tone, share = "unknown", nothing
        else:
            worst = ratio if unplanned is None else unplanned
            tone = "green" if worst >= 0.999 else "yellow" if worst >= 0.95 else "red"
            # never rounded up to a whole: a minute of outage is to be seen
            share = f"{int(ratio * 10_000) / 100:.2f}".replace(".", comma) + (
                " %" if comma == "," else "%"
            )
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


def _path(middles: Sequence[float | None], top: float, step: float) -> str:
    parts: list[str] = []
    pen = False
    for place, value in enumerate(middles):
        if value is None:
            pen = False
            continue
        x, y = (place + 0.5) * step, HEIGHT - value / top * HEIGHT
        # a bucket alone still has a mark: a line as wide as itself
        parts.append(f"{'L' if pen else 'M'}{x:.1f} {y:.1f}" + ("" if pen else "h.1"))
        pen = True
    return "".join(parts)


def _nice(value: float) -> float:
    """The next of 1, 2, 5, 10 … above."""
    size = 0.001
    while True:
        for factor in _NICE:
            if value <= factor * size:
                return factor * size
        size *= 10


def _length(seconds: float, comma: str) -> str:
    told = f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
    return told.replace(".", comma)


def _round_times(begin: float, end: float, zone: ZoneInfo) -> tuple[tuple[int, str], ...]:
    step = next((one for one in _MINUTES if (end - begin) / 60 / one <= TICKS), _MINUTES[-1])
    found: list[tuple[int, str]] = []
    beat = min(step, 60) * 60  # hours of a day may be 23 or 25: local ones are looked for
    instant = (int(begin) // beat + 1) * beat
    while instant < end:
        local = datetime.fromtimestamp(instant, zone)
        if (local.hour * 60 + local.minute) % step == 0:
            found.append((int((instant - begin) / (end - begin) * WIDTH), f"{local:%H:%M}"))
        instant += beat
    return tuple(found)
