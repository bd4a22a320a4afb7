"""Connections with timed phases, pinned addresses and one total deadline.

An :class:`Attempt` is the notebook of one probe: the stage that it has reached, the seconds that
each phase took, the address that was met. Whatever ends the probe, the notebook tells where.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Self, TypeVar

import aiohappyeyeballs

from probes.failure import (
    ProbeFailure,
    from_connect,
    from_resolution,
    from_tls,
    is_reset,
)
from probes.observation import (
    Cause,
    Grade,
    HttpFacts,
    Observation,
    Phase,
    Phases,
    Reason,
    TlsFacts,
)
from probes.settings import IpVersion, TlsSettings, ip_family, is_ip, join_host_port
from probes.tls import Context, LookingContext

if TYPE_CHECKING:
    from probes.tools import Tools

P = TypeVar("P", bound=asyncio.BaseProtocol)

HAPPY_EYEBALLS_DELAY = 0.25
"""Seconds before the next address is tried beside the first (RFC 8305)."""
TLS_SHUTDOWN_TIMEOUT = 1.0
"""Seconds that a peer may take to answer our close_notify; nobody waits for it."""

FAMILIES = {"any": socket.AF_UNSPEC, 4: socket.AF_INET, 6: socket.AF_INET6}


class Attempt:
    """The notebook of one probe, and its result."""

    __slots__ = (
        "_connect",
        "_processing",
        "_resolve",
        "_started",
        "_timer",
        "_tls",
        "_transfer",
        "address",
        "answered",
        "at",
        "http",
        "ready_at",
        "stage",
        "tls",
        "tools",
    )

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self._timer = tools.timer
        self.at = tools.clock()
        self._started = self._timer()
        self._resolve: float | None = None
        self._connect: float | None = None
        self._tls: float | None = None
        self._processing: float | None = None
        self._transfer: float | None = None
        self.stage: Phase = Phase.RESOLVE
        self.address: str | None = None
        self.ready_at = self._started
        """The timer's reading when the connection was ready for the request."""
        self.answered = False
        """Whether the peer has sent a byte of its answer."""
        self.http: HttpFacts | None = None
        self.tls: TlsFacts | None = None

    def begin(self, stage: Phase) -> float:
        """Enters a stage; gives the timer's reading."""
        self.stage = stage
        return self._timer()

    def end(self, stage: Phase, begun: float) -> float:
        """Adds the time since ``begun`` to a phase; gives the timer's reading."""
        now = self._timer()
        spent = now - begun
        match stage:
            case Phase.RESOLVE:
                self._resolve = (self._resolve or 0.0) + spent
            case Phase.CONNECT:
                self._connect = (self._connect or 0.0) + spent
            case Phase.TLS:
                self._tls = (self._tls or 0.0) + spent
            case Phase.PROCESSING:
                self._processing = (self._processing or 0.0) + spent
            case Phase.TRANSFER:
                self._transfer = (self._transfer or 0.0) + spent
        return now

    def elapsed(self) -> float:
        """Seconds since the probe began."""
        return self._timer() - self._started

    def phases(self) -> Phases:
        return Phases(
            resolve=self._resolve,
            connect=self._connect,
            tls=self._tls,
            processing=self._processing,
            transfer=self._transfer,
        )

    def observation(
        self,
        duration: float,
        grade: Grade = Grade.GOOD,
        reason: Reason | None = None,
        cause: Cause | None = None,
        detail: str = "",
    ) -> Observation:
        """What was seen, with all that the notebook holds."""
        return Observation(
            at=self.at,
            duration=duration,
            grade=grade,
            reason=reason,
            cause=cause,
            detail=detail,
            phases=self.phases(),
            address=self.address,
            http=self.http,
            tls=self.tls,
        )

    def failed(self, failure: ProbeFailure, duration: float | None = None) -> Observation:
        """The observation of a failure."""
        return self.observation(
            self.elapsed() if duration is None else duration,
            Grade.FAILED,
            failure.reason,
            failure.cause,
            failure.detail,
        )

    def timed_out(self, timeout: float) -> ProbeFailure:
        """What the total deadline means at the stage that was reached."""
        within = f"within {timeout:g} s"
        match self.stage:
            case Phase.RESOLVE:
                return ProbeFailure(Reason.DNS, f"no name server answered {within}", Cause.NETWORK)
            case Phase.CONNECT:
                return ProbeFailure(Reason.CONNECT_TIMEOUT, f"no connection {within}")
            case Phase.TLS:
                return ProbeFailure(Reason.TIMEOUT, f"the TLS handshake did not end {within}")
            case Phase.PROCESSING:
                return ProbeFailure(Reason.TIMEOUT, f"no answer {within}")
        return ProbeFailure(Reason.TIMEOUT, f"the answer did not end {within}")


@asynccontextmanager
async def deadline(attempt: Attempt, timeout: float) -> AsyncIterator[None]:
    """The one total deadline. Raises :class:`ProbeFailure`, which says where the time went."""
    try:
        async with asyncio.timeout(timeout):
            yield
    except TimeoutError:
        raise attempt.timed_out(timeout) from None


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


