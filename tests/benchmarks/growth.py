"""Growth: what a daemon costs and how soon it tells, from a hundred services to ten thousand, while
nothing happens, when everything goes down at once, and when it all comes back.

What a transition costs is the CPU of the whole daemon from the moment the target goes until a while
after the last service is red (or from its return until the last is green), without what the probes
and the idle daemon would have used in that time anyway; the probes' part is measured apart, as the
difference of two rates.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.benchmarks.growth_shape import INTERVAL, RETRY, Shape, configuration
from tests.benchmarks.growth_watch import Reading, Seen, Target, Watched, latest, target, watching
from tests.benchmarks.machine import cpu_seconds
from tests.benchmarks.processes import wait_until

Told = Callable[[str], None]
_WITHIN = 120.0
_TAIL = 15.0
"""Seconds after the last change that still belong to it: messages are sent, histories written."""
_STEADY = 60.0
_CALIBRATED = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeCost:
    """CPU seconds of one probe more, where the target answers and where nobody listens."""

    answered: float
    refused: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """What was seen from one instant to another. Lengths are seconds, sizes bytes."""

    reached: float
    """From its beginning until everything was as it had to be; infinite when it never was."""
    seconds: float
    cpu: float
    waited: float
    """For the core, which other programs had: what is late by that is not the daemon's doing."""
    probes: float
    transitions: float
    to_unknown: float
    latest: float
    hold: float
    lag: float
    seen: Seen


@dataclass(slots=True, kw_only=True)
class Grown:
    """One estate."""

    shape: Shape
    first_probe: float = 0.0
    start_cpu: float = 0.0
    """Until the first probe."""
    phases: dict[str, Phase] = field(default_factory=dict)
    """``start``, ``steady``, ``reload``, ``down``, ``up``; the last two are the worst of all turns."""
    costs: list[float] = field(default_factory=list)
    """CPU seconds a transition, of each storm."""
    messages: float = 0.0


class _Stage:
    """The daemon and its target, phase by phase."""

    def __init__(self, watched: Watched, server: Target, told: Told) -> None:
        self.watched, self.server, self._told = watched, server, told

    def phase(self, name: str, act: Callable[[], float]) -> Phase:
        self.watched.seen = Seen()
        before = self.watched.read()
        reached = act()
        after = self.watched.read()
        return self.between(name, before, after, reached)

    def between(self, name: str, before: Reading, after: Reading, reached: float) -> Phase:
        hold, lag = self.watched.held(before.at, after.at)
        found = Phase(
            reached=reached,
            seconds=after.at - before.at,
            cpu=after.cpu - before.cpu,
            waited=after.waited - before.waited,
            probes=after.probes - before.probes,
            transitions=after.transitions - before.transitions,
            to_unknown=after.to_unknown - before.to_unknown,
            latest=latest(before, after),
            hold=hold,
            lag=lag,
            seen=self.watched.seen,
        )
        self._told(
            f"{name}: {found.reached:.1f} s, {found.cpu / found.seconds:.0%} of a core,"
            f" {found.probes / found.seconds:.0f} probes/s, {found.transitions:.0f} transitions,"
            f" held {1e3 * hold:.0f} ms, waited {found.waited:.1f} s for the core"
        )
        return found

    def steady(self, seconds: float) -> Callable[[], float]:
        def act() -> float:
            time.sleep(seconds)
            self.watched.statuses()
            return seconds

        return act

    def storm(self, word: str, colour: str) -> Callable[[], float]:
        """The target goes or comes; gives the seconds until everything has that colour."""

        def act() -> float:
            self.server.say(word)
            reached = self.watched.until(lambda found: _only(found, colour), _WITHIN)
            time.sleep(_TAIL)
            return reached

        return act

    def reload(self) -> float:
        done = self.watched.events("reloaded")
        began = time.monotonic()
        self.watched.hang_up()
        while self.watched.events("reloaded") == done and time.monotonic() - began < _WITHIN:
            time.sleep(0.05)
        took = time.monotonic() - began
        time.sleep(2.0)
        return took


