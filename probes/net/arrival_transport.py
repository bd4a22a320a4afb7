"""A transport over a connected socket that notes when the kernel received what it hands on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from probes.net.kernel_timestamps import STAMPED, receive, send, stamp

CHUNK = 65_536


async def carry(
    connected: socket.socket, protocol: asyncio.Protocol, timer: Callable[[], float]
) -> None:
    """Gives a protocol a connected socket, which is the protocol's transport's from now on. Its
    ``get_extra_info("arrived_at")`` is the timer's reading when the newest piece came, ``("sent_at")`` that when
    the newest was sent, if it went at once; ``None`` where only the protocol can tell.
    """
    loop = asyncio.get_running_loop()
    if STAMPED:
        try:
            ArrivalTransport(loop, connected, protocol, timer)
        except BaseException:
            connected.close()
            raise
    else:
        await loop.create_connection(lambda: protocol, sock=connected)


class ArrivalTransport(asyncio.Transport):
    """A transport for one loop. ``timer`` gives monotonic seconds."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connected: socket.socket,
        protocol: asyncio.Protocol,
        timer: Callable[[], float],
    ) -> None:
        super().__init__()
        self._loop = loop
        self._socket = connected
        self._fd = connected.fileno()
        self._protocol = protocol
        self._timer = timer
        self._unsent = bytearray()
        self._closing = False
        self._reading = False
        self._arrived_at = timer()
        self._sent_at: float | None = None
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stamp(connected)
        protocol.connection_made(self)
        self.resume_reading()

    # reading

    def _readable(self) -> None:
        try:
            data, came_at = receive(self._socket, CHUNK, self._timer)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(error)
            return
        self._arrived_at = max(self._arrived_at, came_at)
        try:
            if data:
                self._protocol.data_received(data)
                return
            self.pause_reading()
            if not self._protocol.eof_received():
                self.close()
        except Exception:
            self.abort()
            raise  # the loop tells of it

    def pause_reading(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._fd)

    def resume_reading(self) -> None:
        if not self._reading and not self._closing:
            self._reading = True
            self._loop.add_reader(self._fd, self._readable)

    def is_reading(self) -> bool:
        return self._reading

    # writing

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        if self._closing:
            return
        if not self._unsent:
            try:
                self._sent_at, sent = send(self._socket, data, self._timer)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                self._lose(error)
                return
            if sent == len(data):
                return
            data = memoryview(data)[sent:]
            self._loop.add_writer(self._fd, self._writable)
        self._unsent += data

    def _writable(self) -> None:
        try:
            del self._unsent[: self._socket.send(self._unsent)]
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(error)
            return
        if not self._unsent:
            self._loop.remove_writer(self._fd)
            if self._closing:
                self._lose(None)

    def get_write_buffer_size(self) -> int:
        return len(self._unsent)

    # the end

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """Closes when what was written has been sent."""
        if self._closing:
            return
        self._closing = True
        self.pause_reading()
        if not self._unsent:
            self._loop.call_soon(self._end, None)

    def abort(self) -> None:
        """Closes at once."""
        self._lose(None)

    def _lose(self, error: Exception | None) -> None:
        self._closing = True
        self.pause_reading()
        if self._unsent:
            self._unsent.clear()
            self._loop.remove_writer(self._fd)
        self._loop.call_soon(self._end, error)

    def _end(self, error: Exception | None) -> None:
        if self._fd < 0:
            return
        self._fd = -1
        self._socket.close()
        self._protocol.connection_lost(error)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        match name:
            case "arrived_at":
                return self._arrived_at
            case "sent_at":
                return self._sent_at
            case "socket":
                return self._socket
            case "peername":
                return self._socket.getpeername()
            case "sockname":
                return self._socket.getsockname()
        return default
