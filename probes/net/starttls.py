"""From plain text to TLS on one connection: what is said before the handshake, protocol by protocol.

The deadline of the probe bounds the time, :data:`LIMIT` what is read. A server that has agreed must
wait for our ClientHello: bytes that come along with its consent were put there to be taken for
something said under TLS (CVE-2011-0411, CVE-2021-23222), and fail the probe.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Final, Literal

from probes.failure import ProbeFailure, from_connect, is_reset
from probes.net.kernel_timestamps import Turns
from probes.net.trace import ProbeTrace
from probes.observation import Phase, Reason, clean
from probes.settings import ip_family

StartTls = Literal["none", "smtp", "imap", "ldap", "postgres"]
DEFAULT_PORTS: Final[dict[StartTls, int]] = {
    "none": 443,
    "smtp": 25,
    "imap": 143,
    "ldap": 389,
    "postgres": 5432,
}
LIMIT = 16_384
"""Bytes that a server may say before TLS."""

_SMTP_LINE = re.compile(rb"([2-5][0-9]{2})([ -]?)(.*)", re.DOTALL)
_LDAP_START_TLS = b"1.3.6.1.4.1.1466.20037"  # RFC 4511, 4.14
_LDAP_RESULTS = {
    1: "operationsError",
    2: "protocolError",
    10: "referral",
    52: "unavailable",
    53: "unwillingToPerform",
}
_POSTGRES_SSL_REQUEST = struct.pack("!ii", 8, 80_877_103)


async def start_tls(connected: socket.socket, protocol: StartTls, trace: ProbeTrace) -> None:
    """Leaves ``connected`` where a TLS handshake may begin. The time is a part of the phase
    ``connect``. Raises :class:`ProbeFailure`, and closes the socket then.
    """
    if protocol == "none":
        return
    begun = trace.begin(Phase.CONNECT)
    trace.errand = _too_slow
    talk = _Talk(connected, Turns(connected, trace.connected_at, trace.context.timer))
    try:
        await _PROTOCOLS[protocol](talk)
        talk.expect_silence()
    except OSError as error:
        connected.close()
        if is_reset(error):
            raise _closed() from None
        raise from_connect(error, trace.address or "the server") from None
    except BaseException:
        connected.close()
        raise
    trace.errand = None
    trace.end(Phase.CONNECT, begun, at=begun + talk.turns.spent)


def _too_slow(within: str, _: ProbeFailure) -> ProbeFailure:
    return ProbeFailure(Reason.TIMEOUT, f"the server did not agree to STARTTLS {within}")


def _closed() -> ProbeFailure:
    return ProbeFailure(Reason.RESET, "the connection was closed before TLS could begin")


def _not_understood(what: str) -> ProbeFailure:
    return ProbeFailure(Reason.PROTOCOL, f"not what a server says before STARTTLS: {what}")


def _refused(words: str) -> ProbeFailure:
    return ProbeFailure(Reason.PROTOCOL, f"the server refused STARTTLS: {words}")


class _Talk:
    """The connection in plain text, with a bound on what is read."""

    def __init__(self, connected: socket.socket, turns: Turns) -> None:
        self._socket = connected
        self.turns = turns
        self._pending = b""
        self._left = LIMIT

    @property
    def own_address(self) -> str:
        """As a mail server wants it (RFC 5321, 4.1.3)."""
        address = self._socket.getsockname()[0].partition("%")[
            0
        ]  # without the zone of fe80::1%eth0
        return f"[IPv6:{address}]" if ip_family(address) == 6 else f"[{address}]"

    async def send(self, data: bytes) -> None:
        """Sends a command. Raises ``OSError``."""
        await self.turns.send(data)

    async def line(self) -> bytes:
        """The next line without its end. Raises :class:`ProbeFailure`."""
        while b"\n" not in self._pending:
            await self._receive()
        line, _, self._pending = self._pending.partition(b"\n")
        return line.removesuffix(b"\r")

    async def exactly(self, count: int) -> bytes:
        """The next ``count`` bytes. Raises :class:`ProbeFailure`."""
        while len(self._pending) < count:
            await self._receive()
        taken, self._pending = self._pending[:count], self._pending[count:]
        return taken

    def rest(self) -> bytes:
        """What has come and was not asked for yet; it counts as said."""
        taken, self._pending = self._pending, b""
        return taken

    def expect_silence(self) -> None:
        """Raises :class:`ProbeFailure` when the server has said more than it was asked."""
        if self._pending:
            raise ProbeFailure(
                Reason.PROTOCOL,
                f"the server said more in plain text than it was asked: {_shown(self._pending)}",
            )

    async def _receive(self) -> None:
        if self._left <= 0:
            raise _not_understood(f"more than {LIMIT} bytes")
        data = await self.turns.receive(min(4096, self._left))
        if not data:
            raise _closed()
        self._left -= len(data)
        self._pending += data


def _shown(data: bytes) -> str:
    return clean(data[:200].decode("utf-8", "backslashreplace"), 100)


async def _smtp(talk: _Talk) -> None:
    """RFC 5321, 3.1 and 4.1.1.1; RFC 3207, 4."""
    code, words = await _smtp_reply(talk)
    if code != 220:
        raise _refused(f"{code} {words[-1]}")
    await talk.send(f"EHLO {talk.own_address}\r\n".encode("ascii"))
    code, words = await _smtp_reply(talk)
    if code != 250:
        raise _refused(f"{code} {words[-1]}")
    if not any(line.split(" ")[0].upper() == "STARTTLS" for line in words[1:]):
        raise _refused("EHLO does not offer it")
    await talk.send(b"STARTTLS\r\n")
    code, words = await _smtp_reply(talk)
    if code != 220:
        raise _refused(f"{code} {words[-1]}")


async def _smtp_reply(talk: _Talk) -> tuple[int, list[str]]:
    """The code and the lines of one reply (RFC 5321, 4.2.1)."""
    words: list[str] = []
    code: bytes | None = None
    while True:
        line = await talk.line()
        match = _SMTP_LINE.fullmatch(line)
        if match is None or (code is not None and match[1] != code):
            raise _not_understood(_shown(line))
        code = match[1]
        words.append(_shown(match[3]))
        if match[2] != b"-":
            return int(code), words


async def _imap(talk: _Talk) -> None:
    """RFC 9051, 7.1 and 6.2.1 (RFC 3501 has the same)."""
    greeting = await talk.line()
    kind = greeting.upper().split(b" ")[:2]
    if kind[0] != b"*" or len(kind) < 2 or kind[1] not in (b"OK", b"PREAUTH", b"BYE"):
        raise _not_understood(_shown(greeting))
    if kind[1] != b"OK":  # PREAUTH: commands are taken already, STARTTLS no longer is
        raise _refused(_shown(greeting[2:]))
    await talk.send(b"a1 STARTTLS\r\n")
    while (line := await talk.line()).startswith(b"* "):
        if line.upper().startswith(b"* BYE"):
            raise _refused(_shown(line[2:]))
    tag, _, answer = line.partition(b" ")
    if tag != b"a1":
        raise _not_understood(_shown(line))
    if answer.upper().split(b" ")[0] != b"OK":
        raise _refused(_shown(answer))


async def _postgres(talk: _Talk) -> None:
    """The SSLRequest of PostgreSQL's protocol, 3.0, section "SSL Session Encryption"."""
    await talk.send(_POSTGRES_SSL_REQUEST)
    answer = await talk.exactly(1)
    if answer == b"S":
        return
    if answer == b"N":
        raise _refused("it takes no TLS (N)")
    if answer == b"E":  # ErrorResponse, which begins with its length; its texts end in NUL
        await talk.exactly(4)
        fields = talk.rest().split(b"\0")
        raise _refused(next((_shown(field[1:]) for field in fields if field[:1] == b"M"), "E"))
    raise _not_understood(_shown(answer + talk.rest()))


