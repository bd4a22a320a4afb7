"""What RFC 9110 and RFC 9112 say of a recipient, and what we do: one row for each word that a client that
asks once and closes can come to.

Every row is fed whole and in single bytes: how TCP cuts an answer must change nothing. Where the RFCs leave
a choice, ours is the one that curl and Go make, where they agree.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from probes.failure import ProbeFailure
from probes.net.http1_framing import framing_of
from probes.net.http1_head import HEAD_LIMIT, MAX_FIELDS, Head, HeadReader

OK = b"HTTP/1.1 200 OK\r\n"
TWO = b"Content-Length: 2\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class Got(NamedTuple):
    head: Head
    body: bytes
    whole: bool
    """Whether its end came before the connection's."""


def receive(data: bytes, method: str = "GET", step: int = 0) -> Got:
    """The answer in ``data``, then the end of the connection; in pieces of ``step`` bytes."""
    size = step or len(data) or 1
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    reader, place = HeadReader(), 0
    rest = b""
    while True:
        if not rest:
            if place == len(pieces):
                raise EOFError
            rest, place = pieces[place], place + 1
        found = reader.feed(rest)
        rest = b""
        if found is None:
            continue
        head, rest = found
        if not 100 <= head.status <= 199 or head.status == 101:
            break
    framing = framing_of(head, method)
    body = b""
    for piece in [rest, *pieces[place:]]:
        if framing.done:
            break
        body += framing.feed(piece)
    whole = framing.done
    if not whole:
        framing.end()
    return Got(head, body, whole)


