"""What is measured is when bytes arrived, not when the loop found the time to read them."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rrset
import pytest

from probes.net.context import ProbeContext
from probes.net.kernel_timestamps import ArrivalTransport, carry, round_trip
from probes.net.resolver import SystemResolver
from probes.observation import Observation, Reason
from tests.support.patience import PATIENCE
from tests.support.probes.asking import Names, ask_certificate, ask_dns, ask_http, ask_tcp
from tests.support.servers.ca import Authority

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux stamps what it receives")

BUSY = 1.2
"""Seconds for which the loop is held up once the answer is there."""
SLACK = BUSY / 2
"""Of these seconds what is measured may hold some on a busy machine, but never the whole."""
DELAY = 0.1
HELD = 0.4
"""Less than the second after which the kernel asks to connect again."""
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def serving(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server of one connection, in a thread: it runs while the loop does not."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)

        def run() -> None:
            accepted, _ = listener.accept()
            with accepted:
                accepted.settimeout(PATIENCE)
                serve(accepted)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join()


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


def answer_later(connection: socket.socket) -> None:
    connection.recv(65_536)
    time.sleep(DELAY)
    connection.sendall(ANSWER)
    connection.recv(1)


@contextmanager
def a_busy_loop(every: float = 0.03) -> Iterator[None]:
    """The running loop computes for ``every`` seconds after each turn of it, as with much to do."""
    loop = asyncio.get_running_loop()
    done = False

    def hold() -> None:
        if not done:
            time.sleep(every)
            loop.call_later(0.001, hold)

    loop.call_soon(hold)
    try:
        yield
    finally:
        done = True


@pytest.mark.slow
async def test_a_duration_is_what_the_network_and_the_target_took(
    context: ProbeContext, authority: Authority
) -> None:
    """Between every two stages a busy loop is late by up to 30 ms: the duration is the sum of the
    phases all the same, and no more than the server's own 100 ms and our cryptography.
    """
    tls_context = authority.server_context(authority.valid)

    def serve(connection: socket.socket) -> None:
        with tls_context.wrap_socket(connection, server_side=True) as stream:
            answer_later(stream)

    tls = {"ca_file": str(authority.ca_file)}
    with serving(serve) as port, a_busy_loop():
        started = time.perf_counter()
        seen = await ask_http(context, f"https://127.0.0.1:{port}/", tls=tls)
        took = time.perf_counter() - started

    assert seen.reason is None, seen.detail
    assert seen.duration == pytest.approx(sum_of(seen), abs=1e-9)
    assert DELAY * 0.97 < seen.duration < took - 0.03


def sum_of(seen: Observation) -> float:
    phases = seen.phases
    known = (phases.resolve, phases.connect, phases.tls, phases.processing, phases.transfer)
    return sum(phase for phase in known if phase is not None)


@pytest.mark.slow
async def test_a_handshake_of_several_rounds_has_none_of_our_own_time(
    context: ProbeContext, authority: Authority
) -> None:
    """TLS 1.2 has two round trips: that the loop was held up for 400 ms between them is not the
    server's time.
    """
    tls_context = authority.server_context(authority.valid)
    tls_context.maximum_version = ssl.TLSVersion.TLSv1_2

    def serve(connection: socket.socket) -> None:
        connection.recv(1, socket.MSG_PEEK)
        time.sleep(DELAY)
        with tls_context.wrap_socket(connection, server_side=True) as stream, suppress(OSError):
            stream.recv(1)

    with serving(serve) as port:
        asking = asyncio.create_task(
            ask_certificate(
                context,
                "localhost",
                port,
                address="127.0.0.1",
                tls={"ca_file": str(authority.ca_file)},
            )
        )
        await asyncio.sleep(DELAY / 2)
        time.sleep(HELD)  # noqa: ASYNC251
        seen = await asking

    assert seen.reason is not Reason.TIMEOUT, seen.detail
    assert seen.phases.tls is not None
    assert DELAY * 0.97 < seen.phases.tls < DELAY + HELD / 4
    assert seen.duration < DELAY + HELD / 2


@pytest.mark.slow
async def test_what_is_said_before_tls_has_none_of_our_own_time(
    context: ProbeContext, authority: Authority
) -> None:
    """A mail server that takes 100 ms for each of three words, and a loop that is busy for 200 ms at
    a time: its words are 300 ms, and ours no part of them.
    """
    tls_context = authority.server_context(authority.valid)

    def serve(connection: socket.socket) -> None:
        for word in (b"220 hello\r\n", b"250-hello\r\n250 STARTTLS\r\n", b"220 go\r\n"):
            time.sleep(DELAY)
            connection.sendall(word)
            if word != b"220 go\r\n":
                connection.recv(1024)
        with tls_context.wrap_socket(connection, server_side=True) as stream, suppress(OSError):
            stream.recv(1)

    with serving(serve) as port, a_busy_loop(HELD / 2):
        seen = await ask_certificate(
            context,
            "localhost",
            port,
            address="127.0.0.1",
            starttls="smtp",
            tls={"ca_file": str(authority.ca_file)},
        )

    assert seen.phases.connect is not None, seen.detail
    assert 3 * DELAY * 0.9 < seen.phases.connect < 3 * DELAY + HELD / 2


@pytest.mark.slow
async def test_what_a_proxy_is_told_has_none_of_our_own_time(authority: Authority) -> None:
    """A tunnel that opens after 100 ms, told of 400 ms late."""

    def serve(connection: socket.socket) -> None:
        connection.recv(1024)
        time.sleep(DELAY)
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        tls_context = authority.server_context(authority.valid)
        with tls_context.wrap_socket(connection, server_side=True) as stream:
            stream.recv(65_536)
            stream.sendall(ANSWER)
            with suppress(OSError):
                stream.recv(1)

    with serving(serve) as port:
        async with ProbeContext() as context:
            asking = asyncio.create_task(
                ask_http(
                    context,
                    "https://localhost:1/",
                    proxy_url=f"http://127.0.0.1:{port}",
                    tls={"ca_file": str(authority.ca_file)},
                )
            )
            await asyncio.sleep(DELAY / 2)
            time.sleep(HELD)  # noqa: ASYNC251
            seen = await asking

    assert seen.phases.connect is not None, seen.detail
    assert DELAY * 0.97 < seen.phases.connect < DELAY + HELD / 4


@pytest.mark.slow
async def test_the_first_of_several_addresses_takes_as_long_as_the_kernel_says() -> None:
    """A name with two addresses, the first of which answers at once: that the loop was busy while it
    did is no slow connection.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        names = Names(two_test=("127.0.0.1", "127.0.0.2"))
        async with ProbeContext(resolver=names) as context:
            asking = asyncio.create_task(ask_tcp(context, "two.test", port))
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_soon(time.sleep, HELD)
            seen = await asking

    assert seen.reason is None, seen.detail
    assert seen.phases.connect is not None
    assert 0 < seen.phases.connect < HELD / 4
    assert seen.duration < HELD / 2


