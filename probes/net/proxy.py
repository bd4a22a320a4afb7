"""The way through an HTTP proxy: a tunnel to the target for TLS (CONNECT; RFC 9110, 9.3.6), or the
target's whole address in the request for plain HTTP (RFC 9112, 3.2.2).

What goes wrong on the way to the proxy, or in it, is the network's trouble and never the target's.
Our credentials for the proxy are sent to the proxy alone.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from probes.failure import MonitorTrouble, ProbeFailure
from probes.net.kernel_timestamps import Turns
from probes.net.proxy_address import Proxy
from probes.net.trace import ProbeTrace
from probes.net.transport import Route, connect
from probes.observation import Cause, Phase, Reason, clean
from probes.settings import join_host_port

if TYPE_CHECKING:
    from probes.net.hop import Hop

ANSWER_LIMIT = 16_384
"""Bytes of a proxy's answer to CONNECT, interim answers (1xx) included."""
AUTHENTICATION_REQUIRED = 407
_STATUS_LINE = re.compile(rb"HTTP/1\.[0-9] ([0-9]{3})(?: [^\r\n]*)?\r\n")
_END = b"\r\n\r\n"


class ProxyTrouble(ProbeFailure):
    """The proxy was not reached, or did not do its part: the target was never asked."""


def check_proxy(hop: Hop, status: int) -> None:
    """Of plain HTTP the proxy itself may answer. Raises :class:`ProxyTrouble` when it asks who we
    are; any other status may be the target's.
    """
    if hop.proxy is not None and hop.tls is None and status == AUTHENTICATION_REQUIRED:
        raise _unknown_to(hop.proxy)


def _unknown_to(proxy: Proxy) -> ProbeFailure:
    """407 (RFC 9110, 15.5.8): that the proxy does not know us is ours."""
    said = "with the credentials of" if proxy.authorization else "without credentials in"
    return ProxyTrouble(
        Reason.CONNECT_ERROR,
        f"the proxy {proxy.where} refuses us {said} proxy_url (HTTP {AUTHENTICATION_REQUIRED})",
        Cause.MONITOR,
    )


async def dial(hop: Hop) -> socket.socket:
    """A connected socket: to the target, to the proxy for plain HTTP, or to the target through the
    proxy's tunnel. Raises :class:`ProbeFailure`.
    """
    if hop.proxy is None:
        return await connect(hop.trace.context, hop.route, hop.trace)
    tunnel = hop.route if hop.tls is not None else None
    return await _through(hop.proxy, tunnel, hop.trace)


async def _through(proxy: Proxy, tunnel: Route | None, trace: ProbeTrace) -> socket.socket:
    """A socket to the proxy, with a tunnel where one is asked for; both are phase ``connect``."""
    context, before = trace.context, trace.errand
    trace.errand = _not_reached
    try:
        connected = await connect(context, Route(proxy.host, proxy.port), trace)
    except ProbeFailure as failure:
        raise _to_proxy(failure) from None
    if tunnel is not None:
        trace.errand = _no_tunnel(proxy)
        begun = trace.begin(Phase.CONNECT)
        try:
            turns = Turns(connected, trace.connected_at, context.timer)
            await _open_tunnel(turns, proxy, tunnel, context.user_agent)
        except OSError:
            connected.close()
            raise ProxyTrouble(
                Reason.RESET,
                f"the proxy {proxy.where} broke the connection within CONNECT",
                Cause.NETWORK,
            ) from None
        except BaseException:
            connected.close()
            raise
        trace.end(Phase.CONNECT, begun, at=begun + turns.spent)
    trace.errand = before
    return connected


def _to_proxy(failure: ProbeFailure) -> ProbeFailure:
    cause = Cause.MONITOR if isinstance(failure, MonitorTrouble) else Cause.NETWORK
    return ProxyTrouble(failure.reason, f"the proxy: {failure.detail}", cause)


def _not_reached(_within: str, failure: ProbeFailure) -> ProbeFailure:
    return _to_proxy(failure)


def _no_tunnel(proxy: Proxy) -> Callable[[str, ProbeFailure], ProbeFailure]:
    return lambda within, _failure: ProxyTrouble(
        Reason.CONNECT_TIMEOUT,
        f"the proxy {proxy.where} opened no tunnel {within}",
        Cause.NETWORK,
    )


async def _open_tunnel(turns: Turns, proxy: Proxy, route: Route, user_agent: str) -> None:
    """CONNECT, until the proxy says that the tunnel stands. Raises :class:`ProbeFailure` and
    ``OSError``.
    """
    target = join_host_port(_ascii(route.host), route.port)
    lines = [
        f"CONNECT {target} HTTP/1.1",
        f"Host: {target}",
        f"User-Agent: {user_agent}",
        *(f"{name}: {value}" for name, value in proxy.headers().items()),
    ]
    await turns.send("\r\n".join((*lines, "", "")).encode())
    status = await _answer(turns, proxy)
    if status == AUTHENTICATION_REQUIRED:
        raise _unknown_to(proxy)
    if not 200 <= status <= 299:
        raise ProbeFailure(
            Reason.CONNECT_ERROR,
            f"the proxy {proxy.where} opened no tunnel to {clean(target, 80)} (HTTP {status})",
            Cause.NETWORK,
        )


async def _answer(turns: Turns, proxy: Proxy) -> int:
    """The status of the answer to CONNECT, read to the end of its head and no further."""
    head, looked, size = bytearray(), 0, 0
    while True:
        end = head.find(_END, max(0, looked - len(_END)))
        if end >= 0:
            status = _status(bytes(head[: end + len(_END)]), proxy)
            del head[: end + len(_END)]
            looked = 0
            if not 100 <= status <= 199 or status == 101:
                break
            continue
        looked = len(head)
        more = await turns.receive(4096)
        if not more:
            raise ProxyTrouble(
                Reason.RESET,
                f"the proxy {proxy.where} closed the connection without an answer to CONNECT",
                Cause.NETWORK,
            )
        head += more
        size += len(more)
        if size > ANSWER_LIMIT:
            raise _malformed(proxy, f"is longer than {ANSWER_LIMIT} bytes")
    if head and 200 <= status <= 299:
        # a TLS server never speaks first: nothing but TLS may come through the tunnel
        raise _malformed(proxy, "is followed by something that nobody asked for")
    return status


def _status(head: bytes, proxy: Proxy) -> int:
    found = _STATUS_LINE.match(head)
    if found is None:
        raise _malformed(proxy, "is not HTTP")
    return int(found[1])


def _malformed(proxy: Proxy, what: str) -> ProbeFailure:
    return ProxyTrouble(
        Reason.PROTOCOL, f"the answer of the proxy {proxy.where} to CONNECT {what}", Cause.NETWORK
    )


def _ascii(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        raise ProbeFailure(Reason.DNS, f"{clean(host)} is not a name", Cause.NETWORK) from None
