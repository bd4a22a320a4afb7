"""JSON, XML and archives that are small to send and dear to read."""

from __future__ import annotations

import struct
import zlib

from tests.support.servers.hostile.documents import archive, body, entities, json, xml
from tests.support.servers.raw_server import Script, say

JSON: dict[str, Script] = {
    "json: arrays 100,000 deep": json(b"[" * 100_000 + b"]" * 100_000),
    "json: objects 100,000 deep": json(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "json: 1,000 deep": json(b'{"a":' * 1000 + b"1" + b"}" * 1000),
    "json: open 100,000 deep": json(b"[" * 100_000),
    "json: a number of 100,000 digits": json(b'{"a": 1' + b"0" * 100_000 + b"}"),
    "json: 1e100000": json(b'{"a": 1e100000}'),
    "json: -1e100000": json(b'{"a": -1e100000}'),
    "json: a fraction of 100,000 digits": json(b'{"a": 0.' + b"1" * 100_000 + b"}"),
    "json: exponent of 100,000 digits": json(b'{"a": 1e' + b"9" * 100_000 + b"}"),
    "json: NaN": json(b'{"a": NaN}'),
    "json: the same key twice": json(b'{"a": 1, "a": 2}'),
    "json: the same key 100,000 times": json(
        b"{" + b",".join(b'"a":%d' % n for n in range(100_000)) + b"}"
    ),
    "json: 500,000 numbers": json(b"[" + b"1," * 499_999 + b"1]"),
    "json: 250,000 objects": json(b"[" + b"{}," * 249_999 + b"{}]"),
    "json: 90,000 keys": json(b"{" + b",".join(b'"k%d":1' % n for n in range(90_000)) + b"}"),
    "json: one text of 900,000 characters": json(b'{"a": "' + b"a" * 900_000 + b'"}'),
    "json: escapes": json(b'{"a": "' + b"\\u0000" * 100_000 + b'"}'),
    "json: half a surrogate": json(rb'{"a": "\ud800"}'),
    "json: NUL": json(b'{"a": "\0"}'),
    "json: not UTF-8": json(b'{"a": "\xff\xfe"}'),
    "json: UTF-16": json('{"a": 1}'.encode("utf-16")),
}

PATTERNS: dict[str, Script] = {
    "pattern: a million a": body(b"a" * 1_000_000, "text/plain"),
    "pattern: a million a and b": body(b"ab" * 500_000 + b"c", "text/plain"),
    "pattern: in a header": say(
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 8000 + b"\r\nContent-Length: 0\r\n\r\n"
    ),
}

LAUGHS = b"".join(
    b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"ha") for n in range(10)
)


def deep(levels: int) -> bytes:
    return b"<a>" * levels + b"</a>" * levels


def attributes(many: int) -> bytes:
    return b"<r " + b" ".join(b'a%d=""' % n for n in range(many)) + b"/>"


XML: dict[str, Script] = {
    "xml: billion laughs": xml(entities(LAUGHS, b"&l9;")),
    "xml: quadratic blow-up": xml(
        entities(b'<!ENTITY a "' + b"a" * 50_000 + b'">', b"&a;" * 100_000)
    ),
    "xml: parameter entities": xml(
        b"<!DOCTYPE r [<!ENTITY % a \"<!ENTITY b 'c'>\"> %a; %a;]><r>&b;</r>"
    ),
    "xml: an entity of itself": xml(entities(b'<!ENTITY a "&b;"><!ENTITY b "&a;">', b"&a;")),
    "xml: a file as entity": xml(entities(b'<!ENTITY a SYSTEM "file:///etc/passwd">', b"&a;")),
    "xml: a DOCTYPE after a long comment": xml(
        b"<!--" + b"-a" * 100_000 + b"-->" + entities(LAUGHS, b"&l9;").partition(b"?>")[2]
    ),
    "xml: a DOCTYPE after 100,000 comments": xml(
        b"<!---->" * 100_000 + entities(LAUGHS, b"&l9;").partition(b"?>")[2]
    ),
    "xml: a DOCTYPE in UTF-16": xml(
        entities(LAUGHS, b"&l9;").decode().encode("utf-16"), "application/xml; charset=utf-16"
    ),
    "xml: a DOCTYPE in UTF-7": xml(
        b'<?xml version="1.0" encoding="UTF-7"?>'
        b"+ADw-!DOCTYPE r +AFsAPA-!ENTITY a +ACI-b+ACIAPgBdAD4-+ADw-r/+AD4-"
    ),
    "xml: 100,000 levels": xml(deep(100_000)),
    "xml: 100,000 levels, never closed": xml(b"<a>" * 100_000),
    "xml: 250 levels": xml(deep(250)),
    "xml: 20,000 namespaces deep": xml(
        b"".join(b'<a xmlns="u%d">' % n for n in range(20_000)) + b"</a>" * 20_000
    ),
    "xml: 90,000 attributes": xml(attributes(90_000)),
    "xml: 30,000 namespace declarations": xml(
        b"<r " + b" ".join(b'xmlns:n%d="u%d"' % (n, n) for n in range(30_000)) + b"/>"
    ),
    "xml: 200,000 elements": xml(b"<r>" + b"<a/>" * 200_000 + b"</r>"),
    "xml: 150,000 processing instructions": xml(b"<r>" + b"<?a?>" * 150_000 + b"</r>"),
    "xml: one name of 900,000 letters": xml(b"<" + b"a" * 900_000 + b"/>"),
    "xml: one text of 900,000 letters": xml(b"<r>" + b"a" * 900_000 + b"</r>"),
    "xml: one attribute of 900,000 letters": xml(b'<r a="' + b"a" * 900_000 + b'"/>'),
    "xml: a CDATA section never closed": xml(b"<r><![CDATA[" + b"]" * 900_000),
    "xml: character references": xml(b"<r>" + b"&#x41;" * 150_000 + b"</r>"),
    "xml: NUL": xml(b"<r>a\0b</r>"),
    "xml: not UTF-8": xml(b"<r>\xff\xfe</r>"),
    "xml: an encoding that does not exist": xml(b'<?xml version="1.0" encoding="nope"?><r/>'),
    "xml: two roots": xml(b"<r/><r/>"),
    "xml: nothing": xml(b""),
    "xml: XInclude of a file": xml(
        b'<r xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="file:///etc/passwd"'
        b' parse="text"/></r>'
    ),
    "xml: a stylesheet of a file": xml(
        b'<?xml-stylesheet type="text/xsl" href="file:///etc/passwd"?><r/>'
    ),
}


