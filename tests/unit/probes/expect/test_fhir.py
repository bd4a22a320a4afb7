"""A FHIR server's CapabilityStatement: ``expect.fhir``."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.expect.expectations import Expectations, Response
from probes.expect.settings import ExpectSettings
from probes.observation import Reason
from tests.support.responses import answer, judge, told

STATEMENT = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "software": {"name": "NLL", "version": "17.1.3"},
    "rest": [
        {"mode": "server", "resource": [{"type": "Patient"}, {"type": "MedicationRequest"}]},
        {"mode": "client", "resource": [{"type": "Task"}]},
    ],
}
STATEMENT_XML = b"""<CapabilityStatement xmlns="http://hl7.org/fhir">
  <software><name value="NLL"/><version value="17.1.3"/></software><fhirVersion value="4.0.1"/>
  <rest><mode value="server"/><resource><type value="Patient"/></resource>
  <resource><type value="MedicationRequest"/></resource></rest></CapabilityStatement>"""
XML = [("Content-Type", "application/fhir+xml; charset=utf-8")]


def of(value: object, status: int = 200) -> Response:
    return answer(json.dumps(value).encode(), status=status)


def outcome(*issues: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


BOTH = [of(STATEMENT), answer(STATEMENT_XML, headers=XML)]


@pytest.mark.parametrize("response", BOTH, ids=["json", "xml"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"fhir_version": "4.0.1"},
        {"software_version": "17.1.3"},
        {"resources": ["MedicationRequest", "Patient"]},
    ],
)
def test_a_statement_that_holds(response: Response, settings: dict[str, Any]) -> None:
    """Every key that is written, in JSON and in XML."""
    assert judge(response, fhir=settings) is None


@pytest.mark.parametrize("response", BOTH, ids=["json", "xml"])
@pytest.mark.parametrize(
    ("settings", "detail"),
    [
        ({"fhir_version": "5.0.0"}, 'fhirVersion is "4.0.1", expected "5.0.0"'),
        ({"software_version": "17.1"}, 'software.version is "17.1.3", expected "17.1"'),
        ({"resources": ["Patient", "List", "Basic"]}, "the CapabilityStatement lacks List, Basic"),
    ],
)
def test_a_statement_that_does_not_hold(
    response: Response, settings: dict[str, Any], detail: str
) -> None:
    """The detail says what was there and what was expected."""
    assert told(response, fhir=settings) == (Reason.FHIR, detail)


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        ({"resourceType": "CapabilityStatement"}, 'fhirVersion is not told, expected "4.0.1"'),
        ({"resourceType": "Bundle"}, 'the body is "Bundle", expected a CapabilityStatement'),
        ({}, "the body is no FHIR resource: it has no resourceType"),
        ([], "the body is no FHIR resource: it has no resourceType"),
        ({"resourceType": 5}, "the body is no FHIR resource: it has no resourceType"),
        (
            {"resourceType": "CapabilityStatement", "fhirVersion": ["4.0.1"], "rest": {"a": 1}},
            'fhirVersion is not told, expected "4.0.1"',
        ),
    ],
)
def test_what_is_no_statement(value: object, detail: str) -> None:
    """Another resource, or JSON of another kind."""
    assert told(of(value), fhir={"fhir_version": "4.0.1"}) == (Reason.FHIR, detail)


@pytest.mark.parametrize(
    ("issue", "detail"),
    [
        (
            {"severity": "error", "code": "exception", "diagnostics": "no database"},
            'OperationOutcome error exception: "no database"',
        ),
        (
            {"severity": "fatal", "code": "timeout", "details": {"text": "gave up"}},
            'OperationOutcome fatal timeout: "gave up"',
        ),
        (
            {"severity": "error", "details": {"coding": [{"display": "Not found"}]}},
            'OperationOutcome error: "Not found"',
        ),
        ({"severity": "error", "details": 5, "diagnostics": None}, "OperationOutcome error"),
    ],
)
@pytest.mark.parametrize("status", [200, 404, 500])
def test_an_outcome_with_an_error_is_told(issue: dict[str, Any], detail: str, status: int) -> None:
    """With its text, and rather than the status that it came with."""
    also = "" if status == 200 else f", with HTTP {status}"
    assert told(of(outcome(issue), status), fhir={}) == (Reason.FHIR, detail + also)


def test_the_worst_issue_is_told() -> None:
    """Fatal before error, and the others not at all."""
    issues = [
        {"severity": "warning", "code": "a"},
        {"severity": "error", "code": "b"},
        {"severity": "fatal", "code": "c"},
    ]
    assert told(of(outcome(*issues)), fhir={})[1] == "OperationOutcome fatal c"
    assert told(of(outcome(*issues[:2])), fhir={})[1] == "OperationOutcome error b"


def test_an_outcome_without_an_error_is_no_statement() -> None:
    """A warning is no failure by itself; with a wrong status the status is the reason."""
    harmless = outcome({"severity": "information", "code": "informational", "diagnostics": "hello"})
    assert told(of(harmless), fhir={}) == (
        Reason.FHIR,
        (
            'the body is "OperationOutcome", expected a CapabilityStatement: '
            'information informational: "hello"'
        ),
    )
    assert told(of(harmless, 503), fhir={}) == (Reason.STATUS, "HTTP 503, expected 2xx")


def test_an_outcome_in_xml() -> None:
    """The same words."""
    body = b"""<OperationOutcome xmlns="http://hl7.org/fhir"><issue><severity value="error"/>
      <code value="security"/><details><text value="no token"/></details></issue></OperationOutcome>"""
    assert told(answer(body, headers=XML, status=401), fhir={}) == (
        Reason.FHIR,
        'OperationOutcome error security: "no token", with HTTP 401',
    )


@pytest.mark.parametrize(
    ("body", "headers", "detail"),
    [
        (b"", [], "not JSON: the body is empty"),
        (b"[", [], "not JSON at line 1, column 2: "),
        (b"<a/>", XML, 'the body is no FHIR resource: it is "a"'),
        (b"{}", XML, "not XML at line 1, column 1: Start tag expected, '<' not found"),
        (
            b"<!DOCTYPE a><a/>",
            [("Content-Type", "text/xml")],
            "the document has a DOCTYPE, which is not read",
        ),
    ],
)
def test_what_cannot_be_read(body: bytes, headers: list[tuple[str, str]], detail: str) -> None:
    """The answer's content type says which of the two it is."""
    reason, said = told(answer(body, headers=headers), fhir={})
    assert reason is Reason.FHIR
    assert said.startswith(detail)


