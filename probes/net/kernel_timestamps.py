"""A transport over a connected socket that tells when the kernel received what it hands on.

A loop that is busy with another probe reads an answer late, and a busy machine wakes it up late;
neither is the target's time. So each piece is taken with the kernel's own time stamp (Linux:
``SO_TIMESTAMPNS``, socket(7)), or with the instant at which it is read where there is none. The same
goes for connecting: its round trip is what the kernel measured (``TCP_INFO``, tcp(7)). And where
a peer and we take turns, the time in which it was our turn is ours.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from collections.abc import Callable
from functools import partial
from operator import call
from typing import Any

CHUNK = 65_536
STAMPED = sys.platform == "linux"
"""Whether the kernel says when things arrive: a busy loop is in no phase then."""
_SO_TIMESTAMPNS = 35
_STAMP = struct.Struct("qq")
_STAMP_SPACE = socket.CMSG_SPACE(_STAMP.size)
_LONGEST_LAG = 10.0
"""Seconds that a piece may plausibly have waited; more means that the clock was set meanwhile."""
_INFO_SIZE = 232
_LEAST = 104
_RTT = struct.Struct("=68xI28xI")
_LAST_ACK = struct.Struct("=56xI")
_SILENCE = struct.Struct("=24xI24xI72xQ88xI")
"""Packets of ours that are not acknowledged, milliseconds since the peer sent anything, bytes that came in
order, packets that came out of it."""
_QUIET = 1_000
"""Milliseconds after which a peer that has spoken counts as silent."""
LOST_ON_THE_WAY = "later packets came, but not the first: long ones are lost on the way (an MTU)"


def round_trip(connected: socket.socket) -> float | None:
    """Seconds from SYN to SYN-ACK of a new connection as the kernel measured them; ``None`` when it
    did not, or when one of them had to be sent again, which is a wait that counts.
    """
    info = _info(connected)
    if info is None:
        return None
    rtt, sent_again = _RTT.unpack_from(info)
    return rtt / 1e6 if rtt and not sent_again else None


def since_heard(connected: socket.socket) -> float:
    """Seconds since the peer of a connection was last heard of, to the kernel's few milliseconds; 0
    where it does not say.
    """
    info = _info(connected)
    return 0.0 if info is None else _LAST_ACK.unpack_from(info)[0] / 1e3


def silence(connected: socket.socket | None) -> str:
    """What the kernel knows of a peer that is waited for in vain; nothing where it knows nothing, or the
    peer has just spoken.
    """
    try:
        info = _info(connected) if connected is not None else None
    except OSError:  # it is closed
        return ""
    if info is None or len(info) < _SILENCE.size:
        return ""
    unacknowledged, quiet, in_order, out_of_order = _SILENCE.unpack_from(info)
    if out_of_order and not in_order:
        return LOST_ON_THE_WAY
    if unacknowledged:
        return "what we sent was not acknowledged"
    if not in_order:
        return "what we sent arrived, and nothing came"
    return "nothing more came for over a second" if quiet > _QUIET else ""


def _info(connected: socket.socket) -> bytes | None:
    if not STAMPED:
        return None
    info = connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_SIZE)
    return info if len(info) >= _LEAST else None


def keeps_stamping() -> socket.socket | None:
    """A socket which, while it is open, has the kernel stamp whatever it receives. Without one the
    stamping begins shortly after each connection asks for it: too late for the first pieces.
    ``None`` where that cannot be had.
    """
    if not STAMPED:
        return None
    try:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    except OSError:  # no descriptor is left: the connection tells of it
        return None
    made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    return made


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


def receive(connected: socket.socket, size: int, timer: Callable[[], float]) -> tuple[bytes, float]:
    """What has come, at most ``size`` bytes, and the timer's reading when it came. Raises
    ``BlockingIOError`` when nothing has, ``OSError``.
    """
    data, ancillary, _, _ = connected.recvmsg(size, _STAMP_SPACE)
    now = timer()
    if ancillary:
        seconds, nanoseconds = _STAMP.unpack(ancillary[0][2])
        lag = time.clock_gettime(time.CLOCK_REALTIME) - (seconds + nanoseconds * 1e-9)
        if 0.0 < lag < _LONGEST_LAG:
            now -= lag
    return data, now


def stamp(opened: socket.socket) -> None:
    """From now on the kernel says of a socket when things came, where it can."""
    if STAMPED:
        opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


async def heard(
    connected: socket.socket, size: int, timer: Callable[[], float]
) -> tuple[bytes, float]:
    """The same as :func:`receive`, but waits until something comes."""
    while True:
        try:
            return receive(connected, size, timer)
        except (BlockingIOError, InterruptedError):
            await _readable(connected)


def send(connected: socket.socket, data: Any, timer: Callable[[], float]) -> tuple[float, int]:
    """Sends what goes at once: the timer's reading just before, and the bytes that went. Raises
    ``BlockingIOError`` when none do, ``OSError``.
    """
    # one step of the interpreter: between two, another thread may have it for milliseconds
    steps: tuple[Callable[[], Any], ...] = timer, partial(connected.send, data)
    at, sent = map(call, steps)
    return at, sent


class Turns:
    """What is said on a connected socket before a transport has it, in turns with the peer."""

    def __init__(self, connected: socket.socket, since: float, timer: Callable[[], float]) -> None:
        """``since`` is the timer's reading from which on the peer may speak."""
        self._socket = connected
        self._timer = timer
        self._begun = since
        self._heard: float | None = None
        self._ours = 0.0
        stamp(connected)

    @property
    def spent(self) -> float:
        """Seconds until the peer's newest word came, less those in which it waited for us."""
        heard = self._timer() if self._heard is None else self._heard
        return max(0.0, heard - self._begun - self._ours)

    async def send(self, data: bytes) -> None:
        """Raises ``OSError``."""
        try:
            at, sent = send(self._socket, data, self._timer)
        except (BlockingIOError, InterruptedError):
            at, sent = self._timer(), 0
        if self._heard is None:
            self._begun = at  # it has waited for our word
        else:
            self._ours += max(0.0, at - self._heard)
        if sent < len(data):
            await asyncio.get_running_loop().sock_sendall(self._socket, data[sent:])

    async def receive(self, size: int) -> bytes:
        """What comes next, at most ``size`` bytes; empty at the end. Raises ``OSError``."""
        data, came_at = await heard(self._socket, size, self._timer)
        self._heard = max(self._heard or self._begun, came_at)
        return data


async def _readable(connected: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    fd = connected.fileno()
    loop.add_reader(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)


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
        connected.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
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
