"""TLS before a PostgreSQL that has none built in: as stunnel and poolers do it, for every connection.

It answers the protocol's request for TLS, shakes hands by OpenSSL and hands on what comes. Who
asks for no TLS is let go.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Iterator

_REQUEST = struct.pack("!II", 8, 80877103)
"""``SSLRequest``: PostgreSQL's protocol, section 55.2.10."""


class TlsBefore:
    """Listens at 127.0.0.1."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._server = port
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.shaken = 0
        """Handshakes that came to their end."""
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for one in list(self._open):
            _end(one)

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            if client.recv(8, socket.MSG_WAITALL) != _REQUEST:
                return
            client.sendall(b"S")
            with (
                self._context.wrap_socket(client, server_side=True) as inside,
                socket.create_connection(("127.0.0.1", self._server)) as server,
            ):
                self.shaken += 1
                self._open |= {inside, server}
                back = threading.Thread(target=_hand_on, args=(server, inside), daemon=True)
                back.start()
                _hand_on(inside, server)
                back.join()


def _hand_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while read := source.recv(65_536):
            sink.sendall(read)
    _end(sink)
    _end(source)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(one, socket.SHUT_RDWR)


@contextlib.contextmanager
def tls_before(port: int, context: ssl.SSLContext) -> Iterator[TlsBefore]:
    """Before the PostgreSQL at 127.0.0.1:``port``."""
    found = TlsBefore(port, context)
    try:
        yield found
    finally:
        found.close()
