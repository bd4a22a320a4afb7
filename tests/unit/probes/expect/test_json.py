"""What values of a JSON body must be: contract, section 3, ``expect.jsonpath``."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.expect.expectations import Shortfall
from probes.observation import Reason
from tests.support.responses import answer, judge, told


def of(value: object, *rules: dict[str, Any]) -> Shortfall | None:
    return judge(answer(json.dumps(value).encode()), jsonpath=list(rules))


CAPABILITY = {
    "fhirVersion": "4.0.1",
    "rest": [{"resource": [{"type": "Patient", "n": 3}, {"type": "Task", "n": 5}]}],
    "flag": True,
    "none": None,
}


@pytest.mark.parametrize(
    "rule",
    [
        {"path": "$.fhirVersion", "equals": "4.0.1"},
        {"path": "$.fhirVersion", "matches": r"^4\."},
        {"path": "$.flag", "equals": True},
        {"path": "$.none", "equals": None},
        {"path": "$.none", "exists": True},
        {"path": "$.missing", "exists": False},
        {"path": "$..n", "at_least": 3, "at_most": 5},
        {"path": "$..n", "at_least": 3.0},
        {"path": "$.rest[0].resource[0]", "equals": {"type": "Patient", "n": 3.0}},
        {"path": "$..resource[?@.type == 'Task'].n", "equals": 5},
        {"path": "$..resource[?match(@.type, 'Pat.*')]", "exists": True},
    ],
)
def test_jsonpath_that_holds(rule: dict[str, Any]) -> None:
    """Every value that is selected must satisfy every demand."""
    assert of(CAPABILITY, rule) is None


@pytest.mark.parametrize(
    ("rule", "detail"),
    [
        ({"path": "$.fhirVersion", "equals": "5.0.0"},
         '$.fhirVersion is "4.0.1", expected "5.0.0"'),
        ({"path": "$.flag", "equals": 1}, "$.flag is true, expected 1"),
        ({"path": "$.none", "equals": False}, "$.none is null, expected false"),
        ({"path": "$.missing", "equals": None}, "$.missing selects nothing"),
        ({"path": "$.missing", "exists": True}, "$.missing selects nothing"),
        ({"path": "$.none", "exists": False}, "$.none is null, expected none"),
        ({"path": "$..n", "equals": 3}, "$..n is 5, expected 3"),
        ({"path": "$..n", "at_least": 4}, "$..n is 3, expected at least 4"),
        ({"path": "$..n", "at_most": 4}, "$..n is 5, expected at most 4"),
        ({"path": "$.flag", "at_least": 0}, "$.flag is true, not a number: expected at least 0"),
        ({"path": "$.flag", "matches": "t"},
         '$.flag is true, not a text: expected a match of "t"'),
        ({"path": "$.rest", "equals": 1}, "$.rest is an array of 1, expected 1"),
        ({"path": "$", "equals": 1}, "$ is an object of 4 members, expected 1"),
    ],
)  # fmt: skip
def test_jsonpath_that_does_not_hold(rule: dict[str, Any], detail: str) -> None:
    """The detail says what was there and what was expected."""
    assert of(CAPABILITY, rule) == Shortfall(reason=Reason.JSONPATH, detail=detail)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "not JSON: the body is empty"),
        (b" \n", "not JSON: the body is empty"),
        (b"<html>", "not JSON at line 1, column 1: "),
        (b'{"a":\n nope}', "not JSON at line 2, column 2: "),
        (b"[" * 80_000, "not JSON at line 1, column "),
        (b"[" * 80_000 + b"]" * 80_000, "not JSON at line 1, column "),
        (b"[" * 100_000, "the document has so many values that they take up about 7000000 bytes"),
        (
            b'{"a":' * 100_000,
            "the document has so many values that they take up about 20000000 bytes",
        ),
        (b"NaN", "not JSON at line 1, column 1: "),
        (b"\xff", "not JSON at line 1, column 1: "),
        (b"[" * 1000 + b"]" * 1000, "$..a: the document is nested deeper than 100 levels"),
    ],
)
def test_what_is_not_json_is_told_where(body: bytes, detail: str) -> None:
    """A hundred thousand levels are a finding, not a crash."""
    reason, said = told(answer(body), limit=10**6, jsonpath=[{"path": "$..a", "exists": True}])
    assert reason is Reason.JSONPATH
    assert said.startswith(detail)


def test_a_byte_order_mark_is_ignored() -> None:
    """As some servers send one."""
    body = b'\xef\xbb\xbf{"a": 1}'
    assert judge(answer(body), jsonpath=[{"path": "$.a", "equals": 1}]) is None


@given(st.text(max_size=500))
def test_a_servers_text_is_quoted_short_and_clean(text: str) -> None:
    """At most some sixty characters of it, and nothing that moves a terminal's cursor."""
    found = of({"a": text}, {"path": "$.a", "equals": 0})
    assert found is not None
    assert found.detail.isprintable()
    assert len(found.detail) <= len('$.a is "", expected 0') + 60
