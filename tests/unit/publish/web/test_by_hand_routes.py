"""Who may write by hand, and how: asked for by a real client over a real socket."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import ClientSession, DummyCookieJar, encode_basic_auth

from tests.support.web_site import FixedSource, NoHands, serve

WRITINGS = (
    ("POST", "/api/v1/windows"),
    ("POST", "/api/v1/notices"),
    ("PATCH", "/api/v1/notices/n1"),
    ("POST", "/api/v1/acknowledgements"),
    ("POST", "/api/v1/silences"),
    ("POST", "/api/v1/runs"),
    ("DELETE", "/api/v1/silences/s1"),
)


async def statuses(url: str, headers: dict[str, str], body: Any = b"{}") -> set[int]:
    """What every way to write answers."""
    async with ClientSession(url, cookie_jar=DummyCookieJar()) as client:
        found = set()
        for method, path in WRITINGS:
            data = None if method == "DELETE" else body
            async with client.request(method, path, headers=headers, data=data) as answer:
                found.add(answer.status)
    return found


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "192.0.2.7"},
        {"Forwarded": "for=192.0.2.7"},
        {"X-Real-IP": "192.0.2.7"},
        {"X-Forwarded-Proto": "https"},
        {"Origin": "https://ond.example.se"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_without_a_password_only_this_machine_writes(headers: dict[str, str]) -> None:
    """What a proxy passes on, and what a page of another site sends, does nothing."""
    hands = NoHands()
    async with serve(FixedSource(), hands=hands) as url:
        assert await statuses(url, {**JSON, **headers}) == {403}
        assert hands.asked == []
        assert await statuses(url, JSON) == {200}
    assert len(hands.asked) == len(WRITINGS)


async def test_with_a_password_it_is_the_author() -> None:
    """Also from elsewhere; without it nothing is written, and never for another site's page."""
    hands, basic = NoHands(), {"Authorization": encode_basic_auth("Åsa", "hemligt")}
    async with serve(FixedSource(), hands=hands, credentials=("Åsa", "hemligt")) as url:
        assert await statuses(url, JSON) == {401}
        there = {**JSON, **basic, "X-Forwarded-For": "192.0.2.7"}
        other = {**JSON, **basic, "Origin": "https://ond.example.se"}
        assert await statuses(url, other) == {403}
        assert hands.asked == []
        assert await statuses(url, there) == {200}
    authors = [asked[-1] for asked in hands.asked if asked[0] != "run"]
    assert authors == ["Åsa"] * (len(WRITINGS) - 1)


async def test_a_form_is_no_json_and_neither_is_half_of_it() -> None:
    """A browser's forms can send three types without asking first: none of them is taken."""
    hands = NoHands()
    async with serve(FixedSource(), hands=hands) as url:
        for kind in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
        ):
            assert await statuses(url, {"Content-Type": kind}) == {415, 200}  # DELETE has no body
        for body in (b"{", b"[]", b'"x"', b"", b"\xff"):
            assert await statuses(url, JSON, body) == {400, 200}
    assert {asked[0] for asked in hands.asked} == {"end"}
