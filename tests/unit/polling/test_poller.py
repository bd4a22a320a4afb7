"""The poller: a task a source, at its pauses, and no fault is the end of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs

from monitor.polling.http_fetch import FetchError
from monitor.polling.poller import CLOSE, STAY_AWAY, Poller
from tests.support.virtual_time import MONDAY, run_virtually

EVERY = 60.0
Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    return lambda main: run_virtually(main, monkeypatch)


@dataclass(slots=True)
class Source:
    """What a poller does with sources called by letters."""

    error: Exception | None = None
    polled: list[tuple[str, float]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)

    def poller(self) -> Poller[str]:
        return Poller(
            "letters",
            poll=self.poll,
            failed=lambda letter, why: self.failed.append((letter, why)),
            pause=lambda letter: EVERY,
        )

    async def poll(self, letter: str) -> None:
        self.polled.append((letter, asyncio.get_running_loop().time() - MONDAY))
        if self.error is not None:
            raise self.error

    def instants(self, letter: str) -> list[float]:
        return [round(at, 3) for one, at in self.polled if one == letter]


def test_a_source_is_polled_until_it_is_gone(run: Run) -> None:
    """At once, then at its pauses; one that stays is polled no sooner."""

    async def main() -> None:
        source = Source()
        poller = source.poller()
        assert poller.follow({"a"}) == set()
        await asyncio.sleep(EVERY * 1.5)
        assert poller.follow({"a", "b"}) == set()
        await asyncio.sleep(EVERY)
        assert poller.follow({"b"}) == {"a"}
        await asyncio.sleep(EVERY)
        await poller.close()
        await asyncio.sleep(EVERY)
        assert source.instants("a") == [0, EVERY, 2 * EVERY]
        assert source.instants("b") == [EVERY * 1.5, EVERY * 2.5]

    run(main())


@pytest.mark.parametrize(("stay_away", "next_at"), [(0.0, EVERY), (600.0, 600.0), (1e9, STAY_AWAY)])
def test_a_server_that_sends_us_away_is_obeyed(run: Run, stay_away: float, next_at: float) -> None:
    """For as long as it asks, a day at most, and never for less than the pause."""

    async def main() -> None:
        source = Source(error=FetchError("HTTP 503", stay_away=stay_away))
        poller = source.poller()
        poller.follow({"a"})
        await asyncio.sleep(next_at + 1)
        await poller.close()
        assert source.instants("a") == [0, next_at]
        assert source.failed == [("a", "HTTP 503")] * 2

    run(main())


def test_a_fault_of_ours_does_not_end_the_polling(run: Run) -> None:
    """It is logged with its trace, the source is in trouble, and the next poll comes."""

    async def main() -> None:
        source = Source(error=KeyError("ours"))
        poller = source.poller()
        with capture_logs() as logs:
            poller.follow({"a"})
            await asyncio.sleep(EVERY + 1)
        await poller.close()
        assert [(one["event"], one["exc_info"]) for one in logs] == [("letters_broke", True)] * 2
        assert source.failed == [("a", "a fault of the monitor itself")] * 2

    run(main())


def test_a_poll_that_does_not_end_holds_up_no_stop(run: Run) -> None:
    """It is given a second."""

    async def main() -> None:
        released = asyncio.Event()

        async def stubborn(letter: str) -> None:
            while not released.is_set():
                try:
                    await released.wait()
                except asyncio.CancelledError:
                    continue

        poller = Poller[str](
            "letters", poll=stubborn, failed=lambda *_: None, pause=lambda _: EVERY
        )
        poller.follow({"a"})
        await asyncio.sleep(0)
        began = asyncio.get_running_loop().time()
        await poller.close()
        assert asyncio.get_running_loop().time() - began == pytest.approx(CLOSE, abs=0.01)
        released.set()

    run(main())
