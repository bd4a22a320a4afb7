"""XML of strangers: what is read, what is refused and in what words, within which bounds."""

from __future__ import annotations

import io
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.expect.json_body import NotAnswered
from probes.expect.xml_body import LEAST_MARKS, MAX_DEPTH, XmlChecker, most_marks, read_xml

DOCTYPE = "the document has a DOCTYPE, which is not read"
TOO_DEEP = "the document is nested deeper than 100 levels"


def fault(body: bytes, charset: str | None = None) -> str:
    with pytest.raises(NotAnswered) as refused:
        read_xml(body, charset)
    return str(refused.value)


def fault_of_stream(body: bytes) -> str:
    with pytest.raises(NotAnswered) as refused:
        XmlChecker().check(io.BytesIO(body))
    return str(refused.value)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "not XML: the body is empty"),
        (b" \n", "not XML: the body is empty"),
        (b"hello", "not XML at line 1, column 1: Start tag expected, '<' not found"),
        (b"{}", "not XML at line 1, column 1: Start tag expected, '<' not found"),
        (b"<a>\n</b>", "not XML at line 2, column 5: Opening and ending tag mismatch: a line 1 and b"),
        (b"<a>", "not XML at line 1, column 4: Premature end of data in tag a line 1"),
        (b"<a/>x", "not XML at line 1, column 5: Extra content at the end of the document"),
        (b"<a>\0</a>", "not XML at line 1, column 4: Invalid character: Char 0x0 out of allowed range"),
        (b"<a>\xff</a>", "not XML at line 1, column 4: Invalid bytes in character encoding"),
        (b"<a>&b;</a>", "not XML at line 1, column 7: Entity 'b' not defined"),
        (b"<a>" * 101 + b"</a>" * 101, TOO_DEEP),
        (b"<a>" * 300 + b"</a>" * 300, TOO_DEEP),
        (b"<a>" * 100_000, "the document has more than 26000 tags and attributes"),
        (b"<a " + b'b="" ' * 40_000 + b"/>", "the document has more than 26000 tags and attributes"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_told_where(body: bytes, detail: str) -> None:
    """One clause; never an exception of the library's."""
    assert fault(body) == detail


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE a><a/>",
        b"<?xml version='1.0'?>\n<!-- c --><?p i?>\n<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b"\xef\xbb\xbf<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'><a/>",
        "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE a><a/>".encode("utf-16"),
        b"<!--" + b"x" * 20_000 + b"--><!DOCTYPE a><a/>",
    ],
)
def test_a_doctype_is_refused_wherever_it_stands(body: bytes) -> None:
    """So there are no entities to expand, and no DTD to fetch."""
    assert fault(body) == DOCTYPE
    assert fault_of_stream(body) == DOCTYPE


def test_a_billion_laughs_are_not_laughed() -> None:
    """The document is refused before anything of it is expanded."""
    entities = "".join(f"<!ENTITY l{i} '{f'&l{i - 1};' * 10}'>" for i in range(1, 10))
    body = f"<!DOCTYPE a [<!ENTITY l0 'lol'>{entities}]><a b='&l9;'>&l9;</a>".encode()
    tracemalloc.start()
    assert fault(body) == DOCTYPE
    assert fault_of_stream(body) == DOCTYPE
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_a_local_file_is_not_read(tmp_path: Path) -> None:
    """An external entity names a file of ours in vain."""
    secret = tmp_path / "secret"
    secret.write_text("hunter2", "utf-8")
    body = f'<!DOCTYPE a [<!ENTITY f SYSTEM "{secret.as_uri()}">]><a>&f;</a>'.encode()
    assert fault(body) == DOCTYPE


def test_a_doctype_within_the_content_is_text() -> None:
    """HTML carried in a CDATA section or a comment is no declaration."""
    root = read_xml(b"<a><!-- <!DOCTYPE x> --><![CDATA[<!DOCTYPE html>]]></a>", None)
    assert root.text == "<!DOCTYPE html>"
    XmlChecker().check(io.BytesIO(b"<a><![CDATA[<!DOCTYPE html>]]></a>"))


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("<a>åäö</a>".encode(), None),
        ("<a>åäö</a>".encode(), "utf-8"),
        (b"\xef\xbb\xbf" + "<a>åäö</a>".encode(), None),
        (b"\xef\xbb\xbf" + "<a>åäö</a>".encode(), "iso-8859-1"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a>åäö</a>".encode("latin1"), None),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a>åäö</a>".encode(), "UTF-8"),
        ("<a>åäö</a>".encode("latin1"), "ISO-8859-1"),
        ("<a>åäö</a>".encode("utf-16"), None),
        ("<?xml version='1.0' encoding='windows-1252'?><a>åäö</a>".encode("cp1252"), "x-unknown"),
    ],
)
def test_the_encoding_is_found_as_rfc_7303_says(body: bytes, charset: str | None) -> None:
    """The byte order mark, then the header's charset, then the document's declaration."""
    assert read_xml(body, charset).text == "åäö"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"<?xml version='1.0' encoding='utf-7'?><a/>", "not XML: the encoding utf-7 is not read"),
        (b"<?xml version='1.0' encoding='IBM037'?><a/>", "not XML: the encoding ibm037 is not read"),
        (b"\xff\xfe<", "not XML: the body is not utf-16"),
    ],
)  # fmt: skip
def test_other_encodings_are_told(body: bytes, detail: str) -> None:
    """Some of them could hide what a text says."""
    assert fault(body) == detail


