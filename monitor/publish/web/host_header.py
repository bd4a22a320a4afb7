"""By which names this server is known: a page of a stranger, whose name leads here for a moment (DNS
rebinding), reads nothing.

Any IP address is ours, for no stranger has a name then. So are the names of this machine, the one that
the listener was told, that of ``public_url``, and those of ``web.allowed_hosts``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address

ANY = "*"
_HEADER = re.compile(r"(?:\[([0-9a-f:.%a-z]+)\]|([^:\s]+))(?::[0-9]*)?")


def host_of(header: str) -> str:
    """The host in a Host header, without its port (RFC 9110, 7.2), small and without a last dot; empty
    for what is none.
    """
    found = _HEADER.fullmatch(header.strip().lower())
    return (found[1] or found[2]).removesuffix(".") if found is not None else ""


class Hosts:
    """Names that are ours; without any, those of loopback."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names: frozenset[str] = frozenset()
        self._domains: tuple[str, ...] = ()
        self.change(names)

    def change(self, names: Iterable[str]) -> None:
        """These from now on. ``*.example.se`` is every name within ``example.se``, ``*`` every name."""
        known = {name.lower().removesuffix(".") for name in names}
        self._names = frozenset(known)
        self._domains = tuple(name[1:] for name in sorted(known) if name.startswith("*."))

    def known(self, header: str) -> bool:
        """Whether a Host header names us."""
        host = host_of(header)
        if ANY in self._names or host in self._names or host == "localhost":
            return True
        if host.endswith((".localhost", *self._domains)):
            return True
        try:
            ip_address(host.partition("%")[0])
        except ValueError:
            return False
        return True
