"""Runs the daemon until a signal or for a while."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Callable, Iterator

from monitor.daemon import Daemon
from monitor.estate import Estate
from monitor.origin import Origin
from monitor.secrets import Masker
from monitor.web_access import WebAccessError

GC_THRESHOLDS = (20_000, 20, 50)
SWITCH_INTERVAL = 0.0005
"""Seconds after which the loop lets another thread run that wants to: one that has looked a name up
reads its clock then. Python's 5 ms would be taken for the name server's.
"""
STOPS = (signal.SIGTERM, signal.SIGINT)


def collect_seldom() -> None:
    """A configuration's values live as long as the process, and a probe's die by themselves: looking for
    cycles as often as the default has it costs a third of a start, and a tenth of all that follows.
    """
    gc.set_threshold(*GC_THRESHOLDS)


@contextlib.contextmanager
def signals(*, to: asyncio.Event, hangup: Callable[[], object]) -> Iterator[None]:
    """SIGTERM and SIGINT set ``to``, however often they come; SIGHUP calls ``hangup``."""
    loop = asyncio.get_running_loop()
    for number in STOPS:
        loop.add_signal_handler(number, to.set)
    loop.add_signal_handler(signal.SIGHUP, hangup)
    try:
        yield
    finally:
        for number in (*STOPS, signal.SIGHUP):
            loop.remove_signal_handler(number)


async def serve(
    estate: Estate,
    duration: float | None = None,
    *,
    origin: Origin | None = None,
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
        with signals(to=stop, hangup=lambda: daemon.reload("SIGHUP")):
            async with daemon:
                # what lives as long as the process need not be looked at by every collection; one
                # now would hold ten thousand checks up for half a second, and find next to nothing
                gc.freeze()
                sys.setswitchinterval(SWITCH_INTERVAL)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(duration):
                        await stop.wait()
    except WebAccessError as error:
        print(f"driftvakt: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where = f"{estate.listen_host}:{estate.listen_port}"
        print(f"driftvakt: cannot listen on {where}: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0