READ: list[tuple[str, bytes, bytes]] = [
    # RFC 9112, 2.2: message parsing
    ("2.2 MAY recognise a single LF", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", b"ok"),
    ("2.2 MUST refuse or replace a bare CR", OK + b"X: a\rb\r\n" + TWO + b"\r\nok", b"ok"),
    ("2.2 several CRs before LF", OK[:-1] + b"\r\n" + TWO[:-1] + b"\r\n\r\nok", b"ok"),
    ("2.2 SHOULD ignore empty lines before", b"\r\n\n\r\n" + OK + TWO + b"\r\nok", b"ok"),
    ("2.2 MUST refuse or consume space at the first field", OK + b" X: a\r\n" + TWO + b"\r\nok", b"ok"),
    # RFC 9112, 2.3 and RFC 9110, 2.5: versions
    ("2.5 a higher minor version is our own", b"HTTP/1.9 200 OK\r\n" + TWO + b"\r\nok", b"ok"),
    ("2.3 HTTP/1.0", b"HTTP/1.0 200 OK\r\n" + TWO + b"\r\nok", b"ok"),
    # RFC 9112, 4: the status line
    ("4 a missing reason phrase", b"HTTP/1.1 200\r\n" + TWO + b"\r\nok", b"ok"),
    ("4 an empty reason phrase", b"HTTP/1.1 200 \r\n" + TWO + b"\r\nok", b"ok"),
    ("4 MAY split at any white space", b"HTTP/1.1  200\t OK \r\n" + TWO + b"\r\nok", b"ok"),
    ("4 SHOULD ignore what the phrase says", b"HTTP/1.1 200 404 \xff\r\n" + TWO + b"\r\nok", b"ok"),
    # RFC 9112, 5 and RFC 9110, 5: fields
    ("5.1 white space before the colon", OK + b"Content-Length : 2\r\n\r\nok", b"ok"),
    ("5.1 no white space behind it", OK + b"Content-Length:2\r\n\r\nok", b"ok"),
    ("5.1 white space around the value", OK + b"Content-Length: \t2 \t\r\n\r\nok", b"ok"),
    ("5.2 MUST replace a folded line", OK + b"X: a\r\n b\r\n\tc\r\n" + TWO + b"\r\nok", b"ok"),
    ("5.2 a folded length", OK + b"Content-Length:\r\n 2\r\n\r\nok", b"ok"),
    ("9110 5.1 a name that is no token", OK + b"X (Y)\xff: a\r\n: b\r\n" + TWO + b"\r\nok", b"ok"),
    ("9110 5.1 names in any case", OK + b"cONTENT-lENGTH: 2\r\n\r\nok", b"ok"),
    ("9110 5.5 bytes that are no ASCII", OK + b"X: \xff\x80\x01\x7f\r\n" + TWO + b"\r\nok", b"ok"),
    ("9110 5.4 no limit of a line", OK + b"X: " + b"a" * 300_000 + b"\r\n" + TWO + b"\r\nok", b"ok"),
    ("9110 5.4 nor of their number", OK + b"X: a\r\n" * 6_000 + TWO + b"\r\nok", b"ok"),
    ("9110 15.2 MUST pass interim answers over", b"HTTP/1.1 100 C\r\n\r\n" + b"HTTP/1.1 199 C\r\nX: a\r\n\r\n" + OK + TWO + b"\r\nok", b"ok"),
    # RFC 9112, 6.1: transfer codings
    ("6.1 names in any case", OK + b"Transfer-Encoding: ChunKed\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
    ("6.1 identity, as of RFC 2616", OK + TWO + b"Transfer-Encoding: identity\r\n\r\nok", b"ok"),
    ("6.1 HTTP/1.0 that is chunked", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
    ("6.1 HTTP/1.0 that is not", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nok then", b"ok then"),
    ("6.1 HTTP/1.0 with a length", b"HTTP/1.0 200 OK\r\n" + TWO + b"Transfer-Encoding: chunked\r\n\r\nok", b"ok"),
    # RFC 9112, 6.3: the length of a body
    ("6.3 1. a 204 has none", b"HTTP/1.1 204 No\r\nContent-Length: 9\r\n\r\n[]", b""),
    ("6.3 1. a 204 with an empty chunk", b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b""),
    ("6.3 1. a 304 has none", b"HTTP/1.1 304 Not\r\nContent-Length: 9\r\n\r\n", b""),
    ("6.3 3. Transfer-Encoding overrides", OK + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
    ("6.3 3. even a wrong length", OK + b"Content-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
    ("6.3 5. MAY take one of equals", OK + TWO + TWO + b"\r\nok", b"ok"),
    ("6.3 5. in a list", OK + b"Content-Length: 2, 2\r\n\r\nok", b"ok"),
    ("6.3 6. so many bytes", OK + b"Content-Length: 0002\r\n\r\nok", b"ok"),
    ("6.3 6. none", OK + b"Content-Length: 0\r\n\r\n", b""),
    ("6.3 8. up to the end", OK + b"\r\nok", b"ok"),
    ("6.3 MAY discard what follows", OK + TWO + b"\r\nok and more", b"ok"),
    ("6.3 a second answer", (OK + TWO + b"\r\nok") * 2, b"ok"),
    ("9110 15.3.6 a 205 that has a body", b"HTTP/1.1 205 R\r\n" + TWO + b"\r\nok", b"ok"),
    ("9110 15.2.2 a 101 that nobody asked for", b"HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\nbytes", b""),
    # RFC 9112, 7: chunks
    ("7.1 leading zeros", CHUNKED + b"0" * 40 + b"2\r\nok\r\n000\r\n\r\n", b"ok"),
    ("7.1 upper and lower case", CHUNKED + b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", b"0123456789" * 2),
    ("7.1 white space behind a size", CHUNKED + b"2 \t\r\nok\r\n0 \r\n\r\n", b"ok"),
    ("7.1 lines that end in LF", CHUNKED + b"2\nok\n0\n\n", b"ok"),
    ("7.1.1 MUST ignore extensions", CHUNKED + b'2;a;b="c\\"\xff;"\r\nok\r\n0;x\r\n\r\n', b"ok"),
    ("7.1.2 MAY discard trailers", CHUNKED + b"2\r\nok\r\n0\r\nX: y\r\n folded\r\n\r\n", b"ok"),
    ("7.1 what follows the last chunk", CHUNKED + b"2\r\nok\r\n0\r\n\r\nmore", b"ok"),
]  # fmt: skip
REFUSED: list[tuple[str, bytes, str]] = [
    ("2.3 another major version", b"HTTP/9.9 200 OK\r\n\r\n", "first line"),
    ("2.3 the version is case-sensitive", b"http/1.1 200 OK\r\n\r\n", "it begins with"),
    ("4 three digits", b"HTTP/1.1 2000 OK\r\n\r\n", "first line"),
    ("4 no status", b"HTTP/1.1 OK\r\n\r\n", "first line"),
    ("4 no space behind it", b"HTTP/1.1 200OK\r\n\r\n", "first line"),
    ("2.2 another protocol", b"220 mail.example.se ESMTP\r\n", "it begins with"),
    ("9110 5.5 NUL in a value", OK + b"X: a\0b\r\n\r\n", "NUL"),
    ("9110 5.1 NUL in a name", OK + b"X\0: a\r\n\r\n", "NUL"),
    ("5 a line without a colon", OK + b"garbage\r\n\r\n", "no colon"),
    ("9110 5.4 a head without end", OK + b"X: " + b"a" * HEAD_LIMIT, "its head is too large"),
    ("9110 5.4 lines without end", OK + b"X:\r\n" * (MAX_FIELDS + 1) + b"\r\n", "too large"),
    ("6.1 a coding that is not understood", OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "gzip"),
    ("6.1 MUST NOT be chunked twice", OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n", "chunked, chunked"),
    ("6.3 4. chunked is not the last", OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n", "gzip"),
    ("6.3 5. two lengths", OK + TWO + b"Content-Length: 3\r\n\r\nok", "Content-Length: 2, 3"),
    ("6.3 5. an empty length", OK + b"Content-Length:\r\n\r\nok", "Content-Length"),
    ("6.3 5. a signed length", OK + b"Content-Length: +2\r\n\r\nok", "Content-Length: +2"),
    ("6.3 5. other digits", OK + "Content-Length: ٢\r\n\r\nok".encode(), "Content-Length"),
    ("9110 8.6 MUST anticipate large numbers", OK + b"Content-Length: 1" + b"0" * 5_000 + b"\r\n\r\n", "Content-Length"),
    ("8 incomplete: less than the length", OK + b"Content-Length: 9\r\n\r\nok", "7 bytes before"),
    ("8 incomplete: no last chunk", CHUNKED + b"2\r\nok\r\n", "do not end"),
    ("8 incomplete: no end of the trailers", CHUNKED + b"2\r\nok\r\n0\r\n", "do not end"),
    ("8 incomplete: HTTP/1.0", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok", "do not end"),
    ("7.1 no size", CHUNKED + b"\r\nok\r\n", "a chunk's size is"),
    ("7.1 no number", CHUNKED + b"0x2\r\nok\r\n0\r\n\r\n", "a chunk's size is"),
    ("7.1 MUST anticipate large sizes", CHUNKED + b"f" * 17 + b"\r\n", "a chunk's size is"),
    ("7.1 a chunk that is longer", CHUNKED + b"2\r\nokay\r\n0\r\n\r\n", "longer than it says"),
    ("7.1 a size without end", CHUNKED + b"2;" + b"a" * 20_000, "without end"),
    ("7.1.2 trailers without end", CHUNKED + b"0\r\nX: " + b"a" * HEAD_LIMIT, "without end"),
    ("7.1.2 a trailer without a colon", CHUNKED + b"0\r\ngarbage\r\n\r\n", "no colon"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "body"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_what_is_read(data: bytes, body: bytes) -> None:
    """The body is what it says, however it comes."""
    whole = receive(data)
    assert whole.body == body
    steps = (1, 2, 7) if len(data) < 5_000 else (1_000, 4_999)
    for step in steps:
        assert receive(data, step=step) == whole


@pytest.mark.parametrize(
    ("data", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_is_refused(data: bytes, said: str) -> None:
    """The fault is told, and is the same however it comes."""
    for step in (0, 1, 7) if len(data) < 5_000 else (0, 4_999):
        with pytest.raises(ProbeFailure) as caught:
            receive(data, step=step)
        assert said in caught.value.detail


def test_an_answer_to_head_has_no_body() -> None:
    """Whatever its fields say, and whatever follows (RFC 9112, 6.3, 1)."""
    for data in (OK + TWO + b"\r\nok", CHUNKED + b"0\r\n\r\n", OK + b"\r\n<html>"):
        got = receive(data, "HEAD")
        assert (got.body, got.whole) == (b"", True)


def test_what_the_fields_say() -> None:
    """Folded lines are joined by a space, a bare CR is one, names and values lose what is around them."""
    data = OK + b"X: a\r\n b \r\n\tc\r\nY: d\re\r\nZ : \t f \r\nz: g\r\n\r\n"
    headers = receive(data).head.headers
    assert (headers["X"], headers["Y"]) == ("a b c", "d e")
    assert headers.getall("z") == ["f", "g"]


def test_an_end_is_known_before_the_connections() -> None:
    """Nobody waits for a close after the last byte."""
    for data, whole in (
        (OK + TWO + b"\r\nok", True),
        (CHUNKED + b"2\r\nok\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 204 No\r\n\r\n", True),
        (OK + b"\r\nok", False),
    ):
        assert receive(data).whole is whole