async def resolve(tools: Tools, route: Route, attempt: Attempt) -> tuple[str, ...]:
    """The addresses to try, in order. Raises :class:`ProbeFailure`."""
    begun = attempt.begin(Phase.RESOLVE)
    try:
        found = await tools.resolver.resolve(route.host, FAMILIES[route.ip_version])
    except OSError as error:
        raise from_resolution(error, route.host) from None
    except UnicodeError:
        raise ProbeFailure(Reason.DNS, f"{route.host} is not a name", Cause.NETWORK) from None
    attempt.end(Phase.RESOLVE, begun)
    if not found:
        raise ProbeFailure(Reason.DNS, f"{route.host} has no address", Cause.NETWORK)
    return found


async def connect(tools: Tools, route: Route, attempt: Attempt) -> socket.socket:
    """A connected socket. Raises :class:`ProbeFailure`."""
    known = route.known()
    addresses = (known,) if known is not None else await resolve(tools, route, attempt)
    begun = attempt.begin(Phase.CONNECT)
    try:
        if len(addresses) == 1:
            attempt.address = addresses[0]
            connected = await _connect_one(addresses[0], route.port)
        else:
            connected = await _connect_first(addresses, route.port)
            attempt.address = connected.getpeername()[0]
    except OSError as error:
        shown = addresses[0] if len(addresses) == 1 else f"{route.host}"
        raise from_connect(error, join_host_port(shown, route.port)) from None
    attempt.end(Phase.CONNECT, begun)
    return connected


def _socket(family: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


async def _connect_one(address: str, port: int) -> socket.socket:
    made = _socket(socket.AF_INET6 if ip_family(address) == 6 else socket.AF_INET)
    try:
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made


async def _connect_first(addresses: tuple[str, ...], port: int) -> socket.socket:
    """Happy eyeballs (RFC 8305): what a dual-stack client does."""
    infos: list[aiohappyeyeballs.AddrInfoType] = []
    for address in addresses:
        if ip_family(address) == 6:
            infos.append((socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)))
        else:
            infos.append((socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)))
    connected = await aiohappyeyeballs.start_connection(
        infos, happy_eyeballs_delay=HAPPY_EYEBALLS_DELAY, interleave=1
    )
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected


async def over_tls(
    connected: socket.socket,
    factory: Callable[[], P],
    context: Context,
    server_name: str,
    attempt: Attempt,
) -> P:
    """A protocol over TLS on a connected socket, handshake done. Raises :class:`ProbeFailure`."""
    begun = attempt.begin(Phase.TLS)
    try:
        transport, protocol = await _wrap(connected, factory, context.ssl, server_name)
    except ssl.SSLError as error:
        raise from_tls(error, has_certificate=context.client is not None) from None
    except OSError as error:
        if is_reset(error):
            raise ProbeFailure(
                Reason.RESET, "the connection was closed during the TLS handshake"
            ) from None
        raise from_connect(error, attempt.address or server_name) from None
    attempt.end(Phase.TLS, begun)
    attempt.tls = attempt.tools.tls.facts(context, transport.get_extra_info("ssl_object"))
    return protocol


async def _wrap(
    connected: socket.socket, factory: Callable[[], P], context: ssl.SSLContext, server_name: str
) -> tuple[asyncio.Transport, P]:
    return await asyncio.get_running_loop().create_connection(
        factory,
        sock=connected,
        ssl=context,
        server_hostname=server_name.rstrip("."),
        ssl_shutdown_timeout=TLS_SHUTDOWN_TIMEOUT,
    )


class Look:
    """What a handshake that verifies nothing showed; no facts when it was not finished."""

    __slots__ = ("certificate_requested", "facts")

    def __init__(self, facts: TlsFacts | None, *, certificate_requested: bool) -> None:
        self.facts = facts
        self.certificate_requested = certificate_requested

    def shows_client_rejected(self, failure: ProbeFailure, *, handshake_done: bool) -> bool:
        """Whether a connection that broke without a clear word was a refused certificate of ours.

        With TLS 1.2 the server judges within the handshake, so that this one breaks as well.
        """
        broke = failure.reason is Reason.RESET or (
            failure.reason is Reason.TLS_HANDSHAKE and "handshake failure" in failure.detail
        )
        return broke and self.certificate_requested and (handshake_done or self.facts is None)


async def look(
    tools: Tools, route: Route, settings: TlsSettings, alpn: tuple[str, ...], timeout: float
) -> Look | None:
    """A second handshake, which only reads: the chain of a server that did not verify, and
    whether it asks for a client certificate. ``None`` when it shows neither in time.
    """
    if timeout <= 0:
        return None
    looking: LookingContext | None = None
    try:
        async with asyncio.timeout(timeout):
            looking = LookingContext(settings, alpn)
            connected = await connect(tools, route, Attempt(tools))
            name = settings.server_name or route.host
            transport, _ = await _wrap(connected, asyncio.Protocol, looking.context.ssl, name)
    except (OSError, ProbeFailure):  # TimeoutError is an OSError
        asked = looking is not None and looking.client_certificate_requested
        return Look(None, certificate_requested=True) if asked else None
    try:
        facts = tools.tls.facts(looking.context, transport.get_extra_info("ssl_object"))
    finally:
        transport.abort()
    return Look(facts, certificate_requested=looking.client_certificate_requested)
