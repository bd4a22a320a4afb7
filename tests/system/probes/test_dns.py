"""Kind ``dns`` against a real name server on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

import probes.dns.probe
from probes.dns.probe import DnsSettings, prepare
from probes.net.context import ProbeContext
from probes.observation import Cause, DnsFacts, Grade, Observation, Reason
from tests.support.probes.asking import lasted
from tests.support.servers.dns_server import DnsServer, serve_dns

NAME = "expo.ext5.example.se"


async def ask(
    context: ProbeContext,
    server: DnsServer | str,
    *,
    host: str = NAME,
    record: str = "A",
    addresses: list[str] | None = None,
    timeout: float = 20.0,
) -> Observation:
    resolver = server if isinstance(server, str) else server.resolver
    settings = DnsSettings.model_validate(
        {"host": host, "record": record, "resolver": resolver, "addresses": addresses}
    )
    return await prepare(settings, timeout, context)()


async def test_an_answer_is_good_and_timed(context: ProbeContext, dns_server: DnsServer) -> None:
    """A name that has the record is good; the look-up is the whole of its time."""
    dns_server.zone = {f"{NAME} A": ["192.0.2.10", "192.0.2.9"]}
    seen = await ask(context, dns_server)
    assert seen.grade is Grade.GOOD
    assert seen.dns == DnsFacts(rcode="NOERROR", answers=("192.0.2.10", "192.0.2.9"))
    assert seen.phases.resolve is not None
    assert 0 < seen.phases.resolve <= seen.duration
    assert seen.address == "127.0.0.1"
    assert dns_server.questions == [("udp", f"{NAME}. A")]


@pytest.mark.parametrize(
    ("record", "records", "expected"),
    [
        ("A", ["192.0.2.10"], ["192.0.2.10"]),
        ("AAAA", ["2001:db8::1"], ["2001:DB8:0::1"]),
        ("CNAME", ["real.example.se."], ["Real.Example.SE"]),
        ("MX", ["10 mail.example.se."], ["10 mail.example.se"]),
        ("NS", ["ns1.example.se."], ["ns1.example.se."]),
        (
            "SOA",
            ["ns1.example.se. ops.example.se. 1 2 3 4 5"],
            ["ns1.example.se ops.example.se 1 2 3 4 5"],
        ),
        ("SRV", ["0 5 443 expo.example.se."], ["0 5 443 expo.example.se"]),
        ("TXT", ['"v=spf1 " "-all"'], ["v=spf1 -all"]),
    ],
)
async def test_every_record_is_compared_as_people_write_it(
    context: ProbeContext,
    dns_server: DnsServer,
    record: str,
    records: list[str],
    expected: list[str],
) -> None:
    """Case, final dots and the spelling of an address make no difference."""
    dns_server.zone = {f"{NAME} {record}": records}
    seen = await ask(context, dns_server, record=record, addresses=expected)
    assert (seen.reason, seen.detail) == (None, "")


async def test_an_address_is_turned_for_ptr(context: ProbeContext, dns_server: DnsServer) -> None:
    """With ``PTR`` the host may be an address."""
    dns_server.zone = {"10.2.0.192.in-addr.arpa PTR": [f"{NAME}."]}
    seen = await ask(context, dns_server, host="192.0.2.10", record="PTR", addresses=[NAME])
    assert seen.grade is Grade.GOOD


async def test_an_alias_is_followed(context: ProbeContext, dns_server: DnsServer) -> None:
    """An answer of CNAMEs and the address at their end is that address."""
    dns_server.zone = {
        f"{NAME} CNAME": ["one.example.se."],
        "one.example.se CNAME": ["two.example.se."],
        "two.example.se A": ["192.0.2.10"],
    }
    seen = await ask(context, dns_server, addresses=["192.0.2.10"])
    assert seen.grade is Grade.GOOD


async def test_another_set_of_addresses_is_told_with_its_difference(
    context: ProbeContext, dns_server: DnsServer
) -> None:
    """``address_changed`` says what is missing and what is new, and keeps the answer."""
    dns_server.zone = {f"{NAME} A": ["192.0.2.10", "192.0.2.99"]}
    seen = await ask(context, dns_server, addresses=["192.0.2.10", "192.0.2.11"])
    assert (seen.reason, seen.cause) == (Reason.ADDRESS_CHANGED, Cause.TARGET)
    assert seen.detail == "missing 192.0.2.11; not expected 192.0.2.99"
    assert seen.dns is not None
    assert seen.dns.answers == ("192.0.2.10", "192.0.2.99")


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "NXDOMAIN", "FORMERR", "NOTIMP"])
async def test_an_error_of_the_name_service_is_the_targets(
    context: ProbeContext, dns_server: DnsServer, rcode: str
) -> None:
    """Here the name service itself is measured: what it refuses is its own trouble."""
    dns_server.rcode = rcode
    seen = await ask(context, dns_server)
    assert (seen.reason, seen.cause) == (Reason.DNS, Cause.TARGET)
    assert seen.detail == f"{NAME} A: {rcode}"
    assert seen.dns == DnsFacts(rcode=rcode)


async def test_a_name_without_the_record_fails(
    context: ProbeContext, dns_server: DnsServer
) -> None:
    """NOERROR with nothing in it is no answer."""
    dns_server.zone = {f"{NAME} A": ["192.0.2.10"]}
    seen = await ask(context, dns_server, record="AAAA")
    assert (seen.reason, seen.detail) == (Reason.DNS, f"{NAME} AAAA: no such record")


async def test_a_lost_question_is_asked_once_more(
    context: ProbeContext, dns_server: DnsServer
) -> None:
    """Half the time without an answer sends the question again, once."""
    dns_server.zone = {f"{NAME} A": ["192.0.2.10"]}
    dns_server.deaf_to = 1
    seen = await ask(context, dns_server, timeout=4.0)
    assert seen.grade is Grade.GOOD
    assert len(dns_server.questions) == 2
    assert 1.5 <= seen.duration < 4.0


async def test_silence_is_a_timeout_after_two_questions(
    context: ProbeContext, dns_server: DnsServer
) -> None:
    """One total deadline; a name server that says nothing is not stormed."""
    dns_server.deaf_to = 100
    seen = await ask(context, dns_server, timeout=0.8)
    assert (seen.reason, seen.cause) == (Reason.TIMEOUT, Cause.TARGET)
    assert seen.detail == "no answer within 0.8 s"
    assert len(dns_server.questions) == 2
    assert lasted(seen.duration, 0.8)


async def test_a_cut_answer_is_fetched_over_tcp(
    context: ProbeContext, dns_server: DnsServer
) -> None:
    """A thousand addresses are compared whole, and a hundred of them kept."""
    every = [f"10.0.{n // 250}.{n % 250 + 1}" for n in range(1000)]
    dns_server.zone = {f"{NAME} A": every}
    seen = await ask(context, dns_server, addresses=every)
    assert seen.grade is Grade.GOOD
    assert [transport for transport, _ in dns_server.questions] == ["udp", "tcp"]
    assert seen.dns is not None
    assert len(seen.dns.answers) == probes.dns.probe.MAX_ANSWERS
    changed = await ask(context, dns_server, addresses=["192.0.2.1"])
    assert changed.reason is Reason.ADDRESS_CHANGED
    assert changed.detail.endswith("and 995 more")


async def test_a_connection_closed_within_the_answer_is_a_reset(
    context: ProbeContext, dns_server: DnsServer
) -> None:
    """Over TCP a server may close without having answered."""
    dns_server.zone = {f"{NAME} A": [f"10.0.0.{n}" for n in range(1, 200)]}
    dns_server.closes_tcp = True
    seen = await ask(context, dns_server)
    assert seen.reason is Reason.RESET


@pytest.mark.parametrize("garbage", [b"garbage", b"\x00" * 12, b"\xff" * 600])
async def test_garbage_is_a_protocol_error(
    context: ProbeContext, dns_server: DnsServer, garbage: bytes
) -> None:
    """Bytes that are no DNS message, or none of ours, are told as such."""
    dns_server.garbage = garbage
    seen = await ask(context, dns_server, timeout=4.0)
    assert (seen.reason, seen.cause) == (Reason.PROTOCOL, Cause.TARGET)


async def test_nobody_listening_is_refused(
    context: ProbeContext, closed_port: tuple[str, int]
) -> None:
    """The kernel's word that the port is closed is heard at once."""
    seen = await ask(context, f"127.0.0.1:{closed_port[1]}")
    assert (seen.reason, seen.cause) == (Reason.CONNECT_REFUSED, Cause.TARGET)


