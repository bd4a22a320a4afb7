"""How the tests of this folder ask: settings in a line, names that lead where a test wants."""

from __future__ import annotations

import socket
from typing import Any

from probes import certificate, http, tcp
from probes.certificate_settings import CertificateSettings
from probes.http_settings import HttpSettings
from probes.observation import Observation
from probes.resolve import Found
from probes.tcp import TcpSettings
from probes.tools import Tools


async def ask_http(tools: Tools, url: str, *, timeout: float = 3.0, **settings: Any) -> Observation:
    """One probe of kind ``http``."""
    parsed = HttpSettings.model_validate({"url": url, **settings})
    return await http.prepare(parsed, timeout, tools)()


async def ask_tcp(
    tools: Tools, host: str, port: int, *, timeout: float = 3.0, **settings: Any
) -> Observation:
    """One probe of kind ``tcp``."""
    parsed = TcpSettings.model_validate({"host": host, "port": port, **settings})
    return await tcp.prepare(parsed, timeout, tools)()


async def ask_certificate(
    tools: Tools, host: str, port: int, *, timeout: float = 3.0, **settings: Any
) -> Observation:
    """One probe of kind ``certificate``."""
    parsed = CertificateSettings.model_validate({"host": host, "port": port, **settings})
    return await certificate.prepare(parsed, timeout, tools)()


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
    """Whether a time is what it should be, with room for a machine that is busy."""
    return seconds is not None and about * 0.97 <= seconds < about + 0.7
