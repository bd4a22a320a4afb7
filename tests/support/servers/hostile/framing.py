"""Answers that are not HTTP, or that say two things of their own length."""

from __future__ import annotations

import asyncio

from tests.support.servers.raw_server import Script, say, silence

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
EVERY_BYTE = bytes(range(256))


def early(answer: bytes) -> Script:
    """Answers before it is asked."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    return script


def _length(value: bytes) -> Script:
    return say(OK + b"Content-Length: " + value + b"\r\n\r\nok")


SCRIPTS: dict[str, Script] = {
    # the length
    "length: too long": _length(b"100"),
    "length: too long, and open": say(OK + b"Content-Length: 100\r\n\r\nok", then=silence),
    "length: too short": _length(b"1"),
    "length: negative": _length(b"-1"),
    "length: signed": _length(b"+2"),
    "length: in hex": _length(b"0x2"),
    "length: huge": _length(b"1" + b"0" * 30),
    "length: of 8,000 digits": _length(b"1" * 8000),
    "length: just over 64 bits": _length(b"18446744073709551617"),
    "length: a fraction": _length(b"2.0"),
    "length: empty": _length(b""),
    "length: in other digits": _length("٢".encode()),
    "length: a list of equals": _length(b"2, 2"),
    "length: a list": _length(b"2, 3"),
    "length: twice": say(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
    "length: twice the same": say(OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok"),
    "length: and chunked": say(
        OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    ),
    "length: with 204": say(b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\nnobody..."),
    "length: with 304": say(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\nnobody..."),
    # chunks
    "chunk: no number": say(CHUNKED + b"zz\r\nok\r\n0\r\n\r\n"),
    "chunk: empty size": say(CHUNKED + b"\r\nok\r\n0\r\n\r\n"),
    "chunk: negative": say(CHUNKED + b"-2\r\nok\r\n0\r\n\r\n"),
    "chunk: 0x": say(CHUNKED + b"0x2\r\nok\r\n0\r\n\r\n"),
    "chunk: huge": say(CHUNKED + b"f" * 30 + b"\r\nok\r\n0\r\n\r\n"),
    "chunk: 64 bits": say(CHUNKED + b"f" * 16 + b"\r\nok", then=silence),
    "chunk: no line end": say(CHUNKED + b"2\r\nokX0\r\n\r\n"),
    "chunk: longer than said": say(CHUNKED + b"2\r\nokay\r\n0\r\n\r\n"),
    "chunk: cut off": say(CHUNKED + b"5\r\nok"),
    "chunk: no last one": say(CHUNKED + b"2\r\nok\r\n"),
    "chunk: NUL in its extension": say(CHUNKED + b"2;a=\0\r\nok\r\n0\r\n\r\n"),
    "chunk: unknown coding": say(OK + b"Transfer-Encoding: gzip, gzip\r\n\r\nok"),
    "chunk: coding twice": say(
        OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    ),
    "chunk: not the last coding": say(
        OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    ),
    # bytes that are no text
    "bytes: NUL in the status line": say(b"HTTP/1.1 2\x0000 OK\r\n\r\nok"),
    "bytes: NUL in the reason": say(b"HTTP/1.1 200 O\0K\r\nContent-Length: 2\r\n\r\nok"),
    "bytes: not UTF-8 in the reason": say(
        b"HTTP/1.1 200 \xff\xfe\x80\r\nContent-Length: 2\r\n\r\nok"
    ),
    "bytes: NUL in a name": say(OK + b"X\0Y: a\r\nContent-Length: 2\r\n\r\nok"),
    "bytes: not UTF-8 in a name": say(OK + b"X\xff: a\r\nContent-Length: 2\r\n\r\nok"),
    "bytes: NUL in a value": say(OK + b"X: a\0b\r\nContent-Length: 2\r\n\r\nok"),
    "bytes: not UTF-8 in a value": say(OK + b"X: \xff\xfe\r\nContent-Length: 2\r\n\r\nok"),
    "bytes: a lone CR in a value": say(OK + b"X: a\rb\r\nContent-Length: 2\r\n\r\nok"),
    "bytes: a terminal's escapes in a value": say(
        OK + b"X: \x1b]0;owned\x07\x1b[2J\r\nContent-Length: 2\r\n\r\nok"
    ),
    "bytes: every byte in the body": say(OK + b"Content-Length: 256\r\n\r\n" + EVERY_BYTE),
    "bytes: a charset that does not exist": say(
        OK + b"Content-Type: text/plain; charset=\xff\0x\r\nContent-Length: 2\r\n\r\nok"
    ),
    "bytes: a slow codec as charset": say(
        OK
        + b"Content-Type: text/plain; charset=punycode\r\nContent-Length: 200000\r\n\r\n"
        + b"a" * 200_000
    ),
    "bytes: a codec of Python's as charset": say(
        OK + b"Content-Type: text/plain; charset=unicode_escape\r\nContent-Length: 2\r\n\r\n\\x"
    ),
    "bytes: a date of 8,000 digits": say(
        OK + b"Last-Modified: " + b"9" * 8000 + b"\r\nContent-Length: 2\r\n\r\nok"
    ),
    "bytes: NUL in Location": say(
        b"HTTP/1.1 302 Found\r\nLocation: /a\0b\r\nContent-Length: 0\r\n\r\n"
    ),
    "bytes: not UTF-8 in Location": say(
        b"HTTP/1.1 302 Found\r\nLocation: http://\xff\xfe/\r\nContent-Length: 0\r\n\r\n"
    ),
    "bytes: line end in Location": say(
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/a\x0bb%0d%0aX: y\r\n"
        b"Content-Length: 0\r\n\r\n"
    ),
    # not HTTP
    "garbage: HTTP/0.9": say(b"<html>hello</html>"),
    "garbage: HTTP/2 preface": say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "garbage: HTTP/2 frames": say(b"\0\0\0\4\0\0\0\0\0" * 8),
    "garbage: HTTP/9.9": say(b"HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    "garbage: a status of 4 digits": say(b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok"),
    "garbage: status 0": say(b"HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\nok"),
    "garbage: status 999": say(b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok"),
    "garbage: a request": say(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "garbage: every byte": say(EVERY_BYTE * 64),
    "garbage: NULs": say(b"\0" * 65_536),
    "garbage: TLS": say(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64),
    "garbage: status alone": say(b"HTTP/1.1 200\r\n\r\n"),
    "garbage: no headers": say(b"HTTP/1.1 200 OK\r\n\r\n"),
    "garbage: cut in the status line": say(b"HTTP/1.1 20"),
    "garbage: cut in the headers": say(OK + b"Content-Type: text/pl"),
    "early: before the request": early(OK + b"Content-Length: 2\r\n\r\nok"),
    "early: garbage before the request": early(b"220 mail.example.se ESMTP\r\n"),
    "late: a second answer": say(
        (OK + b"Content-Length: 2\r\n\r\nok") * 2,
    ),
    "late: bytes after the answer": say(OK + b"Content-Length: 2\r\n\r\nok" + EVERY_BYTE),
}
