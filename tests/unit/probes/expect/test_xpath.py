"""XPath queries: what is taken, how they are weighed, and that no document makes them run long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.expect.json_body import NotAnswered
from probes.expect.xml_body import read_xml
from probes.expect.xpath import MAX_WORK, XPathQuery

NAMES = {"s": "urn:s", "x": "urn:x"}


def select(path: str, body: bytes) -> list[object]:
    return list(XPathQuery(path, NAMES).select(read_xml(body, None)))


@pytest.mark.parametrize(
    ("path", "body", "values"),
    [
        ("//a", b"<r><a>1</a><a> 2 </a></r>", ["1", "2"]),
        ("//a", b"<r><a>1<b>2</b></a></r>", ["12"]),
        ("/r/a/@b", b"<r><a b='x'/></r>", ["x"]),
        ("//a/text()", b"<r><a>1<b>2</b>3</a></r>", ["1", "3"]),
        ("count(//a)", b"<r><a/><a/></r>", [2.0]),
        ("string(//a)", b"<r><a>x</a></r>", ["x"]),
        ("string(//a)", b"<r/>", []),
        ("not(//a)", b"<r/>", [True]),
        ("//a = '1'", b"<r><a>2</a></r>", [False]),
        ("//x:a", b"<r xmlns='urn:x'><a>1</a></r>", ["1"]),
        ("//a", b"<r xmlns='urn:x'><a>1</a></r>", []),
        ("//a[contains(., 'in')]/b", b"<r><a>within<b>1</b></a></r>", ["1"]),
        ("//a | //b", b"<r><a>1</a><b>2</b></r>", ["1", "2"]),
        ("//a/following-sibling::b", b"<r><a/><b>2</b></r>", ["2"]),
    ],
)
def test_what_a_query_selects(path: str, body: bytes, values: list[object]) -> None:
    """Texts of nodes without the space around them, or what a function gives."""
    assert select(path, body) == values


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("", "invalid expression"),
        ("//a[", "invalid expression"),
        ("a b", "invalid expression"),
        ("//a[1", "invalid predicate"),
        ("$a", "it has a variable, and there are none"),
        ("//a[f()]", "there is no function f()"),
        ("re:test('a', 'b')", "there is no function re:test()"),
        ("document('file:///etc/passwd')", "there is no function document()"),
        ("//a/namespace::*", "the axis namespace cannot be used"),
        ("//a[contains(., b)]", "what contains() looks for must be a text in quotes"),
        ("substring-after(//a, concat('a', 'b'))", "what substring-after() looks for must be a text in quotes"),
        ("translate(//a, //b, 'x')", "what translate() looks for must be a text in quotes"),
        ("a" * 1001, "it has more than 1000 characters"),
        ("//a\0", "All strings must be XML compatible: Unicode or ASCII, no NULL bytes or control characters"),
    ],
)  # fmt: skip
def test_what_is_refused(path: str, fault: str) -> None:
    """When it is loaded, with the reason."""
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the words follow
        XPathQuery(path, NAMES)
    assert str(refused.value) == fault


@pytest.mark.parametrize(
    ("path", "prefixes"),
    [
        ("//s:Body/x:a[@x:b = 's:c']", {"s", "x"}),
        ("/a/@xml:lang", set()),
        ("child::s:*/attribute::x:b", {"s", "x"}),
        ("count(a) > 1 and s:b", {"s"}),
    ],
)
def test_the_prefixes_that_are_used(path: str, prefixes: set[str]) -> None:
    """Each needs a namespace; ``xml`` has its own."""
    assert XPathQuery(path, NAMES).prefixes == prefixes


PLAIN = [
    "//a", "/r/a/@b", "//a[.='x']/b", "//a[b='x' and @c > 3][last()]", "count(//a) = count(//b)",
    "//a and //b", "//*[local-name()='a']/*[local-name()='b']", "//a[position() mod 2 = 0]",
    "//a[starts-with(b, 'x') or contains(b, 'y')]", "(//a)[1]", "string(/r)", "2 * 3 - 1",
    "//a[not(b)]", "'x' = //a", "//a/text()", "//a[-1 < b]", "//div/mod[and]", "id('x')",
]  # fmt: skip
HEAVY = [
    "//a//b", "/r/a//b", "//a/..", "//a | //b", "//a[../b]", "//a[/r/b]", "//a[.//b]", "//a[b = c]",
    "//b/ancestor::a", "//a/descendant::b", "//a/following::b", "//a/preceding-sibling::b",
    "//a[count(following::a[count(preceding::a) > 1]) > 1]", "//a[. = //b]", "//a[count(../a) > 1]",
]  # fmt: skip


def flat(nodes: int) -> bytes:
    return b"<r>" + b"<a/>" * nodes + b"</r>"


@pytest.mark.parametrize("path", PLAIN)
def test_a_plain_query_is_answered_for_any_document(path: str) -> None:
    """It looks at each node once."""
    list(XPathQuery(path).select(read_xml(flat(25_000), None)))


@pytest.mark.parametrize("path", HEAVY)
def test_a_heavy_query_is_answered_for_small_documents_alone(path: str) -> None:
    """A large one would keep it running for minutes."""
    list(XPathQuery(path).select(read_xml(flat(40), None)))
    with pytest.raises(NotAnswered, match="the document has 25001 nodes, too many for such a path"):
        list(XPathQuery(path).select(read_xml(flat(25_000), None)))


DEEP = 98


@pytest.mark.parametrize("path", [*HEAVY, "//*//*//*", "//*[count(//*[count(//*) > 1]) > 1]"])
@pytest.mark.parametrize(
    "shape",
    [
        flat,
        lambda nodes: b"<r>" + b"<a><b/></a>" * (nodes // 2) + b"</r>",
        lambda nodes: b"<a>" * DEEP + b"<b/>" * (nodes - DEEP) + b"</a>" * DEEP,
        lambda nodes: b"<r>" + b"<b>y</b><c>z</c>" * (nodes // 4) + b"</r>",
    ],
    ids=["flat", "pairs", "deep", "texts"],
)
def test_the_worst_document_that_is_answered_takes_no_long(path: str, shape: object) -> None:
    """The largest of its shape that the query takes: some tenths of a second at worst."""
    query = XPathQuery(path)
    nodes = int(MAX_WORK ** (1 / query.power)) - 2
    root = read_xml(shape(max(nodes, DEEP + 1)), None)  # type: ignore[operator]
    begun = time.process_time()
    try:
        list(query.select(root))
    except NotAnswered:
        assert nodes < DEEP + 1
    assert time.process_time() - begun < 3.0


def test_texts_within_texts_are_counted() -> None:
    """A hundred levels around a large text are a hundred large texts."""
    body = b"<a>" * 90 + b"x" * 1_000_000 + b"</a>" * 90
    with pytest.raises(NotAnswered, match="more than 16777216 characters"):
        select("//*", body)


@given(
    st.text(alphabet="ab/[]()@.:*=|<>!'\",-+ 1$", max_size=40),
    st.sampled_from([b"<a><b a='1'>x</b></a>", b"<a/>"]),
)
def test_any_path_is_answered_or_refused(path: str, body: bytes) -> None:
    """With the one exception of its kind, at its place."""
    assert outcome(path, body).isprintable()


def outcome(path: str, body: bytes) -> str:
    try:
        list(XPathQuery(path).select(read_xml(body, None)))
    except ValueError:
        return "refused"
    except NotAnswered as trouble:
        return str(trouble)
    return "answered"
