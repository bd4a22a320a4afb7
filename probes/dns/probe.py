"""Kind ``dns``: whether a name server answers, and answers what it should.

It measures the name service itself, so that a wrong answer is the target's; only a resolver that
we do not have, or cannot reach from here, is our own trouble. One question, asked again once when
half the time has passed without an answer, and over TCP when the answer was cut.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from os.path import commonprefix
from pathlib import Path
from typing import TYPE_CHECKING

import dns.exception
import dns.name
import dns.reversename

from probes.dns.exchange import Reply, Strays, query, question_for, read
from probes.dns.settings import DNS_PORT, DnsSettings, normal_answer, split_resolver
from probes.failure import MonitorTrouble, ProbeFailure, from_connect
from probes.kind import Kind, Probe
from probes.net.trace import ProbeTrace
from probes.net.watched_file import WatchedFile
from probes.observation import DnsFacts, Observation, Phase, Reason, clean
from probes.settings import is_ip, join_host_port

if TYPE_CHECKING:
    from probes.net.context import ProbeContext

__all__ = ["KIND", "DnsProbe", "DnsSettings", "prepare"]

RESOLV_CONF = Path("/etc/resolv.conf")
MAX_ANSWERS = 100
"""Answers kept of one response."""
_SHOWN = 5
"""Answers that a detail names."""
_LED = 12
"""Characters that lead to a difference."""


def prepare(settings: DnsSettings, timeout: float, context: ProbeContext) -> Probe:
    """A probe of the settings. ``timeout`` is a total, in seconds."""
    return DnsProbe(settings, timeout, context)


class DnsProbe:
    """Everything that does not change from probe to probe."""

    def __init__(self, settings: DnsSettings, timeout: float, context: ProbeContext) -> None:
        self._timeout = timeout
        self._context = context
        self._record = settings.record
        self._target = settings.target()
        host = settings.host
        self._name = dns.reversename.from_address(host) if is_ip(host) else dns.name.from_text(host)
        self._wanted = (
            None
            if settings.addresses is None
            else frozenset(normal_answer(one, self._record) for one in settings.addresses)
        )
        self._configured = (
            split_resolver(settings.resolver) if settings.resolver is not None else None
        )
        self._resolv_conf = WatchedFile(RESOLV_CONF, context.clock)

    async def __call__(self) -> Observation:
        trace = ProbeTrace(self._context)
        facts: DnsFacts | None = None
        try:
            reply, duration = await self._ask(trace)
            kept = sorted(reply.answers)[:MAX_ANSWERS]
            facts = DnsFacts(rcode=reply.rcode, answers=tuple(map(clean, kept)))
            self._judge(reply.rcode, reply.answers)
        except ProbeFailure as failure:
            return replace(trace.failed(failure), dns=facts)
        return replace(trace.observation(duration), dns=facts)

    async def _ask(self, trace: ProbeTrace) -> tuple[Reply, float]:
        """The answer, whatever it says, and how long it took to come. Raises
        :class:`ProbeFailure`.
        """
        context = self._context
        begun = trace.begin(Phase.RESOLVE)
        address, port = self._configured or (self._system_resolver(), DNS_PORT)
        trace.address = address
        question = question_for(self._name, self._record)
        data: bytes | None = None
        strays = Strays()
        context.keep_stamping()
        try:
            async with asyncio.timeout(self._timeout):
                data, duration = await query(
                    question, (address, port), self._timeout / 2, strays, context.timer
                )
                trace.end(Phase.RESOLVE, begun, at=begun + duration)
                reply = await read(data, question, self._record, context.workers)
        except TimeoutError:
            if data is not None:
                raise MonitorTrouble(
                    f"there was no time to read its answer of {len(data)} bytes"
                ) from None
            waited = f"no answer within {self._timeout:g} s"
            if strays.number:
                said = f"{waited}, only what is none: {strays.fault}"
                raise ProbeFailure(Reason.PROTOCOL, said) from None
            raise ProbeFailure(Reason.TIMEOUT, waited) from None
        except EOFError:
            raise ProbeFailure(Reason.RESET, "the connection was closed in the answer") from None
        except OSError as error:
            raise from_connect(error, join_host_port(address, port)) from None
        except dns.exception.DNSException as error:
            raise ProbeFailure(Reason.PROTOCOL, f"not a DNS answer: {clean(error, 80)}") from None
        return reply, duration

    def _system_resolver(self) -> str:
        """The first of resolv.conf, as it is now. Raises :class:`MonitorTrouble`."""
        try:
            lines = self._resolv_conf.read().decode("utf-8", "replace").splitlines()
        except MonitorTrouble as trouble:
            raise MonitorTrouble(trouble.detail, Reason.DNS) from None
        for line in lines:
            words = line.split()
            if len(words) > 1 and words[0] == "nameserver" and is_ip(words[1]):
                return words[1]
        raise MonitorTrouble(f"{RESOLV_CONF.name} names no resolver", Reason.DNS)

    def _judge(self, rcode: str, answers: frozenset[str]) -> None:
        if rcode != "NOERROR":
            raise ProbeFailure(Reason.DNS, f"{self._target}: {rcode}")
        if not answers:
            raise ProbeFailure(Reason.DNS, f"{self._target}: no such record")
        if self._wanted is not None and answers != self._wanted:
            parts = []
            missing, extra = self._wanted - answers, answers - self._wanted
            same = len(commonprefix([*missing, *extra])) if missing and extra else 0  # noqa: RUF071 - of texts
            if missing:
                parts.append(f"missing {_listed(missing, same)}")
            if extra:
                parts.append(f"not expected {_listed(extra, same)}")
            raise ProbeFailure(Reason.ADDRESS_CHANGED, "; ".join(parts))


def _listed(answers: frozenset[str], same: int) -> str:
    """Some of them, from shortly before they differ: ``same`` characters are alike in all."""
    begin = same - _LED if same > 2 * _LED else 0
    shown = sorted(answers)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return (
        ", ".join(clean(f"…{one[begin:]}" if begin else one, 40) for one in shown[:_SHOWN]) + more
    )


KIND = Kind(name="dns", settings=DnsSettings, prepare=prepare, latency=None)
