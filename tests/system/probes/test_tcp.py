"""Kind ``tcp`` against real ports."""

from __future__ import annotations

import pytest

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Reason
from tests.support.probes.asking import Names, ask_tcp, lasted
from tests.support.servers.raw_server import close_at_once, serve_raw


async def test_an_open_port_is_good(context: ProbeContext) -> None:
    """A connect that is accepted is all there is to it."""
    async with serve_raw(close_at_once) as server:
        seen = await ask_tcp(context, "127.0.0.1", server.port)
    assert (seen.grade, seen.reason, seen.address) == (Grade.GOOD, None, "127.0.0.1")
    assert seen.phases.connect is not None
    assert seen.phases.resolve is None


async def test_a_name_is_looked_up() -> None:
    """With a name there is a resolve phase."""
    async with serve_raw(close_at_once) as server:
        async with ProbeContext(resolver=Names(expo_test=("127.0.0.1",))) as context:
            seen = await ask_tcp(context, "expo.test", server.port)
    assert seen.grade is Grade.GOOD
    assert seen.phases.resolve is not None


async def test_a_closed_port_refuses(context: ProbeContext, closed_port: tuple[str, int]) -> None:
    """The target's kernel says no."""
    seen = await ask_tcp(context, *closed_port)
    assert (seen.reason, seen.cause) == (Reason.CONNECT_REFUSED, Cause.TARGET)


async def test_a_black_hole_times_out(context: ProbeContext, blackhole: tuple[str, int]) -> None:
    """Nobody answers until the deadline."""
    seen = await ask_tcp(context, *blackhole, timeout=0.3)
    assert (seen.reason, seen.cause) == (Reason.CONNECT_TIMEOUT, Cause.TARGET)
    assert lasted(seen.duration, 0.3)


async def test_an_unknown_name_is_the_networks() -> None:
    """What cannot be looked up is not the target's refusal."""
    async with ProbeContext(resolver=Names()) as context:
        seen = await ask_tcp(context, "nowhere.test", 443)
    assert (seen.reason, seen.cause) == (Reason.DNS, Cause.NETWORK)


async def test_the_first_address_that_answers_is_used(closed_port: tuple[str, int]) -> None:
    """As a client does: an address that refuses is not the end while another is left."""
    async with serve_raw(close_at_once, host="127.0.0.2", port=closed_port[1]) as server:
        names = Names(expo_test=("127.0.0.1", "127.0.0.2"))
        async with ProbeContext(resolver=names) as context:
            seen = await ask_tcp(context, "expo.test", server.port)
    assert (seen.grade, seen.address) == (Grade.GOOD, "127.0.0.2")


async def test_every_address_refused_is_refused(closed_port: tuple[str, int]) -> None:
    """Several refusals are one."""
    names = Names(expo_test=("127.0.0.1", "127.0.0.2", "::1"))
    async with ProbeContext(resolver=names) as context:
        seen = await ask_tcp(context, "expo.test", closed_port[1])
    assert (seen.reason, seen.cause) == (Reason.CONNECT_REFUSED, Cause.TARGET)


@pytest.mark.parametrize(("version", "address"), [(4, "127.0.0.1"), (6, "::1")])
async def test_the_ip_version_chooses(version: int, address: str) -> None:
    """``ip_version`` looks up addresses of that version only."""
    async with serve_raw(close_at_once, host=address) as server:
        names = Names(expo_test=("127.0.0.1", "::1"))
        async with ProbeContext(resolver=names) as context:
            seen = await ask_tcp(context, "expo.test", server.port, ip_version=version)
    assert (seen.grade, seen.address) == (Grade.GOOD, address)
