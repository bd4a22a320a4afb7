"""Kind ``tcp``: whether a port accepts a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.failure import ProbeFailure
from probes.kind import Kind, Probe
from probes.net.each_address import each_address
from probes.net.trace import ProbeTrace, deadline
from probes.net.transport import Route, connect
from probes.net.urls import ascii_host
from probes.observation import Observation
from probes.settings import Address, Host, IpVersion, Port, ProbeSettings, join_host_port

if TYPE_CHECKING:
    from probes.net.context import ProbeContext


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


def prepare(settings: TcpSettings, timeout: float, context: ProbeContext) -> Probe:
    """A probe of the settings. ``timeout`` covers the look-up and the connect, in seconds."""
    route = Route(settings.host, settings.port, settings.address, settings.ip_version)

    async def once(route: Route, timeout: float) -> Observation:
        trace = ProbeTrace(context)
        try:
            async with deadline(trace, timeout):
                connected = await connect(context, route, trace)
        except ProbeFailure as failure:
            return trace.failed(failure)
        connected.close()
        return trace.observation(trace.spent())

    async def probe() -> Observation:
        if settings.address == "all":
            return await each_address(context, route, timeout, once)
        return await once(route, timeout)

    return probe


KIND = Kind(name="tcp", settings=TcpSettings, prepare=prepare)
