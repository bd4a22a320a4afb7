"""RFC 9535 queries, bounded, and JSON's own equality."""

from __future__ import annotations

import json
import re
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.expect import jsonpath
from probes.expect.json_body import Document, NotAnswered, parse_json, same_json
from probes.expect.jsonpath import JsonPathQuery

VALUES: st.SearchStrategy[object] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def document(value: object) -> Document:
    return parse_json(json.dumps(value).encode())


def select(path: str, value: object) -> list[object]:
    return JsonPathQuery(path).select(document(value))


STORE = {"a": [1, True, 1.0, None, 0, False, "x", [1], [True]], "s": "hello", "b": {"c": {"d": 1}}}


@pytest.mark.parametrize(
    ("path", "selected"),
    [
        ("$.s", ["hello"]),
        ("$['s', 's']", ["hello", "hello"]),
        ("$.missing", []),
        ("$.a[-1]", [[True]]),
        ("$.a[1:3]", [True, 1.0]),
        ("$.a[::-4]", [[True], 0, 1]),
        ("$..d", [1]),
        ("$.b.*.d", [1]),
        ("$.a[?@ == 1]", [1, 1.0]),
        ("$.a[?@ == true]", [True]),
        ("$.a[?@ == null]", [None]),
        ("$.a[?@ == $.a[7]]", [[1]]),
        ("$.a[?@ < 2]", [1, 1.0, 0]),
        ("$.a[?@ <= 0]", [0]),
        ("$.a[?@ == @.nothing]", []),
        ("$.a[?length(@) == 1]", ["x", [1], [True]]),
        ("$[?count(@.*) > 8]", [STORE["a"]]),
        ("$[?value(@..d) == 1]", [{"c": {"d": 1}}]),
        ("$.a[?match(@, '[xy]')]", ["x"]),
        ("$[?search(@, 'l+')]", ["hello"]),
        ("$[?match(@, 'l+')]", []),
        ("$[?match(@, 'hello|x')]", ["hello"]),
        # the library alone answers these otherwise
        ("$.s[0:2]", []),
        ("$..[0:1]", [1, 1, True]),
    ],
)
def test_queries(path: str, selected: list[object]) -> None:
    """What RFC 9535 says, with the types told apart."""
    found = select(path, STORE)
    assert same_json(found, selected)


def test_an_existence_test_holds_for_every_value() -> None:
    """``0`` and ``false`` exist."""
    assert same_json(select("$.a[?@]", STORE), STORE["a"])
    assert select("$.a[?!@]", STORE) == []


@pytest.mark.parametrize("text", ["[1]", "{}", "plain", '{"a": 1}'])
def test_a_text_at_the_root_is_a_text(text: str) -> None:
    """It is not taken for a document of its own."""
    assert select("$", text) == [text]
    assert select("$.a", text) == []


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("", "it does not begin with $"),
        ("fhirVersion", "it does not begin with $"),
        ("@.a", "it does not begin with $"),
        ("^.a", "it does not begin with $"),
        (" $", "it does not begin with $"),
        ("$.a ", "unexpected trailing whitespace at character 4"),
        ("$.", "at its end"),
        ("$['x", "at character 3"),
        ("$.a | $.b", "unexpected token '|' at character 5"),
        ("$.~", "unexpected token '~' at character 3"),
        ("$.a[01]", "leading zero in index selector at character 5"),
        ("$.a[9007199254740993]", "index out of range at character 5"),
        ("$.a[?@ == 1e400]", "it holds a number that is out of range"),
        ("$.a[?@ =~ /x/]", "unexpected token '='"),
        ("$.a[?typeof(@) == 'x']", "function 'typeof' is not defined"),
        ("$.a[?length(@.*) == 1]", "must be of ValueType"),
        ("$.a[?match(@, '(?=x)')]", "'(?=x)' is not a regular expression that RE2 takes"),
        ("$" + "[?@" * 300, "it is nested too deep"),
        ("$." + "a" * 1000, "it has more than 1000 characters"),
    ],
)
def test_what_is_no_rfc_9535_query_is_refused(path: str, fault: str) -> None:
    """The library's own extensions too; each with what is wrong and where."""
    with pytest.raises(ValueError, match=re.escape(fault)):
        JsonPathQuery(path)


