"""One exchange: its bytes on the wire, interim answers, peers that read nothing, and TLS at length."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest
from yarl import URL

from probes.net.context import ProbeContext
from probes.net.hop import Hop
from probes.net.http1 import MAX_INTERIM, Request, Serializer
from probes.net.trace import ProbeTrace
from probes.net.transport import Route
from probes.observation import Grade, Reason
from tests.support.patience import PATIENCE
from tests.support.probes.asking import ask_http
from tests.support.servers.ca import Authority
from tests.support.servers.http_server import HttpServer
from tests.support.servers.raw_server import say, serve_raw

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
NOWHERE = Hop(cast("ProbeTrace", None), Route("expo.example.se", 80), None)


def request(
    method: str = "GET",
    url: str = "http://expo.example.se/",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Request:
    return Request(method, URL(url), headers or {}, body, NOWHERE)


def lines(made: Request) -> list[str]:
    return made.serialized("driftvakt/1").decode().split("\r\n")


def test_a_request_has_what_every_request_needs() -> None:
    """Host first (RFC 9112, 3.2); the connection is not kept."""
    assert lines(request(url="http://expo.example.se:8080/a?b=c%20d#e")) == [
        "GET /a?b=c%20d HTTP/1.1",
        "Host: expo.example.se:8080",
        "User-Agent: driftvakt/1",
        "Accept: */*",
        "Accept-Encoding: gzip, deflate, br, zstd",
        "Connection: close",
        "",
        "",
    ]


def test_what_is_given_is_sent_once() -> None:
    """A header of the configuration takes the place of ours, however it is spelled."""
    made = lines(request(headers={"host": "other", "USER-AGENT": "me", "accept-encoding": "gzip"}))
    names = [line.partition(":")[0].lower() for line in made[1:] if line]
    assert len(names) == len(set(names))
    assert {"host: other", "USER-AGENT: me", "accept-encoding: gzip"} <= set(made)


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [("GET", None, None), ("POST", None, "0"), ("POST", b"abc", "3"), ("GET", b"", "0")],
)
def test_the_length_is_told_where_it_means_something(
    method: str, body: bytes | None, length: str | None
) -> None:
    """RFC 9110, 8.6: of content, and of its absence where content is expected."""
    told = [line for line in lines(request(method, body=body)) if line.startswith("Content-Length")]
    assert told == ([] if length is None else [f"Content-Length: {length}"])


def test_a_name_in_another_script_and_an_address_in_brackets() -> None:
    """Host is sent as the wire wants it."""
    assert "Host: xn--lkare-gra.example.se" in lines(request(url="http://läkare.example.se/"))
    assert "Host: [::1]:81" in lines(request(url="http://[::1]:81/"))


def test_bytes_are_made_anew_when_a_part_is_another() -> None:
    """A token or a body that was replaced goes out with the next request."""
    serializer = Serializer("driftvakt/1")
    url, headers = URL("http://expo.example.se/"), {"A": "1"}
    first = serializer(Request("GET", url, headers, None, NOWHERE))
    assert serializer(Request("GET", url, headers, None, NOWHERE)) is first
    assert b"A: 2" in serializer(Request("GET", url, {"A": "2"}, None, NOWHERE))
    assert serializer(Request("GET", url, headers, b"x", NOWHERE)).endswith(b"\r\n\r\nx")


async def test_interim_answers_are_passed_over(context: ProbeContext) -> None:
    """Up to a number: the answer is the first that is not 1xx (RFC 9110, 15.2)."""
    async with serve_raw(say(CONTINUE * MAX_INTERIM + OK)) as server:
        assert (await ask_http(context, server.url())).grade is Grade.GOOD
    async with serve_raw(say(CONTINUE * (MAX_INTERIM + 1) + OK)) as server:
        seen = await ask_http(context, server.url())
    assert (seen.reason, seen.detail) == (
        Reason.PROTOCOL,
        f"more than {MAX_INTERIM} interim answers (1xx)",
    )


async def read_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    cast("asyncio.Transport", writer.transport).pause_reading()
    await asyncio.Event().wait()


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])
async def test_a_peer_that_reads_nothing_keeps_no_connection_of_ours(
    context: ProbeContext, authority: Authority, encrypted: bool
) -> None:
    """A request that does not go out is dropped with its connection when the probe ends."""
    tls_context = authority.server_context(authority.issue("127.0.0.1")) if encrypted else None
    async with serve_raw(read_nothing, tls=tls_context) as server:
        seen = await ask_http(
            context,
            server.url(),
            timeout=3.0,
            method="POST",
            body="x" * 16_000_000,
            tls={"ca_file": authority.ca_file},
        )
        assert seen.reason is Reason.TIMEOUT
        async with asyncio.timeout(PATIENCE):
            while connected_to(server.port):  # noqa: ASYNC110 - the kernel closes them
                await asyncio.sleep(0.01)


def connected_to(port: int) -> list[str]:
    """Our own ends of connections to a port that are not closed: /proc/net/tcp, state 01."""
    inodes = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            inodes.add(str(link.readlink()).removeprefix("socket:[").removesuffix("]"))
    found = []
    for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[2].endswith(f":{port:04X}") and fields[9] in inodes:
            found.append(line)
    return found


async def test_a_long_answer_over_tls_is_whole(
    context: ProbeContext, authority: Authority, https_server: HttpServer
) -> None:
    """Reading pauses and resumes on the way, and nothing is lost."""
    https_server.answer(body=os.urandom(3_000_000))
    seen = await ask_http(
        context,
        https_server.url(),
        tls={"ca_file": authority.ca_file},
        max_body_bytes=4_000_000,
    )
    assert seen.http is not None
    assert (seen.grade, seen.http.body_bytes) == (Grade.GOOD, 3_000_000)
