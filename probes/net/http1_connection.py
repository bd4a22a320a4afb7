"""A new connection for one exchange, which notes when bytes arrive and holds them until they are read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from probes.net.arrival_transport import carry
from probes.net.hop import ALPN
from probes.net.proxy import dial
from probes.net.transport import over_tls

if TYPE_CHECKING:
    from probes.net.hop import Hop
    from probes.net.trace import ProbeTrace

READ_BUFFER = 65_536
"""Bytes that may wait to be read: where as many have come, more waits, and other probes have a turn
before it is read."""


class Connection(asyncio.Protocol):
    """Notes when bytes arrive, and holds them, to a bound, until they are asked for."""

    def __init__(self, loop: asyncio.AbstractEventLoop, trace: ProbeTrace) -> None:
        self._loop = loop
        self._trace = trace
        self._pieces: list[bytes] = []
        self._unread = 0
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._fault: Exception | None = None
        self._paused = False
        self.transport: asyncio.Transport | None = None
        self.received = 0
        """Bytes of all that came."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        at = self.transport.get_extra_info("arrived_at") if self.transport is not None else None
        self._trace.received(at)
        self.received += len(data)
        self._pieces.append(data)
        self._unread += len(data)
        self._wake()
        if self._unread >= READ_BUFFER:
            self._pause()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._fault = exc
        self.transport = None
        self._wake()

    async def more(self) -> bytes:
        """What has come since; nothing when the peer has ended in good order. Raises ``OSError`` when
        it has not.
        """
        while not self._pieces:
            if self._fault is not None:
                try:
                    raise self._fault
                finally:
                    self._fault = None  # it holds this frame
            if self._ended:
                return b""
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._unread = 0
        if self._paused:
            # other probes have a turn before more is read
            self._loop.call_soon(self._go_on)
        return data

    def finish(self) -> None:
        """Closes, and at once when the peer does not read what it was sent: a transport would
        otherwise keep the connection until the peer does.
        """
        if self.transport is None:
            return
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _pause(self) -> None:
        if not self._paused and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()

    def _go_on(self) -> None:
        if self._paused and self.transport is not None:
            self._paused = False
            self.transport.resume_reading()


async def connected(hop: Hop) -> Connection:
    """A connection as the hop says."""
    trace, loop = hop.trace, asyncio.get_running_loop()
    if hop.tls is None:
        dialled = await dial(hop)
        handler = Connection(loop, trace)
        await carry(dialled, handler, trace.context.timer)
        return handler
    tls_context = trace.context.tls.get(hop.tls, ALPN)
    dialled = await dial(hop)
    name = hop.tls.server_name or hop.route.host
    return await over_tls(dialled, lambda: Connection(loop, trace), tls_context, name, trace)
