"""A target that counts who comes and when, as its own kernel saw it.

It runs in threads, and the instants are the kernel's: a test process that is late in accepting a
connection does not make the daemon look impolite.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from types import TracebackType
from typing import Self

from tests.support.patience import PATIENCE

_TCP_INFO_BYTES = 60
_LAST_DATA_RECEIVED = 52
_LAST_ACK_RECEIVED = 56
"""Places in Linux's ``struct tcp_info``: milliseconds since data, and since an ACK, came in."""
_AT_ONCE = 0.001
"""Seconds that two looks at the clock may lie apart, if what is read between them is of that instant."""


@dataclass(slots=True)
class Visit:
    """One connection, and the request that came over it."""

    connected_at: float
    """The monotonic clock's reading."""
    at: float
    """The same for the request; the connection's until a request has come."""
    wall: float
    """The wall clock's reading at ``at``."""
    path: str = ""
    head: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int = 200
    delay: float = 0.0
    """Seconds before the answer."""
    body: bytes = b"ok"
    headers: tuple[str, ...] = ()


Script = Callable[[Visit], Answer]


class CountingServer:
    """A plain HTTP server on loopback: one request a connection, answers by path."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self.answers: dict[str, Answer | Script] = {}
        self.visits: list[Visit] = []
        self.most_at_once = 0
        """The most requests that have waited for their answer at the same time."""
        self._waiting = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._listener = socket.create_server((self.host, self.port), backlog=128)
        self._listener.settimeout(0.05)
        self.port = self._listener.getsockname()[1]
        self._begin(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(PATIENCE)
        self._listener.close()

    def url(self, path: str = "/", host: str | None = None) -> str:
        return f"http://{host or self.host}:{self.port}{path}"

    def arrivals(self, path: str | None = None) -> list[float]:
        """When requests came (or connections without any), the monotonic clock's readings."""
        with self._lock:
            return sorted(v.at for v in self.visits if path is None or v.path == path)

    def gaps(self, path: str | None = None) -> list[float]:
        return [later - sooner for sooner, later in pairwise(self.arrivals(path))]

    def connection_gaps(self) -> list[float]:
        with self._lock:
            connected = sorted(visit.connected_at for visit in self.visits)
        return [later - sooner for sooner, later in pairwise(connected)]

    def _begin(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listener.accept()
                self._begin(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(0.05)
            at = _ago(connection, _LAST_ACK_RECEIVED)
            visit = Visit(connected_at=at, at=at, wall=time.time() - time.monotonic() + at)
            with self._lock:
                self.visits.append(visit)
            if self._read_head(connection, visit):
                self._answer(connection, visit)

    def _read_head(self, connection: socket.socket, visit: Visit) -> bool:
        head = b""
        while b"\r\n\r\n" not in head:
            if self._stopping.is_set():
                return False
            with contextlib.suppress(TimeoutError):
                part = connection.recv(65536)
                if not part:
                    return False
                head += part
        at = _ago(connection, _LAST_DATA_RECEIVED)
        with self._lock:
            visit.wall += at - visit.at
            visit.at, visit.head = at, head
            visit.path = head.split(b" ", 2)[1].decode().partition("?")[0]
        return True

    def _answer(self, connection: socket.socket, visit: Visit) -> None:
        with self._lock:
            self._waiting += 1
            self.most_at_once = max(self.most_at_once, self._waiting)
        scripted = self.answers.get(visit.path, Answer())
        answer = scripted if isinstance(scripted, Answer) else scripted(visit)
        self._stopping.wait(answer.delay)
        with self._lock:
            self._waiting -= 1  # before the answer: a client that has it may come again
        head = [
            f"HTTP/1.1 {answer.status} Scripted",
            f"Content-Length: {len(answer.body)}",
            "Connection: close",
            *answer.headers,
        ]
        connection.settimeout(PATIENCE)
        connection.sendall("\r\n".join([*head, "", ""]).encode() + answer.body)


def _ago(connection: socket.socket, place: int) -> float:
    """The monotonic clock's reading when the kernel last received what ``place`` stands for."""
    while True:
        now = time.monotonic()
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        if time.monotonic() - now < _AT_ONCE:  # nobody else had the processor in between
            break
    (milliseconds,) = struct.unpack_from("I", info, place)
    return now - min(float(milliseconds), 60_000.0) / 1000
