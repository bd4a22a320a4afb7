"""Programs that are started on a core and ended by their own handle, whatever happens."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TypeVar

from tests.benchmarks.machine import on_core

END_WITHIN = 8.0
_ENVIRON = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
"""As a program that is installed starts: what compiles its modules at each start is slower by half a
second."""
_PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"

Process = subprocess.Popen[bytes]
T = TypeVar("T")


class BenchmarkError(Exception):
    """The benchmark cannot be made, or its figures would not mean what they say."""


def program(name: str) -> str:
    """The path of an installed program. Raises :class:`BenchmarkError`."""
    found = shutil.which(name, path=_PLACES)
    if found is None:
        raise BenchmarkError(f"{name} is missing; to install it: sh scripts/system-packages bench")
    return found


@contextlib.contextmanager
def running(
    command: Sequence[str],
    *,
    core: int,
    log: Path,
    stdout: int | None = None,
    environment: Mapping[str, str] | None = None,
    sockets: Sequence[socket.socket] = (),
) -> Iterator[Process]:
    """A program on one core, what it says in ``log``. In a session of its own, so that Ctrl-C
    reaches only the benchmark, which then ends it.
    """
    said: IO[bytes]
    with log.open("wb") as said:
        with on_core(core):
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said if stdout is None else stdout,
                stderr=said,
                env={**_ENVIRON, **(environment or {})},
                pass_fds=[one.fileno() for one in sockets],
                start_new_session=True,
            )
        try:
            yield process
        finally:
            _end(process)


def _end(process: Process) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(END_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def wait_until(look: Callable[[], T | None], what: str, seconds: float = 30.0) -> T:
    """What ``look`` finds. Raises :class:`BenchmarkError` when it finds nothing in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = look()
        if found is not None:
            return found
        time.sleep(0.005)
    raise BenchmarkError(f"{what}: not within {seconds:g} s")
