"""Reads and writes with the kernel's own time stamps.

A loop that is busy with another probe reads an answer late, and a busy machine wakes it up late;
neither is the target's time. So each piece is taken with the kernel's own time stamp (Linux:
``SO_TIMESTAMPNS``, socket(7)), or with the instant at which it is read where there is none. And where
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

STAMPED = sys.platform == "linux"
"""Whether the kernel says when things arrive: a busy loop is in no phase then."""
_SO_TIMESTAMPNS = 35
_STAMP = struct.Struct("qq")
_STAMP_SPACE = socket.CMSG_SPACE(_STAMP.size)
_LONGEST_LAG = 10.0
"""Seconds that a piece may plausibly have waited; more means that the clock was set meanwhile."""


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


def stamp(opened: socket.socket) -> None:
    """From now on the kernel says of a socket when things came, where it can."""
    if STAMPED:
        opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


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
