"""Kind ``http``: every reason that is not TLS's, from a server that behaves so."""

from __future__ import annotations

import gzip
import socket
import zlib

import brotli
import pytest

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Reason
from tests.support.probes.asking import Names, ask_http, lasted
from tests.support.servers.http_server import HttpServer
from tests.support.servers.raw_server import (
    Script,
    close_at_once,
    endless,
    reset,
    reset_now,
    say,
    serve_raw,
    silence,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_a_good_answer_has_no_reason(context: ProbeContext, http_server: HttpServer) -> None:
    """200 with a body is good, with every fact there is."""
    http_server.answer(body=b"hello", headers={"Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT"})
    context.clock = lambda: 12.5
    seen = await ask_http(context, http_server.url())
    assert (seen.grade, seen.reason, seen.cause, seen.detail) == (Grade.GOOD, None, None, "")
    assert seen.address == "127.0.0.1"
    assert seen.http is not None
    assert (seen.http.status, seen.http.version, seen.http.tls) == (200, "1.1", False)
    assert (seen.http.body_bytes, seen.http.last_modified) == (5, 784111777.0)
    assert seen.tls is None
    assert seen.at == 12.5


async def test_an_unknown_name_is_dns(http_server: HttpServer) -> None:
    """A name that does not resolve is the network's trouble."""
    async with ProbeContext(resolver=Names()) as context:
        seen = await ask_http(context, http_server.url(host="nowhere.test"))
    assert (seen.reason, seen.cause) == (Reason.DNS, Cause.NETWORK)
    assert "nowhere.test" in seen.detail
    assert http_server.arrivals == []


async def test_a_resolver_that_we_cannot_use_is_ours(http_server: HttpServer) -> None:
    """When the system cannot even look up, nothing is said of the target."""
    names = Names()
    names.fault = socket.gaierror(socket.EAI_SYSTEM, "System error")
    async with ProbeContext(resolver=names) as context:
        seen = await ask_http(context, http_server.url(host="nowhere.test"))
    assert (seen.reason, seen.cause) == (Reason.DNS, Cause.MONITOR)


async def test_nobody_listening_is_connect_refused(
    context: ProbeContext, closed_port: tuple[str, int]
) -> None:
    """A closed port refuses, and the detail says where."""
    host, port = closed_port
    seen = await ask_http(context, f"http://{host}:{port}/")
    assert (seen.reason, seen.cause) == (Reason.CONNECT_REFUSED, Cause.TARGET)
    assert f"{host}:{port}" in seen.detail


async def test_a_connect_that_hangs_is_connect_timeout(
    context: ProbeContext, blackhole: tuple[str, int]
) -> None:
    """Nothing comes back: the deadline ends the connect."""
    host, port = blackhole
    seen = await ask_http(context, f"http://{host}:{port}/", timeout=0.3)
    assert (seen.reason, seen.cause) == (Reason.CONNECT_TIMEOUT, Cause.TARGET)
    assert lasted(seen.duration, 0.3)


async def test_an_address_that_cannot_be_reached_from_here_is_ours(context: ProbeContext) -> None:
    """The kernel refuses an IPv6 address without its zone by itself: no word of the target's."""
    seen = await ask_http(context, "http://[fe80::1]:80/", timeout=1.0)
    assert (seen.reason, seen.cause) == (Reason.CONNECT_ERROR, Cause.MONITOR)


async def test_no_descriptors_left_is_ours(
    context: ProbeContext, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EMFILE is the monitor's own trouble, never the target's colour."""
    real = socket.socket

    def none_left(*_args: object, **_kwargs: object) -> socket.socket:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(socket, "socket", none_left)
    try:
        seen = await ask_http(context, http_server.url())
    finally:
        monkeypatch.setattr(socket, "socket", real)
    assert (seen.reason, seen.cause) == (Reason.CONNECT_ERROR, Cause.MONITOR)


async def test_silence_after_the_request_is_a_timeout(context: ProbeContext) -> None:
    """A server that accepts and says nothing fails at the total deadline."""
    async with serve_raw(silence) as server:
        seen = await ask_http(context, server.url(), timeout=0.8)
    said = "no answer within 0.8 s: what we sent arrived, and nothing came"
    assert (seen.reason, seen.detail) == (Reason.TIMEOUT, said)
    assert lasted(seen.duration, 0.8)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        pytest.param(close_at_once, Reason.RESET, id="closed at once"),
        pytest.param(reset, Reason.RESET, id="reset after the request"),
        pytest.param(
            say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", b"half", then=reset_now),
            Reason.RESET,
            id="reset within the body",
        ),
        pytest.param(
            say(b"HTTP/1.1 200 OK\r\nContent-Le", then=reset_now),
            Reason.RESET,
            id="reset within the head",
        ),
        pytest.param(say(), Reason.RESET, id="closed without an answer"),
        pytest.param(
            say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
            Reason.PROTOCOL,
            id="body shorter than it was declared",
        ),
        pytest.param(
            say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
            Reason.PROTOCOL,
            id="chunk cut off",
        ),
        pytest.param(
            say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"),
            Reason.PROTOCOL,
            id="chunk size that is no number",
        ),
        pytest.param(say(b"SSH-2.0-OpenSSH_9.2\r\n"), Reason.PROTOCOL, id="not HTTP"),
        pytest.param(say(b"\x15\x03\x01\x00\x02\x02\x46"), Reason.PROTOCOL, id="a TLS alert"),
        pytest.param(say(b"HTTP/1.1 abc OK\r\n\r\n"), Reason.PROTOCOL, id="no status"),
        pytest.param(
            say(b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n"),
            Reason.PROTOCOL,
            id="length that is no number",
        ),
        pytest.param(
            say(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 600_000 + b"\r\n\r\n"),
            Reason.PROTOCOL,
            id="a header of 600,000 bytes",
        ),
        pytest.param(
            say(b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 10_000 + b"\r\n"),
            Reason.PROTOCOL,
            id="10,000 headers",
        ),
        pytest.param(
            say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"),
            Reason.PROTOCOL,
            id="gzip that is none",
        ),
    ],
)
async def test_a_broken_answer_is_named(
    context: ProbeContext, script: Script, reason: Reason
) -> None:
    """Each way to break an answer is the target's, asked for once and not again."""
    async with serve_raw(script) as server:
        seen = await ask_http(context, server.url())
        assert (seen.grade, seen.reason, seen.cause) == (Grade.FAILED, reason, Cause.TARGET)
        assert seen.detail
        assert server.accepted == 1


async def test_more_than_ten_redirects_are_too_many(
    context: ProbeContext, http_server: HttpServer
) -> None:
    """The eleventh redirect is not followed."""
    http_server.answer(status=302, headers={"Location": "/"})
    seen = await ask_http(context, http_server.url())
    assert (seen.reason, seen.detail) == (Reason.REDIRECTS, "more than 10 redirects")
    assert len(http_server.arrivals) == 11


@pytest.mark.parametrize(
    "location", ["ftp://127.0.0.1/", "http://[", "http://a b/", "javascript:1"]
)
async def test_a_redirect_to_nowhere_is_told(
    context: ProbeContext, http_server: HttpServer, location: str
) -> None:
    """A Location that is no web address fails with reason ``redirects``."""
    http_server.answer(status=302, headers={"Location": location})
    seen = await ask_http(context, http_server.url())
    assert seen.reason is Reason.REDIRECTS


async def test_the_secrets_of_a_redirect_are_not_told(
    context: ProbeContext, http_server: HttpServer
) -> None:
    """Neither a password nor a query stands in the detail."""
    http_server.answer(status=302, headers={"Location": "http://u:s3cret@h.test/?code=s3cret"})
    seen = await ask_http(context, http_server.url())
    assert seen.reason is Reason.REDIRECTS
    assert "s3cret" not in seen.detail


async def test_a_status_that_is_not_expected(
    context: ProbeContext, http_server: HttpServer
) -> None:
    """The detail says what came and what was expected."""
    http_server.answer(status=503)
    seen = await ask_http(context, http_server.url())
    assert (seen.reason, seen.detail) == (Reason.STATUS, "HTTP 503, expected 2xx")
    assert seen.http is not None
    assert seen.http.status == 503


async def test_a_redirect_that_is_not_followed_is_its_status(
    context: ProbeContext, http_server: HttpServer
) -> None:
    """``follow_redirects: false`` judges the redirect itself."""
    http_server.answer(status=301, headers={"Location": "/elsewhere"})
    seen = await ask_http(
        context, http_server.url(), follow_redirects=False, expect={"status": [301]}
    )
    assert seen.grade is Grade.GOOD
    assert len(http_server.arrivals) == 1


@pytest.mark.parametrize(
    ("expect", "reason", "regex"),
    [
        ({"headers": {"Content-Type": "json"}}, Reason.HEADER, True),
        ({"headers": {"X-Missing": "."}}, Reason.HEADER, False),
        ({"body_matches": ["UP"]}, Reason.BODY, True),
        ({"body_not_matches": ["DOWN"]}, Reason.BODY, True),
        ({"jsonpath": [{"path": "$.status", "equals": "UP"}]}, Reason.JSONPATH, False),
        ({"last_modified_within": "26h"}, Reason.STALE, False),
        ({"body_bytes": {"at_least": 1000}}, Reason.SIZE, False),
    ],
)
async def test_expectations_that_do_not_hold(
    context: ProbeContext, http_server: HttpServer, expect: object, reason: Reason, regex: bool
) -> None:
    """Each expectation has a reason of its own, and says whether a pattern was at fault."""
    http_server.answer(
        body=b'{"status": "DOWN"}',
        headers={"Content-Type": "text/plain", "Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT"},
    )
    seen = await ask_http(context, http_server.url(), expect=expect)
    assert (seen.reason, seen.cause) == (reason, Cause.TARGET)
    assert seen.http is not None
    assert seen.http.regex_failed is regex


async def test_an_endless_body_is_read_to_the_limit_and_no_further(context: ProbeContext) -> None:
    """``too_large`` comes at once, not at the deadline."""
    async with serve_raw(endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000)) as server:
        seen = await ask_http(context, server.url(), max_body_bytes=100_000)
    assert (seen.reason, seen.detail) == (
        Reason.TOO_LARGE,
        "the body is larger than 100000 bytes",
    )
    assert seen.http is not None
    assert seen.http.body_bytes == 100_000


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
async def test_a_bomb_is_bounded_after_decompression(
    context: ProbeContext, http_server: HttpServer, encoding: str
) -> None:
    """A hundred megabytes of zeros in a few kilobytes are not unpacked beyond the limit."""
    zeros = b"\0" * 100_000_000
    match encoding:
        case "gzip":
            body = gzip.compress(zeros, 1)
        case "deflate":
            body = zlib.compress(zeros, 1)
        case _:
            body = bytes(brotli.compress(zeros, quality=1))
    http_server.answer(body=body, headers={"Content-Encoding": encoding})
    seen = await ask_http(context, http_server.url(), max_body_bytes=50_000, timeout=5.0)
    assert seen.reason is Reason.TOO_LARGE
    assert seen.http is not None
    assert seen.http.body_bytes == 50_000


async def test_a_body_of_exactly_the_limit_is_good(
    context: ProbeContext, http_server: HttpServer
) -> None:
    """The limit itself is allowed, one byte more is not."""
    http_server.answer(body=b"x" * 5000)
    assert (await ask_http(context, http_server.url(), max_body_bytes=5000)).grade is Grade.GOOD
    seen = await ask_http(context, http_server.url(), max_body_bytes=4999)
    assert seen.reason is Reason.TOO_LARGE
