"""The figures as tables for people and as one value for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.cpu import Cpu
from tests.benchmarks.latency import GOAL as LATENCY_GOAL
from tests.benchmarks.latency import GOAL_RATE, JUDGED_GOAL, PHASES, Run, written
from tests.benchmarks.memory import Memory
from tests.benchmarks.overload import Overloaded
from tests.benchmarks.replay import Replayed

GOAL = 1.0
"""CPU a probe against the exporter's, at most."""


def show_cpu(console: Console, found: Sequence[Cpu]) -> None:
    table = _table(
        "CPU a probe, all in (µs)", "target", "exporter", "ours", "ratio", "late p50/p99"
    )
    for one in found:
        colour = "green" if one.ratio <= GOAL else "red"
        late = [f"{1e3 * median(part):.1f}" for part in zip(*one.lateness, strict=True)]
        table.add_row(
            f"{'TLS' if one.tls else 'plain'}, {one.rate:g}/s",
            _spread(one.exporter, 0),
            _spread(one.ours, 0),
            f"[{colour}]{_spread(one.ratios, 2)}[/]",
            f"{' / '.join(late)} ms",
        )
    console.print(table)


def show_replay(console: Console, found: Replayed) -> None:
    table = _table(
        "driftvakt replay", "record", "observations", "CPU s", "wall s", "µs each", "MiB", "changes"
    )
    table.add_row(
        f"{found.checks} checks, {found.days} days",
        f"{found.observations:,} of {found.bytes_each:.1f} bytes",
        f"{found.cpu:.1f}",
        f"{found.wall:.1f}",
        f"{1e6 * found.cpu / max(found.observations, 1):.2f}",
        f"{found.resident / 2**20:.0f}",
        f"{found.transitions:,}",
    )
    console.print(table)


def show_overload(console: Console, found: Overloaded) -> None:
    names = (
        "interval",
        "stretched",
        "rendered every",
        "recovered in",
        "transitions",
        "oldest status",
    )
    table = _table("Four times the work", "", *names)
    table.add_row(
        "[green]survived[/]" if found.survived else "[red]not survived[/]",
        f"{found.interval:.2f} s",
        f"x {found.most_stretch:.1f}",
        f"{found.most_pause:g} s",
        f"{found.recovered:.0f} s",
        f"{found.transitions:g}",
        f"{found.oldest_status:.1f} s",
    )
    console.print(table)


_APART = {
    "judged": "judged duration",
    "whole": "first packet to last",
    "own_tls": "own part of tls",
    "late": "late against the grid",
}
"""What is told of a run beside the phases."""


def show_latency(console: Console, found: Sequence[Run]) -> None:
    """A row a phase, the programs side by side."""
    programs = list(dict.fromkeys(_who(one) for one in found))
    table = _table("Error of each phase, p50 · p99 · worst (ms)", "target", "phase", *programs)
    for rate, tls in dict.fromkeys((one.rate, one.tls) for one in found):
        runs = {_who(one): one for one in found if (one.rate, one.tls) == (rate, tls)}
        table.add_row(
            f"{'TLS' if tls else 'plain'}, {rate:g}/s",
            "probes, and failed",
            *(_counted(runs.get(program)) for program in programs),
        )
        for phase in (*PHASES, *_APART):
            cells = [_error(runs.get(program), phase) for program in programs]
            if any(cells):
                table.add_row("", _APART.get(phase, phase), *cells)
        table.add_section()
    console.print(table)


def _who(run: Run) -> str:
    return f"{run.program}, {run.readers} readers" if run.readers else run.program


def _counted(run: Run | None) -> str:
    return f"{run.probes}, {run.failed}" if run is not None else ""


def _error(run: Run | None, name: str) -> str:
    if run is None:
        return ""
    found = {**run.errors, "own_tls": run.own_tls, "late": run.late}.get(name)
    if found is None:
        return ""
    cell = "".join(f"{1e3 * value:9.3f}" for value in (found.p50, found.p99, found.worst))
    goal = JUDGED_GOAL if name == "judged" else LATENCY_GOAL
    if run.rate != GOAL_RATE or name not in (*PHASES, "judged"):
        return cell
    return f"[{'green' if found.p99 < goal else 'red'}]{cell}[/]"


def show_memory(console: Console, found: Sequence[Memory]) -> None:
    names = ("checks", "started in", "memory", "a check", "scraped", "a check")
    table = _table("Memory and start", *names, "longest lag", "lag p99", "late p99")
    base = found[0]
    for one in found:
        table.add_row(
            f"{one.checks:,}",
            f"{one.started_in:.2f} s",
            _mib(one.probed),
            _per_check(one.probed - base.probed, one, base),
            _mib(one.scraped),
            _per_check(one.scraped - base.scraped, one, base),
            f"≤ {1e3 * one.lag_bound:g} ms",
            f"{1e3 * one.lag_p99:.1f} ms",
            f"{1e3 * one.lateness_p99:.1f} ms",
        )
    console.print(table)


def document(
    machine: str, cpu: Sequence[Cpu], latency: Sequence[Run], memory: Sequence[Memory]
) -> dict[str, Any]:
    """Everything, seconds and bytes, for ``--json``."""
    return {
        "machine": machine,
        "cpu": [{**asdict(one), "ratios": one.ratios, "ratio": one.ratio} for one in cpu],
        "latency": written(latency),
        "memory": [asdict(one) for one in memory],
    }


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    return table


def _spread(of: Sequence[float], digits: int) -> str:
    """Median, and the least and most of the rounds."""
    return f"{median(of):.{digits}f} ({min(of):.{digits}f}–{max(of):.{digits}f})"


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"


def _per_check(size: int, one: Memory, base: Memory) -> str:
    if one is base:
        return "–"
    return f"{size / (one.checks - base.checks) / 1024:.1f} KiB"
