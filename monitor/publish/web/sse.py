"""Server-sent events: whoever listens hears of each transition, and now and then that we live.

    hello       once, at the beginning: ``{"at": …}``
    transition  one each: id, environment, service (null: the environment's own), from, to, at,
                since, planned, message
    tick        every ten seconds: ``{"at": …}``; after thirty without one take us for dead

Nothing is repeated to who comes back: ask ``/status.json`` then. https://html.spec.whatwg.org, 9.2.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import hdrs, web

from monitor.model.records import Entry
from monitor.model.timestamps import iso_timestamp
from monitor.publish.status.renderer import dump

MOST = 200
"""Listeners at a time; further ones are asked to come back later (503)."""
WAITING = 64
"""Events that may wait for one listener; who is slower than that is dropped."""
TICK = 10.0
"""Seconds between two signs of life."""
SLOWEST = 10.0
"""Seconds that a listener may take for one event."""
_RETRY = "retry: 5000\n\n"
_Queue = asyncio.Queue[bytes | None]


class Broadcast:
    """The listeners. ``clock`` gives seconds since the epoch."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        most: int = MOST,
        tick: float = TICK,
    ) -> None:
        self._clock, self._most, self._tick = clock, most, tick
        self._queues: set[_Queue] = set()
        self._closed = False

    @property
    def listeners(self) -> int:
        return len(self._queues)

    def tell(self, entry: Entry) -> None:
        """Hands a transition to everybody; waits for nobody."""
        if self._queues:
            self._put(_event("transition", _transition(entry)))

    def close(self) -> None:
        """Ends every stream, and refuses new ones."""
        self._closed = True
        self._put(None)

    def _put(self, event: bytes | None) -> None:
        for queue in tuple(self._queues):
            try:
                queue.put_nowait(event)
            except asyncio.QueueFull:
                # it hears the end in place of all that it was too slow for
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One listener, until it leaves, is too slow, or :meth:`close`."""
        if self._closed or len(self._queues) >= self._most:
            return web.Response(
                status=503,
                text="503: too many listeners\n",
                headers={hdrs.RETRY_AFTER: "30", hdrs.CACHE_CONTROL: "no-store"},
            )
        headers = {
            hdrs.CONTENT_TYPE: "text/event-stream; charset=utf-8",
            hdrs.CACHE_CONTROL: "no-store",
            hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",
            "X-Accel-Buffering": "no",  # nginx would keep events back
        }
        response = web.StreamResponse(headers=headers)
        queue: _Queue = asyncio.Queue(WAITING)
        self._queues.add(queue)
        try:
            await response.prepare(request)
            if request.method != hdrs.METH_HEAD:
                with contextlib.suppress(ConnectionError, TimeoutError):
                    await self._stream(response, queue)
        finally:
            self._queues.discard(queue)
        return response

    async def _stream(self, response: web.StreamResponse, queue: _Queue) -> None:
        event: bytes | None = _RETRY.encode() + self._sign("hello")
        while event is not None:
            async with asyncio.timeout(SLOWEST):
                await response.write(event)
            try:
                async with asyncio.timeout(self._tick):
                    event = await queue.get()
            except TimeoutError:
                event = self._sign("tick")

    def _sign(self, name: str) -> bytes:
        return _event(name, {"at": iso_timestamp(self._clock())})


def _event(name: str, value: Mapping[str, Any]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + dump(dict(value)) + b"\n\n"


def _transition(entry: Entry) -> dict[str, Any]:
    one = entry.transition
    return {
        "id": one.id,
        "environment": one.environment,
        "service": one.service,
        "from": one.before,
        "to": one.after,
        "at": iso_timestamp(one.at),
        "since": iso_timestamp(one.since),
        "planned": one.planned,
        "message": {"sv": entry.message.sv, "en": entry.message.en},
    }
