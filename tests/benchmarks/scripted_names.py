"""What the name of a host asks the delayed server to do: ``n7-r5-h20-a50-b200.example.se`` wants 5 ms
for its look-up, 20 ms for the handshake's answer, 50 ms before the answer and 200 ms within it.

The name is what can be seen of each probe on the wire, with TLS too (RFC 6066, 3), so that it also tells
the probes apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DOMAIN = "example.se"
DELAYS = (0.0, 0.005, 0.020, 0.050, 0.200)
"""Seconds. Every phase gets each of them equally often."""
_NAME = re.compile(r"n(\d+)-r(\d+)-h(\d+)-a(\d+)-b(\d+)\.")
_HOST = re.compile(rb"\r\nhost: *([^\r:]+)", re.IGNORECASE)
_CLIENT_HELLO = 1
_SERVER_NAME = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Seconds that a server lets pass, by phase. Nothing: the fastest it can."""

    resolve: float = 0.0
    hello: float = 0.0
    answer: float = 0.0
    body: float = 0.0

    @classmethod
    def turn(cls, number: int) -> Script:
        """The script of the probe of that number: the delays one further for each phase."""
        of = [DELAYS[(number + phase) % len(DELAYS)] for phase in range(4)]
        return cls(resolve=of[0], hello=of[1], answer=of[2], body=of[3])

    @classmethod
    def asked_by(cls, name: str) -> Script:
        """What a name asks for."""
        found = _NAME.match(name)
        if found is None:
            return cls()
        resolve, hello, answer, body = (int(text) / 1e3 for text in found.groups()[1:])
        return cls(resolve=resolve, hello=hello, answer=answer, body=body)

    def name(self, number: int) -> str:
        """The name that asks for this."""
        r, h, a, b = (
            round(1e3 * one) for one in (self.resolve, self.hello, self.answer, self.body)
        )
        return f"n{number}-r{r}-h{h}-a{a}-b{b}.{DOMAIN}"


def host_of_request(data: bytes) -> str | None:
    """The host that a plain request is for."""
    found = _HOST.search(data)
    return found[1].decode("ascii", "replace").lower() if found else None


def host_of_hello(data: bytes) -> str | None:
    """The server name in the first bytes of a TLS connection (RFC 8446, 4.1.2; RFC 6066, 3)."""
    try:
        if data[5] != _CLIENT_HELLO:
            return None
        at = 9 + 2 + 32  # the record's and the message's head, version, random
        at += 1 + data[at]  # session
        at += 2 + int.from_bytes(data[at : at + 2])  # cipher suites
        at += 1 + data[at]  # compression
        end = at + 2 + int.from_bytes(data[at : at + 2])
        at += 2
        while at < end:
            kind, size = int.from_bytes(data[at : at + 2]), int.from_bytes(data[at + 2 : at + 4])
            if kind == _SERVER_NAME:
                # the list's length, the kind of name, the name's length
                length = int.from_bytes(data[at + 7 : at + 9])
                return data[at + 9 : at + 9 + length].decode("ascii", "replace").lower()
            at += 4 + size
    except IndexError:
        pass
    return None


def host_of_query(data: bytes) -> str:
    """The name that a DNS message asks for (RFC 1035, 4.1.2)."""
    at, labels = 12, []
    while at < len(data) and data[at]:
        labels.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return b".".join(labels).decode("ascii", "replace").lower()
