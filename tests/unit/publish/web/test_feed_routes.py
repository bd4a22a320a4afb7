"""What is followed, served on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import icalendar
import pytest
from aiohttp import ClientSession, DummyCookieJar
from lxml import etree
from yarl import URL

from monitor.judging.snapshot import Snapshot
from monitor.publish.feeds.revisions import revised
from tests.support.factories_record import make_entry, make_transition
from tests.support.feed_values import make_planned, make_window
from tests.support.web_site import FixedSource, serve
from tests.unit.publish.web.test_openapi import valid

ADDRESSES = {
    "/feed.atom": "application/atom+xml; charset=utf-8",
    "/windows.ics": "text/calendar; charset=utf-8",
    "/badge/ext5.svg": "image/svg+xml; charset=utf-8",
    "/badge/ext5/expo.svg": "image/svg+xml; charset=utf-8",
    "/api/v2/summary.json": "application/json; charset=utf-8",
    "/api/v1/history": "application/json; charset=utf-8",
    "/api/openapi.json": "application/json; charset=utf-8",
}


@pytest.fixture
def source() -> FixedSource:
    entries = [make_entry(number) for number in range(25)]
    now = make_planned([make_window()])
    return FixedSource(now=now, entries=entries, changed=revised({}, now, ()))


@pytest.fixture
async def client(source: FixedSource) -> AsyncIterator[ClientSession]:
    async with serve(source) as url, ClientSession(url, cookie_jar=DummyCookieJar()) as session:
        yield session


async def asked(client: ClientSession, query: str) -> Any:
    async with client.get(f"/api/v1/history{query}") as answer:
        assert answer.status == 200, await answer.text()
        return valid("History", await answer.read())


@pytest.mark.parametrize("path", ADDRESSES)
async def test_each_has_its_type_and_is_not_sent_again_unchanged(
    client: ClientSession, source: FixedSource, path: str
) -> None:
    """For pages of any origin. A minute later it is still the same."""
    async with client.get(path) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == ADDRESSES[path]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        etag = answer.headers["ETag"]
    source.now = replace(source.now, at=source.now.at + 60)
    async with client.get(path, headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304
        assert await answer.read() == b""
    async with client.get(path, headers={"If-None-Match": '"other"'}) as answer:
        assert answer.status == 200
    async with client.head(path) as answer:
        assert answer.status == 200
    async with client.options(path) as answer:
        assert answer.status == 204
        assert "GET" in answer.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize("path", ADDRESSES)
async def test_each_is_behind_the_password(source: FixedSource, path: str) -> None:
    """As everything that is told of the services."""
    async with serve(source, credentials=("a", "b")) as url, ClientSession(url) as client:
        async with client.get(path) as answer:
            assert answer.status == 401


async def test_the_language_is_the_reader_s(client: ClientSession) -> None:
    """By the address first, then by the header."""
    headers = {"Accept-Language": "en"}
    for query, language in (("", "en"), ("?lang=sv", "sv")):
        for path in ("/feed.atom", "/windows.ics", "/badge/ext5.svg", "/api/v2/summary.json"):
            async with client.get(path + query, headers=headers) as answer:
                assert answer.headers["Content-Language"] == language
                assert answer.headers["Vary"] == "Accept-Language"


async def test_programs_are_told_the_public_address(
    client: ClientSession, source: FixedSource
) -> None:
    """Whatever name they asked under; without one that is the best there is."""
    async with client.get("/api/v2/summary.json") as answer:
        assert (await answer.json())["page"]["url"] == str(answer.url.join(URL("/")))
    public = "https://drift.example.se/status/"
    source.now = replace(source.now, estate=replace(source.now.estate, public_url=public))
    async with client.get("/api/v2/summary.json") as answer:
        assert (await answer.json())["page"]["url"] == public


async def test_one_answer_is_made_at_a_time(
    client: ClientSession, source: FixedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads that compute keep those waiting that look names up, the longer the more they are. None
    ends before all four have come so far.
    """
    look, all_have_come = source.current, asyncio.Event()
    came = making = most = 0

    async def current() -> Snapshot:
        nonlocal came
        came += 1
        if came == 4:
            # after the step of the fourth, which ends where it waits, or computes
            asyncio.get_running_loop().call_soon(all_have_come.set)
        return await look()

    async def to_thread(work: Callable[..., object], *given: object) -> object:
        nonlocal making, most
        making += 1
        most = max(most, making)
        await all_have_come.wait()
        making -= 1
        return work(*given)

    async def ask() -> int:
        async with client.get("/api/v2/summary.json") as answer:
            return answer.status

    monkeypatch.setattr(source, "current", current)
    monkeypatch.setattr(asyncio, "to_thread", to_thread)
    assert await asyncio.gather(*(ask() for _ in range(4))) == [200] * 4
    assert most == 1


