"""Kind ``http`` with ``oauth2``: what a token service does to a probe, and whose fault it is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Reason
from tests.support.patience import PATIENCE
from tests.support.probes.asking import Names, ask_http
from tests.support.probes.oauth2 import SECRET, Time, oauth2, refusal, sent
from tests.support.servers.ca import Authority
from tests.support.servers.http_server import HttpServer, serve_http
from tests.support.servers.proxy import serve_proxy
from tests.support.servers.raw_server import Script, drip, endless, reset, say, serve_raw, silence
from tests.support.servers.token_server import TokenServer, serve_tokens


async def test_the_token_s_time_is_not_the_target_s(
    context: ProbeContext, http_server: HttpServer, tokens: TokenServer
) -> None:
    """Neither in the duration nor in a phase, of a success and of a failure."""
    http_server.answer()
    tokens.delay = 1.5
    seen = await ask_http(context, http_server.url(), oauth2=oauth2(tokens))
    assert seen.grade is Grade.GOOD
    assert seen.duration < tokens.delay
    assert sum(seconds for _, seconds in seen.phases.measured()) < tokens.delay
    tokens.status = 500
    failed = await ask_http(context, http_server.url(), oauth2=oauth2(tokens, scopes=["x"]))
    assert failed.duration < tokens.delay
    assert failed.phases.measured() == ()


async def test_a_slow_token_service_is_not_held_against_the_target(
    context: ProbeContext, tokens: TokenServer
) -> None:
    """When it has used up most of the deadline, a target that then is late is not to blame."""
    tokens.delay = 1.5
    async with serve_raw(silence) as target:
        seen = await ask_http(context, target.url(), oauth2=oauth2(tokens), timeout=2.4)
        later = await ask_http(context, target.url(), oauth2=oauth2(tokens), timeout=0.9)
    assert (seen.reason, seen.cause) == (Reason.OAUTH2, Cause.DEPENDENCY)
    assert seen.detail.startswith(f"the token service {tokens.where} was slow: ")
    assert (later.reason, later.cause) == (Reason.TIMEOUT, Cause.TARGET)


async def test_the_deadline_holds(context: ProbeContext, http_server: HttpServer) -> None:
    """A token service that never answers ends with the probe's one deadline."""
    async with serve_raw(silence) as server:
        asked = {"token_url": server.url("/t"), "client_id": "expo", "client_secret": SECRET}
        said = await refusal(context, http_server, asked, timeout=2.0)
    assert said == (
        f"dependency: the token service 127.0.0.1:{server.port}: no answer within 1.8 s:"
        " what we sent arrived, and nothing came"
    )


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (400, {"error": "invalid_client"}, "monitor: HTTP 400 invalid_client"),
        (401, {"error": "invalid_client"}, "monitor: HTTP 401 invalid_client"),
        (400, {"error": "invalid_scope"}, "monitor: HTTP 400 invalid_scope"),
        (401, b"", "monitor: HTTP 401"),
        (400, {"error": SECRET, "error_description": SECRET}, "dependency: HTTP 400"),
        (400, b"\xff", "dependency: HTTP 400"),
        (403, {"error": "server_error"}, "dependency: HTTP 403 server_error"),
        (503, b"<html>", "dependency: HTTP 503"),
        (302, b"", "dependency: HTTP 302"),
        (429, b"", "monitor: it asks us to slow down (HTTP 429)"),
        (200, b"", "dependency: its answer is not JSON: the body is empty"),
        (200, b"[" * 50_000, "dependency: its answer is not JSON at line 1"),
        (200, b"[]", "dependency: its answer is JSON, but no object"),
        (200, {}, "dependency: its answer holds no access_token"),
        (200, {"access_token": 5}, "dependency: its answer holds no access_token"),
        (
            200,
            {"access_token": "a\r\nX: y"},
            "dependency: its access_token cannot be sent in a header",
        ),
        (
            200,
            {"access_token": "å"},
            "dependency: its access_token cannot be sent in a header",
        ),
        (
            200,
            {"access_token": "a" * 20_000},
            "dependency: its access_token cannot be sent in a header",
        ),
        (
            200,
            {"access_token": "a", "token_type": "DPoP"},
            "dependency: its token_type is DPoP, not Bearer",
        ),
        (200, b" " * 65_537, "dependency: its answer is larger than 65536 bytes"),
    ],
)
async def test_what_a_token_service_may_answer(
    context: ProbeContext,
    http_server: HttpServer,
    tokens: TokenServer,
    status: int,
    answer: dict[str, Any] | bytes,
    said: str,
) -> None:
    """What it says of us is ours, anything else its own; the word of RFC 6749, 5.2 is told."""
    tokens.status, tokens.answer = status, answer
    tokens.headers = {"Location": http_server.url()} if status == 302 else {}
    cause, _, words = said.partition(": ")
    found = await refusal(context, http_server, oauth2(tokens))
    assert found.startswith(f"{cause}: the token service {tokens.where}: {words}")


