"""Handshakes that drip, stall, lie or begin anew without end, and certificates that anybody may send."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from probes.net.context import ProbeContext
from probes.observation import Observation, Reason
from tests.support.hostile.harness import Attack, costs, measure, neighbour, suffer
from tests.support.probes.asking import ask_certificate, ask_http
from tests.support.servers.ca import Authority
from tests.support.servers.hostile.process import HostileServers
from tests.support.servers.hostile.tls import SCRIPTS
from tests.support.servers.programs import require_program
from tests.support.turns import Gauge

RECORDS: dict[str, Reason] = {
    "handshake: silence": Reason.TIMEOUT,
    "handshake: empty records dripped": Reason.TIMEOUT,
    "handshake: a record never full": Reason.TIMEOUT,
    "handshake: records of one byte": Reason.TIMEOUT,
    "handshake: SSLv3": Reason.TIMEOUT,
    # a server that has not heard of RFC 5746 is waited for
    "handshake: stalled after the ServerHello": Reason.TIMEOUT,
    "handshake: closed in a record": Reason.TIMEOUT,
}
FLOODS = ("handshake: HelloRequests",)
FLIGHTS: dict[str, Reason | None] = {
    "tls good": None,
    "tls dripped": Reason.TIMEOUT,
    "tls 1.2 dripped": Reason.TIMEOUT,
    "tls stalled": Reason.TIMEOUT,
    "tls 1.2 stalled": Reason.TIMEOUT,
    "tls garbled": Reason.TLS_HANDSHAKE,
    "tls flood of a body": Reason.TOO_LARGE,
    "tls 1.2 flood of a body": Reason.TOO_LARGE,
    "tls flood of headers": Reason.PROTOCOL,
    "tls flood of 100": Reason.PROTOCOL,
}
CERTIFICATES: dict[str, Reason | None] = {
    # OpenSSL takes 100 KiB of certificates and reads no more
    "tls chain of 1,000": Reason.TLS_HANDSHAKE,
    "tls certificate of 1 MiB": Reason.TLS_HANDSHAKE,
    "tls 10,000 names": Reason.TLS_HANDSHAKE,
    "tls chain of 200": None,
    "tls certificate of 90 KiB": None,
    "tls 3,000 names": None,
    "tls hostile names": None,
    "tls hostile subject": None,
}


async def ask_for_certificate(
    context: ProbeContext, servers: HostileServers, attack: Attack
) -> Observation:
    return await ask_certificate(
        context,
        "127.0.0.1",
        servers.ports[attack.server],
        timeout=attack.timeout,
        tls={"ca_file": str(servers.ca_file)},
    )


async def test_no_record_hurts(
    context: ProbeContext, attackers: HostileServers, gauge: Gauge
) -> None:
    """Records that are none, or none of a handshake, or that never end."""
    attacks = [
        Attack(server=name, reason=RECORDS.get(name, Reason.TLS_HANDSHAKE))
        for name in SCRIPTS
        if name not in FLOODS
    ]
    assert await suffer(gauge, context, attackers, attacks) == []
    assert await suffer(gauge, context, attackers, attacks, ask_for_certificate) == []


async def test_no_flood_of_records_hurts(
    context: ProbeContext, attackers: HostileServers, gauge: Gauge
) -> None:
    """A handshake is given up when it is longer than any can be."""
    attacks = [Attack(server=name, reason=Reason.TLS_HANDSHAKE) for name in FLOODS]
    # the second look shows each of its messages to Python
    assert await suffer(gauge, context, attackers, attacks, stall=0.15) == []
    assert await suffer(gauge, context, attackers, attacks, ask_for_certificate, stall=0.15) == []


async def test_no_handshake_hurts(
    context: ProbeContext, attackers: HostileServers, gauge: Gauge
) -> None:
    """True handshakes, dripped, cut or garbled; and what comes after them in a flood."""
    attacks = [Attack(server=name, reason=reason) for name, reason in FLIGHTS.items()]
    assert await suffer(gauge, context, attackers, attacks) == []


async def test_no_certificate_hurts(
    context: ProbeContext, attackers: HostileServers, gauge: Gauge
) -> None:
    """Chains and certificates of any size and content, for both kinds that read them."""
    attacks = [Attack(server=name, reason=reason) for name, reason in CERTIFICATES.items()]
    # OpenSSL itself takes 30 ms for 200 certificates, and takes no more than 100 KiB of them
    assert await suffer(gauge, context, attackers, attacks, stall=0.12) == []
    assert await suffer(gauge, context, attackers, attacks, ask_for_certificate, stall=0.12) == []


async def test_hostile_names_are_told_clean(
    context: ProbeContext, attackers: HostileServers
) -> None:
    """What a certificate names is printable, cut and bounded, whoever made it."""
    for server in ("tls hostile names", "tls hostile subject", "tls 3,000 names"):
        seen = await ask_for_certificate(context, attackers, Attack(server=server, reason=None))
        assert seen.tls is not None
        leaf = seen.tls.leaf
        assert leaf is not None
        assert 1 <= len(leaf.names) <= 100
        for text in (leaf.subject, leaf.issuer, *leaf.names):
            assert text.isprintable()
            assert len(text) <= 200


async def test_a_long_chain_is_read_to_a_bound(
    context: ProbeContext, attackers: HostileServers
) -> None:
    """Of 201 certificates the first 16 are kept."""
    seen = await ask_for_certificate(
        context, attackers, Attack(server="tls chain of 200", reason=None)
    )
    assert seen.tls is not None
    assert len(seen.tls.chain) == 16


@asynccontextmanager
async def restless(
    authority: Authority, command: bytes, *options: str
) -> AsyncIterator[tuple[int, list[int]]]:
    """``openssl s_server`` that is told to do something again and again, and how often it was."""
    process = await asyncio.create_subprocess_exec(
        require_program("openssl"),
        "s_server",
        "-accept",
        "127.0.0.1:0",
        "-cert",
        str(authority.valid.cert_file),
        "-key",
        str(authority.valid.key_file),
        *options,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    said = b""
    while not said.startswith(b"ACCEPT "):
        said = await process.stdout.readline()
    port = int(said.rpartition(b":")[2])
    told = [0]
    connected = asyncio.Event()

    async def nag() -> None:
        assert process.stdin is not None
        await connected.wait()
        with suppress(OSError):
            while True:
                process.stdin.write(command)
                await process.stdin.drain()
                told[0] += 1
                await asyncio.sleep(0.002)

    async def drain() -> None:
        assert process.stdout is not None
        while shown := await process.stdout.read(65_536):
            if b"CIPHER is" in shown:
                connected.set()

    tasks = [asyncio.create_task(nag()), asyncio.create_task(drain())]
    try:
        yield port, told
    finally:
        tasks[0].cancel()
        if process.returncode is None:
            process.kill()
        await process.wait()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        pytest.param(b"r\n", ["-tls1_2"], id="TLS 1.2 renegotiated"),
        pytest.param(b"R\n", ["-tls1_2"], id="TLS 1.2 renegotiated for a certificate"),
        pytest.param(b"K\n", ["-tls1_3"], id="keys updated, and ours asked for"),
        pytest.param(b"k\n", ["-tls1_3"], id="keys updated"),
        pytest.param(b"\n", ["-tls1_3", "-num_tickets", "5000"], id="5,000 session tickets"),
    ],
)
async def test_a_session_that_begins_anew_without_end(
    context: ProbeContext, authority: Authority, command: bytes, options: list[str]
) -> None:
    """The server keeps the connection busy and never answers: the deadline ends it."""
    async with neighbour(context):
        for timeout in (0.5, 4.0, 32.0):  # on a busy machine it takes longer to be nagged
            # s_server may end with a connection that was given up in the midst of a handshake
            async with restless(authority, command, *options) as (port, told):
                result = await measure(
                    [
                        lambda port=port, timeout=timeout: ask_http(  # type: ignore[misc] # bound now
                            context,
                            f"https://127.0.0.1:{port}/",
                            timeout=timeout,
                            tls={"ca_file": str(authority.ca_file)},
                        )
                    ],
                    timeout,
                )
            if told[0] > 20:
                break
    [seen] = result.seen
    assert seen.reason is Reason.TIMEOUT, (seen, told)
    assert told[0] > 20
    assert seen.tls is not None
    assert costs(result) == []
