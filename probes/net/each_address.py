"""``address: all``: every address of a name on its own, in parallel, within one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from probes.failure import MonitorTrouble, ProbeFailure
from probes.net.resolver import MAX_ADDRESSES
from probes.net.trace import ProbeTrace, deadline
from probes.net.transport import Route, resolve
from probes.observation import Grade, Observation

if TYPE_CHECKING:
    from probes.net.context import ProbeContext

MAX_PARALLEL = 8
"""Addresses probed at a time; the rest wait within the deadline."""


async def each_address(
    context: ProbeContext,
    route: Route,
    timeout: float,
    once: Callable[[Route, float], Awaitable[Observation]],
) -> Observation:
    """One observation with a part an address. ``once`` probes one, in the seconds it is given."""
    trace = ProbeTrace(context)
    known = route.known()
    try:
        async with deadline(trace, timeout):
            addresses = (known,) if known else await resolve(context, route, trace)
    except ProbeFailure as failure:
        return trace.failed(failure)
    slots = asyncio.Semaphore(MAX_PARALLEL)

    async def part(address: str) -> Observation:
        async with slots:
            left = timeout - trace.elapsed()
            if left <= 0:
                late = ProbeTrace(context)
                late.address = address
                return late.failed(MonitorTrouble("its turn did not come before the deadline"))
            return await once(route.pinned(address), left)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(part(address)) for address in sorted(addresses[:MAX_ADDRESSES])]
    return _rolled_up(trace, tuple(task.result() for task in tasks))


_SEVERITY = {Grade.GOOD: 0, Grade.DEGRADED: 1, Grade.FAILED: 2}


def _rolled_up(trace: ProbeTrace, parts: tuple[Observation, ...]) -> Observation:
    """Failed when at least half failed, degraded when any is not good; the worst part's reason."""
    worst = max(parts, key=lambda part: _SEVERITY[part.grade])
    failed = sum(part.failed for part in parts)
    if worst.grade is Grade.FAILED and failed * 2 < len(parts):
        grade = Grade.DEGRADED
    else:
        grade = worst.grade
    return Observation(
        at=trace.at,
        duration=max(part.duration for part in parts),
        grade=grade,
        reason=worst.reason,
        cause=worst.cause,
        detail=f"{worst.address}: {worst.detail}" if worst.reason else "",
        phases=trace.phases(),
        tls=worst.tls,
        http=worst.http,
        parts=parts,
        resolved=trace.resolved,
        answer=worst.answer,
    )
