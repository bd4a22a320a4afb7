"""Daemons that start in a moment: forked from a process that has already imported the program.

Each is a process as any other, with its own session, environment, log, signals and exit code. What
it is spared is to import the same modules again, which is most of what a start costs.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from subprocess import CompletedProcess
from typing import IO, Any

from tests.support.patience import PATIENCE

IMPORTED = (
    "anyio._backends._asyncio",
    "apprise",
    "apscheduler.executors.asyncio",
    "monitor.cli.app",
    "monitor.cli.evidence",
    "monitor.cli.run",
    "monitor.configuration.loader",
    "monitor.history.reader",
    "monitor.runtime.process",
    "monitor.runtime.reporting",
    "monitor.support.allocator",
    "monitor.support.logging_setup",
    "probes.kinds",
    "sqlalchemy.dialects.sqlite",
    "uvloop",
)
"""What a daemon imports at its start and, in a thread, soon after it: half of what all of it costs."""


@functools.cache
def prepared() -> ForkServerContext:
    """Where such processes come from. It ends with the process that asks for it first."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*IMPORTED, __name__])
    return context


def start(
    context: ForkServerContext, config: Path, data: Path, log: Path | None = None
) -> ForkServerProcess:
    """``driftvakt run`` of that configuration, in a process of its own; what it logs, as JSON, is
    added to ``log``.
    """
    words = ["--config", str(config), "--data-dir", str(data), "--listen", "127.0.0.1:0"]
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    told = os.open(log or os.devnull, flags, 0o600)
    try:
        return _begin(context, ["run", *words, "--log-format", "json"], told)
    finally:
        os.close(told)


def said(words: Sequence[str], *, cwd: Path, timeout: float = PATIENCE) -> CompletedProcess[str]:
    """What ``driftvakt`` with those words prints, and its exit code, as ``subprocess.run`` has it."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = _begin(prepared(), words, err.fileno(), cwd, dict(os.environ), out.fileno())
        process.join(timeout)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(words), timeout)
        texts = [(one.seek(0), one.read().decode())[1] for one in (out, err)]
    return CompletedProcess(list(words), code, *texts)


class Forked:
    """``driftvakt`` with those words, as :class:`subprocess.Popen` shows a process: as much of it
    as tests use. What it logs is on ``stderr``.
    """

    def __init__(self, words: Sequence[str], *, cwd: Path) -> None:
        self.args = list(words)
        reading, writing = os.pipe()
        self.stderr: IO[bytes] = os.fdopen(reading, "rb")
        try:
            self._process = _begin(prepared(), words, writing, cwd, dict(os.environ))
        finally:
            os.close(writing)
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, or the signal's number below 0; ``None`` while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises ``subprocess.TimeoutExpired``."""
        self._process.join(timeout)
        code = self.returncode
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Nothing, once it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


def _begin(
    context: ForkServerContext,
    words: Sequence[str],
    told: int,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    out: int | None = None,
) -> ForkServerProcess:
    process = context.Process(target=_Run(list(words), told, out, cwd, environ), daemon=True)
    process.start()
    return process


class _Run:
    """What the forked process does. ``told`` is the descriptor of its stderr, ``out`` of its
    stdout when anybody wants that.
    """

    def __init__(
        self,
        words: list[str],
        told: int,
        out: int | None,
        cwd: Path | None,
        environ: Mapping[str, str] | None,
    ) -> None:
        self._words, self._told, self._out = words, told, out
        self._cwd, self._environ = cwd, environ

    def __getstate__(self) -> tuple[Any, ...]:
        # a descriptor is handed over when it is pickled, which is when the process starts
        out = DupFd(self._out) if self._out is not None else None
        return self._words, DupFd(self._told), out, self._cwd, self._environ

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._words, told, out, self._cwd, self._environ = state
        self._told = told.detach()
        self._out = out.detach() if out is not None else None

    def __call__(self) -> None:
        from monitor.cli.app import main

        os.setsid()
        if self._cwd is not None:
            os.chdir(self._cwd)
        if self._environ is not None:
            os.environ.clear()
            os.environ.update(self._environ)
        silence = os.open(os.devnull, os.O_RDWR)
        out = silence if self._out is None else self._out
        for given, descriptor in ((silence, 0), (out, 1), (self._told, 2)):
            os.dup2(given, descriptor)
        for given in {silence, out, self._told}:
            os.close(given)
        sys.argv = ["driftvakt", *self._words]
        main()
