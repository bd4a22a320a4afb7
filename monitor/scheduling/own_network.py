"""Whether a failure is our own network's, as the kernel and our own resolver say: no canary is needed
to know that a cable is out.

The kernel is asked by rtnetlink(7) which way a packet to an address would take; the resolvers of
resolv.conf(5) are asked a question of their own. Both only when a probe has failed in a way that a
broken network of ours could bring about.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import dns.exception
import dns.message
import dns.rcode

from monitor.model.estate import Check
from monitor.scheduling.fitness import CanaryWatch
from probes.dns.settings import DNS_PORT, DnsSettings
from probes.observation import Cause, Grade, Observation, Reason
from probes.settings import is_ip

RESOLV_CONF = Path("/etc/resolv.conf")
RESOLVERS = 3
"""Resolvers of resolv.conf that count (resolv.conf(5), MAXNS)."""
PATIENCE = 2.0
"""Seconds that a resolver may take for a question of ours; half of it before it is asked again."""
_MAY_BE_OURS = frozenset(
    {Reason.DNS, Reason.CONNECT_TIMEOUT, Reason.CONNECT_ERROR, Reason.TIMEOUT, Reason.OAUTH2}
)
_NO_RESOLVER = _MAY_BE_OURS | {Reason.CONNECT_REFUSED, Reason.RESET}
"""Of a ``dns`` check that asks the system's resolver."""

# linux/netlink.h, linux/rtnetlink.h, linux/if.h
_REQUEST = 1
_ERROR = 2
_NEWLINK, _GETLINK = 16, 18
_NEWROUTE, _GETROUTE = 24, 26
_DESTINATION, _DEVICE = 1, 4
_RUNNING = 0x40
_LONGEST_ANSWER = 65_536
_HEADER = struct.Struct("=IHHII")
_ROUTE = struct.Struct("=BBBBBBBBI")
_LINK = struct.Struct("=BxHiII")
_ATTRIBUTE = struct.Struct("=HH")
_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN})


def no_way_to(address: str) -> str:
    """Why nothing can leave this machine for an IP address, in words; empty where it can, or where
    the kernel does not tell.
    """
    if sys.platform != "linux" or not is_ip(address) or "%" in address:
        return ""
    try:
        return _no_way(address)
    except OSError:
        return ""


def _no_way(address: str) -> str:
    target = ipaddress.ip_address(address)
    family = socket.AF_INET if target.version == 4 else socket.AF_INET6
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(1.0)
        route = _ROUTE.pack(family, 8 * len(target.packed), 0, 0, 0, 0, 0, 0, 0)
        packed = _ATTRIBUTE.pack(4 + len(target.packed), _DESTINATION) + target.packed
        try:
            answer = _ask(kernel, _GETROUTE, _NEWROUTE, route + packed)
        except OSError as error:
            if error.errno in _NO_WAY:
                return f"there is no route to {address}"
            raise
        device = _attribute(answer[_ROUTE.size :], _DEVICE)
        if device is None:
            return ""
        index = int.from_bytes(device, sys.byteorder)
        link = _ask(kernel, _GETLINK, _NEWLINK, _LINK.pack(0, 0, index, 0, 0))
        if _LINK.unpack_from(link)[3] & _RUNNING:
            return ""
        return f"{socket.if_indextoname(index)} on the way to {address} has no carrier"


def _ask(kernel: socket.socket, question: int, wanted: int, body: bytes) -> bytes:
    """The body of the kernel's answer. Raises ``OSError`` with the kernel's number."""
    kernel.send(_HEADER.pack(_HEADER.size + len(body), question, _REQUEST, 1, 0) + body)
    answer = kernel.recv(_LONGEST_ANSWER)
    length, kind, _, _, _ = _HEADER.unpack_from(answer)
    content = answer[_HEADER.size : length]
    if kind == _ERROR:
        number = -int.from_bytes(content[:4], sys.byteorder, signed=True)
        raise OSError(number, os.strerror(number))
    if kind != wanted:
        raise OSError(errno.EPROTO, os.strerror(errno.EPROTO))
    return content


def _attribute(data: bytes, wanted: int) -> bytes | None:
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if length < _ATTRIBUTE.size:
            break
        if kind == wanted:
            return data[_ATTRIBUTE.size : length]
        data = data[(length + 3) & ~3 :]
    return None


