"""Asking a server for the OCSP response that it staples to its certificate (RFC 6066, 8).

Python's ``ssl`` cannot ask; pyOpenSSL can, over memory buffers, in one more handshake. It verifies
nothing: the response is signed, and is judged apart.
"""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from probes.certificate.revocation.ocsp import MAX_BYTES
from probes.certificate.revocation.verdict import MALFORMED, Unclear
from probes.failure import ProbeFailure
from probes.net.tls_stream import CHUNK, HANDSHAKE_LIMIT
from probes.net.trace import ProbeTrace
from probes.net.transport import Prologue, Route, connect
from probes.net.urls import ascii_host
from probes.settings import TLS_VERSIONS, TlsSettings, TlsVersion, is_ip

if TYPE_CHECKING:
    from OpenSSL import SSL

    from probes.net.context import ProbeContext

ABSENT_KEPT = 900.0
"""Seconds before a server that staples nothing is asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stapler:
    """A server, and how to shake hands with it."""

    route: Route
    name: str
    """For SNI."""
    tls: TlsSettings
    prologue: Prologue | None = None
    """What is said before TLS."""

    def key(self) -> tuple[object, ...]:
        """What tells it from another."""
        route = self.route
        return route.host, route.port, route.address, self.name, self.tls


async def staple(context: ProbeContext, server: Stapler, timeout: float) -> bytes:
    """The DER of the stapled response. Raises :class:`Unclear`."""
    seen: list[bytes] = []
    try:
        async with asyncio.timeout(timeout):
            trace = ProbeTrace(context)
            connected = await connect(context, server.route, trace)
            if server.prologue is not None:
                await server.prologue(connected, trace)
            try:
                await _shake(connected, server, seen)
            finally:
                connected.close()
    except TimeoutError:
        if not seen:
            raise Unclear(f"was not shown within {timeout:.1f} s") from None
    except (OSError, ProbeFailure):
        if not seen:
            raise Unclear("was not shown: the handshake that asks for it failed") from None
    if not seen or not seen[0]:
        raise Unclear("is not sent", kept=ABSENT_KEPT)
    if len(seen[0]) > MAX_BYTES:
        raise Unclear(f"is larger than {MAX_BYTES} bytes")
    return seen[0]


async def _shake(connected: socket.socket, server: Stapler, seen: list[bytes]) -> None:
    """Shakes hands until the handshake is done, or fails with what we wanted seen already. Raises
    ``OSError``.
    """
    from OpenSSL import SSL  # only who asks for a staple pays for it

    loop = asyncio.get_running_loop()
    received = 0
    try:
        connection = SSL.Connection(_context(SSL, server.tls, seen), None)
        connection.request_ocsp()
        if not is_ip(server.name):
            connection.set_tlsext_host_name(ascii_host(server.name.rstrip(".")).encode())
        connection.set_connect_state()
        while received <= HANDSHAKE_LIMIT:
            try:
                connection.do_handshake()
                done = True
            except SSL.WantReadError:
                done = False
            if done:
                connection.shutdown()
            await loop.sock_sendall(connected, _outgoing(SSL, connection))
            if done:
                return
            data = await loop.sock_recv(connected, CHUNK)
            if not data:
                raise ConnectionResetError
            received += len(data)
            connection.bio_write(data)
    except (SSL.Error, *MALFORMED) as error:
        raise ConnectionError(str(error)) from None
    raise ConnectionError("the handshake does not end")


def _outgoing(ssl: Any, connection: SSL.Connection) -> bytes:
    sent = b""
    while True:
        try:
            sent += connection.bio_read(CHUNK)
        except ssl.WantReadError:
            return sent


def _context(ssl: Any, tls: TlsSettings, seen: list[bytes]) -> SSL.Context:
    """A context that verifies nothing and notes the staple; with our own certificate, for a server
    that wants one.
    """
    context: SSL.Context = ssl.Context(ssl.TLS_CLIENT_METHOD)
    context.set_verify(ssl.VERIFY_NONE)
    context.set_cipher_list(b"DEFAULT:@SECLEVEL=0")
    context.set_min_proto_version(ssl.TLS1_VERSION)
    if tls.max_version is not None:
        context.set_max_proto_version(_versions(ssl)[tls.max_version])
    if tls.cert_file is not None:
        context.use_certificate_chain_file(os.fspath(tls.cert_file))
        key: Any = load_pem_private_key((tls.key_file or tls.cert_file).read_bytes(), None)
        context.use_privatekey(key)

    def note(_connection: object, response: bytes, _data: object) -> bool:
        seen.append(response)
        return True

    context.set_ocsp_client_callback(note)
    return context


def _versions(ssl: Any) -> dict[TlsVersion, int]:
    numbers = (ssl.TLS1_VERSION, ssl.TLS1_1_VERSION, ssl.TLS1_2_VERSION, ssl.TLS1_3_VERSION)
    return dict(zip(TLS_VERSIONS, numbers, strict=True))
