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
        ["monitor.cli", "monitor.serve", "monitor.settings", "uvloop", __name__]
    )
    return context


def start(context: ForkServerContext, config: Path, data: Path) -> ForkServerProcess:
    """``driftvakt run`` of that configuration, in a process of its own."""
    process = context.Process(target=_run, args=(str(config), str(data)), daemon=True)
    process.start()
    return process


def _run(config: str, data: str) -> None:
    from monitor.cli import app

    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silence, descriptor)
    app(args=["run", "--config", config, "--data-dir", data, "--listen", "127.0.0.1:0"])
