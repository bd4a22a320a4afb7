"""No time of our own, such as that of a busy loop, is in a duration."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from probes.net.context import ProbeContext
from probes.net.resolver import SystemResolver
from probes.observation import Observation, Reason
from tests.support.probes.asking import Names, ask_certificate, ask_http, ask_tcp
from tests.support.probes.busy import ANSWER, DELAY, HELD, serving
from tests.support.servers.ca import Authority

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux stamps what it receives")


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
