"""The address that the exporter would take of a name: one, of the preferred protocol if there is any."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass

from monitor.settings.blackbox.modules import Preferring
from probes.net.resolver import Found, Resolver
from probes.settings import ip_family, is_ip


@dataclass(frozen=True, slots=True)
class Preferred:
    """``ip4`` or ``ip6``, and whether the other will do."""

    family: int
    fallback: bool

    @classmethod
    def of(cls, settings: Preferring) -> Preferred:
        return cls(
            4 if settings.preferred_ip_protocol == "ip4" else 6, settings.ip_protocol_fallback
        )

    def choose(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """One address, or none."""
        wanted = [one for one in addresses if ip_family(one) == self.family]
        return tuple((wanted or (list(addresses) if self.fallback else []))[:1])

    def refuses(self, host: str) -> str | None:
        """Why an address that needs no look-up will not do."""
        if is_ip(host) and not self.choose((host,)):
            return f"{host} is no IPv{self.family} address, and ip_protocol_fallback is false"
        return None


class PreferringResolver:
    """Another resolver's answers, of which one address is left. Who made that one closes it."""

    def __init__(self, resolver: Resolver, preferred: Preferred) -> None:
        self._resolver = resolver
        self._preferred = preferred

    async def resolve(self, host: str, family: socket.AddressFamily) -> Found:
        del family
        found = await self._resolver.resolve(host, socket.AF_UNSPEC)
        return Found(self._preferred.choose(found.addresses), found.took)

    async def close(self) -> None:
        """Nothing of its own."""


def split_target(target: str, default: int | None = None) -> tuple[str, int]:
    """Host and port of ``host:port`` or ``[v6]:port``. Raises ``ValueError``."""
    found = re.fullmatch(r"(?:\[([^\]]+)\]|([^:]*)):([0-9]{1,5})", target)
    if found is not None and 1 <= int(found[3]) <= 65535 and (found[1] or found[2]):
        return found[1] or found[2], int(found[3])
    bare = target.removeprefix("[").removesuffix("]")
    if default is not None and bare and (is_ip(bare) or ":" not in bare):
        return bare, default
    raise ValueError(f"{target} is not host:port")