async def test_ipv6_resolvers_are_asked(context: ProbeContext) -> None:
    """A resolver may be written as ``[address]:port``."""
    async with serve_dns("::1") as server:
        server.zone = {f"{NAME} A": ["192.0.2.10"]}
        seen = await ask(context, server)
    assert (seen.grade, seen.address) == (Grade.GOOD, "::1")


@pytest.mark.asyncio(loop_factories=["asyncio"])  # uvloop makes its sockets elsewhere
async def test_no_way_to_the_resolver_is_our_own_trouble(
    context: ProbeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No route, no descriptors: the kernel speaks of us, not of the target."""
    import socket

    def no_descriptors(*_args: object, **_kwargs: object) -> socket.socket:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(socket, "socket", no_descriptors)
    seen = await ask(context, "127.0.0.1:53")
    monkeypatch.undo()
    assert seen.cause is Cause.MONITOR


@pytest.mark.parametrize("content", [None, "", "options edns0\n", "nameserver nonsense\n"])
async def test_no_resolver_here_is_our_own_trouble(
    context: ProbeContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    """Without a name server in resolv.conf nothing can be said of anybody's."""
    path = tmp_path / "resolv.conf"
    if content is not None:
        path.write_text(content)
    monkeypatch.setattr(probes.dns.probe, "RESOLV_CONF", path)
    seen = await prepare(DnsSettings(host=NAME), 1.0, context)()
    assert (seen.reason, seen.cause) == (Reason.DNS, Cause.MONITOR)


async def test_the_systems_resolver_is_the_default(
    context: ProbeContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dns_server: DnsServer
) -> None:
    """The first name server of resolv.conf is asked, on the usual port."""
    path = tmp_path / "resolv.conf"
    path.write_text("search example.se\nnameserver 127.0.0.1\nnameserver 127.0.0.2\n")
    monkeypatch.setattr(probes.dns.probe, "RESOLV_CONF", path)
    monkeypatch.setattr(probes.dns.probe, "DNS_PORT", dns_server.port)
    dns_server.zone = {f"{NAME} A": ["192.0.2.10"]}
    seen = await prepare(DnsSettings(host=NAME), 1.0, context)()
    assert (seen.grade, seen.address) == (Grade.GOOD, "127.0.0.1")
