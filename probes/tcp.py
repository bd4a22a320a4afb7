"""Kind ``tcp``: whether a port accepts a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.addresses import each_address
from probes.attempt import Attempt, deadline
from probes.failure import ProbeFailure
from probes.observation import Observation
from probes.settings import Address, Host, IpVersion, Port, ProbeSettings, join_host_port
from probes.transport import Route, connect
from probes.urls import ascii_host

if TYPE_CHECKING:
    from probes.kinds import Probe
    from probes.tools import Tools


class TcpSettings(ProbeSettings):
    """One TCP connect; nothing is sent."""

    host: Host
    port: Port
    address: Address | None = None
    ip_version: IpVersion = "any"

    def target(self) -> str:
        return join_host_port(self.host, self.port)

    def endpoint(self) -> tuple[str, int]:
        return ascii_host(self.host), self.port


def prepare(settings: TcpSettings, timeout: float, tools: Tools) -> Probe:
    """A probe of the settings. ``timeout`` covers the look-up and the connect, in seconds."""
    route = Route(settings.host, settings.port, settings.address, settings.ip_version)

    async def once(route: Route, timeout: float) -> Observation:
        attempt = Attempt(tools)
        try:
            async with deadline(attempt, timeout):
                connected = await connect(tools, route, attempt)
        except ProbeFailure as failure:
            return attempt.failed(failure)
        connected.close()
        return attempt.observation(attempt.spent())

    async def probe() -> Observation:
        if settings.address == "all":
            return await each_address(tools, route, timeout, once)
        return await once(route, timeout)

    return probe
