"""The transport that notes when bytes arrive is a transport like any other."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from probes.net.arrival_transport import carry
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux stamps what it receives")


class Recorder(asyncio.Protocol):
    """What a transport told."""

    def __init__(self) -> None:
        self.data = b""
        self.ended = False
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        if data == b"fail":
            raise ValueError("a protocol that fails")

    def eof_received(self) -> bool:
        self.ended = True
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)


@asynccontextmanager
async def carried() -> AsyncIterator[tuple[Recorder, socket.socket]]:
    """A protocol on a connection, and the peer's end of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        peer, _ = listener.accept()
        peer.settimeout(PATIENCE)
        recorder = Recorder()
        with peer:
            await carry(ours, recorder, time.perf_counter)
            try:
                yield recorder, peer
            finally:
                recorder.transport.abort()
                await recorder.lost
    assert ours.fileno() == -1


async def test_more_than_the_peer_takes_at_once_is_sent_in_the_end() -> None:
    """Nothing of a large request is lost, nor when it is closed behind it."""
    sent = bytes(range(256)) * 40_000
    async with carried() as (recorder, peer):
        recorder.transport.write(sent[:5_000_000])
        recorder.transport.write(sent[5_000_000:])
        assert recorder.transport.get_write_buffer_size() > 0
        recorder.transport.close()
        taken = await asyncio.to_thread(take_all, peer)
        assert await recorder.lost is None

    assert taken == sent


def take_all(peer: socket.socket) -> bytes:
    taken = bytearray()
    while piece := peer.recv(65_536):
        taken += piece
    return bytes(taken)


async def test_the_end_of_the_peer_is_told_once() -> None:
    """What came before it is read, and the connection is closed."""
    async with carried() as (recorder, peer):
        peer.sendall(b"goodbye")
        peer.shutdown(socket.SHUT_WR)
        assert await recorder.lost is None
        assert (recorder.data, recorder.ended) == (b"goodbye", True)
        assert recorder.transport.is_closing()


async def test_a_reset_is_told_with_its_error() -> None:
    """The protocol learns what broke."""
    async with carried() as (recorder, peer):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.close()
        assert isinstance(await recorder.lost, ConnectionResetError)
        recorder.transport.write(b"too late")  # goes nowhere, and nothing breaks


async def test_nothing_is_read_while_reading_is_paused() -> None:
    """Back-pressure: what is not asked for stays with the kernel."""
    async with carried() as (recorder, peer):
        recorder.transport.pause_reading()
        peer.sendall(b"later")  # which the kernel has by now
        for _ in range(10):
            await asyncio.sleep(0)
        paused = recorder.data
        recorder.transport.resume_reading()
        peer.shutdown(socket.SHUT_WR)
        await recorder.lost

    assert (paused, recorder.data) == (b"", b"later")


async def test_a_protocol_that_fails_loses_its_connection() -> None:
    """The loop tells of the fault, and nothing is left open."""
    told: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, tls_context: told.append(tls_context["exception"]))
    async with carried() as (recorder, peer):
        peer.sendall(b"fail")
        await recorder.lost

    assert [str(one) for one in told] == ["a protocol that fails"]