def test_being_asked_to_slow_down_stays_that() -> None:
    """Servers wrap a 429 in an outcome."""
    busy = outcome({"severity": "error", "code": "throttled"})
    assert told(of(busy, 429), fhir={})[0] is Reason.STATUS


def test_only_what_is_large_or_xml_needs_a_thread() -> None:
    """A small statement in JSON is read at once."""
    rules = Expectations(ExpectSettings.model_validate({"fhir": {}}), 10**6)
    assert not rules.heavy(of(STATEMENT))
    assert rules.heavy(answer(b" " * 65_537))
    assert rules.heavy(answer(STATEMENT_XML, headers=XML))


MEMBERS = {
    *("resourceType", "fhirVersion", "software", "version", "rest", "resource", "type", "issue"),
    *("severity", "code", "diagnostics", "details", "text", "coding", "display"),
}
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(sorted(MEMBERS)),
            inner | st.sampled_from(["OperationOutcome", "CapabilityStatement", "error"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(json_values, st.sampled_from([200, 500]))
def test_any_json_is_judged(value: object, status: int) -> None:
    """Whatever stands where something else should; in few and clean words."""
    settings = {"fhir_version": "4.0.1", "software_version": "1", "resources": ["Patient"]}
    found = judge(of(value, status), limit=10**6, fhir=settings)
    assert found is None or (found.detail.isprintable() and len(found.detail) < 350)