async def test_retry_after_is_honoured_within_bounds(
    moved: ProbeContext, timer: Time, http_server: HttpServer, tokens: TokenServer
) -> None:
    """Five minutes at most."""
    http_server.answer()
    tokens.status, tokens.headers = 429, {"Retry-After": "86400"}
    for ahead in (0.0, 290.0):
        timer.ahead = ahead
        await refusal(moved, http_server, oauth2(tokens))
    assert len(tokens.asked) == 1
    timer.ahead = 301.0
    await refusal(moved, http_server, oauth2(tokens))
    assert len(tokens.asked) == 2


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (reset, "the connection was reset"),
        (say(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "not a well-formed HTTP answer: "),
        (
            say(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"),
            "89 bytes before Content-Length says",
        ),
        (
            endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096),
            "its answer is larger than 65536 bytes",
        ),
        (drip(b"HTTP/1.1 200 OK\r\n\r\n" + b"{" * 900, 0.01), "no answer within "),
    ],
    ids=["reset", "ssh", "cut", "endless", "drips"],
)
async def test_a_token_service_that_is_broken(
    context: ProbeContext, http_server: HttpServer, script: Script, said: str
) -> None:
    """It ends in time, and is the dependency's fault."""
    async with serve_raw(script) as server:
        asked = {"token_url": server.url("/t"), "client_id": "expo", "client_secret": SECRET}
        lasts = said.startswith("no answer within")
        found = await refusal(context, http_server, asked, timeout=0.6 if lasts else PATIENCE)
    assert found.startswith(f"dependency: the token service 127.0.0.1:{server.port}: ")
    assert said in found or "the answer did not end within" in found


async def test_a_token_service_that_is_not_there(
    http_server: HttpServer, closed_port: tuple[str, int], authority: Authority
) -> None:
    """Its port, its name and its certificate are the dependency's."""
    asked = {"client_id": "expo", "client_secret": SECRET}
    async with (
        ProbeContext(resolver=Names()) as context,
        serve_tokens(tls=authority.server_context(authority.expired)) as expired,
    ):

        async def said(url: str) -> str:
            more = {"tls": {"ca_file": authority.ca_file}}
            return await refusal(context, http_server, asked | {"token_url": url}, **more)

        assert (await said(f"http://127.0.0.1:{closed_port[1]}/")).endswith("refused")
        assert (await said("https://idp.example.se/")).startswith(
            "dependency: the token service idp.example.se:443: idp.example.se: "
        )
        assert (await said(expired.url)).endswith("certificate has expired")


async def test_a_token_does_not_follow_a_redirect_elsewhere(
    context: ProbeContext, http_server: HttpServer, tokens: TokenServer
) -> None:
    """Another origin gets no token; and a 401 from there does not cost us ours."""
    async with serve_http() as other:
        other.answer("/there", status=401)
        http_server.answer(status=307, headers={"Location": other.url("/there")})
        for _ in range(2):
            await ask_http(context, http_server.url(), oauth2=oauth2(tokens))
        assert sent(other) == [None, None]
    assert sent(http_server) == ["Bearer token-1"] * 2


async def test_a_token_is_not_said_back(
    context: ProbeContext, http_server: HttpServer, tokens: TokenServer
) -> None:
    """A target that quotes what it was told has it blanked, cut short or not."""
    long = "eyJhbGciOiJSUzI1NiJ9." + "a" * 300
    tokens.answer = {"access_token": long}

    async def careless(request: web.BaseRequest) -> web.StreamResponse:
        told = request.headers["Authorization"]
        return web.json_response({"told": told, "short": told[7:60]})

    http_server.handlers["/"] = careless
    expect = {"jsonpath": [{"path": "$.told", "equals": "nothing"}]}
    seen = await ask_http(context, http_server.url(), oauth2=oauth2(tokens), expect=expect)
    assert seen.reason is Reason.JSONPATH
    assert "eyJh" not in seen.detail
    assert "***…" in seen.detail


async def test_the_proxy_is_on_the_way_to_the_token_service(
    http_server: HttpServer, tokens: TokenServer, closed_port: tuple[str, int]
) -> None:
    """Both go through it; when it is not there, that is the network's."""
    http_server.answer()
    async with serve_proxy() as proxy, ProbeContext() as context:
        seen = await ask_http(
            context, http_server.url(), oauth2=oauth2(tokens), proxy_url=proxy.url
        )
        assert (seen.grade, seen.detail) == (Grade.GOOD, "")
        assert [head.target for head in proxy.asked] == [tokens.url, http_server.url()]
        gone = f"http://127.0.0.1:{closed_port[1]}"
        lost = await ask_http(context, http_server.url(), oauth2=oauth2(tokens), proxy_url=gone)
        proxy.authorization = "Basic other"
        strange = await ask_http(
            context, http_server.url(), oauth2=oauth2(tokens, scopes=["x"]), proxy_url=proxy.url
        )
    assert (lost.reason, lost.cause) == (Reason.OAUTH2, Cause.NETWORK)
    assert "the proxy: connection to" in lost.detail
    assert (strange.reason, strange.cause) == (Reason.OAUTH2, Cause.MONITOR)


async def test_a_fetch_ends_with_the_context(http_server: HttpServer, tokens: TokenServer) -> None:
    """Nothing is left running."""
    tokens.gate = asyncio.Event()
    before = asyncio.all_tasks()
    async with ProbeContext() as context:
        probe = asyncio.create_task(ask_http(context, http_server.url(), oauth2=oauth2(tokens)))
        await tokens.came.wait()
        probe.cancel()
        await asyncio.wait([probe])
    names = {task.get_name() for task in asyncio.all_tasks() - before}
    assert "token" not in names
