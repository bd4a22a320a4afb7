"""What is measured is when bytes arrived, not when the loop found the time to read them."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
import threading
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rrset
import pytest

from probes.net.arrival_transport import ArrivalTransport
from probes.net.context import ProbeContext
from probes.net.tcp_info import round_trip
from probes.observation import Observation
from tests.support.patience import PATIENCE
from tests.support.probes.asking import ask_dns, ask_http, ask_tcp
from tests.support.probes.busy import ANSWER, DELAY, serving
from tests.support.servers.ca import Authority

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux stamps what it receives")

BUSY = 1.2
"""Seconds for which the loop is held up once the answer is there."""

SLACK = BUSY / 2
"""Of these seconds what is measured may hold some on a busy machine, but never the whole."""


class Held:
    """A loop that is held up from after its request until well after the answer has arrived."""

    def __init__(self) -> None:
        self._asked, self._held, self._sent = (threading.Event() for _ in range(3))
        self.longest = 0.0
        """Seconds from before the request until after the answer was sent."""

    def answer(self, connection: socket.socket, answer: bytes) -> None:
        """The server's part, in its thread: it has been asked, and sends after ``DELAY``."""
        self._asked.set()
        self._held.wait(PATIENCE)
        time.sleep(DELAY)
        connection.sendall(answer)
        self.longest = time.perf_counter() - self._begun
        self._sent.set()

    async def ask(self, asking: Coroutine[Any, Any, Observation]) -> Observation:
        """The client's part."""
        self._begun = time.perf_counter()
        task = asyncio.create_task(asking)
        async with asyncio.timeout(PATIENCE):
            while not self._asked.is_set():  # noqa: ASYNC110 - a thread sets it
                await asyncio.sleep(0.001)
        self._held.set()
        # what another probe of a bad plug-in would do
        self._sent.wait(PATIENCE)
        time.sleep(BUSY)  # noqa: ASYNC251
        return await task


async def test_an_answer_that_waited_for_a_busy_loop_was_not_slow(context: ProbeContext) -> None:
    """The server answered after 100 ms; that the loop was busy for long after is not its time."""
    held = Held()

    def serve(connection: socket.socket) -> None:
        connection.recv(65_536)
        held.answer(connection, ANSWER)
        connection.recv(1)

    with serving(serve) as port:
        seen = await held.ask(ask_http(context, f"http://127.0.0.1:{port}/"))

    assert seen.reason is None
    assert seen.phases.processing is not None
    assert DELAY * 0.97 < seen.phases.processing < held.longest + SLACK
    assert seen.phases.transfer is not None
    assert seen.phases.transfer < SLACK


