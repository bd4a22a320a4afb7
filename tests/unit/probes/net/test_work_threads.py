"""Threads for judging: few at a time, each ended and waited for."""

from __future__ import annotations

import asyncio
import threading

import pytest

from probes.failure import MonitorTrouble
from probes.net.work_threads import Stop, Workers
from tests.support.patience import PATIENCE


def judges() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "judge"]


async def test_what_work_gives_and_raises_comes_out() -> None:
    """As if it had been called."""
    workers = Workers()
    assert await workers.run(lambda _: threading.current_thread().name) == "judge"

    def fail(_: Stop) -> None:
        raise LookupError("lost")

    with pytest.raises(LookupError, match="lost"):
        await workers.run(fail)
    await workers.close()


async def test_work_that_is_given_up_is_told_to_stop_and_keeps_its_place() -> None:
    """So that no more threads run than places there are."""
    workers = Workers(at_a_time=1)
    began, stopped, go_on = threading.Event(), threading.Event(), threading.Event()

    def work(stop: Stop) -> None:
        began.set()
        while not stop():
            go_on.wait(0.001)
        stopped.set()
        go_on.wait(PATIENCE)

    given_up = asyncio.create_task(workers.run(work))
    await asyncio.to_thread(began.wait, 5.0)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    waiting = asyncio.create_task(workers.run(lambda _: "next"))
    await asyncio.to_thread(stopped.wait, 5.0)
    assert not waiting.done()
    assert len(judges()) == 1
    go_on.set()
    assert await waiting == "next"
    await workers.close()


async def test_closing_stops_all_work_and_waits_for_it() -> None:
    """Nothing runs on."""
    workers = Workers()
    began = threading.Barrier(3)

    def work(stop: Stop) -> str:
        began.wait(PATIENCE)
        while not stop():
            threading.Event().wait(0.001)
        return "stopped"

    running = [asyncio.create_task(workers.run(work)) for _ in range(2)]
    await asyncio.to_thread(began.wait, 5.0)
    await workers.close()
    assert await asyncio.gather(*running) == ["stopped", "stopped"]


async def test_a_thread_that_cannot_be_had_is_our_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """And takes no place for ever."""
    workers = Workers(at_a_time=1)

    def none_left(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", none_left)
        with pytest.raises(MonitorTrouble, match="no thread to judge the answer in"):
            await workers.run(lambda _: None)
    assert await workers.run(lambda _: 1) == 1
    await workers.close()
