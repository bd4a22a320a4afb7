"""Passwords that are tried wait for their turn."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientSession, encode_basic_auth

from monitor.publish.web.login_attempts import ADDRESSES, FORGOTTEN, LONGEST, MOST, Tries, whom
from monitor.publish.web.middleware import Lock
from tests.support.virtual_time import run_virtually
from tests.support.web_site import FixedSource, serve


def test_each_wrong_try_makes_the_next_wait_longer() -> None:
    """Up to a second; whoever waits too long already is refused."""
    tries = Tries()
    now = 1000.0
    waits = []
    for _ in range(6):
        wait = tries.wait("192.0.2.7", now)
        assert wait is not None
        waits.append(wait)
        now += wait
        tries.wrong("192.0.2.7", now)
    assert waits == pytest.approx([0.0, 0.1, 0.2, 0.4, 0.8, MOST])
    turns = [tries.wait("192.0.2.7", now) for _ in range(10)]
    assert None in turns
    assert max(turn for turn in turns if turn is not None) < LONGEST
    assert tries.wait("192.0.2.8", now) == 0.0


def test_who_knows_the_password_waits_no_more() -> None:
    """Nor whoever was wrong a minute ago; and what is remembered has a bound."""
    tries = Tries()
    tries.wrong("192.0.2.7", 0.0)
    tries.right("192.0.2.7")
    assert tries.wait("192.0.2.7", 0.0) == 0.0
    tries.wrong("192.0.2.7", 0.0)
    assert tries.wait("192.0.2.7", FORGOTTEN) == 0.0
    assert tries.wrong("192.0.2.7", FORGOTTEN) == 1
    for number in range(ADDRESSES + 10):
        tries.wrong(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", FORGOTTEN)
    assert len(tries._tried) == ADDRESSES


def test_of_ipv6_a_whole_network_is_somebody_s() -> None:
    """A /64 is one; IPv4 written as IPv6 is IPv4."""
    assert whom("2001:db8::1") == whom("2001:db8::ffff:1") != whom("2001:db8:0:1::1")
    assert whom("::ffff:192.0.2.7") == whom("192.0.2.7") == "192.0.2.7"
    assert whom("") == ""


def test_a_guesser_gets_one_try_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many it makes at a time: in a minute it has some sixty, and each was told of."""
    told: list[int] = []
    lock = Lock(("me", "secret"), failed=lambda address, times: told.append(times))
    wrong = encode_basic_auth("me", "wrong")

    async def guess(end: float) -> None:
        while asyncio.get_running_loop().time() < end:
            if await lock.tried(wrong, "192.0.2.7") is None:
                await asyncio.sleep(0.5)

    async def main() -> None:
        end = asyncio.get_running_loop().time() + 60.0
        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(guess(end))

    run_virtually(main(), monkeypatch)
    assert 30 < len(told) < 80
    assert told == sorted(told)


async def test_the_right_password_is_taken_after_a_wrong_one() -> None:
    """Who gives none has tried none: a browser asks so first."""
    told: list[int] = []
    async with (
        serve(
            FixedSource(), credentials=("me", "secret"), failed=lambda _, n: told.append(n)
        ) as url,
        ClientSession(url) as client,
    ):

        async def ask(**headers: str) -> int:
            async with client.get("/metrics", headers=headers) as answer:
                return answer.status

        assert [await ask() for _ in range(3)] == [401] * 3
        assert told == []
        assert await ask(Authorization=encode_basic_auth("me", "wrong")) == 401
        assert await ask(Authorization=encode_basic_auth("me", "secret")) == 200
        assert told == [1]
