"""The machine's cores, and what a process has used of them and of its memory."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def cores() -> tuple[int, int]:
    """The core for what is measured and the core for everything else (the same if there is one)."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """Processes started within stay on this core, all their threads too."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, of all its threads, those that have ended too."""
    return time.clock_gettime((~pid << 3) | 2)  # clock_getcpuclockid(3), to the nanosecond


def waited_seconds(pid: int) -> float:
    """How long the threads of a process that live now were ready to run, and others ran."""
    tasks = Path(f"/proc/{pid}/task")
    waited = 0
    for task in tasks.iterdir():
        with contextlib.suppress(OSError):  # it has just ended
            waited += int((task / "schedstat").read_text().split()[1])
    return waited / 1e9


def resident_bytes(pid: int) -> int:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def describe() -> str:
    """The processor and its number of cores, for the head of a report."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if "model name" in line), "")
    load = os.getloadavg()[0]
    return f"{model or os.uname().machine}, {os.cpu_count()} cores, load {load:.1f} at the start"
