"""A server that asks for the client's certificate once it has seen the request (RFC 8446, 4.6.2), as Apache
does for a location that wants one.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.servers.ca import Pair

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
PATIENCE = 5.0


@contextmanager
def serve_asking_later(pair: Pair, ca_file: Path) -> Iterator[int]:
    """A port; whoever shows no certificate of ``ca_file`` is answered 403."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert_file, pair.key_file)
    context.load_verify_locations(ca_file)
    context.post_handshake_auth, context.verify_mode = True, ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()
        serving = threading.Thread(target=_serve, args=(listening, context, ended))
        serving.start()
        try:
            yield listening.getsockname()[1]
        finally:
            ended.set()
            listening.shutdown(socket.SHUT_RDWR)
            serving.join()


def _serve(listening: socket.socket, context: ssl.SSLContext, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            connection, _ = listening.accept()
            connection.settimeout(PATIENCE)
            with context.wrap_socket(connection, server_side=True) as tls:
                _answer(tls)
        except OSError:  # one that is shut down, or a client that goes away
            continue


def _answer(tls: ssl.SSLSocket) -> None:
    tls.recv(4096)
    try:
        tls.verify_client_post_handshake()
    except ssl.SSLError:  # the client has not said that it can be asked
        tls.sendall(FORBIDDEN)
        return
    # an interim answer takes the question along; the certificate is met when something is read
    tls.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    tls.settimeout(0.2)
    while not tls.getpeercert():
        try:
            tls.recv(1)
        except (TimeoutError, ssl.SSLWantReadError):
            break
    tls.sendall(OK if tls.getpeercert() else FORBIDDEN)
