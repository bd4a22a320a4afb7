"""The runs of ``latency.py``, in namespaces of their own (``apart.py``).

``python -m tests.benchmarks.latency_runs FOLDER MEASURED_CORE OTHER_CORE [--rate N]… [--quick]`` says how
it goes, and the figures in JSON on its last line.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import FrameType

import trustme

from monitor.scheduling.phase import turn
from tests.benchmarks.apart import settle
from tests.benchmarks.exporter import exporter
from tests.benchmarks.exposition import by_check, values
from tests.benchmarks.latency import (
    GOAL_RATE,
    LOADS,
    PHASES,
    READERS,
    Load,
    Run,
    Spread,
    written,
)
from tests.benchmarks.machine import on_core
from tests.benchmarks.processes import BenchmarkError, running, wait_until
from tests.benchmarks.scripted_names import DOMAIN, Script
from tests.benchmarks.watched import Watched, check_ids, configuration, watching
from tests.benchmarks.wire import DNS, Wire, packets, truths

QUICK = 0.4
"""Of the usual time."""
MATCHED_WITHIN = 0.9
"""Seconds at most between a probe's start and its first packet."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What a program said of one probe."""

    at: float
    whole: float
    phases: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where the servers are, and on which cores what runs."""

    folder: Path
    ports: dict[bool, int]
    """By whether it is TLS."""
    ca_file: Path
    measured_core: int
    other_core: int

    def names(self, load: Load) -> list[str]:
        return [Script.turn(number).name(number) for number in range(load.checks)]

    def urls(self, load: Load, *, tls: bool) -> list[str]:
        scheme = "https" if tls else "http"
        return [f"{scheme}://{name}:{self.ports[tls]}/" for name in self.names(load)]

    @contextlib.contextmanager
    def tapped(self) -> Iterator[Path]:
        """The packets seen meanwhile, in a file that is whole afterwards."""
        file, log = self.folder / "seen.pcap", self.folder / "tap.log"
        ports = [str(port) for port in (DNS, *self.ports.values())]
        command = [sys.executable, "-m", "tests.benchmarks.tap", str(file), *ports]
        with running(command, core=self.other_core, log=log):
            wait_until(lambda: log.read_text() or None, "the tap's start")
            yield file
        said = log.read_text().splitlines()
        lost = json.loads(said[-1])["lost"] if said[-1].startswith("{") else -1
        if lost:
            raise BenchmarkError(f"the tap lost packets: {said}")


@contextlib.contextmanager
def bench(folder: Path, measured_core: int, other_core: int) -> Iterator[Bench]:
    """The delayed servers, while they run."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "delayed-ca.pem")
    certificate = folder / "delayed.pem"
    authority.issue_cert(f"*.{DOMAIN}").private_key_and_cert_chain_pem.write_to_path(certificate)
    with contextlib.ExitStack() as stack:
        plain, tls = (
            stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=511))
            for _ in range(2)
        )
        names = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        names.bind(("127.0.0.1", DNS))
        command = [sys.executable, "-m", "tests.benchmarks.delayed", str(folder / "served.txt")]
        command += [f"--plain={plain.fileno()}", f"--tls={tls.fileno()}"]
        command += [f"--certificate={certificate}", f"--names={names.fileno()}"]
        stack.enter_context(
            running(
                command,
                core=other_core,
                log=folder / "delayed.log",
                sockets=[plain, tls, names],
            )
        )
        yield Bench(
            folder=folder,
            ports={False: plain.getsockname()[1], True: tls.getsockname()[1]},
            ca_file=folder / "delayed-ca.pem",
            measured_core=measured_core,
            other_core=other_core,
        )


def ours(where: Bench, load: Load, *, tls: bool, readers: int = 0) -> Run:
    """The daemon's phases, read from its metrics while it runs; services of one check each."""
    ca_file = where.ca_file if tls else None
    urls = where.urls(load, tls=tls)
    text = configuration(load.checks, urls, f"{load.interval:g}s", ca_file, per_service=1)
    with where.tapped() as seen, contextlib.ExitStack() as stack:
        daemon = stack.enter_context(watching(where.folder, text, where.measured_core))
        if readers:
            command = [sys.executable, "-m", "tests.benchmarks.readers", daemon.url, str(readers)]
            log = where.folder / "readers.log"
            stack.enter_context(running(command, core=where.other_core, log=log))
        reported, failed = _scraped(daemon, load)
        if readers and log.read_text():
            raise BenchmarkError(f"the readers: {log.read_text()[-2000:]}")
    names = dict(zip(check_ids(load.checks, 1), where.names(load), strict=True))
    by_name = {names[check]: those for check, those in reported.items()}
    found = _compare("driftvakt", where, load, by_name, seen, tls=tls, failed=failed)
    return replace(found, readers=readers)


