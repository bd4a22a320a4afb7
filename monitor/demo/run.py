"""Puts the demo together: servers, configuration, the ordinary daemon, what a person sees."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from rich.console import Console

from monitor.configuration.loader import load
from monitor.demo.config import write_configuration
from monitor.demo.folder import temporary_folder
from monitor.demo.process import ServersFailedError, environments
from monitor.demo.show import Addresses, print_end, print_failure, show_demo
from monitor.runtime.assembly import STATUS_FILE
from monitor.runtime.daemon import Daemon
from monitor.runtime.dependencies import Dependencies
from monitor.runtime.process import STOPS, signals
from monitor.support import logging_setup

LOG_FILE = "daemon.log"
DRAIN = 0.5
"""Seconds for probes in flight at the end: a person has pressed Ctrl-C and waits."""


async def watch_demo(*, duration: float | None, console: Console, language: str = "en") -> int:
    """Run the demo until Ctrl-C, or for ``duration`` seconds of the script. Gives the exit code.

    Everything it makes is in one temporary folder, which is gone afterwards.
    """
    try:
        async with _ended_by_signals() as limit:
            with temporary_folder("driftvakt-demo-") as folder:
                await _play(folder, limit, duration, console, language)
    except ServersFailedError as error:
        print_failure(console, str(error), language)
        return 1
    print_end(console, language)
    return 0


async def _play(
    folder: Path,
    limit: asyncio.Timeout,
    duration: float | None,
    console: Console,
    language: str,
) -> None:
    async with environments(folder) as targets:
        path = write_configuration(folder, targets.ports, language)
        estate = load(path, os.environ).estate
        with _logging_to(folder / LOG_FILE):
            async with Daemon(estate, Dependencies(drain=DRAIN)) as daemon:
                if duration is not None and limit.when() is None:  # else a signal has come
                    limit.reschedule(asyncio.get_running_loop().time() + duration)
                await targets.begin()
                places = Addresses(
                    configuration=str(path),
                    page=f"{daemon.url}/",
                    metrics=f"{daemon.url}/metrics",
                    status=f"{daemon.url}/status.json",
                    status_file=str(estate.data_dir / STATUS_FILE),
                    log=str(folder / LOG_FILE),
                )
                await show_demo(daemon.reporting.source.snapshot, places, console, language)


@contextlib.asynccontextmanager
async def _ended_by_signals() -> AsyncIterator[asyncio.Timeout]:
    """A block that SIGINT, SIGTERM or the time limit leaves quietly, however far it has come."""
    loop = asyncio.get_running_loop()
    limit = asyncio.timeout(None)

    def stop() -> None:
        if not limit.expired():  # a second Ctrl-C does not disturb the tidying up
            limit.reschedule(loop.time())

    with signals(dict.fromkeys(STOPS, stop)):
        try:
            async with limit:
                yield limit
        except TimeoutError:
            if not limit.expired():
                raise


@contextlib.contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """Write the daemon's ordinary log to a file: the terminal is for the table."""
    with path.open("w", encoding="utf-8") as file:
        logging_setup.set_up("json", "info", stream=file)
        try:
            yield
        finally:
            logging_setup.set_up("json", "critical")  # the file is closed
