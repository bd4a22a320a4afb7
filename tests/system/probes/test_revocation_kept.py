"""What sources of revocation said is kept for as long as they stand by it, and asked for once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from probes.certificate.revocation.cache import RevocationCache
from probes.certificate.revocation.verdict import LONGEST_KEPT, SHORTEST_KEPT, UNDATED_KEPT
from probes.net.context import ProbeContext
from probes.observation import Observation, RevocationState
from tests.support.patience import PATIENCE
from tests.support.probes.asking import ask_certificate, ask_http
from tests.support.servers.ca import DAY, Authority, now
from tests.support.servers.chains import Chains, Made
from tests.support.servers.http_server import serve_http
from tests.support.servers.raw_server import serve_raw
from tests.support.servers.revocation_server import HOUR, LIST, RESPONDER, Office, asks_at


@dataclass(slots=True)
class Clocks:
    """Two clocks that run, and that a test can set forward."""

    ahead: float = 0.0

    def clock(self) -> float:
        return time.time() + self.ahead

    def timer(self) -> float:
        return time.perf_counter() + self.ahead


@dataclass(slots=True)
class Asker:
    """Asks with clocks of the test's."""

    authority: Authority
    chains: Chains
    context: ProbeContext
    clocks: Clocks = field(default_factory=Clocks)

    async def __call__(self, leaf: Made, **more: Any) -> Observation:
        tls_context = self.authority.server_context(self.chains.pair(leaf))
        async with serve_http(tls=tls_context) as server:
            return await ask_certificate(
                self.context, server.host, server.port, tls={"ca_file": self.chains.ca_file}, **more
            )


@pytest.fixture
async def ask(authority: Authority, chains: Chains) -> AsyncIterator[Asker]:
    clocks = Clocks()
    async with ProbeContext(clock=clocks.clock, timer=clocks.timer) as context:
        yield Asker(authority, chains, context, clocks)


def state(seen: Observation) -> RevocationState:
    assert seen.tls is not None
    return seen.tls.revocation[0].state


@pytest.mark.parametrize(("mode", "path"), [("ocsp", RESPONDER), ("crl", LIST)])
async def test_an_answer_is_kept_until_its_next_update(
    ask: Asker, office: Office, mode: str, path: str
) -> None:
    """Asked again only after that; what has been revoked meanwhile is seen then."""
    leaf = office.issue(ocsp=True, crl=True)
    assert state(await ask(leaf, revocation=mode)) is RevocationState.GOOD
    office.revoke(leaf, at=now())
    ask.clocks.ahead = 0.9 * HOUR.total_seconds()
    assert state(await ask(leaf, revocation=mode)) is RevocationState.GOOD
    assert office.asked(path) == 1
    ask.clocks.ahead = 1.1 * HOUR.total_seconds()
    office.updated, office.following = now() + HOUR, now() + 2 * HOUR
    assert state(await ask(leaf, revocation=mode)) is RevocationState.REVOKED
    assert office.asked(path) == 2


async def test_an_answer_without_a_next_update_is_kept_a_while(ask: Asker, office: Office) -> None:
    office.following = None
    leaf = office.issue(ocsp=True)
    for ahead, times in ((0.0, 1), (UNDATED_KEPT - 30, 1), (UNDATED_KEPT + 30, 2)):
        ask.clocks.ahead = ahead
        await ask(leaf, revocation="ocsp")
        assert office.asked(RESPONDER) == times


async def test_no_answer_is_kept_for_longer_than_a_week(ask: Asker, office: Office) -> None:
    """Whatever its next update is: an authority may revoke long before."""
    office.following = now() + 60 * DAY
    leaf = office.issue(ocsp=True)
    for ahead, times in ((0.0, 1), (LONGEST_KEPT - 60, 1), (LONGEST_KEPT + 60, 2)):
        ask.clocks.ahead = ahead
        await ask(leaf, revocation="ocsp")
        assert office.asked(RESPONDER) == times


