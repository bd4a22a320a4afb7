"""``address: all``: each address of a name on its own, at once, and rolled up."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Reason
from tests.support.probes.asking import Names, ask_certificate, ask_http, ask_tcp, lasted
from tests.support.servers.blackhole import blackhole
from tests.support.servers.ca import Authority
from tests.support.servers.http_server import HttpServer, serve_http
from tests.support.servers.raw_server import close_at_once, serve_raw, silence

THREE = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


async def test_every_address_is_a_part(authority: Authority) -> None:
    """Good on all is good; the parts come in the order of their addresses."""
    async with serve_http(host="0.0.0.0") as server:
        server.answer()
        async with ProbeContext(resolver=Names(expo_test=tuple(reversed(THREE)))) as context:
            seen = await ask_http(context, server.url(host="expo.test"), address="all")
    assert seen.grade is Grade.GOOD
    assert tuple(part.address for part in seen.parts) == THREE
    assert all(part.grade is Grade.GOOD and part.http is not None for part in seen.parts)
    assert len(server.arrivals) == 3


async def test_a_minority_of_bad_addresses_is_a_disturbance(
    closed_port: tuple[str, int],
) -> None:
    """One of three that refuses degrades, and the detail names it."""
    port = closed_port[1]
    names = Names(expo_test=THREE)
    async with (
        ProbeContext(resolver=names) as context,
        serve_raw(close_at_once, host="127.0.0.2", port=port),
        serve_raw(close_at_once, host="127.0.0.3", port=port),
    ):
        seen = await ask_tcp(context, "expo.test", port, address="all")
    assert (seen.grade, seen.reason) == (Grade.DEGRADED, Reason.CONNECT_REFUSED)
    assert seen.detail.startswith("127.0.0.1: ")
    assert [part.failed for part in seen.parts] == [True, False, False]


async def test_half_of_them_is_a_failure(closed_port: tuple[str, int]) -> None:
    """Two of three that refuse is red."""
    port = closed_port[1]
    async with (
        ProbeContext(resolver=Names(expo_test=THREE)) as context,
        serve_raw(close_at_once, host="127.0.0.2", port=port),
    ):
        seen = await ask_tcp(context, "expo.test", port, address="all")
    assert (seen.grade, seen.reason) == (Grade.FAILED, Reason.CONNECT_REFUSED)


async def test_they_are_probed_at_once() -> None:
    """None of three waits for another's answer."""
    async with serve_http(host="0.0.0.0") as server:
        met = asyncio.Barrier(3)

        async def together(_request: web.BaseRequest) -> web.Response:
            await met.wait()  # each is answered once all of them are there
            return web.Response()

        server.handlers["/"] = together
        async with ProbeContext(resolver=Names(expo_test=THREE)) as context:
            seen = await ask_http(context, server.url(host="expo.test"), address="all")
    assert seen.grade is Grade.GOOD
    assert len(server.arrivals) == 3


async def test_one_deadline_for_all() -> None:
    """An address that hangs costs the deadline once, and the others are good."""
    with blackhole("127.0.0.1") as (_, port):
        async with (
            ProbeContext(resolver=Names(expo_test=THREE)) as context,
            serve_raw(close_at_once, host="127.0.0.2", port=port),
            serve_raw(close_at_once, host="127.0.0.3", port=port),
        ):
            seen = await ask_tcp(context, "expo.test", port, address="all", timeout=0.8)
    assert (seen.grade, seen.reason) == (Grade.DEGRADED, Reason.CONNECT_TIMEOUT)
    assert lasted(seen.duration, 0.8)


async def test_more_addresses_than_go_at_once_share_the_deadline() -> None:
    """Those whose turn does not come are our lateness, and never the target's failure."""
    many = tuple(f"127.0.1.{n}" for n in range(1, 13))
    async with serve_raw(silence, host="0.0.0.0") as server:
        async with ProbeContext(resolver=Names(expo_test=many)) as context:
            seen = await ask_http(
                context, f"http://expo.test:{server.port}/", address="all", timeout=1.5
            )
    assert len(seen.parts) == 12
    assert {part.cause for part in seen.parts} == {Cause.TARGET, Cause.MONITOR}
    assert (seen.reason, seen.cause) == (Reason.TIMEOUT, Cause.TARGET)


async def test_a_name_without_addresses_has_no_parts(http_server: HttpServer) -> None:
    """What cannot be looked up fails as a whole."""
    async with ProbeContext(resolver=Names()) as context:
        seen = await ask_http(context, http_server.url(host="nowhere.test"), address="all")
    assert (seen.reason, seen.cause, seen.parts) == (Reason.DNS, Cause.NETWORK, ())


async def test_each_address_shows_its_own_certificate(authority: Authority) -> None:
    """The one machine of three that was forgotten when the certificate was renewed."""
    good = authority.server_context(authority.issue("expo.test"))
    forgotten = authority.issue(
        "expo.test",
        not_before=authority.expired.leaf.not_valid_before_utc,
        not_after=authority.expired.leaf.not_valid_after_utc,
    )
    async with serve_http(tls=good, host="127.0.0.1") as first:
        async with (
            serve_http(tls=good, host="127.0.0.2", port=first.port),
            serve_http(tls=authority.server_context(forgotten), host="127.0.0.3", port=first.port),
            ProbeContext(resolver=Names(expo_test=THREE)) as context,
        ):
            seen = await ask_certificate(
                context,
                "expo.test",
                first.port,
                address="all",
                tls={"ca_file": authority.ca_file},
            )
    assert (seen.grade, seen.reason) == (Grade.DEGRADED, Reason.TLS_EXPIRED)
    assert seen.detail.startswith("127.0.0.3: ")
    worst = seen.parts[2]
    assert worst.tls is not None
    assert worst.tls.leaf is not None
    assert worst.tls.leaf.sha256 == forgotten.sha256


@pytest.mark.parametrize("host", ["127.0.0.1"])
async def test_an_address_is_its_own_only_address(context: ProbeContext, host: str) -> None:
    """``all`` of an address is that address."""
    async with serve_raw(close_at_once, host=host) as server:
        seen = await ask_tcp(context, host, server.port, address="all")
    assert seen.grade is Grade.GOOD
    assert [part.address for part in seen.parts] == [host]
