"""The request that a service's protocol needs, where the settings leave it open."""

from __future__ import annotations

from dataclasses import dataclass

from probes.expect.content_settings import SoapSettings
from probes.expect.soap import envelope
from probes.http.settings import HttpSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """Method, headers and body, before credentials."""

    method: str
    headers: dict[str, str]
    body: bytes | None


def service_request(settings: HttpSettings) -> ServiceRequest:
    """What ``expect.soap`` and ``expect.fhir`` ask for is set; what the operator wrote stays.

    SOAP: POST, the version's content type, ``SOAPAction`` (SOAP 1.1, 6.1.1; SOAP 1.2 has it in the
    content type, RFC 3902), an empty envelope when there is neither body nor file. FHIR: Accept.
    """
    method, headers = settings.method, dict(settings.headers)
    body = settings.body.encode() if settings.body is not None else None
    written = {name.lower() for name in headers}
    if settings.expect.soap is not None:
        soap = settings.expect.soap
        if "method" not in settings.model_fields_set:
            method = "POST"
        if body is None and settings.body_file is None and method == "POST":
            body = envelope(soap.version)
        added = _soap_headers(soap)
        headers |= {name: added[name] for name in added if name.lower() not in written}
    elif settings.expect.fhir is not None and "accept" not in written:
        headers["Accept"] = "application/fhir+json"
    return ServiceRequest(method=method, headers=headers, body=body)


def _soap_headers(soap: SoapSettings) -> dict[str, str]:
    if soap.version == "1.2":
        action = f'; action="{soap.action}"' if soap.action is not None else ""
        return {"Content-Type": f"application/soap+xml; charset=utf-8{action}"}
    return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{soap.action or ""}"'}
