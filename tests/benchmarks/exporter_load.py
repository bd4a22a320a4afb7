"""Asks the blackbox exporter for probes of many targets in turn, evenly, and keeps their phases.

``python -m tests.benchmarks.exporter_load TARGETS FILE PROBE_URL RATE`` until it is told to end.
TARGETS is a file with a host and a URL to probe in each line. FILE then holds a line of JSON for each
probe that succeeded.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import sys
import time
from pathlib import Path

import aiohttp
import uvloop
from yarl import URL

from tests.benchmarks.watched import PROMETHEUS

_PHASE = re.compile(rb'^probe_http_duration_seconds\{phase="(\w+)"\} (\S+)$', re.MULTILINE)
_WHOLE = re.compile(rb"^probe_duration_seconds (\S+)$", re.MULTILINE)


class Asking:
    """Sends each request at its instant, whether or not those before it were answered."""

    def __init__(self, targets: list[tuple[str, str]], probe: str, rate: float) -> None:
        self._targets = targets
        self._probe = URL(probe)
        self._rate = rate
        self._under_way: set[asyncio.Task[None]] = set()
        self.found: list[dict[str, object]] = []

    async def run(self, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30)
        async with aiohttp.ClientSession(connector=connector, headers=PROMETHEUS) as session:
            began, number = loop.time(), 0
            while not stop.is_set():
                name, url = self._targets[number % len(self._targets)]
                task = loop.create_task(self._ask(session, name, url))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
                number += 1
                await asyncio.sleep(max(0.0, began + number / self._rate - loop.time()))
            await asyncio.gather(*self._under_way)

    async def _ask(self, session: aiohttp.ClientSession, name: str, url: str) -> None:
        at = time.time()
        asked = self._probe.update_query(module="bench", target=url)
        with contextlib.suppress(aiohttp.ClientError):
            async with session.get(asked) as answer:
                body = await answer.read()
            whole = _WHOLE.search(body)
            if b"\nprobe_success 1" in body and whole is not None:
                phases = {phase.decode(): float(value) for phase, value in _PHASE.findall(body)}
                self.found.append(
                    {"name": name, "at": at, "phases": phases, "whole": float(whole[1])}
                )


async def main(targets: list[tuple[str, str]], probe: str, rate: float) -> Asking:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    asking = Asking(targets, probe, rate)
    await asking.run(stop)
    return asking


if __name__ == "__main__":
    listed = [line.split(" ", 1) for line in Path(sys.argv[1]).read_text().splitlines()]
    done = uvloop.run(main([(one, two) for one, two in listed], sys.argv[3], float(sys.argv[4])))
    Path(sys.argv[2]).write_text("".join(json.dumps(one) + "\n" for one in done.found))
