"""An attack, and what it cost us: time past the deadline, memory, and how long it held the loop.

The attackers are in a process of their own (``tests/support/servers/hostile/process.py``), so that what is measured
here is the probe's. How long the loop was held is the processor time that its thread took between
two of its turns, and what passes after a deadline is counted in turns: both are the same on a machine
that has other things to do. What a clock says of the same is a measurement, with bounds of its own
for a machine at rest: ``make soak`` runs each attack once more for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from probes.net.context import ProbeContext
from probes.observation import Cause, Observation, Reason
from tests.support.patience import PATIENCE
from tests.support.probes.asking import ask_http
from tests.support.servers.hostile.process import HostileServers
from tests.support.turns import PROCESSOR, TICK, Gauge, Watch

MEBIBYTE = 2**20
LATE = 0.1
"""Seconds past the deadline that a probe may take (issue 3, point 3)."""
MEMORY = 8 * MEBIBYTE
STALL = 0.05
"""Seconds that the loop may stand still."""
NEIGHBOUR = 0.05
"""Seconds that the slowest of a hundred probes of the well-behaved neighbour may take, by a clock."""
TRIES = 4
DEADLINE = 0.5
"""Seconds after which what lasts is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """What is asked, and the reason that is right; ``None``: the answer is good."""

    server: str
    reason: Reason | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    cause: Cause = Cause.TARGET
    unless: Reason | None = None
    """The reason where what comes after the answer comes with it: a client may tell or ignore it
    (RFC 9112, 6.3)."""

    @property
    def name(self) -> str:
        return f"{self.server} {self.label}".strip()

    @property
    def lasts(self) -> bool:
        """Whether only the deadline ends it."""
        return self.reason is Reason.TIMEOUT

    @property
    def timeout(self) -> float:
        """Seconds. What ends by itself does so however busy the machine is."""
        return DEADLINE if self.lasts else PATIENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one attack, or of several at once."""

    seen: tuple[Observation, ...]
    overrun: float
    """Seconds past the deadline, as the loop's turns have counted them."""
    memory: int
    """Bytes of the peak over what there was before."""
    stall: float
    """The longest that the loop stood still between two turns, in seconds of the gauge."""


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


Ask = Callable[[], Awaitable[Observation]]


async def measure(
    asks: Sequence[Ask], timeout: float = DEADLINE, gauge: Gauge = PROCESSOR
) -> Result:
    """Probes, all at once, and what they cost."""
    before = start_of_memory()
    overrun = 0.0
    async with Watch(gauge) as watch:

        async def timed(ask: Ask) -> Observation:
            nonlocal overrun
            asking = asyncio.ensure_future(ask())
            await asyncio.sleep(0)  # its deadline is set before this one
            await asyncio.wait({asking}, timeout=timeout)
            turns = watch.turns
            seen = await asking
            overrun = max(overrun, (watch.turns - turns) * TICK)
            return seen

        seen = await asyncio.gather(*(timed(ask) for ask in asks))
        await asyncio.sleep(2 * TICK)  # a turn that the last one held up ends here
    return Result(
        seen=tuple(seen), overrun=overrun, memory=peak_of_memory() - before, stall=watch.worst
    )


def costs(result: Result, stall: float = STALL) -> list[str]:
    """What was too much."""
    faults = []
    if result.overrun > LATE:
        faults.append(f"{result.overrun * 1000:.0f} ms of turns past the deadline")
    if result.memory >= MEMORY:
        faults.append(f"{result.memory / MEBIBYTE:.1f} MiB of memory")
    if result.stall >= stall:
        faults.append(f"the loop was held for {result.stall * 1000:.0f} ms")
    return faults


async def measure_at_best(
    asks: Sequence[Ask],
    timeout: float = DEADLINE,
    stall: float = STALL,
    gauge: Gauge = PROCESSOR,
) -> Result:
    """The least that it costs: what an attack costs, it costs each time. The first of its kind costs
    what is made once, too, and a second of processor time does less while others use the machine.
    """
    result = await measure(asks, timeout, gauge)
    for _ in range(TRIES - 1):
        if not costs(result, stall):
            break
        result = await measure(asks, timeout, gauge)
    return result


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
    gauge: Gauge,
    context: ProbeContext,
    servers: HostileServers,
    attacks: Iterable[Attack],
    ask: Callable[[ProbeContext, HostileServers, Attack], Awaitable[Observation]] | None = None,
    stall: float = STALL,
) -> list[str]:
    """What went wrong, a line each: one attack after the other, and at once all those that are to
    last until the deadline.
    """
    asking = ask or ask_attacker
    faults: list[str] = []
    every = list(attacks)
    assert len({attack.name for attack in every}) == len(every), "an attack is there twice"
    lasting = [attack for attack in every if attack.lasts]
    groups = [[attack] for attack in every if not attack.lasts]
    async with neighbour(context) as latencies:
        for group in [*groups, lasting] if lasting else groups:
            asks = [lambda one=one: asking(context, servers, one) for one in group]
            # what lasts until the deadline ends in one turn, all of it
            held = stall if len(group) == 1 else 2 * stall
            result = await measure_at_best(asks, group[0].timeout, held, gauge)
            for attack, seen in zip(group, result.seen, strict=True):
                faults += [f"{attack.name}: {fault}" for fault in wrong(attack, seen)]
            names = group[0].name if len(group) == 1 else "all at once"
            faults += [f"{names}: {fault}" for fault in costs(result, held)]
    slow = sorted(latencies)[int(len(latencies) * 0.99)]
    if gauge.by_clock and slow >= max(NEIGHBOUR, stall):
        faults.append(f"the neighbour's p99 was {slow * 1000:.0f} ms")
    return faults


async def ask_attacker(
    context: ProbeContext, servers: HostileServers, attack: Attack
) -> Observation:
    settings: dict[str, Any] = dict(attack.settings)
    url = servers.url(attack.server)
    if url.startswith("https:"):
        settings.setdefault("tls", {"ca_file": str(servers.ca_file)})
    return await ask_http(context, url, timeout=attack.timeout, **settings)


class _WellBehaved(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        self._transport.close()


@asynccontextmanager
async def neighbour(context: ProbeContext) -> AsyncIterator[list[float]]:
    """Another check in the same loop, 50 times a second: the seconds that each probe took."""
    server = await asyncio.get_running_loop().create_server(_WellBehaved, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    latencies: list[float] = []

    async def once() -> None:
        began = time.perf_counter()
        seen = await ask_http(context, url, timeout=PATIENCE)
        assert seen.reason is None, f"the neighbour failed: {seen.detail}"
        latencies.append(time.perf_counter() - began)

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
