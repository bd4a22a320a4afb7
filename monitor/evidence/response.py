"""What was answered, fit to be shown: printable, bounded, without cookies and our own secrets."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

from monitor.model.timestamps import iso_timestamp
from monitor.support.redaction import MASK, Masker
from probes.expect.charsets import OTHER_CHARSETS
from probes.net.redaction import shapeless
from probes.observation import Certificate, DnsFacts, HttpAnswer, HttpFacts, TlsFacts, clean

HEADERS_SHOWN = 50
HEADER_SHOWN = 500
"""Characters of a value."""
CHAIN_SHOWN = 8
NAMES_SHOWN = 20
ANSWERS_SHOWN = 20
UNREADABLE = 0.1
"""Share of characters without a shape from which on a body is no text."""

_SECRET_HEADER = re.compile(
    r"authorization|token|secret|password|api-?key|session|cookie", re.IGNORECASE
)
_ADDRESS_HEADERS = frozenset({"location", "content-location", "link", "refresh"})
_QUERY_VALUE = re.compile(r"(?<=[?&#;])((?!(?:url|rel)=)[^=&#;\s<>\"]*)=[^&#\s<>\",]*")
_USER = re.compile(r"//[^/?#\s@]*@")
_CHARSET = re.compile(r"charset=[\"']?([A-Za-z0-9_.:-]+)", re.IGNORECASE)


def response_value(answer: HttpAnswer, facts: HttpFacts | None, masker: Masker) -> dict[str, Any]:
    """``facts`` are of the same answer when it was whole."""
    shown = answer.head[:HEADERS_SHOWN]
    body = _text(answer)
    whole = masker
    values = (_latin(value) for _, value in shown)
    masker = masker.within([*values, answer.phrase, body or "", answer.url or ""])
    data = whole.raw(answer.body_start, cut=answer.body_cut) if body is None else b""
    return {
        "url": None if answer.url is None else masker.text(answer.url),
        "status": answer.status,
        "phrase": shapeless(masker.text(clean(answer.phrase))),
        "version": f"{answer.version[0]}.{answer.version[1]}",
        "headers": [
            {
                "name": masker.text(clean(_latin(name), 100)),
                "value": _header(_latin(name), _latin(value), masker),
            }
            for name, value in shown
        ],
        "headers_cut": answer.head_cut or len(answer.head) > len(shown),
        "body": {
            "text": None if body is None else _lines(shapeless(masker.text(body))),
            "base64": b64encode(data).decode() if body is None else None,
            "cut": answer.body_cut,
            "bytes": None if facts is None else facts.body_bytes,
        },
    }


def _latin(raw: bytes) -> str:
    """A header's bytes as text: UTF-8 where they are, else a character a byte (RFC 9110, 5.5)."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _header(name: str, value: str, masker: Masker) -> str:
    lower = name.lower()
    if lower == "set-cookie":
        return _cookie(value)
    if _SECRET_HEADER.search(lower):
        return MASK
    # before anything is cut off, so that no beginning of a secret is left
    value = shapeless(masker.text(value))
    if lower in _ADDRESS_HEADERS:
        value = _USER.sub(f"//{MASK}@", _QUERY_VALUE.sub(rf"\1={MASK}", value))
    return clean(value, HEADER_SHOWN)


def _cookie(value: str) -> str:
    """A cookie's attributes tell how it is set; its value is somebody's session."""
    pair, semicolon, attributes = value.partition(";")
    name, equals, _ = pair.partition("=")
    return clean(f"{name + equals if equals else ''}{MASK}{semicolon}{attributes}", 200)


def _text(answer: HttpAnswer) -> str | None:
    """The beginning of the body as text; ``None`` when it is none, but data."""
    raw = answer.body_start
    text = _decoded(raw, answer)
    odd = sum(not (c.isprintable() or c in "\r\n\t") for c in text)
    if text and odd > UNREADABLE * len(text):
        return None
    return f"{text}…" if answer.body_cut and text else text


def _decoded(raw: bytes, answer: HttpAnswer) -> str:
    """By its byte order mark, the charset that the server names, as UTF-8, or a character a byte."""
    named = next((v for n, v in answer.head if n.lower() == b"content-type"), b"")
    found = _CHARSET.search(_latin(named))
    charset = found[1].lower() if found else ""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        charset = "utf-16"
    if charset in OTHER_CHARSETS:
        return raw.decode(charset, "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if answer.body_cut and error.start >= len(raw) - 3:
            return raw[: error.start].decode("utf-8-sig")  # cut within a character
        return raw.decode("latin-1")


def _lines(text: str) -> str:
    """Printable, its lines kept; what has no shape becomes an escape."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ").split("\n")
    return "\n".join(clean(line, 10 * len(line) + 1) for line in lines)


def tls_value(facts: TlsFacts, masker: Masker) -> dict[str, Any]:
    """The chain as the server sent it, and our own certificate."""
    chain = facts.chain[:CHAIN_SHOWN]
    texts = (text for cert in chain for text in (cert.subject, cert.issuer, *cert.names))
    masker = masker.within(texts)
    return {
        "version": facts.version,
        "cipher": facts.cipher,
        "verified": facts.verified,
        "chain": [_certificate(cert, masker) for cert in chain],
        "chain_cut": len(facts.chain) > len(chain),
        "client": None if facts.client is None else _certificate(facts.client, masker),
    }


def _certificate(cert: Certificate, masker: Masker) -> dict[str, Any]:
    return {
        "subject": masker.text(clean(cert.subject)),
        "issuer": masker.text(clean(cert.issuer)),
        "serial": clean(cert.serial, 80),
        "not_before": iso_timestamp(cert.not_before),
        "not_after": iso_timestamp(cert.not_after),
        "names": [masker.text(clean(name, 100)) for name in cert.names[:NAMES_SHOWN]],
        "names_cut": len(cert.names) > NAMES_SHOWN,
        "sha256": cert.sha256,
        "key": {"type": cert.key_type, "bits": cert.key_bits},
        "signature_algorithm": clean(cert.signature_algorithm),
    }


def dns_value(facts: DnsFacts, masker: Masker) -> dict[str, Any]:
    masker = masker.within(facts.answers)
    return {
        "rcode": clean(facts.rcode),
        "answers": [masker.text(clean(answer)) for answer in facts.answers[:ANSWERS_SHOWN]],
        "answers_cut": len(facts.answers) > ANSWERS_SHOWN,
    }
