"""Kind ``http``: what is kept of an answer as the server sent it, good or bad."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from probes.net.captured_response import BODY_KEPT, HEAD_KEPT
from probes.net.context import ProbeContext
from probes.net.trace import RESOLVED_KEPT
from probes.observation import HttpAnswer, Observation, Reason
from tests.support.probes.asking import Names, ask_http
from tests.support.servers.http_server import HttpServer
from tests.support.servers.raw_server import say, serve_raw, silence
from tests.support.servers.token_server import serve_tokens

TOKEN = "t0ken-that-nobody-may-read"


def kept(seen: Observation) -> HttpAnswer:
    assert seen.answer is not None
    return seen.answer


async def test_headers_and_body_are_as_they_came(context: ProbeContext) -> None:
    """In their order and spelling, twice where they came twice, of a good answer too."""
    answer = b"HTTP/1.0 200 All Right\r\nX-b: 1\r\nx-A: 2\r\nX-b: 3\r\n\r\nbody \xff"
    async with serve_raw(say(answer)) as server:
        seen = await ask_http(context, server.url())
    assert seen.reason is None
    assert kept(seen) == HttpAnswer(
        status=200,
        version=(1, 0),
        phrase="All Right",
        head=((b"X-b", b"1"), (b"x-A", b"2"), (b"X-b", b"3")),
        head_cut=False,
        body_start=b"body \xff",
        body_cut=False,
        url=None,
    )


@pytest.mark.parametrize(("size", "cut"), [(BODY_KEPT, False), (BODY_KEPT + 1, True)])
async def test_of_a_long_body_the_beginning_is_kept(
    context: ProbeContext, http_server: HttpServer, size: int, cut: bool
) -> None:
    """Two KiB and no more, unpacked, whatever was expected of it."""
    body = bytes(65 + place % 26 for place in range(size))
    http_server.answer(status=503, body=body)
    seen = await ask_http(context, http_server.url())
    assert seen.reason is Reason.STATUS
    assert (kept(seen).body_start, kept(seen).body_cut) == (body[:BODY_KEPT], cut)


async def test_a_body_that_is_too_large_is_kept_too(
    context: ProbeContext, http_server: HttpServer
) -> None:
    """``max_body_bytes`` bounds what is read; what came is evidence."""
    http_server.answer(body=b"x" * 100)
    seen = await ask_http(context, http_server.url(), max_body_bytes=10)
    assert seen.reason is Reason.TOO_LARGE
    assert kept(seen).body_start.startswith(b"x" * 10)
    assert kept(seen).body_cut


@pytest.mark.parametrize(
    ("then", "reason"), [(None, Reason.PROTOCOL), (silence, Reason.TIMEOUT)], ids=["broken", "hung"]
)
async def test_an_answer_that_never_ended_is_kept_as_far_as_it_came(
    context: ProbeContext, then: None, reason: Reason
) -> None:
    """Its head tells which server it was; the facts of a whole answer are absent."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nServer: knax\r\n\r\nhalf"
    async with serve_raw(say(head, then=then)) as server:
        seen = await ask_http(context, server.url(), timeout=0.8)
    assert (seen.reason, seen.http) == (reason, None)
    assert (b"Server", b"knax") in kept(seen).head
    assert (kept(seen).body_start, kept(seen).body_cut) == (b"half", True)


async def test_after_redirects_it_is_the_last_answer(
    context: ProbeContext, http_server: HttpServer
) -> None:
    """With the address that gave it, without query values."""
    http_server.answer("/", status=302, headers={"Location": "/there?code=hemligt"})
    http_server.answer("/there", status=500, body=b"last")
    seen = await ask_http(context, http_server.url())
    assert (kept(seen).status, kept(seen).body_start) == (500, b"last")
    assert kept(seen).url == http_server.url("/there?code=…")


async def test_a_redirect_to_nobody_leaves_the_redirect(
    context: ProbeContext, http_server: HttpServer, closed_port: tuple[str, int]
) -> None:
    """Who is to mend it wants to see where it was sent."""
    host, port = closed_port
    location = f"http://{host}:{port}/"
    http_server.answer("/", status=302, headers={"Location": location})
    seen = await ask_http(context, http_server.url())
    assert seen.reason is Reason.CONNECT_REFUSED
    assert kept(seen).status == 302
    assert (b"Location", location.encode()) in kept(seen).head