async def _ldap(talk: _Talk) -> None:
    """RFC 4511, 4.12 and 4.14: an extended request, and a result code of 0."""
    name = _tlv(0x80, _LDAP_START_TLS)
    await talk.send(_tlv(0x30, _tlv(0x02, b"\x01") + _tlv(0x77, name)))
    head = await talk.exactly(2)
    length = head[1]
    if length & 0x80:  # the long form; the indefinite one is not allowed (RFC 4511, 5.1)
        size = length & 0x7F
        length = int.from_bytes(await talk.exactly(size), "big") if 0 < size <= 4 else LIMIT + 1
    if head[0] != 0x30 or length > LIMIT:
        raise _not_understood(_shown(head + talk.rest()))
    code, words = _ldap_result(await talk.exactly(length))
    if code:
        named = _LDAP_RESULTS.get(code, f"result {code}")
        raise _refused(f"{named}: {words}" if words else named)


def _ldap_result(message: bytes) -> tuple[int, str]:
    """The result code and the server's words. Raises :class:`ProbeFailure`."""
    try:
        (_, _message_id), (tag, response) = _parts(message)[:2]
        (kind, code), _matched, (_, words) = _parts(response)[:3]
    except ValueError:
        raise _not_understood("no LDAP message") from None
    if tag != 0x78 or kind != 0x0A or not 0 < len(code) <= 4:  # ExtendedResponse, ENUMERATED
        raise _not_understood("no answer to an LDAP extended request")
    return int.from_bytes(code, "big"), _shown(words)


def _tlv(tag: int, value: bytes) -> bytes:
    return bytes((tag, len(value))) + value


def _parts(data: bytes, most: int = 3) -> list[tuple[int, bytes]]:
    """The first elements of a BER sequence, of definite lengths. Raises ``ValueError``."""
    found: list[tuple[int, bytes]] = []
    while data and len(found) < most:
        if len(data) < 2:
            raise ValueError("cut")
        length, start = data[1], 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(data[2:start], "big")
        if len(data) < start + length or start > 6:
            raise ValueError("cut")
        found.append((data[0], data[start : start + length]))
        data = data[start + length :]
    return found


_PROTOCOLS: Final[dict[StartTls, Callable[[_Talk], Awaitable[None]]]] = {
    "smtp": _smtp,
    "imap": _imap,
    "ldap": _ldap,
    "postgres": _postgres,
}
