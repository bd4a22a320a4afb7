"""Answers that never end, as fast as the connection takes them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from itertools import count

from tests.support.servers.raw_server import Script, endless

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = OK + b"Content-Length: 2\r\n\r\nok"
BLOCK = 65_536


def fill(part: bytes) -> bytes:
    """The part, as often as a block holds it."""
    return part * (BLOCK // len(part))


def redirecting(location: Callable[[int, str], str]) -> Script:
    """Redirects each request to what ``location`` makes of its number and its path."""
    numbers = count()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        found = re.match(r"\S+ (\S+)", request)
        host = re.search(r"(?m)^Host: (\S+)\r$", request)
        assert found is not None
        assert host is not None
        to = location(next(numbers), found[1]).replace("{host}", host[1])
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    return script


SCRIPTS: dict[str, Script] = {
    "flood: body": endless(OK + b"\r\n", b"a" * BLOCK),
    "flood: body of a huge length": endless(
        OK + b"Content-Length: 1000000000000000\r\n\r\n", b"a" * BLOCK
    ),
    "flood: chunks": endless(CHUNKED, b"10000\r\n" + b"a" * BLOCK + b"\r\n"),
    "flood: chunks of a byte": endless(CHUNKED, fill(b"1\r\na\r\n")),
    "flood: one huge chunk": endless(CHUNKED + b"fffffffffff\r\n", b"a" * BLOCK),
    "flood: chunk size": endless(CHUNKED, b"0" * BLOCK),
    "flood: chunk size spaces": endless(CHUNKED + b"5", b" " * BLOCK),
    "flood: chunk extension": endless(CHUNKED + b"5;a=", b"a" * BLOCK),
    "flood: chunk extensions": endless(CHUNKED + b"5", fill(b";a=b")),
    "flood: trailer": endless(CHUNKED + b"2\r\nok\r\n0\r\nX: ", b"a" * BLOCK),
    "flood: trailers": endless(CHUNKED + b"2\r\nok\r\n0\r\n", fill(b"X: a\r\n")),
    "flood: reason phrase": endless(b"HTTP/1.1 200 ", b"O" * BLOCK),
    "flood: header name": endless(OK, b"X" * BLOCK),
    "flood: header value": endless(OK + b"X: ", b"a" * BLOCK),
    "flood: folded header": endless(OK + b"X: a\r\n", fill(b" a\r\n")),
    "flood: header spaces": endless(OK + b"X:", b" " * BLOCK),
    "flood: headers": endless(OK, fill(b"X: a\r\n")),
    "flood: long headers": endless(OK, (b"X: " + b"a" * 8000 + b"\r\n") * 8),
    "flood: empty lines": endless(b"", b"\r\n" * (BLOCK // 2)),
    "flood: 100": endless(b"", fill(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "flood: 102": endless(b"", fill(b"HTTP/1.1 102 Processing\r\n\r\n")),
    "flood: 103": endless(b"", fill(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")),
    "flood: 103 with long headers": endless(
        b"", b"HTTP/1.1 103 Early Hints\r\n" + (b"Link: " + b"a" * 8000 + b"\r\n") * 8 + b"\r\n"
    ),
    "flood: answers after the answer": endless(WHOLE, fill(WHOLE)),
    "flood: bytes after the answer": endless(WHOLE, b"a" * BLOCK),
    "flood: a body to HEAD": endless(OK + b"Content-Length: 2\r\n\r\n", b"a" * BLOCK),
    "flood: switched protocols": endless(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        b"a" * BLOCK,
    ),
    "flood: redirect loop": redirecting(lambda _n, path: path),
    "flood: redirect elsewhere": redirecting(lambda n, _path: f"/{n}"),
    "flood: redirect ever longer": redirecting(lambda _n, path: path.rstrip("/") + "/" + "a" * 700),
    "flood: redirect ever longer, absolute": redirecting(
        lambda _n, path: f"http://{{host}}{path}" + "?a=" + "b" * 2000
    ),
    "flood: redirect with an endless body": endless(
        b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", b"a" * BLOCK
    ),
}
