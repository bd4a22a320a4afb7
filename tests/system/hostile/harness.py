"""An attack, and what it cost us: time past the deadline, memory, and how long the loop stood still.

The attackers are in a process of their own (``tests/servers/hostile.py``), so that what is measured
here is the probe's. Another program that takes the processor from us is none of its doing either:
Linux says how long a thread was ready to run and had to wait (``schedstat``), and that is taken off.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, cast

from probes.observation import Cause, Observation, Reason
from probes.tools import Tools
from tests.servers.hostile import HostileServers
from tests.system.probes.asking import ask_http

MEBIBYTE = 2**20
LATE = 0.1
"""Seconds past the deadline that a probe may take (issue 3, point 3)."""
MEMORY = 8 * MEBIBYTE
STALL = 0.05
"""Seconds that the loop may stand still."""
NEIGHBOUR = 0.05
"""Seconds that the slowest of a hundred probes of the well-behaved neighbour may take."""
DEADLINE = 0.5
TICK = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """What is asked, and the reason that is right; ``None``: the answer is good."""

    server: str
    reason: Reason | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    cause: Cause = Cause.TARGET
    timeout: float = DEADLINE
    unless: Reason | None = None
    """The reason where what comes after the answer comes with it: a client may tell or ignore it
    (RFC 9112, 6.3)."""

    @property
    def name(self) -> str:
        return f"{self.server} {self.label}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one attack, or of several at once."""

    seen: tuple[Observation, ...]
    overrun: float
    """Seconds past the deadline."""
    memory: int
    """Bytes of the peak over what there was before."""
    stall: float
    """The longest that the loop stood still, in seconds."""


class Waited:
    """Seconds for which this thread was ready to run and did not."""

    def __init__(self) -> None:
        self._file = os.open("/proc/thread-self/schedstat", os.O_RDONLY)

    def __call__(self) -> float:
        return int(os.pread(self._file, 64, 0).split()[1]) / 1e9

    def close(self) -> None:
        os.close(self._file)


class Watch:
    """Notes the longest time between two turns of the loop that is the loop's own doing."""

    def __init__(self) -> None:
        self.waited = Waited()
        self.worst = 0.0
        self._task: asyncio.Task[None] | None = None

    async def _look(self) -> None:
        while True:
            began, lost = time.perf_counter(), self.waited()
            await asyncio.sleep(TICK)
            passed = time.perf_counter() - began - (self.waited() - lost) - TICK
            self.worst = max(self.worst, passed)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self.waited.close()


