"""A dns module and a name server: one question, and what the records of the answer must be."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from monitor.blackbox import sheet as s
from monitor.blackbox.names import Preferred, split_target
from monitor.blackbox.sheet import ProbeResult
from monitor.settings.blackbox.modules import DnsModule, RecordRules
from probes.dns.exchange import READ_AT_ONCE
from probes.expect.patterns import compile_pattern
from probes.failure import ProbeFailure, from_connect
from probes.net.context import ProbeContext
from probes.net.trace import ProbeTrace, deadline
from probes.net.transport import Route, resolve
from probes.observation import Phase, Reason, clean
from probes.settings import ip_family, join_host_port

DNS_PORT = 53
_LARGEST = 65_535


async def probe_dns(
    module: DnsModule, target: str, timeout: float, context: ProbeContext, sheet: ProbeResult
) -> None:
    """One probe. Whatever comes of it is on the sheet."""
    for phase in ("resolve", "connect", "request"):
        sheet.put(s.DNS_DURATION, 0, phase=phase)
    for family in (s.DNS_ANSWERS, s.DNS_AUTHORITY, s.DNS_ADDITIONAL, s.DNS_QUERY):
        sheet.put(family, 0)
    sheet.address(None, None)
    try:
        host, port = split_target(target, DNS_PORT)
        name = dns.name.from_text(module.query_name)
    except (ValueError, dns.exception.DNSException) as error:
        sheet.say(f"the target cannot be asked: {error}")
        return
    refused = Preferred.of(module).refuses(host)
    if refused is not None:
        sheet.say(refused)
        return
    question = dns.message.make_query(
        name, module.query_type, dns.rdataclass.from_text(module.query_class)
    )
    if not module.recursion_desired:
        question.flags &= ~dns.flags.RD
    trace = ProbeTrace(context)
    try:
        async with deadline(trace, timeout):
            answer = await _ask(module, question, Route(host, port), trace, sheet)
            sheet.success = _holds(module, answer, sheet)
    except ProbeFailure as failure:
        sheet.say(f"failed: {failure.reason}: {failure.detail}")
    sheet.address(trace.address, trace.phases().resolve)
    sheet.put(s.DNS_DURATION, trace.phases().resolve or 0, phase="resolve")


async def _ask(
    module: DnsModule,
    question: dns.message.Message,
    route: Route,
    trace: ProbeTrace,
    sheet: ProbeResult,
) -> dns.message.Message:
    """The answer. Raises :class:`ProbeFailure`."""
    context = trace.context
    known = route.known()
    address = known if known is not None else (await resolve(context, route, trace))[0]
    trace.address = address
    where = join_host_port(address, route.port)
    sheet.say(f"asking {where} for {module.query_name} {module.query_type}")
    try:
        begun = trace.begin(Phase.CONNECT)
        stream = module.transport_protocol == "tcp"
        sock = await _connected(address, route.port, stream=stream)
        try:
            asked = trace.end(Phase.CONNECT, begun)
            sheet.put(s.DNS_DURATION, asked - begun, phase="connect")
            trace.begin(Phase.PROCESSING)
            data = await _exchanged(sock, question.to_wire(), stream=stream)
            sheet.put(s.DNS_DURATION, context.timer() - asked, phase="request")
        finally:
            sock.close()
        if len(data) <= READ_AT_ONCE:
            answer = _read(data)
        else:
            answer = await context.workers.run(lambda _: _read(data))
    except EOFError:
        raise ProbeFailure(Reason.RESET, "the connection was closed in the answer") from None
    except OSError as error:
        raise from_connect(error, where) from None
    except dns.exception.DNSException as error:
        raise ProbeFailure(Reason.PROTOCOL, f"not a DNS answer: {clean(error, 80)}") from None
    sheet.put(s.DNS_QUERY, 1)
    return answer


def _read(data: bytes) -> dns.message.Message:
    return dns.message.from_wire(data, ignore_trailing=True, one_rr_per_rrset=True)


async def _connected(address: str, port: int, *, stream: bool) -> socket.socket:
    family = socket.AF_INET6 if ip_family(address) == 6 else socket.AF_INET
    kind = socket.SOCK_STREAM if stream else socket.SOCK_DGRAM
    made = socket.socket(family, kind | socket.SOCK_NONBLOCK)
    try:
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made


async def _exchanged(sock: socket.socket, wire: bytes, *, stream: bool) -> bytes:
    """The answer as it came. Raises ``EOFError``, ``OSError``."""
    loop = asyncio.get_running_loop()
    if not stream:
        await loop.sock_sendall(sock, wire)
        while True:
            data = await loop.sock_recv(sock, _LARGEST)
            if data[:2] == wire[:2]:  # another's is not waited for in vain
                return data
    await loop.sock_sendall(sock, len(wire).to_bytes(2, "big") + wire)
    came, wanted = b"", 2
    while len(came) < wanted:
        data = await loop.sock_recv(sock, _LARGEST)
        if not data:
            raise EOFError
        came += data
        if len(came) >= 2:
            wanted = 2 + int.from_bytes(came[:2], "big")
    return came[2:wanted]


def _holds(module: DnsModule, answer: dns.message.Message, sheet: ProbeResult) -> bool:
    sections = (
        ("answer", s.DNS_ANSWERS, answer.answer, module.validate_answer_rrs),
        ("authority", s.DNS_AUTHORITY, answer.authority, module.validate_authority_rrs),
        ("additional", s.DNS_ADDITIONAL, answer.additional, module.validate_additional_rrs),
    )
    for _, family, records, _ in sections:
        sheet.put(family, len(records))
    if module.query_type == "SOA":
        sheet.put(s.DNS_SERIAL, 0)
        for record in answer.answer:
            if record.rdtype == dns.rdatatype.SOA:
                sheet.put(s.DNS_SERIAL, record[0].serial)
    rcode = dns.rcode.to_text(answer.rcode())
    sheet.say(f"{rcode}, {len(answer.answer)} records in the answer")
    if rcode not in (module.valid_rcodes or ["NOERROR"]):
        sheet.say(f"failed: {rcode} is not among valid_rcodes")
        return False
    for name, _, records, rules in sections:
        broken = _broken(rules, [written(one) for one in records])
        if broken is not None:
            sheet.say(f"failed: {broken} of validate_{name}_rrs")
            return False
    return True


def written(record: dns.rrset.RRset) -> str:
    """A record of one datum as the exporter's patterns meet it: name, TTL, class, type, data."""
    data = record[0].to_text()
    kind = dns.rdatatype.to_text(record.rdtype)
    return (
        f"{record.name.to_text()}\t{record.ttl}\t{dns.rdataclass.to_text(record.rdclass)}"
        f"\t{kind}\t{data}"
    )


def _broken(rules: RecordRules, records: Sequence[str]) -> str | None:
    """The first rule that does not hold."""

    def met(source: str, record: str) -> bool:
        return compile_pattern(source).search(record.encode("utf-8", "replace")) is not None

    if not records and rules.fail_if_not_matches_regexp:
        return "fail_if_not_matches_regexp"
    for record in records:
        if any(met(one, record) for one in rules.fail_if_matches_regexp):
            return "fail_if_matches_regexp"
        if not all(met(one, record) for one in rules.fail_if_not_matches_regexp):
            return "fail_if_not_matches_regexp"
    # whatever its name says: the exporter fails unless every record matches
    if not all(met(one, record) for one in rules.fail_if_all_match_regexp for record in records):
        return "fail_if_all_match_regexp"
    if rules.fail_if_none_matches_regexp and not any(
        met(one, record) for one in rules.fail_if_none_matches_regexp for record in records
    ):
        return "fail_if_none_matches_regexp"
    return None
