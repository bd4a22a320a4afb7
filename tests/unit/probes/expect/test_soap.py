"""Answers that are, or are not, a SOAP fault: ``expect.soap``."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from probes.expect.expectations import Expectations
from probes.expect.settings import ExpectSettings
from probes.expect.soap import NAMESPACES, SOAP_11, SOAP_12, envelope
from probes.http.request_defaults import service_request
from probes.http.settings import HttpSettings
from probes.observation import Reason
from tests.support.responses import answer, judge, told

NONE = {"fault": "none"}
EXPECTED = {"fault": "expected"}


def soap(content: str, namespace: str = SOAP_11) -> bytes:
    return f"<S:Envelope xmlns:S='{namespace}'><S:Header/><S:Body>{content}</S:Body></S:Envelope>".encode()


FAULT_11 = soap(
    "<S:Fault><faultcode>S:Server</faultcode><faultstring>the journal\n cannot be <b>reached</b>"
    "</faultstring><detail><x>secret</x></detail></S:Fault>"
)
FAULT_12 = soap(
    "<S:Fault><S:Code><S:Value>S:Sender</S:Value><S:Subcode><S:Value>m:Empty</S:Value></S:Subcode>"
    "</S:Code><S:Reason><S:Text xml:lang='en'>no operation</S:Text></S:Reason></S:Fault>",
    SOAP_12,
)
TOLD_11 = 'SOAP fault S:Server "the journal cannot be reached"'
TOLD_12 = 'SOAP fault S:Sender/m:Empty "no operation"'


@pytest.mark.parametrize("namespace", [SOAP_11, SOAP_12])
def test_an_answer_without_a_fault_is_good(namespace: str) -> None:
    """Of either version, whatever it carries, also an element that is only called Fault."""
    assert judge(answer(soap("<x/>", namespace)), soap=NONE) is None
    assert judge(answer(soap("", namespace)), soap=NONE) is None
    assert judge(answer(soap("<Fault/><x><S:Fault/></x>", namespace)), soap=NONE) is None


@pytest.mark.parametrize(("body", "detail"), [(FAULT_11, TOLD_11), (FAULT_12, TOLD_12)])
def test_a_fault_inside_http_200_is_a_fault(body: bytes, detail: str) -> None:
    """Told with its code and its text."""
    assert told(answer(body), soap=NONE) == (Reason.SOAP_FAULT, detail)


@pytest.mark.parametrize("status", [500, 400, 503])
def test_a_fault_is_a_better_reason_than_its_status(status: int) -> None:
    """It comes with 500 by the specification: what it says is what helps."""
    assert told(answer(FAULT_11, status=status), soap=NONE) == (
        Reason.SOAP_FAULT,
        f"{TOLD_11}, with HTTP {status}",
    )


def test_an_expected_status_is_told_too() -> None:
    """Where the operator takes 500 for good, a fault still is none."""
    assert told(answer(FAULT_11, status=500), soap=NONE, status=[500]) == (
        Reason.SOAP_FAULT,
        f"{TOLD_11}, with HTTP 500",
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"<html>", 503), (soap("<x/>"), 500), (b"", 500), (FAULT_11, 429), (b"\0", 404)],
)
def test_without_a_fault_the_status_is_the_reason(body: bytes, status: int) -> None:
    """And being asked to slow down stays what it is, whatever it is wrapped in."""
    assert told(answer(body, status=status), soap=NONE) == (
        Reason.STATUS,
        f"HTTP {status}, expected 2xx",
    )


@pytest.mark.parametrize(
    ("body", "headers", "detail"),
    [
        (b"", [], "no SOAP envelope: not XML: the body is empty"),
        (b"<html></html>", [], 'no SOAP envelope: the document is "html"'),
        (b"<Envelope/>", [], 'no SOAP envelope: the document is "Envelope"'),
        (b"<!DOCTYPE html><html/>", [], "no SOAP envelope: the document has a DOCTYPE, which is not read"),
        (b"OK", [], "no SOAP envelope: not XML at line 1, column 1: Start tag expected, '<' not found"),
        (f"<e:Envelope xmlns:e='{SOAP_11}'/>".encode(), [], "no SOAP envelope: the envelope has no Body"),
        (
            b"--uuid\r\n",
            [("Content-Type", "Multipart/Related; type=x")],
            "no SOAP envelope: a multipart answer (MTOM) is not read",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("settings", [NONE, EXPECTED], ids=["none", "expected"])
def test_what_is_no_envelope(
    body: bytes, headers: list[tuple[str, str]], detail: str, settings: dict[str, str]
) -> None:
    """A page of a proxy is no answer of the service."""
    assert told(answer(body, headers=headers), soap=settings) == (Reason.SOAP_FAULT, detail)


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("body", [FAULT_11, FAULT_12], ids=["1.1", "1.2"])
def test_an_expected_fault_is_a_sign_of_life(body: bytes, status: int) -> None:
    """With the statuses that faults come with."""
    assert judge(answer(body, status=status), soap=EXPECTED) is None


def test_an_expected_fault_that_does_not_come() -> None:
    """The detail says what came instead."""
    assert told(answer(soap("<m:Answer xmlns:m='urn:m'/>")), soap=EXPECTED) == (
        Reason.SOAP_FAULT,
        'expected a SOAP fault, got "Answer"',
    )
    assert told(answer(soap("")), soap=EXPECTED)[1] == "expected a SOAP fault, got an empty Body"


@pytest.mark.parametrize(
    ("expect", "status", "detail"),
    [
        ({}, 503, "HTTP 503, expected 2xx or 400 or 500"),
        ({}, 404, "HTTP 404, expected 2xx or 400 or 500"),
        ({"status": [200]}, 500, "HTTP 500, expected 200"),
    ],
)
def test_another_status_than_a_faults(expect: dict[str, Any], status: int, detail: str) -> None:
    """What the operator wrote under ``status`` counts, and nothing else then."""
    assert told(answer(b"", status=status), soap=EXPECTED, **expect) == (Reason.STATUS, detail)


def test_soap_and_xpath_read_the_same_body() -> None:
    """The fault first."""
    rules = [{"path": "//x", "exists": True}]
    assert told(answer(FAULT_11), soap=NONE, xpath=rules)[0] is Reason.SOAP_FAULT
    assert told(answer(soap("<y/>")), soap=NONE, xpath=rules)[0] is Reason.XPATH
    assert judge(answer(soap("<x/>")), soap=NONE, xpath=rules) is None


def test_a_fault_of_few_words() -> None:
    """Some servers say nothing at all."""
    assert told(answer(soap("<S:Fault/>")), soap=NONE)[1] == "SOAP fault"
    qualified = soap("<S:Fault><S:faultcode>Client</S:faultcode></S:Fault>")
    assert told(answer(qualified), soap=NONE)[1] == "SOAP fault Client"


@given(st.binary(max_size=300), st.sampled_from([SOAP_11, SOAP_12]), st.sampled_from([200, 500]))
def test_any_fault_is_told_short_and_clean(content: bytes, namespace: str, status: int) -> None:
    """No answer stops the probe, or moves a terminal's cursor."""
    body = soap("<S:Fault><faultstring>%</faultstring></S:Fault>", namespace).replace(b"%", content)
    for settings in (NONE, EXPECTED):
        found = judge(answer(body, status=status), limit=10**6, soap=settings)
        assert found is None or (found.detail.isprintable() and len(found.detail) < 300)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({}, "Field required"),
        ({"fault": "maybe"}, "'none' or 'expected'"),
        ({"fault": "none", "version": 1.3}, "'1.1' or '1.2'"),
        ({"fault": "none", "action": 'a"b'}, "pattern"),
        ({"fault": "none", "action": "a\r\nX: y"}, "pattern"),
    ],
)
def test_settings_that_are_refused(values: dict[str, Any], fault: str) -> None:
    """Before anything starts."""
    with pytest.raises(ValidationError) as refused:
        ExpectSettings.model_validate({"soap": values})
    assert fault in "; ".join(error["msg"] for error in refused.value.errors())


