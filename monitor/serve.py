"""Runs the daemon until a signal or for a while."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys

from monitor.daemon import Daemon
from monitor.estate import Estate
from monitor.web_access import WebAccessError

STOPS = (signal.SIGTERM, signal.SIGINT)


async def stopped(duration: float | None) -> None:
    """Returns at SIGTERM or SIGINT, or after ``duration`` seconds when it is given."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in STOPS:
        loop.add_signal_handler(number, stop.set)
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(duration):
                await stop.wait()
    finally:
        for number in STOPS:
            loop.remove_signal_handler(number)


async def serve(estate: Estate, duration: float | None = None) -> int:
    """Runs the daemon. Gives the exit code: 0, or 2 when it cannot start as configured."""
    try:
        async with Daemon(estate):
            # what lives as long as the process need not be looked at by every collection
            gc.collect()
            gc.freeze()
            await stopped(duration)
    except WebAccessError as error:
        print(f"driftvakt: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where = f"{estate.listen_host}:{estate.listen_port}"
        print(f"driftvakt: cannot listen on {where}: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0
