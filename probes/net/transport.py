"""Connections with timed phases, over pinned addresses or the first that answers."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Self, TypeAlias, TypeVar, cast

import aiohappyeyeballs

from probes.failure import (
    ProbeFailure,
    from_connect,
    from_resolution,
    from_tls,
    is_reset,
)
from probes.net.tcp_info import round_trip, since_heard
from probes.net.tls import TlsContext
from probes.net.tls_stream import TlsStream
from probes.net.trace import RESOLVED_KEPT, ProbeTrace
from probes.observation import Cause, Phase, Reason, clean
from probes.settings import IpVersion, ip_family, is_ip, join_host_port

if TYPE_CHECKING:
    from probes.net.context import ProbeContext

P = TypeVar("P", bound=asyncio.BaseProtocol)
Prologue: TypeAlias = Callable[[socket.socket, ProbeTrace], Awaitable[None]]
"""What is said on a connection before TLS; it closes the socket when it raises."""

HAPPY_EYEBALLS_DELAY = 0.25
"""Seconds before the next address is tried beside the first (RFC 8305)."""

FAMILIES = {"any": socket.AF_UNSPEC, 4: socket.AF_INET, 6: socket.AF_INET6}


class Route:
    """How to reach a host: its name, port, and a pinned address or IP version."""

    __slots__ = ("address", "host", "ip_version", "port")

    def __init__(
        self, host: str, port: int, address: str | None = None, ip_version: IpVersion = "any"
    ) -> None:
        self.host = host
        self.port = port
        self.address = address if address != "all" else None
        self.ip_version = ip_version

    def pinned(self, address: str) -> Self:
        """The same, over one address."""
        return type(self)(self.host, self.port, address, self.ip_version)

    def known(self) -> str | None:
        """The address when no look-up is needed."""
        return self.address or (self.host if is_ip(self.host) else None)


async def resolve(context: ProbeContext, route: Route, trace: ProbeTrace) -> tuple[str, ...]:
    """The addresses to try, in order. Raises :class:`ProbeFailure`."""
    begun = trace.begin(Phase.RESOLVE)
    try:
        found = await context.resolver.resolve(route.host, FAMILIES[route.ip_version])
    except OSError as error:
        raise from_resolution(error, route.host) from None
    except UnicodeError:
        raise ProbeFailure(Reason.DNS, f"{route.host} is not a name", Cause.NETWORK) from None
    trace.end(Phase.RESOLVE, begun, at=None if found.took is None else begun + found.took)
    trace.resolved = found.addresses[:RESOLVED_KEPT]
    if not found.addresses:
        raise ProbeFailure(Reason.DNS, f"{route.host} has no address", Cause.NETWORK)
    return found.addresses


async def connect(context: ProbeContext, route: Route, trace: ProbeTrace) -> socket.socket:
    """A connected socket. Raises :class:`ProbeFailure`."""
    known = route.known()
    addresses = (known,) if known is not None else await resolve(context, route, trace)
    begun = trace.begin(Phase.CONNECT)
    context.keep_stamping()
    try:
        begun_at = begun
        if len(addresses) == 1:
            trace.address = addresses[0]
            connected = await _connect_one(addresses[0], route.port)
        else:
            connected, begun, begun_at = await _connect_first(addresses, route.port, context.timer)
            trace.address = connected.getpeername()[0]
    except OSError as error:
        shown = addresses[0] if len(addresses) == 1 else f"{route.host}"
        raise from_connect(error, join_host_port(shown, route.port)) from None
    trace.connection = connected
    # the first of several addresses may have been given up for the next: that wait counts
    spent = round_trip(connected)
    done = context.timer() - since_heard(connected) if spent is None else begun_at + spent
    trace.connected_at = trace.end(Phase.CONNECT, begun, at=done)
    return connected


async def _connect_one(address: str, port: int) -> socket.socket:
    # TCP_NODELAY is set by the loop when it makes a transport of the socket
    family = socket.AF_INET6 if ip_family(address) == 6 else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made


async def _connect_first(
    addresses: tuple[str, ...], port: int, timer: Callable[[], float]
) -> tuple[socket.socket, float, float]:
    """Happy eyeballs (RFC 8305): what a dual-stack client does. The socket, and the timer's readings
    when the first of all addresses was tried, and when its own was.
    """
    infos: list[aiohappyeyeballs.AddrInfoType] = []
    for address in addresses:
        if ip_family(address) == 6:
            infos.append((socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)))
        else:
            infos.append((socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)))
    tried: dict[int, float] = {}
    first: list[float] = []

    def made(info: aiohappyeyeballs.AddrInfoType) -> socket.socket:
        fresh = socket.socket(info[0], info[1], info[2])
        tried[fresh.fileno()] = timer()
        first.append(tried[fresh.fileno()])
        return fresh

    connected = await aiohappyeyeballs.start_connection(
        infos, happy_eyeballs_delay=HAPPY_EYEBALLS_DELAY, interleave=1, socket_factory=made
    )
    return connected, first[0], tried[connected.fileno()]


async def over_tls(
    connected: socket.socket,
    factory: Callable[[], P],
    tls_context: TlsContext,
    server_name: str,
    trace: ProbeTrace,
) -> P:
    """A protocol over TLS on a connected socket, handshake done. Raises :class:`ProbeFailure`."""
    begun = trace.begin(Phase.TLS)
    try:
        stream = TlsStream(factory, tls_context.ssl, server_name, trace.context.timer)
    except ValueError:
        connected.close()
        raise ProbeFailure(
            Reason.TLS_HANDSHAKE, f"{clean(server_name, 80)} is not a name that TLS can send"
        ) from None
    try:
        ended = await stream.connect(connected)
    except ssl.SSLError as error:
        raise from_tls(error, has_certificate=tls_context.client is not None) from None
    except OSError as error:
        if is_reset(error):
            raise ProbeFailure(
                Reason.RESET, "the connection was closed during the TLS handshake"
            ) from None
        raise from_connect(error, trace.address or server_name) from None
    trace.end(Phase.TLS, stream.asked_at or begun, at=ended - stream.held_up)
    try:
        trace.tls = trace.context.tls.facts(
            tls_context, stream.get_extra_info("ssl_object"), stream.server_name
        )
    except ProbeFailure:
        stream.abort()
        raise
    return cast("P", stream.protocol)
