"""``python -m tests.benchmarks``: runs the parts one after the other and prints their tables."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console

from tests.benchmarks import (
    cpu,
    growth,
    growth_report,
    growth_shape,
    latency,
    machine,
    memory,
    overload,
    replay,
    report,
)
from tests.benchmarks.processes import BenchmarkError
from tests.benchmarks.target import HOST, nginx

PARTS = ("cpu", "latency", "memory")
APART = ("replay", "growth", "overload")
"""Only when asked for: they take minutes and measure no probe."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _end)
    try:
        if options.only and set(options.only) <= set(APART):
            apart = {"replay": _replay, "growth": _growth, "overload": _overload}
            parts = [apart[name] for name in options.only]
            return 0 if all(part(options) for part in parts) else 1
        return 0 if _run(options) else 1
    except BenchmarkError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(143)  # on the way everything started is ended


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--only", choices=(*PARTS, *APART), action="append", help="this part (repeatable)"
    )
    parser.add_argument("--quick", action="store_true", help="short windows: figures are rough")
    parser.add_argument("--rounds", type=int, help="turns of each side (3; quick: 2)")
    parser.add_argument(
        "--rate", type=float, action="append", help="probes a second (200, 300; quick: 200)"
    )
    parser.add_argument(
        "--latency-rate",
        type=float,
        action="append",
        choices=[load.rate for load in latency.LOADS],
        help="of the part latency: probes a second (all of them)",
    )
    parser.add_argument(
        "--sizes",
        default="100,1000,10000",
        help="of the part growth: checks in all (100,1000,10000)",
    )
    parser.add_argument(
        "--judge",
        action="store_true",
        help="of growth and overload: exit 1 when a bound is not kept",
    )
    parser.add_argument("--host", default=HOST, help=f"the target's name ({HOST}; or localhost)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser.parse_args(arguments)


def _replay(options: argparse.Namespace) -> bool:
    """Whether it met its goals."""
    console = Console(width=None if sys.stdout.isatty() else 130, highlight=False)
    console.print(machine.describe())
    checks, days = (100, 1) if options.quick else (1000, 7)

    def told(line: str) -> None:
        console.print(f"  {line}", style="dim")

    with tempfile.TemporaryDirectory(prefix="driftvakt-bench-") as name:
        found = replay.measure(Path(name), checks, days, told)
    report.show_replay(console, found)
    return found.cpu < replay.GOAL and found.resident < replay.MEMORY_GOAL


def _growth(options: argparse.Namespace) -> bool:
    """Whether every bound was kept, or nobody asks."""
    console = Console(width=None if sys.stdout.isatty() else 170, highlight=False)
    described = machine.describe()
    console.print(described)

    def told(line: str) -> None:
        console.print(f"  {line}", style="dim")

    shapes = growth_shape.shapes([int(size) for size in options.sizes.split(",")])
    measured_core, other_core = machine.cores()
    with (
        tempfile.TemporaryDirectory(prefix="driftvakt-bench-") as name,
        machine.on_core(other_core),
    ):
        cost, found = growth.measure(Path(name), (measured_core, other_core), shapes, told)
    kept = growth_report.show(console, cost, found)
    if options.json is not None:
        figures = {"machine": described, **growth_report.document(cost, found)}
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return kept or not options.judge


def _overload(options: argparse.Namespace) -> bool:
    """Whether it was survived, or nobody asks."""
    console = Console(width=None if sys.stdout.isatty() else 130, highlight=False)
    console.print(machine.describe())

    def told(line: str) -> None:
        console.print(f"  {line}", style="dim")

    cores = machine.cores()
    with (
        tempfile.TemporaryDirectory(prefix="driftvakt-bench-") as name,
        machine.on_core(cores[1]),
    ):
        found = overload.measure(Path(name), cores, told)
    report.show_overload(console, found)
    return found.survived or not options.judge


def _run(options: argparse.Namespace) -> bool:
    """Whether everything that was asked for could be measured."""
    console = Console(width=None if sys.stdout.isatty() else 130, highlight=False)
    parts = options.only or PARTS
    quick: bool = options.quick
    described = machine.describe()
    measured_core, other_core = machine.cores()
    console.print(described)

    def told(line: str) -> None:
        console.print(f"  {line}", style="dim")

    complete = True
    cpu_found: list[cpu.Cpu] = []
    latency_found: list[latency.Run] = []
    memory_found: list[memory.Memory] = []
    with (
        tempfile.TemporaryDirectory(prefix="driftvakt-bench-") as name,
        machine.on_core(other_core),
        nginx(Path(name), other_core) as target,
    ):
        folder = Path(name)
        if "cpu" in parts:
            plan = cpu.Plan(
                folder=folder,
                target=target,
                measured_core=measured_core,
                other_core=other_core,
                rounds=options.rounds or (2 if quick else 3),
                seconds=10.0 if quick else 12.0,
                host=options.host,
            )
            for rate in options.rate or ([200.0] if quick else [200.0, 300.0]):
                for tls in (False, True):
                    try:
                        cpu_found += [cpu.measure(plan, tls=tls, rate=rate, told=told)]
                    except BenchmarkError as error:  # a core too slow for this rate, say
                        told(f"{'TLS' if tls else 'plain'} at {rate:g}/s left out: {error}")
                        complete = False
            report.show_cpu(console, cpu_found)
        if "latency" in parts:
            cores = measured_core, other_core
            rates = options.latency_rate or [load.rate for load in latency.LOADS]
            latency_found = latency.measure(folder, cores, rates, told, quick=quick)
            report.show_latency(console, latency_found)
        if "memory" in parts:
            sizes = (100, 1000) if quick else (100, 1000, 10_000)
            memory_found = memory.measure(folder, target, measured_core, sizes, told)
            report.show_memory(console, memory_found)
    if options.json is not None:
        found = report.document(described, cpu_found, latency_found, memory_found)
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return complete


if __name__ == "__main__":
    sys.exit(main())
