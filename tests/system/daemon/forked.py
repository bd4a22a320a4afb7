"""Daemons that start in a moment: forked from a process that has already imported the program."""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path


def prepared() -> ForkServerContext:
    """Where such processes come from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [
            "monitor.cli",
            "monitor.serve",
            "monitor.settings",
            "alembic.command",
            "sqlalchemy.dialects.sqlite",
            "uvloop",
            __name__,
        ]
    )
    return context


def start(
    context: ForkServerContext, config: Path, data: Path, log: Path | None = None
) -> ForkServerProcess:
    """``driftvakt run`` of that configuration, in a process of its own; what it logs, as JSON, is
    added to ``log``.
    """
    arguments = (str(config), str(data), str(log or os.devnull))
    process = context.Process(target=_run, args=arguments, daemon=True)
    process.start()
    return process


def _run(config: str, data: str, log: str) -> None:
    from monitor.cli import app

    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silence, descriptor)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    options = ["--config", config, "--data-dir", data, "--listen", "127.0.0.1:0"]
    app(args=["run", *options, "--log-format", "json"])
