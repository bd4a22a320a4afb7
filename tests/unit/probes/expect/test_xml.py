"""What values of an XML body must be: ``expect.xpath``."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from probes.expect.expectations import Shortfall
from probes.expect.settings import ExpectSettings
from probes.observation import Reason
from tests.support.responses import answer, judge, told

PING = b"""<?xml version="1.0" encoding="utf-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
  <p:PingForConfigurationResponse xmlns:p="urn:riv:itintegration:monitoring:PingForConfigurationResponder:1">
    <p:version>17.1</p:version>
    <p:pingDateTime>20261123005930</p:pingDateTime>
    <p:configuration><p:name>queue</p:name><p:value> 12 </p:value></p:configuration>
    <p:configuration><p:name>nodes</p:name><p:value>4.0</p:value></p:configuration>
    <p:ready>true</p:ready><p:empty/>
    <p:started>2026-11-22T20:00:00+01:00</p:started>
  </p:PingForConfigurationResponse>
</s:Body></s:Envelope>"""
NAMESPACES = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "p": "urn:riv:itintegration:monitoring:PingForConfigurationResponder:1",
}


def of(*rules: dict[str, Any]) -> Shortfall | None:
    return judge(answer(PING), xpath=[{"namespaces": NAMESPACES} | rule for rule in rules])


@pytest.mark.parametrize(
    "rule",
    [
        {"path": "//s:Fault", "exists": False},
        {"path": "//p:version", "equals": "17.1"},
        {"path": "//p:version", "equals": 17.1},
        {"path": "//p:version", "matches": r"^17\."},
        {"path": "//p:version", "at_least": 17, "at_most": 18},
        {"path": "//p:value", "at_least": 4, "at_most": 12},
        {"path": "//p:configuration[p:name='queue']/p:value", "equals": "12"},
        {"path": "//p:configuration[p:name='queue']/p:value", "at_most": 12},
        {"path": "//p:configuration[p:name='nodes']/p:value", "equals": 4},
        {"path": "//p:ready", "equals": True},
        {"path": "//p:ready", "equals": "true"},
        {"path": "//p:empty", "exists": True},
        {"path": "//p:empty", "equals": ""},
        {"path": "count(//p:configuration)", "equals": 2},
        {"path": "count(//p:missing)", "exists": False},
        {"path": "not(//s:Fault)", "exists": True},
        {"path": "//p:missing", "exists": False},
        {"path": "string(//p:missing)", "exists": False},
        {"path": "boolean(//p:missing)", "equals": False},
        {"path": "//p:pingDateTime", "within": "1m", "timezone": "Europe/Stockholm"},
        {"path": "//p:pingDateTime", "within": "1m"},
        {"path": "//p:started", "within": "5h"},
    ],
)
def test_xpath_that_holds(rule: dict[str, Any]) -> None:
    """Every value that is selected must satisfy every demand. It is 01:00 in Sweden."""
    assert of(rule) is None


@pytest.mark.parametrize(
    ("rule", "detail"),
    [
        ({"path": "//p:version", "equals": "16.1"}, '//p:version is "17.1", expected "16.1"'),
        ({"path": "//p:version", "equals": 17}, '//p:version is "17.1", expected 17'),
        ({"path": "//p:version", "matches": "^16"},
         '//p:version is "17.1", expected a match of "^16"'),
        ({"path": "//p:value", "at_least": 5}, '//p:value is "4.0", expected at least 5'),
        ({"path": "//p:value", "at_most": 5}, '//p:value is "12", expected at most 5'),
        ({"path": "//p:name", "at_most": 5}, '//p:name is "queue", not a number: expected at most 5'),
        ({"path": "//p:missing", "exists": True}, "//p:missing selects nothing"),
        ({"path": "//p:missing", "equals": ""}, "//p:missing selects nothing"),
        ({"path": "//p:version", "exists": False}, '//p:version is "17.1", expected none'),
        ({"path": "//p:empty", "exists": False}, '//p:empty is "", expected none'),
        ({"path": "count(//p:name)", "at_least": 3}, "count(//p:name) is 2, expected at least 3"),
        ({"path": "count(//p:name)", "exists": False}, "count(//p:name) is 2, expected none"),
        ({"path": "count(//p:x)", "exists": True}, "count(//p:x) is 0, expected something"),
        ({"path": "boolean(//p:x)", "exists": True}, "boolean(//p:x) is false, expected true"),
        ({"path": "boolean(//p:x)", "at_least": 0},
         "boolean(//p:x) is false, not a number: expected at least 0"),
        ({"path": "//p:ready", "equals": False}, '//p:ready is "true", expected false'),
        ({"path": "//p:configuration", "exists": False},
         '//p:configuration is "queue 12", expected none'),
        ({"path": "//p:started", "within": "3h"},
         '//p:started is "2026-11-22T20:00:00+01:00", 5 h ago, expected within 3 h'),
        ({"path": "//p:pingDateTime", "within": "30s", "timezone": "UTC"},
         '//p:pingDateTime is "20261123005930", 59.5 min in the future, expected within 30 s'),
        ({"path": "//p:version", "within": "30s"},
         '//p:version is "17.1", not a date and time: expected within 30 s'),
    ],
)  # fmt: skip
def test_xpath_that_does_not_hold(rule: dict[str, Any], detail: str) -> None:
    """The detail says what was there and what was expected."""
    assert of(rule) == Shortfall(reason=Reason.XPATH, detail=detail)


@pytest.mark.parametrize("text", ["NaN", "INF", "1_000", "0x10", "", "1" * 200, "٣"])
def test_what_is_no_number(text: str) -> None:
    """Digits and a point, as XML Schema has them; nothing that only Python takes for one."""
    body = f"<a>{text}</a>".encode()
    _, detail = told(answer(body), xpath=[{"path": "/a", "at_least": 0}])
    assert "not a number" in detail


def test_what_is_not_xml_is_told() -> None:
    """Before any path is asked."""
    assert told(answer(b"{}"), xpath=[{"path": "/a", "exists": True}]) == (
        Reason.XPATH,
        "not XML at line 1, column 1: Start tag expected, '<' not found",
    )


def test_a_path_that_cannot_be_answered_says_so() -> None:
    """The operator can write a plainer one."""
    body = b"<r>" + b"<a/>" * 6000 + b"</r>"
    assert told(answer(body), limit=10**6, xpath=[{"path": "//a//b", "exists": False}]) == (
        Reason.XPATH,
        "//a//b: the document has 6001 nodes, too many for such a path",
    )


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ({"path": "//a"}, "needs one of equals, matches, exists, at_least, at_most, within"),
        ({"path": "//a", "namespaces": {"s": "urn:s"}}, "needs one of equals"),
        ({"path": "//a[", "exists": True}, "'//a[' is not an XPath 1.0 that can be used"),
        (
            {"path": "//s:Fault", "exists": False},
            "the prefix s of the path has no namespace: name it under namespaces",
        ),
        ({"path": "//a", "exists": False, "equals": "x"}, "exists: false cannot be joined"),
        ({"path": "//a", "exists": True, "timezone": "UTC"}, "timezone is for within"),
        ({"path": "//a", "within": "1m", "timezone": "Nowhere"}, "'Nowhere' is not a time zone"),
        ({"path": "//a", "within": "1m", "timezone": "../etc"}, "'../etc' is not a time zone"),
        ({"path": "//a", "within": "0s"}, "longer than 0s"),
        ({"path": "//a", "equals": ["x"]}, "must be a text, a number or a boolean"),
        ({"path": "//a", "equals": None}, "must be a text, a number or a boolean"),
        ({"path": "//a", "matches": "("}, "is not a regular expression"),
        (
            {"path": "//s:a", "exists": True, "namespaces": {"s": ""}},
            "is not the name of a namespace",
        ),
        (
            {"path": "//s:a", "exists": True, "namespaces": {"s": "urn:\x01"}},
            "is not the name of a namespace",
        ),
        ({"path": "//s:a", "exists": True, "namespaces": {"1s": "urn:s"}}, "pattern"),
    ],
)
def test_settings_that_are_refused(rule: dict[str, Any], fault: str) -> None:
    """Before anything starts, in plain sentences."""
    with pytest.raises(ValidationError) as refused:
        ExpectSettings.model_validate({"xpath": [rule]})
    assert fault in "; ".join(error["msg"] for error in refused.value.errors())


@given(st.text(max_size=300).filter(lambda text: not set(text) & set("<&>")))
def test_a_servers_text_is_quoted_short_and_clean(text: str) -> None:
    """At most some sixty characters of it, and nothing that moves a terminal's cursor."""
    body = f"<a>{text}</a>".encode("utf-8", "surrogatepass")
    found = judge(answer(body), limit=10**6, xpath=[{"path": "/a", "equals": 0.5}])
    assert found is not None
    assert found.detail.isprintable()
    assert len(found.detail) <= 160


@given(st.binary(max_size=200))
def test_any_bytes_are_judged(body: bytes) -> None:
    """No answer stops the probe."""
    judge(
        answer(b"<a>" + body + b"</a>"),
        xpath=[
            {"path": "//*", "matches": "x"},
            {"path": "//*", "at_least": 1},
            {"path": "//@*", "within": "1m"},
        ],
    )
