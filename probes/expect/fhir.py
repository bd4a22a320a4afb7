"""``expect.fhir``: a FHIR server's CapabilityStatement (R4, 5.2), in JSON or in XML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from probes.expect.content_settings import FhirSettings
from probes.expect.json_body import NotAnswered, parse_json
from probes.expect.response import QUOTED, Response, quoted
from probes.expect.xml_body import read_xml
from probes.observation import clean

FHIR = "http://hl7.org/fhir"
ISSUE_TEXT = 120
"""Characters of an issue's text that a detail quotes."""
_SERIOUS = ("fatal", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One issue of an OperationOutcome."""

    severity: str
    code: str
    text: str

    def __str__(self) -> str:
        said = f': "{clean(self.text, ISSUE_TEXT)}"' if self.text else ""
        return f"{clean(self.severity, 20)} {clean(self.code, 40)}".rstrip() + said


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What we read of a FHIR resource, in whatever format it came."""

    kind: str
    fhir_version: str = ""
    software_version: str = ""
    resources: frozenset[str] = frozenset()
    issues: tuple[Issue, ...] = ()

    def outcome(self) -> str | None:
        """The worst issue of an OperationOutcome with an error, in words."""
        for severity in _SERIOUS:
            for issue in self.issues:
                if issue.severity == severity:
                    return f"OperationOutcome {issue}"
        return None


def is_xml(response: Response) -> bool:
    """Whether the answer says that it is XML."""
    return response.content_type.endswith(("+xml", "/xml"))


def read_resource(response: Response, marks: int, room: int) -> Resource:
    """The resource that the answer is. Raises :class:`NotAnswered`."""
    if is_xml(response):
        return _from_xml(read_xml(response.body, response.charset, marks))
    value = parse_json(response.body, room).value
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(kind, str):
        raise NotAnswered("the body is no FHIR resource: it has no resourceType")
    return _from_json(kind, value)


def fhir_shortfall(resource: Resource, settings: FhirSettings) -> str | None:
    """What of the statement does not hold, in words."""
    outcome = resource.outcome()
    if outcome is not None:
        return outcome
    if resource.kind != "CapabilityStatement":
        said = f": {resource.issues[0]}" if resource.issues else ""
        return f"the body is {quoted(resource.kind)}, expected a CapabilityStatement{said}"
    for name, value, wanted in (
        ("fhirVersion", resource.fhir_version, settings.fhir_version),
        ("software.version", resource.software_version, settings.software_version),
    ):
        if wanted is not None and value != wanted:
            found = f"is {quoted(value)}" if value else "is not told"
            return f"{name} {found}, expected {quoted(wanted)}"
    missing = [name for name in settings.resources if name not in resource.resources]
    if missing:
        return f"the CapabilityStatement lacks {clean(', '.join(missing), 2 * QUOTED)}"
    return None


def _from_json(kind: str, value: dict[str, Any]) -> Resource:
    if kind == "OperationOutcome":
        issues = (
            Issue(
                severity=_text(issue.get("severity")),
                code=_text(issue.get("code")),
                text=_text(issue.get("diagnostics"))
                or _text(_member(issue, "details").get("text"))
                or next((_text(coding.get("display")) for coding in _codings(issue)), ""),
            )
            for issue in _objects(value.get("issue"))
        )
        return Resource(kind=kind, issues=tuple(issues))
    return Resource(
        kind=kind,
        fhir_version=_text(value.get("fhirVersion")),
        software_version=_text(_member(value, "software").get("version")),
        resources=frozenset(
            _text(resource.get("type"))
            for rest in _objects(value.get("rest"))
            for resource in _objects(rest.get("resource"))
        ),
    )


def _codings(issue: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return _objects(_member(issue, "details").get("coding"))


def _objects(value: object) -> Iterator[dict[str, Any]]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())


def _member(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _from_xml(root: etree._Element) -> Resource:
    namespace, _, kind = str(root.tag).rpartition("}")
    if namespace != f"{{{FHIR}":
        raise NotAnswered(f"the body is no FHIR resource: it is {quoted(kind)}")
    if kind == "OperationOutcome":
        issues = (
            Issue(
                severity=_value([issue], "severity"),
                code=_value([issue], "code"),
                text=_value([issue], "diagnostics")
                or _value([issue], "details", "text")
                or _value([issue], "details", "coding", "display"),
            )
            for issue in _all([root], "issue")
        )
        return Resource(kind=kind, issues=tuple(issues))
    return Resource(
        kind=kind,
        fhir_version=_value([root], "fhirVersion"),
        software_version=_value([root], "software", "version"),
        resources=frozenset(
            str(one.get("value", "")) for one in _all([root], "rest", "resource", "type")
        ),
    )


def _all(parents: Iterable[etree._Element], *names: str) -> list[etree._Element]:
    found = list(parents)
    for name in names:
        found = [child for one in found for child in one.iterchildren(f"{{{FHIR}}}{name}")]
    return found


def _value(parents: Iterable[etree._Element], *names: str) -> str:
    return next((str(one.get("value", "")) for one in _all(parents, *names)), "")