async def test_a_request_that_leaves_late_makes_no_slow_answer(
    context: ProbeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between being ready for a request and sending it, another thread may have the interpreter: the
    server's time begins when the request leaves.
    """

    def serve(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(ANSWER)
        connection.recv(1)

    write = ArrivalTransport.write

    def late(transport: ArrivalTransport, data: bytes) -> None:
        time.sleep(BUSY)
        write(transport, data)

    monkeypatch.setattr(ArrivalTransport, "write", late)
    with serving(serve) as port:
        seen = await ask_http(context, f"http://127.0.0.1:{port}/")

    assert seen.reason is None
    assert seen.phases.processing is not None
    assert seen.duration < SLACK


async def test_a_handshake_that_waited_for_a_busy_loop_was_not_slow(
    context: ProbeContext, authority: Authority
) -> None:
    """The same for the server's side of a handshake."""
    tls_context = authority.server_context(authority.valid)
    held = Held()

    def serve(connection: socket.socket) -> None:
        came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        stream = tls_context.wrap_bio(came, goes, server_side=True)
        came.write(connection.recv(65_536))
        with pytest.raises(ssl.SSLWantReadError):
            stream.do_handshake()
        held.answer(connection, goes.read())  # the first flight of the server
        came.write(connection.recv(65_536))
        stream.do_handshake()
        stream.write(ANSWER)
        connection.sendall(goes.read())
        with suppress(OSError):
            connection.recv(1)

    with serving(serve) as port:
        seen = await held.ask(
            ask_http(context, f"https://127.0.0.1:{port}/", tls={"ca_file": str(authority.ca_file)})
        )

    assert seen.reason is None, seen.detail
    assert seen.phases.tls is not None
    assert DELAY * 0.97 < seen.phases.tls < held.longest + SLACK


def answered(wire: bytes, *, cut: bool = False) -> bytes:
    """A name server's answer to a question."""
    response = dns.message.make_response(dns.message.from_wire(wire))
    response.answer.append(
        dns.rrset.from_text(response.question[0].name, 60, "IN", "A", "192.0.2.1")
    )
    response.flags |= dns.flags.TC if cut else 0
    return response.to_wire()


@pytest.mark.parametrize("cut", [False, True], ids=["udp", "tcp"])
async def test_a_name_server_s_answer_that_waited_for_a_busy_loop_was_not_slow(
    context: ProbeContext, *, cut: bool
) -> None:
    """The same for the answer of kind ``dns``, as a datagram and over TCP."""
    held = Held()

    def serve(names: socket.socket, listener: socket.socket) -> None:
        wire, whom = names.recvfrom(512)
        names.connect(whom)
        if not cut:
            held.answer(names, answered(wire))
            return
        names.send(answered(wire, cut=True))
        accepted, _ = listener.accept()
        with accepted:
            accepted.settimeout(PATIENCE)
            whole = answered(accepted.recv(512)[2:])
            held.answer(accepted, len(whole).to_bytes(2, "big") + whole)
            accepted.recv(1)

    with (
        socket.create_server(("127.0.0.7", 0)) as listener,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as names,
    ):
        names.bind(listener.getsockname())
        names.settimeout(PATIENCE)
        listener.settimeout(PATIENCE)
        port = listener.getsockname()[1]
        thread = threading.Thread(target=serve, args=(names, listener))
        thread.start()
        try:
            seen = await held.ask(ask_dns(context, "held.example.se", f"127.0.0.7:{port}"))
        finally:
            thread.join()

    assert seen.reason is None, seen.detail
    assert DELAY * 0.97 < seen.duration < held.longest + SLACK
    assert seen.phases.resolve == pytest.approx(seen.duration)


async def test_connecting_takes_as_long_as_the_kernel_says(context: ProbeContext) -> None:
    """A loop that is busy while the connection is made makes no slow connection of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        asking = asyncio.create_task(ask_tcp(context, "127.0.0.1", port))
        asyncio.get_running_loop().call_soon(time.sleep, BUSY)
        seen = await asking

    assert seen.reason is None
    assert seen.phases.connect is not None
    assert 0 < seen.phases.connect < SLACK


def asks_to_connect(port: int) -> bool:
    """Whether a SYN to that port has no answer: /proc/net/tcp, state 02."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any((row[2].endswith(f":{port:04X}"), row[3]) == (True, "02") for row in rows)


async def test_a_connection_that_had_to_be_asked_for_again_took_that_long(
    context: ProbeContext,
) -> None:
    """A SYN that was dropped is sent again after a second (RFC 6298, 2): a wait that counts."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            asking = asyncio.create_task(ask_tcp(context, "127.0.0.1", port, timeout=PATIENCE))
            async with asyncio.timeout(PATIENCE):
                while not asks_to_connect(port):  # noqa: ASYNC110 - the kernel knows
                    await asyncio.sleep(0.01)
            listener.accept()[0].close()
            seen = await asking

    assert seen.reason is None, seen.detail
    assert seen.phases.connect is not None
    assert seen.phases.connect > 0.9


def test_the_round_trip_is_not_known_of_what_is_not_connected() -> None:
    with socket.socket() as fresh:
        assert round_trip(fresh) is None