def _only(found: dict[str, int], colour: str) -> bool:
    return all((count > 0) == (name == colour) for name, count in found.items())


def measure(
    folder: Path,
    cores: tuple[int, int],
    shapes: Sequence[Shape],
    told: Told,
    *,
    steady: float = _STEADY,
) -> tuple[ProbeCost, list[Grown]]:
    """One daemon after the other, each with a target of its own."""
    cost = probe_cost(folder, cores, told)
    found = []
    for number, shape in enumerate(shapes):
        told(f"{shape}:")
        with target(folder, cores[1]) as server:
            text = configuration(shape, server.port, server.hook)
            with watching(folder / f"growth-{number}", text, cores[0]) as watched:
                stage = _Stage(watched, server, told)
                found.append(_one(stage, shape, cost, steady))
    return cost, found


def _one(stage: _Stage, shape: Shape, cost: ProbeCost, steady: float) -> Grown:
    grown = Grown(shape=shape)
    watched, server = stage.watched, stage.server
    first = wait_until(lambda: server.say("seen")["first"] or None, "the first probe")
    grown.start_cpu = cpu_seconds(watched.pid)
    grown.first_probe = first - watched.began
    measured = watched.until(lambda found: found["unknown"] == 0, _WITHIN)
    after = watched.read()
    nothing = Reading(
        at=watched.began, cpu=0.0, waited=0.0, lateness={}, transitions=0.0, to_unknown=0.0
    )
    reached = time.monotonic() - watched.began if measured < float("inf") else measured
    grown.phases["start"] = stage.between("start", nothing, after, reached)
    watched.measured = True
    watched.until(lambda found: _only(found, "green"), _WITHIN)
    time.sleep(_TAIL)
    idle = grown.phases["steady"] = stage.phase("steady", stage.steady(steady))
    grown.phases["reload"] = stage.phase("reload", stage.reload)
    rate = idle.probes / idle.seconds
    beside = idle.cpu / idle.seconds - rate * cost.answered
    for _ in range(turns(shape)):
        for name, colour, each in (
            ("down", "red", cost.refused),
            ("up", "green", cost.answered),
        ):
            seen = stage.phase(name, stage.storm(name, colour))
            spent = seen.cpu - beside * seen.seconds - seen.probes * each
            if seen.transitions:
                grown.costs.append(spent / seen.transitions)
            if name not in grown.phases or seen.reached > grown.phases[name].reached:
                grown.phases[name] = seen
    grown.messages = server.say("seen")["messages"]
    return grown


def turns(shape: Shape) -> int:
    """A hundred changes cost less than an idle daemon does meanwhile: they are made more often."""
    return 3 if shape.services < 500 else 1


def probe_cost(folder: Path, cores: tuple[int, int], told: Told) -> ProbeCost:
    """The difference between few and many probes a second of the same checks."""
    shape = Shape(services=_CALIBRATED)
    used: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for turn, interval in enumerate((10.0, 1.0)):
        with target(folder, cores[1]) as server:
            text = configuration(shape, server.port, server.hook, interval, interval)
            with watching(folder / f"probe-{turn}", text, cores[0]) as watched:
                stage = _Stage(watched, server, lambda _: None)
                for answered, word, colour in ((True, "up", "green"), (False, "down", "red")):
                    if not answered:
                        server.say(word)
                    watched.until(partial(_only, colour=colour), _WITHIN)
                    time.sleep(5.0)
                    seen = stage.phase(colour, stage.steady(20.0))
                    used[answered] += [(seen.probes / seen.seconds, seen.cpu / seen.seconds)]
    cost = ProbeCost(answered=_slope(*used[True]), refused=_slope(*used[False]))
    told(
        f"one probe more: {1e6 * cost.answered:.0f} us answered, {1e6 * cost.refused:.0f} us refused"
    )
    return cost


def _slope(few: tuple[float, float], many: tuple[float, float]) -> float:
    return (many[1] - few[1]) / (many[0] - few[0])


BOUND_REACHED = INTERVAL + 2 * RETRY + 5.0
BOUND_MEASURED = INTERVAL + 15.0
