"""Whose a failure is, as our own network knows."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any, cast

import dns.message
import dns.rcode
import pytest

from monitor.scheduling.own_network import OwnNetwork, OwnResolvers
from probes.dns.settings import DnsSettings
from probes.observation import Cause, DnsFacts, Grade, HttpFacts, Observation, Reason
from tests.support.factories import make_check


def failed(reason: Reason, **more: Any) -> Observation:
    return Observation(
        at=0.0, duration=1.0, grade=Grade.FAILED, reason=reason, cause=Cause.TARGET, **more
    )


def no_way(address: str) -> str:
    """Nothing leads to 192.0.2.x."""
    return f"there is no route to {address}" if address.startswith("192.0.2.") else ""


class Resolvers(OwnResolvers):
    """One that answers, or does not."""

    def __init__(self, *, up: bool) -> None:
        self.up = up
        self.asked = 0
        self.detail = "our resolver does not answer"

    async def __call__(self) -> Observation:
        self.asked += 1
        return Observation(at=0.0, duration=0.1) if self.up else failed(Reason.DNS)


async def explained(observation: Observation, *, up: bool = False, **settings: Any) -> str:
    network = OwnNetwork(lambda: 0.0, lambda: 0.0, way=no_way, resolvers=Resolvers(up=up))
    own: dict[str, Any] = {"kind": "dns", "settings": DnsSettings(**settings)} if settings else {}
    try:
        return await network.explains(make_check(**own), observation)
    finally:
        await network.close()


@pytest.mark.parametrize("reason", [Reason.CONNECT_TIMEOUT, Reason.CONNECT_ERROR, Reason.TIMEOUT])
async def test_an_address_that_nothing_leads_to_is_ours(reason: Reason) -> None:
    """The kernel's word decides, of the address that was met or of all that a name has."""
    assert "192.0.2.1" in await explained(failed(reason, address="192.0.2.1"))
    assert await explained(failed(reason, address="198.51.100.1")) == ""
    both = failed(reason, resolved=("192.0.2.1", "198.51.100.1"))
    assert await explained(both) == ""


async def test_every_address_that_failed_must_be_ours() -> None:
    """Of ``address: all`` one that fails for another reason is enough to blame its target."""
    ours = failed(Reason.CONNECT_TIMEOUT, address="192.0.2.1")
    theirs = failed(Reason.CONNECT_TIMEOUT, address="198.51.100.1")
    good = Observation(at=0.0, duration=1.0, address="198.51.100.2")
    assert await explained(failed(Reason.CONNECT_TIMEOUT, parts=(ours, good)))
    assert await explained(failed(Reason.CONNECT_TIMEOUT, parts=(ours, theirs))) == ""


async def test_what_has_answered_is_not_ours() -> None:
    """Whatever the kernel says a moment later: a status came, or a rcode."""
    answered = HttpFacts(status=503, version="1.1", redirects=0)
    assert await explained(failed(Reason.TIMEOUT, address="192.0.2.1", http=answered)) == ""
    refused = DnsFacts(rcode="SERVFAIL", answers=())
    assert await explained(failed(Reason.DNS, dns=refused), host="expo.example.se") == ""
    assert await explained(failed(Reason.STATUS, address="192.0.2.1")) == ""


async def test_a_name_that_is_not_found_is_ours_only_without_a_resolver() -> None:
    """The resolver is asked a question of its own; a ``dns`` check that names its resolver asks
    another.
    """
    assert "our resolver" in await explained(failed(Reason.DNS))
    assert await explained(failed(Reason.DNS), up=True) == ""
    silent = failed(Reason.TIMEOUT, address="198.51.100.53")
    assert "our resolver" in await explained(silent, host="expo.example.se")
    named: dict[str, Any] = {"host": "expo.example.se", "resolver": "198.51.100.53"}
    assert await explained(silent, **named) == ""


class Server(asyncio.DatagramProtocol):
    """A name server that says one thing, after noise."""

    def __init__(self, rcode: str) -> None:
        self.rcode = rcode

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        said = dns.message.make_response(dns.message.from_wire(data))
        said.set_rcode(dns.rcode.from_text(self.rcode))
        self.transport.sendto(b"noise", addr)
        self.transport.sendto(said.to_wire(), addr)


@pytest.mark.parametrize("rcode", ["NOERROR", "REFUSED", "NXDOMAIN"])
async def test_a_resolver_that_says_anything_is_reached(rcode: str, tmp_path: Path) -> None:
    """The first of resolv.conf may be away, as long as another answers."""
    conf = tmp_path / "resolv.conf"
    conf.write_text("# ours\nnameserver 127.0.0.9\nnameserver 127.0.0.1\nsearch example.se\n")
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: Server(rcode), local_addr=("127.0.0.1", 0)
    )
    try:
        port = transport.get_extra_info("sockname")[1]
        assert not (await OwnResolvers(lambda: 0.0, conf, port)()).failed
    finally:
        transport.close()


async def test_a_resolver_that_nobody_is_at_is_not_reached(tmp_path: Path) -> None:
    """Refused by our own kernel: said so, with the resolver's address."""
    conf = tmp_path / "resolv.conf"
    conf.write_text("nameserver 127.0.0.1\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    seen = await OwnResolvers(lambda: 0.0, conf, port)()
    assert (seen.failed, seen.cause) == (True, Cause.MONITOR)
    assert "our resolver 127.0.0.1 cannot be reached" in seen.detail
