"""Readers that stall, say nothing or come in crowds cost neither memory nor what probes need."""

from __future__ import annotations

import resource
import socket
import ssl
import time
import urllib.error
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.daemon.counting import CountingServer
from tests.support.daemon.running import Running, estate, http_check, running, service, until
from tests.support.servers.ca import Authority

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

FEW = 64
"""Descriptors of a daemon that has few."""
CROWD = 100
MIB = 1_048_576
SERVICES = 200
"""Of five checks each: a body of some megabytes."""
PATHS = ("/metrics", "/status.json", "/api/v2/summary.json", "/", "/api/v1/history", "/feed.atom")


def place(daemon: Running) -> tuple[str, int]:
    split = urlsplit(daemon.url)
    assert split.hostname
    assert split.port
    return split.hostname, split.port


@contextmanager
def few_descriptors() -> Iterator[None]:
    """Processes started meanwhile may have :data:`FEW`."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def open_descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def body(daemon: Running, path: str) -> bytes:
    """The answer, from a daemon that may be too busy for a moment (503)."""

    def answered() -> tuple[bytes] | None:
        try:
            return (daemon.get(path),)
        except urllib.error.HTTPError as refused:
            if refused.code != 503:
                raise
            return None

    return until(answered, lambda: f"{path} is not answered: {daemon.log[-2000:]}")[0]


def resident(pid: int) -> int:
    words = Path(f"/proc/{pid}/statm").read_text().split()
    return int(words[1]) * resource.getpagesize()


def test_a_crowd_of_readers_takes_no_descriptor_from_the_probes(
    tmp_path: Path,
) -> None:
    """At 64 descriptors, 100 silent connections and as many that ask and read nothing: no check
    becomes unknown, and who asks properly is answered.
    """
    with CountingServer() as server, ExitStack() as stack:
        checks = [http_check(f"c{n}", server.url(f"/{n}"), interval="300ms") for n in range(20)]
        config = estate(service("expo", *checks), defaults={"timeout": "2s"})
        daemon = stack.enter_context(limited(tmp_path, config))
        daemon.event("transition", service="expo", to="green")
        for number in range(2 * CROWD):
            reader = stack.enter_context(socket.socket())
            reader.setblocking(False)
            reader.connect_ex(place(daemon))
            if number % 2:
                until(partial(asked, reader), "no connection")
        before = len(server.visits)
        until(lambda: len(server.visits) > before + 100, lambda: daemon.log)
        assert open_descriptors(daemon.pid) < FEW
        assert daemon.get("/-/healthy").startswith(b"last tick")
        metrics = daemon.metrics()
        assert metrics.all("driftvakt_check_reason") == []
        assert not [one for one in daemon.events("transition") if one["to"] != "green"]


def asked(reader: socket.socket) -> bool:
    """Whether the request is on its way; one that the kernel has not let in waits there."""
    try:
        reader.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
    except (BlockingIOError, ConnectionError, OSError):
        return True
    return True


@contextmanager
def limited(folder: Path, config: dict[str, Any]) -> Iterator[Running]:
    with few_descriptors():
        starting = running(folder, config, started=False, executed=True)
        daemon = starting.__enter__()
    try:
        daemon.event("started")
        yield daemon
    finally:
        starting.__exit__(None, None, None)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A daemon of a thousand checks, all measured."""
    with CountingServer() as server:
        services = [
            service(
                f"s{n}", *(http_check(f"c{m}", server.url("/"), interval="20s") for m in range(5))
            )
            for n in range(SERVICES)
        ]
        folder = tmp_path_factory.mktemp("large")
        with running(folder, estate(*services), started=False) as daemon:
            daemon.event("started")
            until(lambda: len(server.visits) >= 5 * SERVICES, lambda: daemon.log[-2000:])
            for path in PATHS:
                body(daemon, path)
            yield daemon


@pytest.mark.parametrize("path", PATHS)
def test_a_hundred_stalled_readers_cost_no_memory(large: Running, path: str) -> None:
    """Each asks, again and again, and reads nothing: less than 64 MiB in all, and a reader that
    reads is answered meanwhile.
    """
    daemon = large
    with ExitStack() as stack:
        before = most = resident(daemon.pid)
        for number in range(CROWD):
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.settimeout(20)
            reader.connect(place(daemon))
            reader.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 3)
            if number % 10 == 0:
                most = max(most, resident(daemon.pid))
        end = time.monotonic() + 4.0
        while time.monotonic() < end:
            most = max(most, resident(daemon.pid))
            body(daemon, path)
        print(path, f"{(most - before) / MIB:.1f} MiB")
        assert most - before < 64 * MIB, f"{(most - before) / MIB:.1f} MiB"


def test_a_tls_connection_that_says_nothing_is_closed_as_soon_as_a_plain_one(
    tmp_path: Path, authority: Authority
) -> None:
    """Nobody holds a place by not shaking hands, nor by shaking hands and then saying nothing."""
    pair = authority.valid
    tls = {"cert_file": str(pair.cert_file), "key_file": str(pair.key_file)}
    with CountingServer() as server:
        config = estate(service("expo", http_check("api", server.url("/"))), web={"tls": tls})
        with running(tmp_path, config) as daemon, ExitStack() as stack:
            silent = stack.enter_context(socket.create_connection(place(daemon)))
            context = ssl.create_default_context(cafile=str(authority.ca_file))
            context.check_hostname = False
            plain = stack.enter_context(socket.create_connection(place(daemon)))
            shaken = stack.enter_context(context.wrap_socket(plain))
            for one in (silent, shaken):
                one.settimeout(30)  # asyncio's own patience is a minute
                assert one.recv(1) == b""
