"""TLS over a connected socket: what asyncio's own TLS transport does, with less between the wire and
the probe.

Three things are gained by speaking to OpenSSL ourselves (``ssl.SSLObject`` over memory buffers, as
asyncio does). The handshake is timed from our first message to the arrival of the peer's last. Our last
handshake message and the request leave in one packet. And the connection is closed without waiting
for the peer's close_notify, which RFC 8446, 6.1 allows.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Any, cast

from probes.net.arrival_transport import carry
from probes.net.urls import ascii_host

CHUNK = 16_384
"""Bytes read at a time: a record holds no more (RFC 8446, 5.1)."""
HANDSHAKE_LIMIT = 131_072
"""Bytes of a handshake: OpenSSL takes 100 KiB of certificates, and all else is small. Messages that it
passes over (HelloRequest; RFC 5246, 7.4.1.1) would otherwise come for ever."""
UNREAD_LIMIT = 262_144
"""Bytes that may wait for a peer that makes us answer (KeyUpdate, renegotiation) and reads none."""


def _one_form(name: str) -> str:
    """Without the dot at its end, which neither SNI nor a certificate has (RFC 6066, 3; RFC 9525, 6.3)."""
    return ascii_host(name.rstrip("."))


class TlsStream(asyncio.Transport, asyncio.Protocol):
    """The protocol of a plain transport below, and the transport of a protocol above.

    The protocol above is told of the connection when the handshake is done.
    """

    def __init__(
        self,
        factory: Callable[[], asyncio.BaseProtocol],
        context: ssl.SSLContext,
        server_name: str,
        timer: Callable[[], float],
    ) -> None:
        super().__init__()
        self._factory = factory
        self._timer = timer
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[float] | None = self._loop.create_future()
        """The timer's reading at the handshake's end, while somebody may wait for it."""
        self.asked_at: float | None = None
        """The timer's reading when our first message was ready to be sent."""
        self.held_up = 0.0
        """Seconds of the handshake in which the peer waited for us."""
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.server_name = _one_form(server_name)
        """The name that was asked for, in its one form."""
        # as bytes: text is put through Python's IDNA codec, which is slow and knows the names of 2003
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=self.server_name.encode()
        )
        self._below: asyncio.Transport | None = None
        self._above: asyncio.Protocol | None = None
        self._unsent = b""
        self._unread = 0
        self._shaken = 0
        self._paused = False
        self._held = False
        self._closing = False
        self._fault: BaseException | None = None

    async def connect(self, connected: socket.socket) -> float:
        """Shakes hands over a connected socket; gives the timer's reading when the peer's last word
        of it came. Our own cryptography after that is no time of the peer's. Raises ``ssl.SSLError``
        and ``OSError``.
        """
        ended = self._ended
        try:
            await carry(connected, self, self._timer)
            if ended is None:
                raise RuntimeError("a stream connects once")
            return await ended
        except BaseException:
            if ended is not None and not ended.cancel() and not ended.cancelled():
                ended.exception()  # marks it as seen
            self.abort()
            raise
        finally:
            # an error holds the frames that it passed: this one must not hold the error
            self._ended = ended = None

    @property
    def protocol(self) -> asyncio.Protocol:
        """The protocol above, once the handshake is done."""
        if self._above is None:
            raise RuntimeError("the handshake is not done")
        return self._above

    # the protocol's side: what the transport below tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._below = cast("asyncio.Transport", transport)
        self._shake()

    def data_received(self, data: bytes) -> None:
        self._incoming.write(data)
        if self._above is None:
            self._shaken += len(data)
            if self._shaken > HANDSHAKE_LIMIT:
                endless = ssl.SSLError(1, "the handshake does not end")
                endless.reason = "HANDSHAKE_WITHOUT_END"
                self._fail(endless)
                return
            self._shake()
        if self._above is not None:
            self._read()

    def eof_received(self) -> bool:
        # as asyncio does, an end without close_notify is left for the protocol above to judge
        if self._above is not None:
            self._above.eof_received()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        error = self._fault or exc
        self._break_off(error or ConnectionResetError("closed by the peer"))
        if self._above is not None:
            # the fault of a TLS connection is an OSError too
            self._above.connection_lost(cast("Exception | None", error))
        self._below = self._fault = None

    def pause_writing(self) -> None:
        if self._above is not None:
            self._above.pause_writing()

    def resume_writing(self) -> None:
        if self._above is not None:
            self._above.resume_writing()

    # TLS

    def _shake(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            speaks = self._outgoing.pending > 0
            self._flush()
            sent_at = self.get_extra_info("sent_at") or self._timer()
            if self.asked_at is None:
                self.asked_at = sent_at
            elif speaks and (heard := self.get_extra_info("arrived_at")):
                self.held_up += max(0.0, sent_at - heard)
            return
        except ssl.SSLError as error:
            self._flush()  # the alert that tells the peer why
            self._fail(error)
            return
        if self._ended is None or self._ended.done():  # given up meanwhile
            return
        self._above = cast("asyncio.Protocol", self._factory())
        self._above.connection_made(self)
        came_at = self.get_extra_info("arrived_at")
        self._ended.set_result(self._timer() if came_at is None else came_at)
        # after the waiting task's turn: its request takes our last message along
        self._loop.call_soon(self._flush)

    def _read(self) -> None:
        above = self._above
        while above is not None and not self._paused and not self._closing:
            try:
                data = self._tls.read(CHUNK)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                self._end(above)
                break
            except ssl.SSLError as error:
                self._flush()
                self._fail(error)
                return
            if not data:
                self._end(above)
                break
            above.data_received(data)
        if self._held and not self._paused and not self._closing and self._below is not None:
            self._held = False
            self._below.resume_reading()
        if self._unsent and not self._closing:
            self._write_unsent()
        self._answer()

    def _answer(self) -> None:
        """Sends what reading made necessary, to a bound when the peer does not read it."""
        if not self.get_write_buffer_size():
            self._unread = 0
        self._unread += self._outgoing.pending
        self._flush()
        if self._unread > UNREAD_LIMIT:
            self._fail(ConnectionResetError("the peer makes us answer and reads nothing"))

    def _end(self, above: asyncio.Protocol) -> None:
        """The peer has said that it sends no more."""
        if not above.eof_received():
            self.close()

    def _fail(self, error: BaseException) -> None:
        self._fault = error
        self._break_off(error)
        self.abort()

    def _break_off(self, error: BaseException) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_exception(error)

    def _flush(self) -> None:
        if self._below is not None and self._outgoing.pending:
            self._below.write(self._outgoing.read())

    def _write_unsent(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[self._tls.write(self._unsent) :]
        except ssl.SSLWantReadError:
            pass  # the peer negotiates anew (TLS 1.2): what is left follows
        except ssl.SSLError as error:
            self._fail(error)

    # the transport's side: what the protocol above asks

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        if self._closing:
            return
        self._unsent += data
        self._write_unsent()
        self._flush()

    def close(self) -> None:
        """Says goodbye and closes; nobody waits for the peer to say it too."""
        if self._closing:
            return
        self._closing = True
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        self._flush()
        if self._below is not None:
            self._below.close()

    def abort(self) -> None:
        self._closing = True
        if self._below is not None:
            self._below.abort()

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        self._paused = self._held = True
        if self._below is not None:
            self._below.pause_reading()

    def resume_reading(self) -> None:
        # the transport below is let go once what has come is read: it would bring more than is taken
        self._paused = False
        self._loop.call_soon(self._read)

    def get_write_buffer_size(self) -> int:
        return self._below.get_write_buffer_size() if self._below is not None else 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name == "ssl_object":
            return self._tls
        return self._below.get_extra_info(name, default) if self._below is not None else default
