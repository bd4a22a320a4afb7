"""The rules of ``expect`` that read a document: SOAP and XPath in one XML body, FHIR."""

from __future__ import annotations

from probes.expect.content_settings import FhirSettings, SoapSettings, XPathExpectation
from probes.expect.fhir import fhir_shortfall, is_xml, read_resource
from probes.expect.json_body import NotAnswered, room_of
from probes.expect.response import Response, Shortfall
from probes.expect.soap import body_of, read_fault
from probes.expect.xml import XPathRule
from probes.expect.xml_body import most_marks, read_xml
from probes.net.work_threads import Stop
from probes.observation import Reason

HEAVY_JSON = 64 * 1024


class XmlRules:
    """``soap`` and ``xpath`` of one body, which is parsed once."""

    def __init__(
        self,
        soap: SoapSettings | None,
        xpath: list[XPathExpectation],
        max_body_bytes: int,
    ) -> None:
        self._soap = soap
        self._paths = tuple(XPathRule(expectation) for expectation in xpath)
        self._marks = most_marks(max_body_bytes)

    def fault(self, response: Response) -> Shortfall | None:
        """The fault of an answer whose HTTP status is not an expected one."""
        if self._soap is None:
            return None
        try:
            fault = read_fault(read_xml(response.body, response.charset, self._marks))
        except NotAnswered:
            return None
        if fault is None:
            return None
        return _soap_fault(f"{fault}, with HTTP {response.status}")

    def shortfall(self, response: Response, stop: Stop) -> Shortfall | None:
        """The first expectation that does not hold."""
        try:
            root = read_xml(response.body, response.charset, self._marks)
            if self._soap is not None:
                fault = read_fault(root)
                if fault is not None and self._soap.fault == "none":
                    status = response.status
                    also = f", with HTTP {status}" if status >= 300 else ""
                    return _soap_fault(f"{fault}{also}")
                if fault is None and self._soap.fault == "expected":
                    return _soap_fault(f"expected a SOAP fault, got {body_of(root)}")
        except NotAnswered as trouble:
            return self._no_document(response, trouble)
        for path in self._paths:
            if stop():
                break
            detail = path.shortfall(root, response.at)
            if detail is not None:
                return Shortfall(reason=Reason.XPATH, detail=detail)
        return None

    def _no_document(self, response: Response, trouble: NotAnswered) -> Shortfall:
        if self._soap is None:
            return Shortfall(reason=Reason.XPATH, detail=str(trouble))
        if response.content_type.startswith("multipart/"):
            return _soap_fault("no SOAP envelope: a multipart answer (MTOM) is not read")
        return _soap_fault(f"no SOAP envelope: {trouble}")


class FhirRules:
    """``fhir`` of one body."""

    def __init__(self, settings: FhirSettings, max_body_bytes: int) -> None:
        self._settings = settings
        self._marks = most_marks(max_body_bytes)
        self._room = room_of(max_body_bytes)

    def heavy(self, response: Response) -> bool:
        """XML always: see :mod:`probes.expect.xml_body`."""
        return is_xml(response) or len(response.body) > HEAVY_JSON

    def outcome(self, response: Response) -> Shortfall | None:
        """The OperationOutcome of an answer whose HTTP status is not an expected one."""
        try:
            outcome = read_resource(response, self._marks, self._room).outcome()
        except NotAnswered:
            return None
        return _fhir(f"{outcome}, with HTTP {response.status}") if outcome else None

    def shortfall(self, response: Response) -> Shortfall | None:
        """What of the statement does not hold."""
        try:
            detail = fhir_shortfall(
                read_resource(response, self._marks, self._room), self._settings
            )
        except NotAnswered as trouble:
            detail = str(trouble)
        return _fhir(detail) if detail is not None else None


def _soap_fault(detail: str) -> Shortfall:
    return Shortfall(reason=Reason.SOAP_FAULT, detail=detail)


def _fhir(detail: str) -> Shortfall:
    return Shortfall(reason=Reason.FHIR, detail=detail)