def asked(**settings: Any) -> tuple[str, dict[str, str], bytes | None]:
    parsed = HttpSettings.model_validate({"url": "https://nef.ext5.example.se/", **settings})
    made = service_request(parsed)
    return made.method, made.headers, made.body


@pytest.mark.parametrize(
    ("soap", "headers"),
    [
        (NONE, {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}),
        (
            NONE | {"action": "urn:a"},
            {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"urn:a"'},
        ),
        (
            NONE | {"version": "1.2"},
            {"Content-Type": "application/soap+xml; charset=utf-8"},
        ),
        (
            NONE | {"version": "1.2", "action": "urn:a"},
            {"Content-Type": 'application/soap+xml; charset=utf-8; action="urn:a"'},
        ),
    ],
)
def test_the_request_that_soap_needs(soap: dict[str, Any], headers: dict[str, str]) -> None:
    """POST, the version's headers, and an empty envelope when nothing else is to be sent."""
    version = soap.get("version", "1.1")
    assert asked(expect={"soap": soap}) == ("POST", headers, envelope(version))
    assert NAMESPACES[version].encode() in envelope(version)
    assert asked(expect={"soap": soap}, body="<x/>") == ("POST", headers, b"<x/>")
    assert asked(expect={"soap": soap}, body_file="/request.xml") == ("POST", headers, None)


def test_a_version_needs_no_quotes() -> None:
    """YAML reads it as a number."""
    parsed = ExpectSettings.model_validate({"soap": NONE | {"version": 1.2}})
    assert parsed.soap is not None
    assert parsed.soap.version == "1.2"


def test_what_the_operator_wrote_stays() -> None:
    """In whatever case."""
    written = {"content-type": "text/xml", "soapaction": "x"}
    assert asked(expect={"soap": NONE}, headers=written)[1] == written
    assert asked(expect={"soap": NONE}, method="GET") == (
        "GET",
        {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'},
        None,
    )


def test_fhir_asks_for_json() -> None:
    """Unless the operator asks for something else."""
    assert asked(expect={"fhir": {}}) == ("GET", {"Accept": "application/fhir+json"}, None)
    written = {"accept": "application/fhir+xml"}
    assert asked(expect={"fhir": {}}, headers=written) == ("GET", written, None)
    assert asked() == ("GET", {}, None)


def test_xml_is_read_in_a_thread_of_its_own() -> None:
    """Also when it is small, and when it may tell more than a status; nothing else that is."""
    rules = Expectations(ExpectSettings.model_validate({"soap": NONE}), 1000)
    assert rules.heavy(answer(FAULT_11))
    assert rules.heavy(answer(b"<html>", status=503))
    assert not rules.heavy(answer(b"", status=429))
    assert not rules.heavy(answer(b"", status=503, truncated=True))
    plain = Expectations(ExpectSettings.model_validate({"body_matches": ["x"]}), 10**6)
    assert not plain.heavy(answer(b"x" * 65_536))
    assert plain.heavy(answer(b"x" * 65_537))
    assert not plain.heavy(answer(b"x" * 65_537, status=404))
    assert not Expectations(ExpectSettings(), 10**6).heavy(answer(b"x" * 65_537))
