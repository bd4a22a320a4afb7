"""Answers that come a byte at a time: every read succeeds, and the whole never ends in time."""

from __future__ import annotations

import asyncio
from itertools import chain, cycle

from tests.support.servers.raw_server import Script

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
EVERY = 0.02
"""Seconds between two bytes."""


def drip_on(start: bytes, once: bytes = b"", again: bytes = b"") -> Script:
    """Sends ``start`` in one go, ``once`` by bytes, and ``again`` by bytes for ever."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        for byte in chain(once, cycle(again)):
            await asyncio.sleep(EVERY)
            writer.write(bytes((byte,)))
            await writer.drain()
        await asyncio.Event().wait()

    return script


SCRIPTS: dict[str, Script] = {
    "drip: status line": drip_on(b"", HEAD + b"Content-Length: 2\r\n\r\nok" + b" " * 1000),
    "drip: reason phrase": drip_on(b"HTTP/1.1 200 ", again=b"O"),
    "drip: header name": drip_on(HEAD, again=b"X"),
    "drip: header value": drip_on(HEAD + b"X: ", again=b"a"),
    "drip: many headers": drip_on(HEAD, again=b"X: a\r\n"),
    "drip: body": drip_on(HEAD + b"Content-Length: 100000\r\n\r\n", again=b"a"),
    "drip: body without length": drip_on(HEAD + b"\r\n", again=b"a"),
    "drip: chunk size": drip_on(CHUNKED + b"5", again=b" "),
    "drip: chunk extension": drip_on(CHUNKED + b"5;a=", again=b"a"),
    "drip: chunk data": drip_on(CHUNKED + b"fffff\r\n", again=b"a"),
    "drip: chunks": drip_on(CHUNKED, again=b"1\r\na\r\n"),
    "drip: trailer": drip_on(CHUNKED + b"2\r\nok\r\n0\r\nX: ", again=b"a"),
    "drip: trailers": drip_on(CHUNKED + b"2\r\nok\r\n0\r\n", again=b"X: a\r\n"),
    "drip: last line": drip_on(CHUNKED + b"2\r\nok\r\n0\r\n"),
    "drip: interim answers": drip_on(b"", again=b"HTTP/1.1 102 Processing\r\n\r\n"),
    "drip: redirect": drip_on(b"HTTP/1.1 302 Found\r\nLocation: /", again=b"a"),
    "drip: gzip": drip_on(
        HEAD + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x10\0\0\0\0\0\3", again=b"a"
    ),
}
