"""How the tests of this folder ask: settings in a line, names that lead where a test wants."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from probes import tcp
from probes.certificate import probe as certificate
from probes.certificate.settings import CertificateSettings
from probes.dns import probe as dns
from probes.dns.settings import DnsSettings
from probes.http import probe as http
from probes.http.settings import HttpSettings
from probes.net.context import ProbeContext
from probes.net.resolver import Found
from probes.observation import Observation
from probes.tcp import TcpSettings
from tests.support.patience import PATIENCE
from tests.support.turns import TICK

TURNS = 40
"""How many short sleeps of the loop may pass after its deadline before a probe has ended: 0.2 s on a
machine at rest, and whatever it takes on a busy one.
"""


async def in_time(probe: Callable[[], Awaitable[Observation]], timeout: float) -> Observation:
    """The probe's observation. Fails when it does not keep its deadline."""
    asking = asyncio.ensure_future(probe())
    try:
        await asyncio.sleep(0)  # its deadline is set before this one
        await asyncio.wait({asking}, timeout=timeout)
        for _ in range(TURNS):
            if asking.done():
                break
            await asyncio.sleep(TICK)
        assert asking.done(), f"not at its end {TURNS} turns after {timeout:g} s"
    finally:
        asking.cancel()
    return await asking


async def ask_http(
    context: ProbeContext, url: str, *, timeout: float = PATIENCE, **settings: Any
) -> Observation:
    """One probe of kind ``http``."""
    parsed = HttpSettings.model_validate({"url": url, **settings})
    return await in_time(http.prepare(parsed, timeout, context), timeout)


async def ask_tcp(
    context: ProbeContext, host: str, port: int, *, timeout: float = PATIENCE, **settings: Any
) -> Observation:
    """One probe of kind ``tcp``."""
    parsed = TcpSettings.model_validate({"host": host, "port": port, **settings})
    return await in_time(tcp.prepare(parsed, timeout, context), timeout)


async def ask_certificate(
    context: ProbeContext, host: str, port: int, *, timeout: float = PATIENCE, **settings: Any
) -> Observation:
    """One probe of kind ``certificate``."""
    parsed = CertificateSettings.model_validate({"host": host, "port": port, **settings})
    return await in_time(certificate.prepare(parsed, timeout, context), timeout)


async def ask_dns(
    context: ProbeContext, host: str, resolver: str, *, timeout: float = PATIENCE, **settings: Any
) -> Observation:
    """One probe of kind ``dns``."""
    parsed = DnsSettings.model_validate({"host": host, "resolver": resolver, **settings})
    return await in_time(dns.prepare(parsed, timeout, context), timeout)


class Names:
    """A resolver that knows what a test tells it; any other name does not exist."""

    def __init__(self, **known: tuple[str, ...]) -> None:
        self.known = {name.replace("_", "."): addresses for name, addresses in known.items()}
        self.fault: Exception | None = None
        self.asked: list[str] = []

    async def resolve(self, host: str, family: socket.AddressFamily) -> Found:
        self.asked.append(host)
        if self.fault is not None:
            raise self.fault
        found = self.known.get(host)
        if found is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        wanted = {socket.AF_INET: ".", socket.AF_INET6: ":"}.get(family, "")
        return Found(tuple(address for address in found if wanted in address))

    async def close(self) -> None:
        """Nothing is held."""


def lasted(seconds: float | None, about: float) -> bool:
    """Whether a time is at least about what it should be: how much longer is the machine's affair."""
    return seconds is not None and about * 0.75 <= seconds