def _scraped(daemon: Watched, load: Load) -> tuple[dict[str, list[Reported]], int]:
    """What the metrics said of each probe after the first ones, and how many failed."""
    warm_up = max(3.0, load.checks / 100) + load.interval + 1.0
    found: dict[str, list[Reported]] = {check: [] for check in check_ids(load.checks, 1)}
    for _ in daemon.scrape_for(warm_up):
        pass
    failed = 0
    before: dict[str, float] = {}
    # more often than a check is probed, so that every probe's value is read
    for text in daemon.scrape_for(load.seconds, 0.9 * load.interval):
        instants = by_check(text, "driftvakt_last_observation_timestamp_seconds")
        success = by_check(text, "probe_success")
        whole = by_check(text, "probe_duration_seconds")
        phases: dict[str, dict[str, float]] = {}
        for labels, value in values(text, "probe_http_duration_seconds"):
            check = f"{labels['environment']}/{labels['service']}/{labels['check']}"
            phases.setdefault(check, {})[labels["phase"]] = value
        for check, at in instants.items():
            if before.setdefault(check, at) == at:
                continue  # read already, or made before
            before[check] = at
            if success.get(check):
                found[check].append(Reported(at, whole[check], phases[check]))
            else:
                failed += 1
    return found, failed


def exporters(where: Bench, load: Load, *, tls: bool) -> Run:
    """The exporter's phases, from its answers."""
    targets, said = where.folder / "targets.txt", where.folder / "asked.txt"
    names, urls = where.names(load), where.urls(load, tls=tls)
    targets.write_text("".join(f"{name} {url}\n" for name, url in zip(names, urls, strict=True)))
    with (
        where.tapped() as seen,
        exporter(where.folder, where.ca_file, where.measured_core) as (_, port),
    ):
        command = [sys.executable, "-m", "tests.benchmarks.exporter_load", str(targets), str(said)]
        command += [f"http://127.0.0.1:{port}/probe", str(load.rate)]
        log = where.folder / "asking.log"
        with running(command, core=where.other_core, log=log) as process:
            time.sleep(load.seconds)
            process.terminate()
            process.wait(15)
    reported: dict[str, list[Reported]] = {name: [] for name in names}
    for line in said.read_text().splitlines():
        one = json.loads(line)
        reported[one["name"]].append(Reported(one["at"], one["whole"], one["phases"]))
    return _compare("blackbox exporter", where, load, reported, seen, tls=tls, failed=0)


def _compare(
    program: str,
    where: Bench,
    load: Load,
    reported: dict[str, list[Reported]],
    seen: Path,
    *,
    tls: bool,
    failed: int,
) -> Run:
    true = truths(packets(seen), frozenset(where.ports.values()))
    errors: dict[str, list[float]] = {}
    own_tls: list[float] = []
    late: list[float] = []
    unmatched = 0
    for name, those in reported.items():
        for one in those:
            wire = _nearest(true.get(name, ()), one.at)
            if wire is None:
                unmatched += 1
                continue
            for phase in PHASES:
                value: float | None = getattr(wire, phase)
                if value is not None and phase in one.phases:
                    errors.setdefault(phase, []).append(one.phases[phase] - value)
            errors.setdefault("whole", []).append(one.whole - wire.whole)
            errors.setdefault("judged", []).append(one.whole - wire.judged)
            late.append(_off_grid(wire.began, turn(name) * load.interval, load.interval))
            if wire.own_tls is not None:
                own_tls.append(wire.own_tls)
    if not errors:
        raise BenchmarkError(f"{program}: no probe of {unmatched} was seen on the wire")
    return Run(
        program=program,
        tls=tls,
        rate=load.rate,
        probes=len(errors["whole"]),
        unmatched=unmatched,
        failed=failed,
        errors={name: Spread.of(sample) for name, sample in errors.items()},
        own_tls=Spread.of(own_tls) if own_tls else None,
        late=Spread.of(late) if program == "driftvakt" else None,
    )


def _nearest(wires: Sequence[Wire], at: float) -> Wire | None:
    found = min(wires, key=lambda one: abs(one.began - at), default=None)
    return found if found is not None and abs(found.began - at) < MATCHED_WITHIN else None


def _off_grid(instant: float, offset: float, interval: float) -> float:
    """Seconds after the nearest point of the grid, negative when before it."""
    return (instant - offset + interval / 2) % interval - interval / 2


def _told(run: Run) -> str:
    beside = f", {run.readers} readers" if run.readers else ""
    kind = "TLS" if run.tls else "plain"
    return f"{run.program}, {kind}, {run.rate:g}/s{beside}: {run.probes} probes"


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(143)  # on the way everything started is ended


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.latency_runs")
    parser.add_argument("folder", type=Path)
    parser.add_argument("measured_core", type=int)
    parser.add_argument("other_core", type=int)
    parser.add_argument("--rate", type=float, action="append")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    found: list[Run] = []
    try:
        settle(options.folder)
        with (
            on_core(options.other_core),
            bench(options.folder, options.measured_core, options.other_core) as where,
        ):
            for load in LOADS:
                if options.rate and load.rate not in options.rate:
                    continue
                asked = replace(load, seconds=load.seconds * (QUICK if options.quick else 1.0))
                for tls in (False, True):
                    runs = [ours, exporters]
                    if load.rate == GOAL_RATE:
                        runs.insert(1, partial(ours, readers=READERS))
                    for one in runs:
                        found.append(one(where, asked, tls=tls))
                        print(_told(found[-1]), flush=True)
    except BenchmarkError as error:
        print(error, flush=True)
        return 1
    print(json.dumps(written(found)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
