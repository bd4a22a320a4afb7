"""XML that a stranger sent: the one place that reads it, strictly and within bounds.

A document type declaration is refused unread, so that there are no entities to expand and no
external DTD to fetch. Encodings are those of :mod:`probes.expect.charsets`.

libxml2 keeps the names of all documents that a thread has read until that thread ends: strangers'
documents are read in threads of their own (:mod:`probes.net.work_threads`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol, cast

from lxml import etree

from probes.expect.charsets import OTHER_CHARSETS, UTF8_BOM, UTF8_NAMES
from probes.expect.json_body import NotAnswered
from probes.observation import clean

MAX_BYTES = 16 * 1024 * 1024
"""A larger body is not made into a tree."""
MAX_DEPTH = 100
MAX_NAMES = 10_000
"""Different names of elements, attributes and prefixes in documents that are only checked."""
MAX_ATTRIBUTES = 20_000
LEAST_MARKS = 26_000
BYTES_A_MARK = 40
QUOTED = 100

_SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "attribute_defaults": False,
    "huge_tree": False,
    "recover": False,
    "remove_comments": True,
    "remove_pis": True,
}
# what may stand before the root element: XML 1.0, production 22
_DOCTYPE = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE", re.DOTALL)
_DECLARED = re.compile(
    rb"""<\?xml[ \t\r\n][^>]{0,100}?encoding[ \t\r\n]*=[ \t\r\n]*["']([A-Za-z0-9._-]{1,40})["']"""
)
_PLACE = re.compile(r", line \d+, column \d+( \(.*\))?$")
_DEEP = etree.XPath("/" + "/".join(["*"] * (MAX_DEPTH + 1)))
_TOO_DEEP = f"the document is nested deeper than {MAX_DEPTH} levels"
_NO_DOCTYPE = "the document has a DOCTYPE, which is not read"


def most_marks(max_body_bytes: int) -> int:
    """How many tags and attributes a tree may have: it takes up some 200 bytes for each, so that
    it is never larger than eight times ``max_body_bytes``.
    """
    return max(LEAST_MARKS, max_body_bytes // BYTES_A_MARK)


def read_xml(body: bytes, charset: str | None, marks: int = LEAST_MARKS) -> etree._Element:
    """The root of a well-formed document with at most ``marks`` tags and attributes.

    Comments and processing instructions are left out. Raises :class:`NotAnswered`.
    """
    if len(body) > MAX_BYTES:
        raise NotAnswered(f"{len(body)} bytes are not read as XML, at most {MAX_BYTES}")
    text = _as_utf8(body, charset)
    if not text.strip():
        raise NotAnswered("not XML: the body is empty")
    if _DOCTYPE.match(text):
        raise NotAnswered(_NO_DOCTYPE)
    if text.count(b"<") + text.count(b"=") > marks:
        raise NotAnswered(f"the document has more than {marks} tags and attributes")
    try:
        root = etree.fromstring(text, etree.XMLParser(encoding="utf-8", **_SAFE))
    except etree.XMLSyntaxError as error:
        raise NotAnswered(_fault(error)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotAnswered(_NO_DOCTYPE)
    if _DEEP(root):
        raise NotAnswered(_TOO_DEEP)
    return root


class Source(Protocol):
    """What a document is read from."""

    def read(self, size: int) -> bytes: ...


class XmlChecker:
    """Reads documents to their ends and keeps nothing of them but the names, which are bounded over
    all of them; libxml2's limit of 10 MB holds for a comment, a CDATA section and an attribute.
    """

    def __init__(self) -> None:
        self._counts = cast("Any", _Counts())
        # one for many documents: lxml leaves each such parser to the garbage collector
        self._parser: Any = etree.XMLParser(target=self._counts, **_SAFE)

    def check(self, source: Source) -> None:
        """Raises :class:`NotAnswered` that says why a document is not well-formed, and whatever
        ``source`` raises.
        """
        self._counts.depth = 0
        try:
            etree.parse(_Bounded(source), self._parser)  # type: ignore[arg-type]
        except etree.XMLSyntaxError as error:
            raise NotAnswered(_fault(error)) from None


class _Bounded:
    """Refuses the one thing that the library does not bound by itself: attributes of a tag.

    No ``<`` stands within a tag, so that the ``=`` since the last one are at least as many.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._equals = 0

    def read(self, size: int) -> bytes:
        part = self._source.read(size)
        first = part.find(b"<")
        self._equals += part.count(b"=", 0, first if first >= 0 else len(part))
        if self._equals > MAX_ATTRIBUTES:
            raise NotAnswered(f"a tag has more than {MAX_ATTRIBUTES} attributes")
        if first >= 0:
            self._equals = part.count(b"=", part.rfind(b"<"))
        return part


class _Counts:
    """A parser's target that makes nothing; it counts levels, and names, which the parser keeps."""

    def __init__(self) -> None:
        self.depth = 0
        self._names: set[str | None] = set()

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise NotAnswered(_NO_DOCTYPE)

    def start(
        self, tag: str, attributes: Mapping[str, str], prefixes: Mapping[str | None, str]
    ) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotAnswered(_TOO_DEEP)
        names = self._names
        names.add(tag)
        if attributes:
            names.update(attributes)
        if prefixes:
            names.update(prefixes)
        if len(names) > MAX_NAMES:
            raise NotAnswered(f"there are more than {MAX_NAMES} different names")

    def end(self, _tag: str) -> None:
        self.depth -= 1

    def close(self) -> None:
        """The end."""


def _as_utf8(body: bytes, charset: str | None) -> bytes:
    """The document in UTF-8 by its byte order mark, the header's ``charset`` or its own
    declaration, in this order (RFC 7303, 3). Raises :class:`NotAnswered`.
    """
    name = _encoding(body, (charset or "").lower())
    if name in UTF8_NAMES:
        return body.removeprefix(UTF8_BOM)
    if name not in OTHER_CHARSETS:
        raise NotAnswered(f"not XML: the encoding {clean(name, 40)} is not read")
    try:
        return body.decode(name).removeprefix("\ufeff").encode()
    except UnicodeError:
        raise NotAnswered(f"not XML: the body is not {name}") from None


def _encoding(body: bytes, charset: str) -> str:
    if body.startswith(UTF8_BOM):
        return "utf-8"
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if charset in UTF8_NAMES or charset in OTHER_CHARSETS:
        return charset
    declared = _DECLARED.match(body)
    return declared[1].decode("ascii").lower() if declared else "utf-8"


def _fault(error: etree.XMLSyntaxError) -> str:
    line, column = error.position
    said = _PLACE.sub("", error.msg or "").strip()
    if "Excessive depth" in said:
        return _TOO_DEEP
    if "Document is empty" in said and line <= 1:
        said = "it begins with no element"
    where = f" at line {line}, column {column}" if line else ""
    return f"not XML{where}: {clean(said, QUOTED)}"