def _memory(which: str) -> int:
    """``VmRSS`` or ``VmHWM`` of this process, in bytes."""
    found = re.search(rf"{which}:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    assert found is not None
    return int(found[1]) * 1024


def start_of_memory() -> int:
    """What there is now; from here on the peak is counted anew.

    Free memory is given back first: an attack must not be paid for by what another one left.
    """
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    return _memory("VmRSS")


def peak_of_memory() -> int:
    return _memory("VmHWM")


async def measure(
    asks: Sequence[Callable[[], Awaitable[Observation]]], timeout: float = DEADLINE
) -> Result:
    """Probes, all at once, and what they cost."""
    before = start_of_memory()
    async with Watch() as watch:
        late = -timeout

        async def timed(ask: Callable[[], Awaitable[Observation]]) -> Observation:
            nonlocal late
            began, lost = time.perf_counter(), watch.waited()
            seen = await ask()
            took = time.perf_counter() - began - (watch.waited() - lost)
            late = max(late, took - timeout)
            return seen

        seen = await asyncio.gather(*(timed(ask) for ask in asks))
        await asyncio.sleep(2 * TICK)  # a turn that the last one held up ends here
    return Result(
        seen=tuple(seen), overrun=late, memory=peak_of_memory() - before, stall=watch.worst
    )


def costs(result: Result, stall: float = STALL) -> list[str]:
    """What was too much."""
    faults = []
    if result.overrun > LATE:
        faults.append(f"{result.overrun * 1000:.0f} ms past the deadline")
    if result.memory >= MEMORY:
        faults.append(f"{result.memory / MEBIBYTE:.1f} MiB of memory")
    if result.stall >= stall:
        faults.append(f"the loop stood still for {result.stall * 1000:.0f} ms")
    return faults


async def measure_twice(
    asks: Sequence[Callable[[], Awaitable[Observation]]],
    timeout: float = DEADLINE,
    stall: float = STALL,
) -> Result:
    """What an attack costs, it costs each time; a busy machine is busy once."""
    result = await measure(asks, timeout)
    return await measure(asks, timeout) if costs(result, stall) else result


def wrong(attack: Attack, seen: Observation) -> list[str]:
    """What the observation should have said."""
    cause = attack.cause if attack.reason is not None else None
    faults = []
    if attack.unless is not None and seen.reason is attack.unless:
        pass
    elif (seen.reason, seen.cause) != (attack.reason, cause):
        faults.append(
            f"{seen.reason} ({seen.cause}) in place of {attack.reason} ({cause}): {seen.detail}"
        )
    if any(seconds < 0 for _, seconds in seen.phases.measured()) or seen.duration < 0:
        faults.append(f"time that ran backwards: {seen.duration} {seen.phases}")
    if not seen.detail.isprintable() or len(seen.detail) > 200:
        faults.append(f"a detail that is not clean: {seen.detail!r}")
    return faults


async def suffer(
    tools: Tools,
    servers: HostileServers,
    attacks: Iterable[Attack],
    ask: Callable[[Tools, HostileServers, Attack], Awaitable[Observation]] | None = None,
    stall: float = STALL,
) -> list[str]:
    """What went wrong, a line each: one attack after the other, and at once all those that are to
    last until the deadline.
    """
    asking = ask or ask_attacker
    faults: list[str] = []
    every = list(attacks)
    assert len({attack.name for attack in every}) == len(every), "an attack is there twice"
    lasting = [attack for attack in every if attack.reason is Reason.TIMEOUT]
    groups = [[attack] for attack in every if attack.reason is not Reason.TIMEOUT]
    async with neighbour(tools) as latencies:
        for group in [*groups, lasting] if lasting else groups:
            asks = [lambda one=one: asking(tools, servers, one) for one in group]
            result = await measure_twice(asks, group[0].timeout, stall)
            for attack, seen in zip(group, result.seen, strict=True):
                faults += [f"{attack.name}: {fault}" for fault in wrong(attack, seen)]
            names = group[0].name if len(group) == 1 else "all at once"
            faults += [f"{names}: {fault}" for fault in costs(result, stall)]
    slow = sorted(latencies)[int(len(latencies) * 0.99)]
    if slow >= max(NEIGHBOUR, stall):
        faults.append(f"the neighbour's p99 was {slow * 1000:.0f} ms")
    return faults


async def ask_attacker(tools: Tools, servers: HostileServers, attack: Attack) -> Observation:
    settings: dict[str, Any] = dict(attack.settings)
    url = servers.url(attack.server)
    if url.startswith("https:"):
        settings.setdefault("tls", {"ca_file": str(servers.ca_file)})
    return await ask_http(tools, url, timeout=attack.timeout, **settings)


class _WellBehaved(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        self._transport.close()


@asynccontextmanager
async def neighbour(tools: Tools) -> AsyncIterator[list[float]]:
    """Another check in the same loop, 50 times a second: the seconds that each probe took."""
    server = await asyncio.get_running_loop().create_server(_WellBehaved, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    waited = Waited()
    latencies: list[float] = []

    async def once() -> None:
        began, lost = time.perf_counter(), waited()
        seen = await ask_http(tools, url)
        assert seen.reason is None, f"the neighbour failed: {seen.detail}"
        latencies.append(time.perf_counter() - began - (waited() - lost))

    async def keep_on() -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(once())
                await asyncio.sleep(0.02)

    for _ in range(5):
        await once()  # what is made at the first use is none of the attack's
    latencies.clear()
    task = asyncio.create_task(keep_on())
    try:
        yield latencies
        if not latencies:
            await once()
        assert not task.done(), f"the neighbour ended: {task.exception()!r}"
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        server.close()
        await server.wait_closed()
        waited.close()