async def test_no_answer_is_none(context: ProbeContext, closed_port: tuple[str, int]) -> None:
    """Nothing is made up."""
    host, port = closed_port
    assert (await ask_http(context, f"http://{host}:{port}/")).answer is None


async def test_a_head_is_bounded(context: ProbeContext) -> None:
    """An observation is kept of every check: none may cost much memory."""
    head = b"".join(b"X-%d: %s\r\n" % (place, b"v" * 4000) for place in range(20))
    async with serve_raw(say(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")) as server:
        seen = await ask_http(context, server.url())
    assert sum(len(name) + len(value) for name, value in kept(seen).head) <= HEAD_KEPT
    assert [name for name, _ in kept(seen).head] == [b"X-0", b"X-1", b"X-2", b"X-3"]
    assert kept(seen).head_cut


@pytest.mark.parametrize("before", [0, BODY_KEPT - 20], ids=["whole", "cut"])
async def test_a_token_said_back_is_blanked(
    context: ProbeContext, http_server: HttpServer, tmp_path: Path, before: int
) -> None:
    """In headers and body, also where the cut goes through it: before anybody keeps it."""
    (tmp_path / "token").write_text(TOKEN + "\n")
    body = b"x" * before + f"you said {TOKEN} {TOKEN}".encode()
    http_server.answer(status=500, body=body, headers={"X-Echo": f"Bearer {TOKEN}"})
    seen = await ask_http(context, http_server.url(), bearer_token_file=str(tmp_path / "token"))
    assert (b"X-Echo", b"Bearer ***") in kept(seen).head
    assert b"you said ***" in kept(seen).body_start
    assert TOKEN[:4].encode() not in kept(seen).body_start


async def test_a_password_said_back_is_blanked(
    context: ProbeContext, http_server: HttpServer
) -> None:
    """As it is, and as the header has it."""
    sent = base64.b64encode(b"anna:lagomhemligt")
    http_server.answer(status=403, body=b"Basic " + sent + b" is anna:lagomhemligt")
    seen = await ask_http(
        context, http_server.url(), basic_auth={"username": "anna", "password": "lagomhemligt"}
    )
    assert kept(seen).body_start == b"Basic *** is anna:***"


async def test_a_fetched_token_said_back_is_blanked(
    context: ProbeContext, http_server: HttpServer
) -> None:
    """Nobody but the probe knows it."""
    http_server.answer(status=500, body=b"token-1 is not known", headers={"X-Echo": "token-1"})
    async with serve_tokens() as tokens:
        seen = await ask_http(
            context,
            http_server.url(),
            oauth2={"token_url": tokens.url, "client_id": "c", "client_secret": "s3cret"},
        )
    assert http_server.arrivals[0].headers["Authorization"] == "Bearer token-1"
    assert kept(seen).body_start == b"*** is not known"
    assert (b"X-Echo", b"***") in kept(seen).head


async def test_nothing_of_it_is_in_a_repr(context: ProbeContext, http_server: HttpServer) -> None:
    """A log of an observation shows no body."""
    http_server.answer(body=b"secret-body", headers={"X-Secret": "secret-header"})
    seen = await ask_http(context, http_server.url())
    assert b"secret-body" in kept(seen).body_start
    assert "secret" not in repr(seen) + repr(seen.answer)


async def test_all_addresses_of_a_name_are_kept(http_server: HttpServer) -> None:
    """Not the one connected to alone; of an address that was given there is nothing to tell."""
    http_server.answer()
    async with ProbeContext(resolver=Names(expo_test=("127.0.0.1", "127.0.0.2"))) as context:
        seen = await ask_http(context, http_server.url(host="expo.test"))
        given = await ask_http(context, http_server.url())
        each = await ask_http(context, http_server.url(host="expo.test"), address="all")
    assert (seen.resolved, given.resolved) == (("127.0.0.1", "127.0.0.2"), ())
    assert each.resolved == ("127.0.0.1", "127.0.0.2")


async def test_a_name_server_fills_no_memory(http_server: HttpServer) -> None:
    """It may answer with thousands of addresses."""
    http_server.answer()
    many = tuple(f"127.0.{n // 250}.{n % 250 + 1}" for n in range(1000))
    async with ProbeContext(resolver=Names(expo_test=many)) as context:
        seen = await ask_http(context, http_server.url(host="expo.test"))
    assert seen.resolved == many[:RESOLVED_KEPT]
