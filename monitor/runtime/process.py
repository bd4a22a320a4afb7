"""Runs the daemon until a signal or for a while."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType

import structlog

from monitor.configuration.files import ConfigFiles
from monitor.model.estate import Estate
from monitor.publish.web.credentials import WebAccessError
from monitor.runtime.daemon import Daemon
from monitor.runtime.folder_lock import HeldError, holding
from monitor.runtime.garbage_collection import Sweeper
from monitor.support.redaction import Masker

log = structlog.get_logger("driftvakt")

GC_THRESHOLDS = (20_000, 20, 50)
SWITCH_INTERVAL = 0.0002
"""Seconds after which the loop lets another thread run that wants to: one that has looked a name up
reads its clock then. Python's 5 ms would be taken for the name server's.
"""
STOPS = (signal.SIGTERM, signal.SIGINT)
STOP = 4.6
"""Seconds after a signal at which what has not ended is left: the promise is five."""


def collect_seldom() -> None:
    """A configuration's values live as long as the process, and a probe's die by themselves: looking for
    cycles as often as the default has it costs a third of a start, and a tenth of all that follows.
    """
    gc.set_threshold(*GC_THRESHOLDS)


@contextlib.contextmanager
def signals(to: Mapping[int, Callable[[], object]]) -> Iterator[None]:
    """Has each signal call what it is given in the running loop, however often it comes, and does nothing
    afterwards: one that is impatient changes nothing until the process has ended.
    """
    loop = asyncio.get_running_loop()

    def handle(number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(to[number])

    # the loop's own handlers go back to the system's when they are taken away, for an instant that is
    # long enough to be ended by; these are replaced at once
    for number in to:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in to:
            signal.signal(number, signal.SIG_IGN)


def _leave() -> None:
    log.error("stop_cut_short", seconds=STOP)
    sys.stderr.flush()
    os._exit(0)


async def run_daemon(
    estate: Estate,
    duration: float | None = None,
    *,
    origin: ConfigFiles | None = None,
    masker: Masker | None = None,
) -> int:
    """Runs the daemon until a signal comes, or for ``duration`` seconds. ``origin`` is where the
    estate was read from, ``masker`` what masks the log. Gives the exit code: 0, or 2 when it
    cannot start as configured.
    """
    collect_seldom()
    stop = asyncio.Event()
    daemon = Daemon(estate, origin=origin, masker=masker)
    try:
        # also while it starts and ends: an impatient second signal must not cut the drain short
        calls: dict[int, Callable[[], object]] = dict.fromkeys(STOPS, stop.set)
        calls[signal.SIGHUP] = lambda: daemon.reload("SIGHUP")
        with signals(calls):
            async with holding(estate.data_dir):
                await _run(daemon, stop, duration)
    except (WebAccessError, HeldError) as error:
        print(f"driftvakt: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where = f"{estate.listen_host}:{estate.listen_port}"
        print(f"driftvakt: cannot listen on {where}: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0


async def _run(daemon: Daemon, stop: asyncio.Event, duration: float | None) -> None:
    started = asyncio.Event()
    stopping = asyncio.create_task(stop.wait(), name="stop")
    stopping.add_done_callback(_end_in_time)
    living = asyncio.create_task(_live(daemon, started, stopping, duration), name="daemon")
    try:
        await asyncio.wait([living, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not started.is_set():
            living.cancel()  # what the start has begun is ended in order
        with contextlib.suppress(asyncio.CancelledError):
            await living
    finally:
        living.cancel()
        stopping.cancel()


async def _live(
    daemon: Daemon, started: asyncio.Event, stopping: asyncio.Task[bool], duration: float | None
) -> None:
    sys.setswitchinterval(SWITCH_INTERVAL)
    async with daemon:
        started.set()
        sweeping = asyncio.create_task(Sweeper().run(), name="sweep")
        try:
            await asyncio.wait([stopping], timeout=duration)
        finally:
            sweeping.cancel()
            await asyncio.wait([sweeping])


def _end_in_time(stopping: asyncio.Task[bool]) -> None:
    """Whatever hangs, threads that asyncio itself waits for included."""
    if not stopping.cancelled():
        last_resort = threading.Timer(STOP, _leave)
        last_resort.daemon = True
        last_resort.start()
