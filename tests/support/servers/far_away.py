"""A way to a server that takes its time: a proxy that holds every byte for as long as it is told.

It counts round trips as the network would see them: how often somebody began to ask after an
answer. Threads of its own, so that a test's event loop is no part of what is measured.
"""

from __future__ import annotations

import contextlib
import heapq
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

_CHUNK = 262_144


@dataclass(eq=False)
class _End:
    """One side of a connection: what is to be sent there, and since when it may be."""

    socket: socket.socket
    asks: bool
    """Whether it is the client."""
    other: _End | None = None


class FarAway:
    """To one address. ``delay`` are seconds for each way; it may be changed at any time."""

    def __init__(self, port: int, delay: float) -> None:
        self._server = port
        self.delay = delay
        self.round_trips = 0
        self._asking: dict[_End, bool] = {}
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._wake, self._woken = socket.socketpair()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="far away", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended = True
        self._wake.send(b"x")
        self._thread.join()
        for one in (self._wake, self._woken, self._listening):
            one.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as looking:
            looking.register(self._listening, selectors.EVENT_READ)
            looking.register(self._woken, selectors.EVENT_READ)
            due: list[tuple[float, int, _End, bytes]] = []
            number = 0
            ends: set[_End] = set()
            while not self._ended:
                pause = max(0.0, due[0][0] - time.monotonic()) if due else None
                for key, _ in looking.select(pause):
                    if key.fileobj is self._listening:
                        ends |= self._connect(looking)
                    elif isinstance(key.data, _End):
                        read = self._read(key.data)
                        if not read:
                            looking.unregister(key.data.socket)
                        number += 1
                        assert key.data.other is not None
                        at = time.monotonic() + self.delay
                        heapq.heappush(due, (at, number, key.data.other, read))
                while due and due[0][0] <= time.monotonic():
                    _, _, end, data = heapq.heappop(due)
                    _send(end, data)
            for end in ends:
                end.socket.close()

    def _connect(self, looking: selectors.BaseSelector) -> set[_End]:
        client = _End(self._listening.accept()[0], asks=True)
        try:
            reached = socket.create_connection(("127.0.0.1", self._server))
        except OSError:
            client.socket.close()
            return set()
        server = _End(reached, asks=False, other=client)
        client.other = server
        for end in (client, server):
            end.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            looking.register(end.socket, selectors.EVENT_READ, end)
        return {client, server}

    def _read(self, end: _End) -> bytes:
        try:
            read = end.socket.recv(_CHUNK)
        except OSError:
            read = b""
        pair = end if end.asks else end.other
        assert pair is not None
        if read and end.asks and not self._asking.get(pair):
            self.round_trips += 1
        self._asking[pair] = end.asks
        return read


def _send(end: _End, data: bytes) -> None:
    with contextlib.suppress(OSError):  # it has gone
        if data:
            end.socket.sendall(data)
        else:
            end.socket.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def far_away(port: int, delay: float = 0.0) -> Iterator[FarAway]:
    """Before 127.0.0.1:``port``."""
    found = FarAway(port, delay)
    try:
        yield found
    finally:
        found.close()