async def test_a_failure_is_kept_a_short_while(ask: Asker, office: Office) -> None:
    """A responder in trouble is not asked by every probe."""
    answers = office.server.handlers[RESPONDER]
    office.server.answer(RESPONDER, status=500)
    leaf = office.issue(ocsp=True)
    for _ in range(3):
        assert state(await ask(leaf, revocation="ocsp")) is RevocationState.UNKNOWN
    assert office.asked(RESPONDER) == 1
    office.server.handlers[RESPONDER] = answers
    ask.clocks.ahead = SHORTEST_KEPT + 1
    assert state(await ask(leaf, revocation="ocsp")) is RevocationState.GOOD


async def test_retry_after_is_honoured(ask: Asker, office: Office) -> None:
    answers = office.server.handlers[RESPONDER]
    office.server.answer(RESPONDER, status=429, headers={"Retry-After": "600"})
    leaf = office.issue(ocsp=True)
    await ask(leaf, revocation="ocsp")
    office.server.handlers[RESPONDER] = answers
    ask.clocks.ahead = 590.0
    assert state(await ask(leaf, revocation="ocsp")) is RevocationState.UNKNOWN
    assert office.asked(RESPONDER) == 1
    ask.clocks.ahead = 610.0
    assert state(await ask(leaf, revocation="ocsp")) is RevocationState.GOOD


@pytest.mark.parametrize(("mode", "path"), [("ocsp", RESPONDER), ("crl", LIST)])
async def test_one_request_is_under_way_for_all(
    ask: Asker, office: Office, mode: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five probes at a time, one question; it is not answered before all five want to know."""
    answers, go = office.server.handlers[path], asyncio.Event()
    get, asking = RevocationCache.get, 0
    everybody = 5 + (mode == "crl")  # who asks of a list asks for the list

    async def wait(request: web.BaseRequest) -> web.StreamResponse:
        await go.wait()
        return await answers(request)

    async def counted(cache: RevocationCache, *given: Any) -> Any:
        nonlocal asking
        asking += 1
        if asking == everybody:
            go.set()
        return await get(cache, *given)

    monkeypatch.setattr(RevocationCache, "get", counted)

    office.server.handlers[path] = wait
    leaf = office.issue(ocsp=True, crl=True)
    async with asyncio.TaskGroup() as group:
        probes = [group.create_task(ask(leaf, revocation=mode)) for _ in range(5)]
    assert [state(probe.result()) for probe in probes] == [RevocationState.GOOD] * 5
    assert office.asked(path) == 1


async def test_what_came_too_late_is_there_for_the_next(ask: Asker, office: Office) -> None:
    """A probe that gives up does not end the request; and the next does not ask again."""
    answers, go, gone = office.server.handlers[RESPONDER], asyncio.Event(), asyncio.Event()

    async def late(request: web.BaseRequest) -> web.StreamResponse:
        await go.wait()
        response = await answers(request)
        gone.set()
        return response

    office.server.handlers[RESPONDER] = late
    leaf = office.issue(ocsp=True)
    assert state(await ask(leaf, revocation="ocsp", timeout=1.0)) is RevocationState.UNKNOWN
    go.set()
    await gone.wait()
    assert state(await ask(leaf, revocation="ocsp")) is RevocationState.GOOD
    assert office.asked(RESPONDER) == 1


async def test_closing_ends_what_is_under_way(
    authority: Authority, chains: Chains, office: Office
) -> None:
    """No task and no connection outlives the context."""
    left = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()
        left.set()

    async with serve_raw(hang) as raw:
        async with ProbeContext() as context:
            ask = Asker(authority, chains, context)
            leaf = office.issue_with(asks_at(raw.url()))
            seen = await ask(leaf, revocation="ocsp", timeout=1.0)
            assert state(seen) is RevocationState.UNKNOWN
            assert not left.is_set()
        await asyncio.wait_for(left.wait(), PATIENCE)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "revocation"]


async def test_kind_http_asks_nobody(ask: Asker, office: Office, authority: Authority) -> None:
    """It has no such key, and pays nothing for it."""
    leaf = office.issue(ocsp=True, crl=True)
    tls_context = authority.server_context(ask.chains.pair(leaf))
    async with serve_http(tls=tls_context) as server:
        server.answer("/")
        seen = await ask_http(ask.context, server.url(), tls={"ca_file": ask.chains.ca_file})
    assert seen.grade == "good"
    assert seen.tls is not None
    assert seen.tls.revocation == ()
    assert office.server.arrivals == []
