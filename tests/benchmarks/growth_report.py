"""The figures of growth as a table, and which of them keep to their bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.growth import BOUND_MEASURED, BOUND_REACHED, Grown, ProbeCost
from tests.benchmarks.growth_watch import VIEWS

_WATCHED = ("steady", "down", "up")
A_TRANSITION = 0.5e-3
SAME = 1.2
"""Times what a transition costs in the estate where it costs least."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One cell: seconds, bytes or a number; without a bound it is told and not judged."""

    name: str
    value: float
    bound: float | None
    written: str

    @property
    def kept(self) -> bool:
        return self.bound is None or self.value <= self.bound


def figures(grown: Grown) -> Iterator[Figure]:
    """All that is told of one estate, in order."""
    start, steady = grown.phases["start"], grown.phases["steady"]
    yield _s("first probe", grown.first_probe, 2.0)
    yield _s("all measured", start.reached, BOUND_MEASURED)
    yield _s("CPU until all measured", start.cpu)
    yield _share("steady: of a core", steady.cpu / steady.seconds)
    yield _ms("steady: CPU a probe, all in", steady.cpu / max(steady.probes, 1.0))
    yield _mib("steady: memory", steady.seen.resident, 300)
    yield _s("reload", grown.phases["reload"].reached, 3.0)
    yield _ms("reload: loop held, CPU", grown.phases["reload"].hold, 0.050)
    yield _s("down: all red", grown.phases["down"].reached, BOUND_REACHED)
    yield _s("up: all green", grown.phases["up"].reached, BOUND_REACHED)
    yield _ms("CPU a transition (median)", _cost(grown), A_TRANSITION)
    for name in _WATCHED:
        phase = grown.phases[name]
        yield _ms(f"{name}: loop held, CPU", phase.hold, 0.020)
        yield _ms(f"{name}: loop late, wall", phase.lag)
        yield _s(f"{name}: latest probe, at most", phase.latest, 1.0)
        yield _n(f"{name}: unknown", max(phase.seen.unknown, phase.to_unknown), 0)
        yield _n(f"{name}: overloaded", float(phase.seen.overloaded), 0)
        yield _s(f"{name}: age of status.json", phase.seen.age, 10.0)
        for path in VIEWS:
            yield _s(f"{name}: GET {path}", phase.seen.views.get(path, float("inf")), 2.0)
        yield _mib(f"{name}: most memory", phase.seen.resident)
        yield _s(f"{name}: waited for the core", phase.waited)
    yield _n("messages", grown.messages)


def _cost(grown: Grown) -> float:
    return median(grown.costs) if grown.costs else float("inf")


def _s(name: str, value: float, bound: float | None = None) -> Figure:
    return Figure(name, value, bound, f"{value:.2f} s")


def _ms(name: str, value: float, bound: float | None = None) -> Figure:
    return Figure(name, value, bound, f"{1e3 * value:.2f} ms")


def _mib(name: str, value: float, bound: float | None = None) -> Figure:
    value /= 2**20
    return Figure(name, value, bound, f"{value:.0f} MiB")


def _share(name: str, value: float) -> Figure:
    return Figure(name, value, None, f"{value:.1%}")


def _n(name: str, value: float, bound: float | None = None) -> Figure:
    return Figure(name, value, bound, f"{value:g}")


def same(found: Sequence[Grown]) -> list[Figure]:
    """What a transition costs, against the estate of its kind where it costs least."""
    told = []
    for checks in dict.fromkeys(one.shape.checks for one in found):
        costs = [_cost(one) for one in found if one.shape.checks == checks]
        if len(costs) > 1:
            ratio = max(costs) / max(min(costs), 1e-9)
            name = f"a transition's CPU, most by least, services of {checks}"
            told.append(Figure(name, ratio, SAME, f"{ratio:.2f}"))
    return told


def show(console: Console, cost: ProbeCost, found: Sequence[Grown]) -> bool:
    """Prints the tables; whether every bound is kept."""
    table = Table(title="Growth (services x checks)", title_justify="left", title_style="bold")
    table.add_column("", no_wrap=True)
    for one in found:
        table.add_column(str(one.shape), justify="right", no_wrap=True)
    table.add_column("bound", justify="right", no_wrap=True)
    kept = True
    for row in zip(*(figures(one) for one in found), strict=True):
        kept = kept and all(cell.kept for cell in row)
        bound = row[0].bound
        table.add_row(row[0].name, *(_cell(cell) for cell in row), _bound(bound, row[0]))
    console.print(table)
    for figure in same(found):
        kept = kept and figure.kept
        console.print(f"{figure.name}: {_cell(figure)} (at most {figure.bound:g})")
    answered, refused = 1e6 * cost.answered, 1e6 * cost.refused
    console.print(f"one probe more: {answered:.0f} µs answered, {refused:.0f} µs refused")
    return kept


def _cell(figure: Figure) -> str:
    if figure.bound is None:
        return figure.written
    return f"[{'green' if figure.kept else 'red'}]{figure.written}[/]"


def _bound(bound: float | None, like: Figure) -> str:
    if bound is None:
        return ""
    unit = like.written.rpartition(" ")[2] if " " in like.written else ""
    return f"{1e3 * bound if unit == 'ms' else bound:g} {unit}".rstrip()


def document(cost: ProbeCost, found: Sequence[Grown]) -> dict[str, Any]:
    """Everything, for ``--json``."""
    return {
        "probe": asdict(cost),
        "growth": [
            {**asdict(one), "figures": {each.name: each.value for each in figures(one)}}
            for one in found
        ],
    }
