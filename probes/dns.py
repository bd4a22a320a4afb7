"""Kind ``dns``: whether a name server answers, and answers what it should.

It measures the name service itself, so that a wrong answer is the target's; only a resolver that
we do not have is our own trouble. One query, sent again once when half the time has passed
without an answer, and over TCP when the answer was cut.
"""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from probes.failure import MonitorTrouble, ProbeFailure, from_connect
from probes.observation import Cause, DnsFacts, Observation, Phase, Reason, clean
from probes.settings import Host, ProbeSettings, is_ip, join_host_port
from probes.transport import Attempt, deadline

if TYPE_CHECKING:
    from probes.kinds import Probe
    from probes.tools import Tools

DNS_PORT = 53
MAX_ANSWERS = 100
"""Answers kept of one response."""
_ADDRESS_TYPES = ("A", "AAAA")


def _resolver(value: str) -> str:
    try:
        split_resolver(value)
    except ValueError:
        raise PydanticCustomError(
            "resolver",
            "{shown} is not a name server: write an IP address, with :port when it is not 53",
            {"shown": repr(value)},
        ) from None
    return value


def split_resolver(value: str) -> tuple[str, int]:
    """Address and port of ``192.0.2.53``, ``192.0.2.53:5353``, ``2001:db8::53`` or
    ``[2001:db8::53]:5353``. Raises ``ValueError``."""
    if is_ip(value):
        return value, DNS_PORT
    found = re.fullmatch(r"(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})", value)
    if found is None:
        raise ValueError(value)
    host, port = found[1] or found[2], int(found[3])
    if not is_ip(host) or not 1 <= port <= 65535:
        raise ValueError(value)
    return host, port


ResolverText = Annotated[
    str,
    AfterValidator(_resolver),
    WithJsonSchema(
        {"type": "string", "pattern": r"^([0-9]{1,3}(\.[0-9]{1,3}){3}(:[0-9]{1,5})?|\[?[0-9A-Fa-f:.]+\]?(:[0-9]{1,5})?)$"}
    ),
]


class DnsSettings(ProbeSettings):
    """One question to a name server."""

    host: Host
    record: Literal["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"] = "A"
    addresses: list[str] | None = None
    """What the answer must be, whatever the order."""
    resolver: ResolverText | None = None
    """The system's when not set."""

    def target(self) -> str:
        return f"{self.host} {self.record}"

    def endpoint(self) -> tuple[str, int]:
        if self.resolver is not None:
            return split_resolver(self.resolver)
        return "system resolver", DNS_PORT


def prepare(settings: DnsSettings, timeout: float, tools: Tools) -> Probe:
    """A probe of the settings. ``timeout`` is a total, in seconds."""
    return DnsProbe(settings, timeout, tools)


class DnsProbe:
    """Everything that does not change from probe to probe."""

    def __init__(self, settings: DnsSettings, timeout: float, tools: Tools) -> None:
        self._settings = settings
        self._timeout = timeout
        self._tools = tools
        self._type = dns.rdatatype.from_text(settings.record)
        self._wanted = (
            None
            if settings.addresses is None
            else frozenset(_normal(one, settings.record) for one in settings.addresses)
        )

    async def __call__(self) -> Observation:
        attempt = Attempt(self._tools)
        facts: DnsFacts | None = None
        try:
            async with deadline(attempt, self._timeout):
                response = await self._ask(attempt)
            duration = attempt.elapsed()
            answers = self._answers(response)
            shown = DnsFacts(
                rcode=dns.rcode.to_text(response.rcode()),
                answers=tuple(sorted(answers)[:MAX_ANSWERS]),
            )
            facts = shown
            self._judge(shown.rcode, answers)
        except ProbeFailure as failure:
            if failure.cause is Cause.NETWORK and failure.reason is Reason.DNS:
                # a name server that does not answer in time is the target itself here
                failure = ProbeFailure(Reason.TIMEOUT, f"no answer within {self._timeout:g} s")
            return _with(attempt.failed(failure), facts)
        return _with(attempt.observation(duration), facts)

    async def _ask(self, attempt: Attempt) -> dns.message.Message:
        address, port = self._server()
        try:
            question = dns.message.make_query(self._settings.host, self._type, use_edns=0)
        except dns.exception.DNSException as error:
            raise ProbeFailure(Reason.DNS, f"{self._settings.host}: {clean(error)}") from None
        begun = attempt.begin(Phase.RESOLVE)
        attempt.address = address
        try:
            response = await self._exchange(question, address, port)
        except OSError as error:
            raise from_connect(error, join_host_port(address, port)) from None
        except dns.exception.DNSException as error:
            raise ProbeFailure(Reason.PROTOCOL, f"not a DNS answer: {clean(error)}") from None
        attempt.end(Phase.RESOLVE, begun)
        return response

    async def _exchange(
        self, question: dns.message.Message, address: str, port: int
    ) -> dns.message.Message:
        half = self._timeout / 2
        try:
            response, _ = await dns.asyncquery.udp_with_fallback(
                question, address, timeout=half, port=port, ignore_unexpected=True
            )
        except dns.exception.Timeout:
            response, _ = await dns.asyncquery.udp_with_fallback(
                question, address, timeout=None, port=port, ignore_unexpected=True
            )
        return response

    def _server(self) -> tuple[str, int]:
        if self._settings.resolver is not None:
            return split_resolver(self._settings.resolver)
        try:
            servers: list[Any] = list(dns.resolver.Resolver().nameservers)
        except (dns.exception.DNSException, OSError) as error:
            raise MonitorTrouble(f"no resolver is configured here: {error}", Reason.DNS) from None
        if not servers:
            raise MonitorTrouble("no resolver is configured here", Reason.DNS)
        return str(servers[0]), DNS_PORT

    def _answers(self, response: dns.message.Message) -> frozenset[str]:
        return frozenset(
            _normal(record.to_text(), self._settings.record)
            for rrset in response.answer
            if rrset.rdtype == self._type
            for record in rrset
        )

    def _judge(self, rcode: str, answers: frozenset[str]) -> None:
        name, record = self._settings.host, self._settings.record
        if rcode != "NOERROR":
            raise ProbeFailure(Reason.DNS, f"{name} {record}: {rcode}")
        if not answers:
            raise ProbeFailure(Reason.DNS, f"{name} has no {record} record")
        if self._wanted is not None and answers != self._wanted:
            missing = ", ".join(sorted(self._wanted - answers)[:5]) or "nothing"
            extra = ", ".join(sorted(answers - self._wanted)[:5]) or "nothing"
            raise ProbeFailure(
                Reason.ADDRESS_CHANGED, f"missing {missing}; not expected {extra}"
            )


def _normal(text: str, record: str) -> str:
    if record in _ADDRESS_TYPES:
        try:
            family = socket.AF_INET6 if record == "AAAA" else socket.AF_INET
            return socket.inet_ntop(family, socket.inet_pton(family, text))
        except OSError:
            return text
    return text.lower().rstrip(".")


def _with(observation: Observation, facts: DnsFacts | None) -> Observation:
    return replace(observation, dns=facts) if facts is not None else observation


