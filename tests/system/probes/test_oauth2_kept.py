"""Kind ``http`` with ``oauth2``: how long a token is kept and who shares it."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from probes.http.oauth2.token_cache import PAUSE, SPACING, TokenSource
from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Observation, Reason
from tests.support.probes.asking import ask_http
from tests.support.probes.oauth2 import Time, oauth2, sent
from tests.support.servers.http_server import HttpServer
from tests.support.servers.token_server import TokenServer


async def test_a_token_is_shared_and_kept_until_shortly_before_its_end(
    moved: ProbeContext, timer: Time, http_server: HttpServer, tokens: TokenServer
) -> None:
    """Checks with equal settings have one; within its last minute it is renewed beside the probe,
    which does not wait, and after that no probe uses it.
    """
    http_server.answer()
    tokens.expires_in = 600
    for _ in range(2):
        await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    timer.ahead = 539.0
    await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    assert len(tokens.asked) == 1
    timer.ahead = 541.0
    tokens.gate = asyncio.Event()
    await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    assert sent(http_server) == ["Bearer token-1"] * 4
    tokens.gate.set()
    timer.ahead = 575.0
    await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    assert sent(http_server)[-1] == "Bearer token-2"
    assert len(tokens.asked) == 2


@pytest.mark.parametrize(
    ("expires_in", "lifetime"),
    [(None, 300), ("3600", 3600), (10**15, 86_400), (True, 300), ("soon", 300), ([], 300)],
)
async def test_how_long_a_token_is_kept(
    moved: ProbeContext,
    timer: Time,
    http_server: HttpServer,
    tokens: TokenServer,
    expires_in: object,
    lifetime: int,
) -> None:
    """Modestly when its service does not say it in a way that can be understood, a day at most."""
    http_server.answer()
    tokens.expires_in = expires_in
    for ahead in (0.0, lifetime - 65.0, lifetime - 1.0):
        timer.ahead = ahead
        await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    assert sent(http_server) == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


async def test_a_token_that_ends_at_once_is_used_once(
    moved: ProbeContext, timer: Time, http_server: HttpServer, tokens: TokenServer
) -> None:
    """And the service is still asked no more often than it should be."""
    http_server.answer()
    tokens.expires_in = -5
    await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    timer.ahead = SPACING
    await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    assert sent(http_server) == ["Bearer token-1", "Bearer token-2"]


async def test_other_settings_have_a_token_of_their_own(
    context: ProbeContext, http_server: HttpServer, tokens: TokenServer
) -> None:
    """Another scope or secret is another token."""
    http_server.answer()
    await ask_http(context, http_server.url(), oauth2=oauth2(tokens, scopes=["a"]))
    await ask_http(context, http_server.url(), oauth2=oauth2(tokens, scopes=["b"]))
    await ask_http(context, http_server.url(), oauth2=oauth2(tokens, client_secret="other"))
    assert len(set(sent(http_server))) == 3


async def test_one_request_for_all_who_wait(
    context: ProbeContext,
    http_server: HttpServer,
    tokens: TokenServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The one who began it goes away; the others get the token."""
    http_server.answer()
    tokens.gate = asyncio.Event()
    wait, waiting, all_wait = TokenSource.token, 0, asyncio.Event()

    async def token(source: TokenSource, timeout: float) -> str:
        nonlocal waiting
        waiting += 1
        if waiting == 21:
            all_wait.set()
        return await wait(source, timeout)

    monkeypatch.setattr(TokenSource, "token", token)

    def one() -> asyncio.Task[Observation]:
        return asyncio.create_task(ask_http(context, http_server.url(), oauth2=oauth2(tokens)))

    first = one()
    await tokens.came.wait()
    others = [one() for _ in range(20)]
    await all_wait.wait()
    first.cancel()
    await asyncio.wait([first])
    assert first.cancelled()
    tokens.gate.set()
    assert {seen.detail for seen in await asyncio.gather(*others)} == {""}
    assert len(tokens.asked) == 1
    assert sent(http_server) == ["Bearer token-1"] * 20


async def test_a_failure_is_remembered_for_a_while(
    moved: ProbeContext, timer: Time, http_server: HttpServer, tokens: TokenServer
) -> None:
    """A token service that is down is not stormed; then it is asked again."""
    http_server.answer()
    tokens.status = 503
    seen = [await ask_http(moved, http_server.url(), oauth2=oauth2(tokens)) for _ in range(20)]
    assert {(one.reason, one.cause) for one in seen} == {(Reason.OAUTH2, Cause.DEPENDENCY)}
    assert {one.detail for one in seen} == {f"the token service {tokens.where}: HTTP 503"}
    assert len(tokens.asked) == 1
    tokens.status = 200
    timer.ahead = PAUSE + 0.1
    good = await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    assert good.grade is Grade.GOOD
    assert len(tokens.asked) == 2


async def test_a_token_that_is_still_good_outlives_its_service(
    moved: ProbeContext, timer: Time, http_server: HttpServer, tokens: TokenServer
) -> None:
    """A renewal that fails is nobody's trouble while the old token can be used."""
    http_server.answer()
    tokens.expires_in = 600
    await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    tokens.status = 500
    for ahead in (545.0, 555.0, 565.0):
        timer.ahead = ahead
        seen = await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
        assert seen.grade is Grade.GOOD
    timer.ahead = 575.0
    seen = await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    assert (seen.reason, seen.cause) == (Reason.OAUTH2, Cause.DEPENDENCY)


async def test_a_token_that_the_target_refuses_is_dropped(
    moved: ProbeContext, timer: Time, http_server: HttpServer, tokens: TokenServer
) -> None:
    """401: the next probe comes with another, which is not fetched in haste, and not waited for in
    its duration.
    """

    async def picky(request: web.BaseRequest) -> web.StreamResponse:
        known = request.headers["Authorization"] == "Bearer token-2"
        return web.Response(status=200 if known else 401)

    http_server.handlers["/"] = picky
    first = await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    timer.ahead = SPACING - 1.0
    second = await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    assert (first.reason, first.cause) == (Reason.STATUS, Cause.TARGET)
    assert second.grade is Grade.GOOD
    one, other = (asked.arrival.at for asked in tokens.asked)
    assert second.duration < other - one
    assert other - one > 0.2


async def test_a_probe_that_has_no_time_to_wait_its_turn(
    context: ProbeContext, http_server: HttpServer, tokens: TokenServer
) -> None:
    """That the token service is spared is our doing, and not its fault."""
    http_server.answer(status=401)
    await ask_http(context, http_server.url(), oauth2=oauth2(tokens))
    seen = await ask_http(context, http_server.url(), oauth2=oauth2(tokens), timeout=0.2)
    assert (seen.reason, seen.cause) == (Reason.OAUTH2, Cause.MONITOR)
    assert seen.detail == (
        f"no token within 0.2 s: the token service {tokens.where} is asked every 2 s"
    )