async def test_feed_and_calendar_can_be_narrowed(client: ClientSession) -> None:
    """To what is watched; for anything else there is no feed."""
    for query, status in (
        ("?env=ext5", 200),
        ("?service=ext5/expo", 200),
        ("?env=ext5&service=expo", 200),
        ("?env=ext9", 404),
        ("?service=ext5/other", 404),
        ("?service=%3Cb%3E", 400),
        ("?env=ext6&service=ext5/expo", 400),
    ):
        for path in ("/feed.atom", "/windows.ics"):
            async with client.get(path + query) as answer:
                assert answer.status == status, query
                assert b"<b>" not in await answer.read()
    async with client.get("/feed.atom?env=ext5") as answer:
        etree.fromstring(await answer.read())
    async with client.get("/windows.ics?env=ext5") as answer:
        assert len(icalendar.Calendar.from_ical(await answer.read()).events) == 1


async def test_a_badge_of_nothing_is_not_found(client: ClientSession) -> None:
    """An unknown name is not said back."""
    for path in ("/badge/no.svg", "/badge/ext5/no.svg", "/badge/%3Cb%3E.svg"):
        async with client.get(path) as answer:
            assert answer.status == 404
            assert "<b>" not in await answer.text()


async def test_pages_of_the_history_hold_each_transition_once(client: ClientSession) -> None:
    """Newest first, also when all happened in the same instant; what comes meanwhile moves none."""
    value = await asked(client, "?limit=10")
    assert value["transitions"][0]["message"]["en"] == "Transition 24."
    found = []
    query = "?limit=10"
    while True:
        value = await asked(client, query)
        found += [one["id"] for one in value["transitions"]]
        if value["next"] is None:
            break
        query = f"?limit=10&before={value['next']}"
    assert len(found) == len(set(found)) == 25


async def test_many_transitions_of_one_instant_are_paged_too(
    client: ClientSession, source: FixedSource
) -> None:
    """An outage of everything is two thousand of them."""
    source.entries = [
        make_entry(0, transition=make_transition(0, service=f"s{number}")) for number in range(95)
    ]
    found, query = [], "?limit=10"
    while query:
        value = await asked(client, query)
        found += [one["service"] for one in value["transitions"]]
        query = f"?limit=10&before={value['next']}" if value["next"] else ""
    assert found == [f"ext5/s{number}" for number in reversed(range(95))]


async def test_a_cursor_that_is_kept_no_more_goes_on_by_its_time(
    client: ClientSession, source: FixedSource
) -> None:
    """Nothing is told twice."""
    assert source.entries is not None
    gone = source.entries.pop(12)
    value = await asked(client, f"?before={gone.id}")
    assert [one["message"]["en"] for one in value["transitions"]] == [
        f"Transition {number}." for number in reversed(range(12))
    ]


async def test_the_history_can_be_narrowed(client: ClientSession) -> None:
    """By service, environment and time, in three ways of writing a time."""
    at = "2026-11-23T13:02:31Z"  # NOW + 19.88
    assert len((await asked(client, f"?since={at}"))["transitions"]) == 5
    assert len((await asked(client, f"?until={at}"))["transitions"]) == 20
    assert len((await asked(client, "?since=2026-11-23T14:02:31%2B01:00"))["transitions"]) == 5
    assert len((await asked(client, "?since=1795438951"))["transitions"]) == 5
    assert len((await asked(client, "?since=1h"))["transitions"]) == 25
    assert len((await asked(client, "?service=ext5/expo"))["transitions"]) == 25
    assert (await asked(client, "?service=ext5/gone"))["transitions"] == []
    assert (await asked(client, "?env=ext6"))["transitions"] == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "since=yesterday",
        "since=1e9",
        "until=nan",
        "before=x",
        "service=expo",
        "env=%00",
        "other=1",
        "limit=1&limit=2",
        "since=99999999999999",
        "since=",
    ],
)
async def test_a_question_that_is_not_understood_is_refused(
    client: ClientSession, query: str
) -> None:
    """With a sentence."""
    async with client.get(f"/api/v1/history?{query}") as answer:
        assert answer.status == 400
        assert valid("Error", await answer.read())["error"]


async def test_a_history_that_is_away_is_said_to_be(source: FixedSource) -> None:
    """An empty feed would say that nothing had happened."""
    source.entries = None
    async with serve(source) as url, ClientSession(url) as client:
        for path in ("/feed.atom", "/api/v1/history"):
            async with client.get(path) as answer:
                assert answer.status == 503
                assert answer.headers["Retry-After"]