def test_a_tree_may_be_large_when_bodies_may() -> None:
    """The number of tags and attributes grows with ``max_body_bytes``."""
    body = b"<r>" + b"<a/>" * LEAST_MARKS + b"</r>"
    assert "more than" in fault(body)
    assert most_marks(1_048_576) == 26_214
    assert len(read_xml(body, None, most_marks(4_000_000))) == LEAST_MARKS


def test_more_than_16_mib_are_no_tree() -> None:
    """Whatever ``max_body_bytes`` says."""
    body = b"<a>" + b"x" * 16 * 1024 * 1024 + b"</a>"
    assert fault(body) == f"{len(body)} bytes are not read as XML, at most 16777216"


def test_comments_and_instructions_are_left_out() -> None:
    """A value that a comment stands in is one value."""
    root = read_xml(b"<a>1<!-- x -->7<?p i?></a>", None)
    assert (root.text, len(root)) == ("17", 0)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "not XML at line 1, column 1: it begins with no element"),
        (b"\0" * 1000, "not XML at line 1, column 1: it begins with no element"),
        (b"<a>", "not XML at line 1, column 4: Premature end of data in tag a line 1"),
        (b"<a>" * (MAX_DEPTH + 1), TOO_DEEP),
        (b"<a>" * 100_000, TOO_DEEP),
        (
            b"<r>" + b"".join(b"<a%d/>" % number for number in range(10_000)) + b"</r>",
            "there are more than 10000 different names",
        ),
        (
            b"<r " + b" ".join(b"a%d=''" % number for number in range(40_000)) + b"/>",
            "a tag has more than 20000 attributes",
        ),
    ],
)
def test_a_stream_is_bounded_too(body: bytes, detail: str) -> None:
    """In levels, names and attributes: all that the parser has to remember."""
    assert fault_of_stream(body) == detail


def test_a_long_stream_is_checked_in_little_memory() -> None:
    """Nothing of a document is kept."""

    class Endless:
        def __init__(self) -> None:
            self.left = 400

        def read(self, size: int) -> bytes:
            self.left -= 1
            if self.left == 399:
                return b"<r>"
            return (b"<a b='=='>text</a>" * size)[:17_982] if self.left > 0 else b""

    tracemalloc.start()
    assert "Premature end" in _stream_fault(Endless())
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()


def _stream_fault(source: object) -> str:
    with pytest.raises(NotAnswered) as refused:
        XmlChecker().check(source)  # type: ignore[arg-type]
    return str(refused.value)


def names(number: int) -> bytes:
    return b"".join(b"<n%d-%d/>" % (number, each) for each in range(1_500))


def test_one_checker_reads_many_documents() -> None:
    """A broken one does not spoil the next, and their names are counted together."""
    checker = XmlChecker()
    for body in (b"<a>", b"<a><b>", b"<!DOCTYPE a>", b"<a>" * 200):
        with pytest.raises(NotAnswered):
            checker.check(io.BytesIO(body))
        checker.check(io.BytesIO(b"<a><b/></a>"))
    for number in range(6):
        checker.check(io.BytesIO(b"<r>" + names(number) + b"</r>"))
    with pytest.raises(NotAnswered, match="there are more than 10000 different names"):
        checker.check(io.BytesIO(b"<r>" + names(6) + b"</r>"))


def test_what_the_source_raises_comes_out() -> None:
    """A broken zip file is told as such, not as broken XML."""

    class Broken:
        def read(self, _size: int) -> bytes:
            raise EOFError("gone")

    with pytest.raises(EOFError, match="gone"):
        XmlChecker().check(Broken())


def resident() -> int:
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * 4096


def in_thread(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_a_threads_end_gives_the_names_back() -> None:
    """libxml2 keeps every name that a thread has read: why documents get threads of their own."""
    number = 0

    def read() -> None:
        nonlocal number
        for _ in range(10):
            number += 1
            elements = b"".join(b"<n%d-%d/>" % (number, each) for each in range(9_000))
            read_xml(b"<r>" + elements + b"</r>", None)

    for _ in range(3):
        in_thread(read)
    before = resident()
    for _ in range(10):
        in_thread(read)
    assert resident() - before < 8 * 1024 * 1024


documents = st.recursive(
    st.sampled_from(["x", "&#0;", "&lt;", "<!-- -->", "<![CDATA[", "]]>", "<?p?>", "<!DOCTYPE a>"]),
    lambda inner: st.lists(inner, max_size=4).map(lambda parts: f"<a b='1'>{''.join(parts)}</a>"),
    max_leaves=20,
)


@given(st.one_of(st.binary(max_size=300), documents.map(str.encode)), st.sampled_from([None, "x", "utf-16", "utf-8", "latin1"]))  # fmt: skip
def test_any_bytes_are_read_or_refused(body: bytes, charset: str | None) -> None:
    """In plain words and on one line, by the tree and by the stream."""
    for read in (lambda: read_xml(body, charset), lambda: XmlChecker().check(io.BytesIO(body))):
        assert refusal(read).isprintable()


def refusal(read: Callable[[], object]) -> str:
    try:
        read()
    except NotAnswered as refused:
        return str(refused)
    return ""
