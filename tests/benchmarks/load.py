"""Asks the blackbox exporter for probes at an even rate, as Prometheus does, in its own process.

``python -m tests.benchmarks.load URL RATE`` until it is told to end; then says what it saw.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys

import aiohttp
import uvloop

from tests.benchmarks.watched import PROMETHEUS


class Load:
    """Sends each request at its instant, whether or not those before it were answered."""

    def __init__(self, url: str, rate: float) -> None:
        self._url = url
        self._rate = rate
        self._under_way: set[asyncio.Task[None]] = set()
        self.succeeded = 0
        self.failed = 0

    async def run(self, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30)
        async with aiohttp.ClientSession(connector=connector, headers=PROMETHEUS) as session:
            began, number = loop.time(), 0
            while not stop.is_set():
                task = loop.create_task(self._ask(session))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
                number += 1
                await asyncio.sleep(max(0.0, began + number / self._rate - loop.time()))
            await asyncio.gather(*self._under_way)

    async def _ask(self, session: aiohttp.ClientSession) -> None:
        with contextlib.suppress(aiohttp.ClientError):
            async with session.get(self._url) as answer:
                if b"\nprobe_success 1" in await answer.read():
                    self.succeeded += 1
                    return
        self.failed += 1


async def main(url: str, rate: float) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    load = Load(url, rate)
    await load.run(stop)
    print(json.dumps({"succeeded": load.succeeded, "failed": load.failed}))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], float(sys.argv[2])))
