"""Runs the history's work in a thread of its own or, for simulations, on the loop itself."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

import structlog

from monitor.history.errors import HistoryTroubleError

log = structlog.get_logger("driftvakt")

T = TypeVar("T")
Step = Callable[[], float]
"""Does some work and gives the seconds until it wants to be called again."""
BREATH = 0.0005
STOP = 1.5
"""Seconds that the last work may take by itself."""
_BROKEN_OFF = 0.5
"""And once it was broken off."""
_FAULT_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class _Call:
    what: Callable[[], Any]
    done: Callable[[Any, BaseException | None], None]

    def run(self) -> None:
        try:
            result = self.what()
        except BaseException as error:  # noqa: BLE001 - it is the caller's
            self.done(None, error)
        else:
            self.done(result, None)


class Worker(Protocol):
    """Runs a step again and again, and calls between them, never two at a time."""

    def start(self, step: Step) -> None: ...

    def wake(self) -> None:
        """The next step now."""

    async def call(self, what: Callable[[], T]) -> T:
        """Runs ``what`` between two steps and gives what it gives, errors too."""
        ...

    def tell(self, what: Callable[[], None]) -> None:
        """From inside a step: ``what`` is run on the loop."""

    def breathe(self) -> None:
        """From inside a step, between pieces of work: lets the loop have its turn."""

    async def stop(
        self, last: Callable[[], None], break_off: Callable[[], None] | None = None
    ) -> None:
        """Runs ``last``, then nothing any more. ``break_off`` ends what takes too long."""


class ThreadWorker:
    """Runs the work in one thread. To be made and used on a running loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        # None: wake up
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stopping = False

    def start(self, step: Step) -> None:
        # a daemon thread: a database that never answers does not keep the process
        self._thread = threading.Thread(target=self._run, args=(step,), name="history", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        if self._calls.empty():  # otherwise the worker is to come anyway
            self._calls.put(None)

    async def call(self, what: Callable[[], T]) -> T:
        future: asyncio.Future[T] = self._loop.create_future()
        # whoever does not wait any more gets no answer
        self._put(
            _Call(
                lambda: None if future.cancelled() else what(),
                partial(self._post, _settle, future),
            )
        )
        return await future

    def tell(self, what: Callable[[], None]) -> None:
        self._post(what)

    def breathe(self) -> None:
        # whoever waits for the interpreter gets it, instead of asking for it in vain for 5 ms
        time.sleep(BREATH)

    async def stop(
        self, last: Callable[[], None], break_off: Callable[[], None] | None = None
    ) -> None:
        thread = self._thread
        if thread is None or not thread.is_alive():
            return
        ended: asyncio.Future[None] = self._loop.create_future()

        def end() -> None:
            self._stopping = True
            last()

        self._put(_Call(end, partial(self._post, _settle, ended)))
        await asyncio.wait([ended], timeout=STOP)
        if not ended.done() and break_off is not None:
            break_off()
            await asyncio.wait([ended], timeout=_BROKEN_OFF)
        if not ended.done():
            # the thread holds up nobody: it ends with the process
            log.error("history_does_not_stop", seconds=STOP + _BROKEN_OFF)
            return
        ended.result()
        thread.join()
        self._refuse_rest()

    def _put(self, call: _Call) -> None:
        self._calls.put(call)
        if self._thread is None or not self._thread.is_alive():
            self._refuse_rest()  # nobody will come for it

    def _refuse_rest(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                call = self._calls.get_nowait()
                if call is not None:
                    call.done(None, HistoryTroubleError("the history is closed"))

    def _post(self, what: Callable[..., None], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is there to hear it
            self._loop.call_soon_threadsafe(what, *arguments)

    def _ended(self) -> bool:
        return self._stopping

    def _run(self, step: Step) -> None:
        while not self._ended():
            delay = _guarded(step)
            with contextlib.suppress(queue.Empty):
                call = self._calls.get(timeout=delay) if delay > 0 else self._calls.get_nowait()
                while True:  # everything that waits, and one step for all the wake-ups
                    if call is not None:
                        call.run()
                    if self._ended():
                        return
                    call = self._calls.get_nowait()


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():  # whoever asked has gone
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)


def _guarded(step: Step) -> float:
    try:
        return step()
    except Exception:
        log.exception("history_fault")
        return _FAULT_PAUSE


class InlineWorker:
    """Runs the work on the loop, by its clock: for simulations on virtual time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._step: Step | None = None
        self._next: asyncio.Handle | None = None

    def start(self, step: Step) -> None:
        self._step = step
        self.wake()

    def wake(self) -> None:
        if self._step is None:
            return
        if self._next is not None:
            self._next.cancel()
        self._next = self._loop.call_soon(self._run)

    async def call(self, what: Callable[[], T]) -> T:
        if self._step is None:
            raise HistoryTroubleError("the history is closed")
        return what()

    def tell(self, what: Callable[[], None]) -> None:
        self._loop.call_soon(what)

    def breathe(self) -> None:
        """Nobody waits."""

    async def stop(
        self, last: Callable[[], None], break_off: Callable[[], None] | None = None
    ) -> None:
        if self._next is not None:
            self._next.cancel()
        self._step = None
        last()
        await asyncio.sleep(0)  # what was told is heard

    def _run(self) -> None:
        if self._step is not None:
            delay = _guarded(self._step)
            if self._step is not None:
                self._next = self._loop.call_later(delay, self._run)