def test_the_round_trip_is_not_known_of_what_is_not_connected() -> None:
    with socket.socket() as fresh:
        assert round_trip(fresh) is None


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
        peer.sendall(b"later")
        await asyncio.sleep(0.05)
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


async def test_waiting_for_a_processor_is_no_time_of_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A look-up whose thread shares one processor with a greedy program takes its own time only."""
    whole = 0.0

    def work(*_: object, **__: object) -> list[object]:
        nonlocal whole
        os.sched_setaffinity(0, {processor})  # this thread's
        begun, ends = time.perf_counter(), time.thread_time() + DELAY
        while time.thread_time() < ends:
            pass
        whole = time.perf_counter() - begun
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    processor = min(os.sched_getaffinity(0))
    greedy = (
        f"import os\nos.sched_setaffinity(0, {{{processor}}})\nprint(flush=True)\nwhile 1: pass"
    )
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", greedy, stdout=asyncio.subprocess.PIPE
    )
    resolver = SystemResolver(time.perf_counter)
    try:
        assert program.stdout is not None
        await program.stdout.readline()
        monkeypatch.setattr(socket, "getaddrinfo", work)
        found = await resolver.resolve("expo.example.se", socket.AF_UNSPEC)
    finally:
        program.kill()
        await program.wait()
        await resolver.close()
    assert found.took is not None
    assert whole > 1.3 * DELAY
    assert DELAY / 2 < found.took < (whole + DELAY) / 2
