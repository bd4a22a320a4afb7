"""Long work beside the event loop, in a thread of its own that holds up no stop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def run_in_daemon_thread(work: Callable[[], T], name: str = "aside") -> T:
    """What ``work`` gives, or raises. Cancelled, the thread comes to its end by itself, and is
    not waited for by a process that ends: ``work`` must leave nothing half done.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(set_it: Callable[[], None]) -> None:
        if not done.done():
            set_it()

    def run() -> None:
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001 - it is raised where it is waited for
            error = raised
            told = lambda: tell(lambda: done.set_exception(error))  # noqa: E731
        else:
            told = lambda: tell(lambda: done.set_result(result))  # noqa: E731
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(told)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await done
