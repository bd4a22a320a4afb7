"""Name servers that lie, and names with more addresses than anybody has."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from probes.dns import probe as dns_kind
from probes.dns.probe import MAX_ANSWERS, DnsSettings
from probes.net.context import ProbeContext
from probes.net.each_address import MAX_PARALLEL
from probes.net.resolver import MAX_ADDRESSES, SystemResolver
from probes.observation import Cause, Observation, Reason
from tests.support.hostile.harness import (
    DEADLINE,
    STALL,
    costs,
    measure,
    measure_at_best,
    neighbour,
)
from tests.support.hostile.showing import show
from tests.support.patience import PATIENCE
from tests.support.probes.asking import Names, ask_certificate, ask_http, ask_tcp
from tests.support.servers.dns_server import DnsServer
from tests.support.servers.hostile.dns import REPLIES, address, message, serve_packets
from tests.support.servers.hostile.process import HostileServers

TOLD = (Reason.PROTOCOL, Reason.DNS, Reason.TIMEOUT)


async def ask_dns(
    context: ProbeContext, resolver: str, *, timeout: float = DEADLINE, **settings: Any
) -> Observation:
    parsed = DnsSettings.model_validate(
        {"host": "expo.example.se", "record": "A", "resolver": resolver, **settings}
    )
    return await dns_kind.prepare(parsed, timeout, context)()


@pytest.mark.usefixtures("attackers")
async def test_no_packet_hurts(context: ProbeContext) -> None:
    """Each packet is told as no DNS answer, as an answer without the record, or is not heard."""
    faults: list[str] = []
    for name, reply in REPLIES.items():
        async with serve_packets(reply) as resolver, neighbour(context):
            result = await measure_at_best([lambda r=resolver: ask_dns(context, r)])  # type: ignore[misc]
            [seen] = result.seen
            if seen.cause is Cause.MONITOR:  # half a second was not enough on a busy machine
                seen = await ask_dns(context, resolver, timeout=30.0)
        if seen.reason not in TOLD or seen.cause is not Cause.TARGET:
            faults.append(f"{name}: {seen.reason} ({seen.cause}): {seen.detail}")
        faults += [f"{name}: {fault}" for fault in costs(result)]
        await show([seen])
    assert faults == []


@pytest.mark.usefixtures("attackers")
async def test_a_thousand_addresses_are_an_answer(
    context: ProbeContext, dns_server: DnsServer
) -> None:
    """Over TCP as they do not fit; compared in full, kept to a bound, told in a few words."""
    every = [f"10.0.{n // 250}.{n % 250 + 1}" for n in range(1000)]
    dns_server.zone["expo.example.se A"] = every
    seen = await ask_dns(context, dns_server.resolver, timeout=PATIENCE)
    assert seen.reason is None, seen.detail
    assert seen.dns is not None
    assert len(seen.dns.answers) == MAX_ANSWERS
    seen = await ask_dns(context, dns_server.resolver, timeout=PATIENCE, addresses=["10.0.0.1"])
    assert seen.reason is Reason.ADDRESS_CHANGED
    assert "and 994 more" in seen.detail
    assert len(seen.detail) <= 200
    await show([seen])


@pytest.mark.usefixtures("attackers")
@pytest.mark.parametrize("number", [1_000, 4_000])
async def test_thousands_of_addresses_do_not_hold_up_the_loop(
    context: ProbeContext, number: int
) -> None:
    """As many as a message holds: they are read beside it."""
    records = [address(one) for one in range(number)]
    async with serve_packets(lambda query: [message(query, *records)]) as resolver:
        asks = [lambda: ask_dns(context, resolver, timeout=PATIENCE)]
        result = await measure_at_best(asks, PATIENCE, 2 * STALL)
    assert result.seen[0].reason is None, result.seen[0].detail
    assert costs(result, 2 * STALL) == []  # the answer is made in this loop, too


async def test_an_answer_that_changes_is_told(context: ProbeContext, dns_server: DnsServer) -> None:
    """From one probe to the next: ``address_changed`` with what is missing and what is new."""
    expected: dict[str, Any] = {"addresses": ["192.0.2.10"]}
    dns_server.zone["expo.example.se A"] = ["192.0.2.10"]
    assert (await ask_dns(context, dns_server.resolver, **expected)).reason is None
    dns_server.zone["expo.example.se A"] = ["192.0.2.66"]
    seen = await ask_dns(context, dns_server.resolver, **expected)
    assert (seen.reason, seen.cause) == (Reason.ADDRESS_CHANGED, Cause.TARGET)
    assert seen.detail == "missing 192.0.2.10; not expected 192.0.2.66"
    dns_server.zone["expo.example.se A"] = ["192.0.2.10"]
    assert (await ask_dns(context, dns_server.resolver, **expected)).reason is None


class Crowd(asyncio.Protocol):
    """Accepts and holds; knows how many are there at once."""

    present = 0
    most = 0
    ever = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        Crowd.present += 1
        Crowd.ever += 1
        Crowd.most = max(Crowd.most, Crowd.present)

    def connection_lost(self, exc: Exception | None) -> None:
        Crowd.present -= 1


@pytest.mark.usefixtures("attackers")
@pytest.mark.parametrize("kind", ["http", "certificate", "tcp"])
async def test_every_address_of_a_thousand_is_a_bounded_number(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """``address: all`` of a name with 1,000 addresses: some of them, a few at a time, in time."""
    every = [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(1000)]

    def thousand(*_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0)) for one in every]

    monkeypatch.setattr(socket, "getaddrinfo", thousand)
    Crowd.present = Crowd.most = Crowd.ever = 0
    loop = asyncio.get_running_loop()
    listener = socket.socket()
    listener.bind(("0.0.0.0", 0))
    port = listener.getsockname()[1]
    server = await loop.create_server(Crowd, sock=listener)
    async with ProbeContext() as context:
        assert isinstance(context.resolver, SystemResolver)

        async def ask() -> Observation:
            name = "expo.example.se"
            if kind == "http":
                return await ask_http(
                    context, f"http://{name}:{port}/", timeout=DEADLINE, address="all"
                )
            asking = ask_certificate if kind == "certificate" else ask_tcp
            return await asking(context, name, port, timeout=DEADLINE, address="all")

        result = await measure([ask])
    server.close()
    await server.wait_closed()
    [seen] = result.seen
    # 64 probes in half a second are work, spread over it
    assert costs(result, 2 * STALL) == []
    if kind == "tcp" and not seen.parts:
        assert Crowd.ever <= MAX_ADDRESSES
        return
    assert len(seen.parts) == MAX_ADDRESSES
    # a connection that has ended on our side may still be counted on the other's
    assert Crowd.most <= 2 * MAX_PARALLEL if kind != "tcp" else MAX_ADDRESSES
    await show([seen])


@pytest.mark.usefixtures("attackers")
async def test_a_resolver_that_gives_a_thousand_is_bounded_too() -> None:
    """Whoever resolves: a thousand addresses are not probed."""
    every = tuple(f"127.1.{n // 250}.{n % 250 + 1}" for n in range(1000))
    names = Names(expo_example_se=every)
    async with ProbeContext(resolver=names) as context:
        result = await measure_at_best(
            [
                lambda: ask_http(
                    context, "http://expo.example.se:9/", timeout=DEADLINE, address="all"
                ),
                lambda: ask_http(context, "http://expo.example.se:9/", timeout=DEADLINE),
            ],
            stall=2 * STALL,
        )
    assert len(result.seen[0].parts) <= MAX_ADDRESSES
    assert costs(result, 2 * STALL) == []


async def test_attackers_are_up(attackers: HostileServers) -> None:
    """The fixture that freezes the collector is what the others of this file rely on."""
    assert attackers.ports