def local_header(name: bytes, packed: int, size: int, crc: int = 0, flags: int = 0) -> bytes:
    """A member's own header (APPNOTE.TXT, 4.3.7)."""
    fixed = struct.pack(
        "<4sHHHHHIIIHH", b"PK\3\4", 20, flags, 8, 0, 33, crc, packed, size, len(name), 0
    )
    return fixed + name


def central(
    name: bytes, packed: int, size: int, offset: int, crc: int = 0, flags: int = 0
) -> bytes:
    """A member's entry in the directory (APPNOTE.TXT, 4.3.12)."""
    return (
        struct.pack(
            "<4sHHHHHHIIIHHHHHII",
            *(
                b"PK\1\2",
                20,
                20,
                flags,
                8,
                0,
                33,
                crc,
                packed,
                size,
                len(name),
                0,
                0,
                0,
                0,
                0,
                offset,
            ),
        )
        + name
    )


def end(members: int, size: int, offset: int) -> bytes:
    """The end of the directory (APPNOTE.TXT, 4.3.16)."""
    return struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, members, members, size, offset, 0)


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def giant(megabytes: int) -> tuple[bytes, int]:
    """A raw deflate stream of zeros and its checksum, made without unpacking it."""
    zeros = bytes(2**20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    crc = 0
    for _ in range(megabytes):
        crc = zlib.crc32(zeros, crc)
    return first + again * (megabytes - 1) + packer.flush(zlib.Z_FINISH), crc


def single(name: bytes, packed: bytes, size: int, crc: int, flags: int = 0) -> bytes:
    head = local_header(name, len(packed), size, crc, flags)
    entry = central(name, len(packed), size, 0, crc, flags)
    return head + packed + entry + end(1, len(entry), len(head) + len(packed))


def overlapping(many: int) -> bytes:
    """One member's bytes under ``many`` names, as in D. Fifield's "A better zip bomb" (2019)."""
    content = bytes(2**20)
    packed, crc = deflated(content), zlib.crc32(content)
    kernel = local_header(b"0.xml", len(packed), len(content), crc) + packed
    entries = b"".join(
        central(b"%d.xml" % n, len(packed), len(content), 0, crc) for n in range(many)
    )
    return kernel + entries + end(many, len(entries), len(kernel))


_GIANT, _GIANT_CRC = giant(256)
_FEED = b"<r>" + b"<a>b</a>" * 50 + b"</r>"

ZIP: dict[str, Script] = {
    name: body(content, "application/zip")
    for name, content in {
        "zip: sound": archive(("a.xml", _FEED), ("b.xml", _FEED)),
        "zip: 256 MiB of one member": single(b"a.xml", _GIANT, 256 * 2**20, _GIANT_CRC),
        "zip: 256 MiB said to be 100 bytes": single(b"a.xml", _GIANT, 100, _GIANT_CRC),
        "zip: 4 GiB that are 100 bytes": single(
            b"a.xml", deflated(b"<r/>" * 25), 2**32 - 2, zlib.crc32(b"<r/>" * 25)
        ),
        "zip: 8,000 members": archive(*((f"{n}", b"") for n in range(8000))),
        "zip: members that overlap": overlapping(5000),
        "zip: cut off": archive(("a.xml", _FEED * 50))[:-30],
        "zip: cut within": archive(("a.xml", _FEED))[20:],
        "zip: encrypted": single(b"a.xml", deflated(_FEED), len(_FEED), zlib.crc32(_FEED), flags=1),
        "zip: a wrong checksum": single(b"a.xml", deflated(_FEED), len(_FEED), 12345),
        "zip: names that climb": archive(("../../etc/passwd.xml", b"<r/>"), ("/a.xml", b"<r/>")),
        "zip: hostile names": archive(("\x1b[2J\u202e<b>\n.xml", b"no xml")),
        "zip: a zip in a zip": archive(("a.xml", archive(("b.xml", bytes(2**20))))),
        "zip: XML with entities": archive(("a.xml", entities(LAUGHS, b"&l9;"))),
        "zip: XML 100,000 levels deep": archive(("a.xml", deep(100_000))),
        "zip: 50 MiB of XML": archive(("a.xml", b"<r>" + b"<a/>" * (12 * 2**20) + b"</r>")),
        "zip: garbage": b"PK\3\4" + bytes(range(256)) * 20,
        "zip: no directory": b"PK\5\6" + b"\xff" * 18,
        "zip: a directory of 65,535": end(65_535, 2**32 - 1, 2**32 - 1),
    }.items()
}

SCRIPTS: dict[str, Script] = {**JSON, **PATTERNS, **XML, **ZIP}