@given(st.text(alphabet="$.[]?@'\"*:,()=!<>&|0123456789abcdeflmotuw \\-", max_size=40))
def test_any_text_is_a_query_or_a_value_error(text: str) -> None:
    """No text of a configuration ends in anything else."""
    try:
        query = JsonPathQuery("$" + text)
    except ValueError:
        return
    query.select(document(STORE))


@given(VALUES)
def test_every_value_comes_back_as_it_is(value: object) -> None:
    """Parsing and selecting the root changes nothing."""
    assert same_json(select("$", value), [value])


@given(VALUES, VALUES)
def test_equality_is_that_of_the_canonical_text(left: object, right: object) -> None:
    """Two values are the same when they are written the same, numbers by their value."""

    def canonical(value: object) -> str:
        if isinstance(value, list):
            return "[" + ",".join(canonical(item) for item in value) + "]"
        if isinstance(value, dict):
            members = sorted((json.dumps(k), canonical(v)) for k, v in value.items())
            return "{" + ",".join(f"{k}:{v}" for k, v in members) + "}"
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return repr(float(value) + 0.0)
        return json.dumps(value)

    assert same_json(left, left)
    assert same_json(left, right) is (canonical(left) == canonical(right))


def test_a_pattern_of_the_document_is_bounded_and_linear() -> None:
    """``match(@.a, $.p)`` takes its pattern from a stranger."""
    body = {"p": "(a+)+$", "q": "(?P<", "long": "x" * 5000, "rows": [{"a": "a" * 10_000 + "!"}]}
    for pattern in ("p", "q", "long"):
        seconds = timeit.timeit(
            lambda name=pattern: select(f"$.rows[?match(@.a, $.{name})]", body),  # type: ignore[misc]
            number=1,
        )
        assert seconds < 0.5
        assert select(f"$.rows[?match(@.a, $.{pattern})]", body) == []


@pytest.mark.parametrize("path", ["$..x", "$[?@ == $[0]]", "$..[?@..x]", "$[0][0][0]"])
@pytest.mark.parametrize("levels", [50, 150, 1000])
def test_depth_is_answered_or_refused(path: str, levels: int) -> None:
    """Never a RecursionError, whichever query meets whichever depth."""
    deep = parse_json(b"[" * levels + b"]" * levels)
    if ".." in path and levels > jsonpath.MAX_DEPTH:
        with pytest.raises(NotAnswered, match="nested deeper than 100 levels"):
            JsonPathQuery(path).select(deep)
    else:
        JsonPathQuery(path).select(deep)


def test_a_hundred_thousand_levels_are_not_parsed() -> None:
    """Nor parsed halfway."""
    with pytest.raises(NotAnswered, match="so many values"):
        parse_json(b"[" * 100_000 + b"]" * 100_000)
    with pytest.raises(NotAnswered, match="not JSON at line 1, column"):
        parse_json(b"[" * 50_000 + b"]" * 50_000)


def test_a_wide_document_is_open_to_plain_paths_only() -> None:
    """A query that would visit all of it is refused at once."""
    wide = parse_json(b"[" + b"1," * jsonpath.MAX_VALUES + b"1]")
    assert JsonPathQuery("$[5]").select(wide) == [1]
    with pytest.raises(NotAnswered, match="more than 40000 values"):
        JsonPathQuery("$..x").select(wide)


def test_a_query_that_visits_too_much_is_ended() -> None:
    """Descending from every descendant is work that multiplies."""
    nested = parse_json(b"[" * 60 + b"1," * 30_000 + b"1" + b"]" * 60)
    with pytest.raises(NotAnswered, match="visits more than"):
        JsonPathQuery("$..*..*..*").select(nested)


@pytest.mark.parametrize(
    "part", [b"1", b"{}", b"[]", b'""', b'{"a":1}', b'{"":{}}', b'"ab"', b"[[[]]]"]
)
def test_a_body_whose_values_take_up_much_more_than_itself_is_not_parsed(part: bytes) -> None:
    """A mebibyte of tiny values would be some thirty of memory; more room may be given."""
    body = b"[" + (part + b",") * (1_000_000 // (len(part) + 1)) + part + b"]"
    with pytest.raises(NotAnswered, match="the document has so many values"):
        parse_json(body)
    assert len(parse_json(body, room=100 * len(body)).value) > 1000


def test_a_large_body_is_not_parsed() -> None:
    """Parsing is done on the loop, and so is bounded."""
    with pytest.raises(NotAnswered, match="are not read as JSON"):
        parse_json(b" " * (16 * 1024 * 1024 + 1))
