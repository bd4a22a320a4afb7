"""Overload: a real daemon with four times the work that its core has, and its end.

The work is measured first (what a probe costs here), then so many services are watched at so short an
interval that a quarter of it would fill the core. It ends by a reload to the interval that fits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.benchmarks.growth import probe_cost
from tests.benchmarks.growth_shape import Shape, configuration
from tests.benchmarks.growth_watch import Watched, target, watching
from tests.benchmarks.processes import wait_until

TIMES = 4.0
_SERVICES = 2000
_UNDER = 150.0
_AFTERWARDS = 300.0


@dataclass(slots=True, kw_only=True)
class Overloaded:
    """What came of it. Lengths are seconds."""

    interval: float
    """Of the overload."""
    most_stretch: float = 0.0
    most_pause: float = 0.0
    stretch_at_end: float = 0.0
    pause_at_end: float = 0.0
    recovered: float = float("inf")
    """From the end of the overload until nothing is left out."""
    transitions: float = 0.0
    """While there was too much to do, and afterwards; without those of the reloads themselves, since a
    check of another interval begins anew.
    """
    oldest_status: float = 0.0
    course: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Seconds since the beginning, share of the core, stretch, pause."""

    @property
    def survived(self) -> bool:
        return (
            1.0 < self.most_stretch < 2.5 * TIMES
            and self.recovered < _AFTERWARDS
            and not self.transitions
            and self.oldest_status < 30.0
        )


def measure(folder: Path, cores: tuple[int, int], told: Callable[[str], None]) -> Overloaded:
    """Fits first, then four times too much, then fits again; all in one daemon's life."""
    cost = probe_cost(folder, cores, told).answered
    fits = max(10.0, _SERVICES * cost / 0.5)
    short = _SERVICES * cost / TIMES
    found = Overloaded(interval=short)
    with target(folder, cores[1]) as server:
        shape = Shape(services=_SERVICES)

        def text(interval: float) -> str:
            return configuration(shape, server.port, server.hook, interval, interval)

        with watching(folder / "overload", text(fits), cores[0]) as watched:
            watched.until(lambda seen: seen["unknown"] == 0, 120.0)
            time.sleep(20.0)
            config = folder / "overload" / "growth.yaml"
            for interval, seconds, recovering in (
                (short, _UNDER, False),
                (fits, _AFTERWARDS, True),
            ):
                done = watched.events("reloaded")
                config.write_text(text(interval))  # it is read anew within seconds
                wait_until(partial(_reloaded, watched, done), "the reload", 60.0)
                _settle(watched)
                before = watched.read().transitions
                _follow(watched, found, told, seconds, recovering=recovering)
                found.transitions += watched.read().transitions - before
            found.oldest_status = watched.seen.age
    return found


def _reloaded(watched: Watched, before: int) -> bool | None:
    return watched.events("reloaded") > before or None


def _settle(watched: Watched) -> None:
    """Until the status file has been green for a while: what began anew has been measured."""
    for _ in range(3):
        watched.until(lambda seen: seen["unknown"] == 0, 120.0)
        time.sleep(6.0)


def _follow(
    watched: Watched,
    found: Overloaded,
    told: Callable[[str], None],
    seconds: float,
    *,
    recovering: bool,
) -> None:
    began = time.monotonic()
    last = watched.read()
    while (since := time.monotonic() - began) < seconds:
        time.sleep(5.0)
        now = watched.read()
        stretch, pause = now.stretch, now.pause
        share = (now.cpu - last.cpu) / (now.at - last.at)
        last = now
        found.course.append((now.at - watched.began, share, stretch, pause))
        told(f"{now.at - watched.began:.0f} s: {share:.0%} of a core, x {stretch:.2f}, {pause:g} s")
        found.most_stretch = max(found.most_stretch, stretch)
        found.most_pause = max(found.most_pause, pause)
        found.stretch_at_end, found.pause_at_end = stretch, pause
        if recovering and stretch == 1.0 and pause == 0.0:
            found.recovered = since
            return
