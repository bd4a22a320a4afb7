"""``expect.soap``: an answer that is, or is not, a SOAP fault (SOAP 1.1, 4.4; SOAP 1.2, 5.4)."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from probes.expect.json_body import NotAnswered
from probes.expect.response import quoted
from probes.observation import clean

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
NAMESPACES = {"1.1": SOAP_11, "1.2": SOAP_12}
FAULT_TEXT = 120
"""Characters of a fault's text that a detail quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a fault says."""

    code: str
    """As it was sent: ``soap:Server``; with SOAP 1.2 its subcodes after a slash."""
    text: str

    def __str__(self) -> str:
        words = " ".join(part for part in (self.code, self.text and f'"{self.text}"') if part)
        return f"SOAP fault {words}".rstrip()


def envelope(version: str) -> bytes:
    """An empty one: a request that a service answers with a fault, when it is alive."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{NAMESPACES[version]}"><soap:Body/></soap:Envelope>'
    ).encode()


def read_fault(root: etree._Element) -> Fault | None:
    """The fault of a SOAP message, 1.1 or 1.2, if it is one.

    Raises :class:`NotAnswered` when the document is no SOAP message.
    """
    for namespace in NAMESPACES.values():
        if root.tag == f"{{{namespace}}}Envelope":
            break
    else:
        raise NotAnswered(f"the document is {quoted(_name(root))}")
    body = root.find(f"{{{namespace}}}Body")
    if body is None:
        raise NotAnswered("the envelope has no Body")
    fault = body.find(f"{{{namespace}}}Fault")
    if fault is None:
        return None
    return _fault_12(fault) if namespace == SOAP_12 else _fault_11(fault)


def body_of(root: etree._Element) -> str:
    """What a SOAP message carries, for people: the name of the body's first element."""
    for child in root:
        if _name(child) == "Body" and len(child):
            return quoted(_name(child[0]))
    return "an empty Body"


def _fault_11(fault: etree._Element) -> Fault:
    # in no namespace; some servers give them the envelope's
    return Fault(code=_text(_child(fault, "faultcode")), text=_text(_child(fault, "faultstring")))


def _fault_12(fault: etree._Element) -> Fault:
    codes: list[str] = []
    code = _child(fault, "Code")
    while code is not None and len(codes) < 3:
        codes.append(_text(_child(code, "Value")))
        code = _child(code, "Subcode")
    reason = _child(fault, "Reason")
    text = _text(_child(reason, "Text")) if reason is not None else ""
    return Fault(code="/".join(part for part in codes if part), text=text)


def _child(parent: etree._Element, name: str) -> etree._Element | None:
    return next((child for child in parent if _name(child) == name), None)


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: etree._Element | None) -> str:
    if element is None:
        return ""
    parts: list[str] = []
    length = 0
    for part in element.itertext():
        parts.append(str(part)[: 4 * FAULT_TEXT])
        length += len(parts[-1])
        if length > 4 * FAULT_TEXT:
            break
    return clean(" ".join("".join(parts).split()), FAULT_TEXT)