class OwnResolvers:
    """Those that the system asks, as a canary: an observation that failed says that none of them
    can be reached from here.
    """

    def __init__(
        self, clock: Callable[[], float], resolv_conf: Path = RESOLV_CONF, port: int = DNS_PORT
    ) -> None:
        self._clock = clock
        self._resolv_conf = resolv_conf
        self._port = port
        self.detail = ""
        """What the newest observation said."""

    async def __call__(self) -> Observation:
        at, loop = self._clock(), asyncio.get_running_loop()
        begun = loop.time()
        servers = _servers(self._resolv_conf)
        asking = [asyncio.create_task(self._trouble_of(server)) for server in servers]
        try:
            for answered in asyncio.as_completed(asking):
                if not await answered:
                    return Observation(at=at, duration=loop.time() - begun)
            self.detail = "; ".join(task.result() for task in asking)
        finally:
            for task in asking:
                task.cancel()
            await asyncio.wait(asking)
        return Observation(
            at=at,
            duration=loop.time() - begun,
            grade=Grade.FAILED,
            reason=Reason.DNS,
            cause=Cause.MONITOR,
            detail=self.detail,
        )

    async def _trouble_of(self, server: str) -> str:
        """Empty when it answers, whatever it says."""
        if missing := no_way_to(server):
            return f"{missing}, our resolver"
        try:
            rcode = await _asked(server, self._port)
        except TimeoutError:
            return f"our resolver {server} does not answer"
        except OSError as error:
            return f"our resolver {server} cannot be reached: {error.strerror or error}"
        if rcode == dns.rcode.SERVFAIL and ipaddress.ip_address(server).is_loopback:
            # it only hands on what it is asked, to others whom nothing may lead to
            ways = [no_way_to(outside) for outside in ("198.51.100.1", "2001:db8::1")]
            if all(ways):
                return f"our resolver {server} finds nobody to ask: there is no default route"
        return ""


def _servers(resolv_conf: Path) -> list[str]:
    """Resolvers by address; without any, the one that the C library assumes."""
    try:
        lines = resolv_conf.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    named = [
        words[1] for words in map(str.split, lines) if words[:1] == ["nameserver"] and words[1:]
    ]
    return [one for one in named if is_ip(one)][:RESOLVERS] or ["127.0.0.1"]


async def _asked(server: str, port: int) -> int:
    """What the resolver says of the root's name servers, which any knows or passes on. Raises
    ``TimeoutError``, ``OSError``.
    """
    question = dns.message.make_query(".", "NS")
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as asking:
        # connected, so that the kernel tells us when nobody listens there
        await loop.sock_connect(asking, (server, port))
        for _ in range(2):
            await loop.sock_sendall(asking, question.to_wire())
            try:
                async with asyncio.timeout(PATIENCE / 2):
                    while True:
                        data = await loop.sock_recv(asking, 65_535)
                        try:
                            said = dns.message.from_wire(data, ignore_trailing=True)
                        except dns.exception.DNSException:
                            continue
                        if said.id == question.id:
                            return int(said.rcode())
            except TimeoutError:
                continue
    raise TimeoutError


class OwnNetwork:
    """Tells whose a failure is. One question at a time to the resolvers, shared by all who ask."""

    def __init__(
        self,
        clock: Callable[[], float],
        timer: Callable[[], float],
        *,
        way: Callable[[str], str] = no_way_to,
        resolvers: OwnResolvers | None = None,
    ) -> None:
        self._way = way
        self._resolvers = resolvers or OwnResolvers(clock)
        self._watch = CanaryWatch([self._resolvers], timer)

    async def explains(self, check: Check, observation: Observation) -> str:
        """What is wrong on our side, in words; empty when the failure is somebody else's."""
        failed = [part for part in observation.parts if part.failed] or [observation]
        found = ""
        for one in failed:
            found = await self._explained(check, one)
            if not found:
                return ""
        return found

    async def _explained(self, check: Check, observation: Observation) -> str:
        settings = check.settings
        own_resolver = not isinstance(settings, DnsSettings) or settings.resolver is None
        of_resolver = isinstance(settings, DnsSettings) and own_resolver
        if observation.reason not in (_NO_RESOLVER if of_resolver else _MAY_BE_OURS):
            return ""
        if observation.dns is not None or observation.http is not None:
            return ""  # somebody has answered
        met = (observation.address,) if observation.address else observation.resolved
        if met and (why := self._no_way(met)):
            return why
        by_name = observation.reason in (Reason.DNS, Reason.OAUTH2) and not met
        if own_resolver and (of_resolver or by_name) and await self._watch.all_down(observation):
            return self._resolvers.detail
        return ""

    def _no_way(self, addresses: Iterable[str]) -> str:
        why = ""
        for address in addresses:
            why = self._way(address)
            if not why:
                return ""
        return why

    async def close(self) -> None:
        await self._watch.close()
