"""Renders the certificates of one handshake as a tree: the authority at the top, each below its issuer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text as RichText
from rich.tree import Tree

from monitor.console.style import NOTHING
from monitor.model.text import Text
from probes.certificate.chain import Chain, ChainFault, arrange
from probes.certificate.rules import WEAK_HASHES
from probes.certificate.settings import KeyBits
from probes.observation import Certificate, Observation, Reason, RevocationState, TlsFacts

DAY = 86_400.0
NEAR = 30 * DAY
NAMES_SHOWN = 8
FINGERPRINT = 16
"""Hexadecimal digits shown, enough to tell certificates apart; JSON has all 64."""
_LEAST = KeyBits()

_CHAIN = Text(sv="Certifikatkedja", en="Certificate chain")
_UNVERIFIED = Text(sv="kedjan är inte verifierad", en="the chain did not verify")
_ALSO = Text(sv="Skickades också", en="Also sent")
_CLIENT = Text(sv="Vårt klientcertifikat", en="Our client certificate")
_TRUSTED = Text(sv="betrott här", en="trusted here")
_ISSUED_BY = Text(sv="utfärdat av {issuer}", en="issued by {issuer}")
_LEFT = Text(sv="{days} dygn kvar (till {date})", en="{days} days left (until {date})")
_AGO = Text(sv="gick ut för {days} dygn sedan ({date})", en="expired {days} days ago ({date})")
_NOT_YET = Text(
    sv="gäller först om {days} dygn (från {date})",
    en="not valid for another {days} days (from {date})",
)
_BITS = Text(sv="bitar", en="bits")
_MORE = Text(sv="och {count} till", en="and {count} more")
_WEAK_KEY = Text(sv="svag nyckel", en="weak key")
_WEAK_SIGNATURE = Text(sv="svag signatur", en="weak signature")
_FAULTS = {
    ChainFault.MISSING: Text(
        sv="saknas: varken skickat eller betrott här", en="missing: neither sent nor trusted here"
    ),
    ChainFault.UNTRUSTED: Text(sv="inte betrott här", en="not trusted here"),
    ChainFault.OUT_OF_ORDER: Text(
        sv="i fel ordning: skickat efter sin utfärdare", en="out of order: sent after its issuer"
    ),
    ChainFault.NOT_SENT: Text(sv="inte skickat av servern", en="not sent by the server"),
    ChainFault.DUPLICATE: Text(sv="skickat två gånger", en="sent twice"),
    ChainFault.UNNEEDED: Text(sv="behövs inte", en="not needed"),
}
_REVOCATION = {
    RevocationState.GOOD: (Text(sv="inte spärrat", en="not revoked"), "green"),
    RevocationState.REVOKED: (Text(sv="spärrat {date}", en="revoked {date}"), "red"),
    RevocationState.UNKNOWN: (Text(sv="spärrstatus okänd", en="revocation unknown"), "yellow"),
}
_GRAVE = frozenset({ChainFault.MISSING, ChainFault.UNTRUSTED})


def certificates(observation: Observation, language: str = "en") -> Iterator[RenderableType]:
    """Render the chain that a probe met, and our own certificate; nothing when there are none."""
    facts, at = observation.tls, observation.at
    if facts is None:
        return
    if facts.chain:
        heading = RichText(_CHAIN.pick(language), style="bold")
        if not facts.verified:
            heading.append(f"  ({_UNVERIFIED.pick(language)})", style="red")
        yield heading
        chain = arrange(facts, untrusted=observation.reason is Reason.TLS_UNTRUSTED)
        yield Padding(_tree(chain, facts, at, language), (0, 0, 1, 2))
        yield from _also_sent(chain, facts, at, language)
    if facts.client is not None:
        yield RichText(_CLIENT.pick(language), style="bold")
        issuer = _ISSUED_BY.pick(language).format(issuer=facts.client.issuer)
        node = _node(facts.client, at, language, RichText(issuer, style="dim"))
        yield Padding(node, (0, 0, 1, 2))


def _tree(chain: Chain, facts: TlsFacts, at: float, language: str) -> Tree:
    """The path from the top down; an issuer that nobody has stands above all others."""
    labels: list[RenderableType] = [
        _missing(note.subject, language) for note in chain.notes if note.fault is ChainFault.MISSING
    ]
    for certificate in reversed(chain.path):
        more: list[RichText] = []
        if certificate is chain.path[0]:
            more.append(RichText(_names(certificate, language)))
        if certificate is chain.path[-1] and not labels and not certificate.self_signed:
            # whoever is above it was neither sent nor needed
            issuer = _ISSUED_BY.pick(language).format(issuer=certificate.issuer)
            more.append(RichText(issuer, style="dim"))
        remarks = list(_remarks(certificate, chain, facts, language))
        labels.append(_node(certificate, at, language, *more, remarks=remarks))
    root = branch = Tree(labels[0], guide_style="dim")
    for label in labels[1:]:
        branch = branch.add(label)
    return root


def _also_sent(chain: Chain, facts: TlsFacts, at: float, language: str) -> Iterator[RenderableType]:
    """Render the certificates that were sent and are not on the path, each once."""
    shown = {one.sha256 for one in chain.path}
    others = {one.sha256: one for one in facts.chain if one.sha256 not in shown}
    if not others:
        return
    yield RichText(_ALSO.pick(language), style="bold")
    for certificate in others.values():
        remarks = list(_remarks(certificate, chain, facts, language))
        yield Padding(_node(certificate, at, language, remarks=remarks), (0, 0, 1, 2))


def _missing(subject: str, language: str) -> RichText:
    fault = _FAULTS[ChainFault.MISSING].pick(language)
    return RichText.assemble((subject, "bold"), "  ", (fault, "red"))


def _node(
    certificate: Certificate,
    at: float,
    language: str,
    *more: RichText,
    remarks: list[RichText] | None = None,
) -> RenderableType:
    """One certificate on a few lines."""
    head = RichText(certificate.subject or NOTHING, style="bold")
    if remarks:
        head = RichText.assemble(head, "  ", RichText(", ").join(remarks))
    key = certificate.key_type
    if certificate.key_bits is not None:
        key += f" {certificate.key_bits} {_BITS.pick(language)}"
    strength = f"{key}, {certificate.signature_algorithm}"
    print_of = f"SHA-256 {certificate.sha256[:FINGERPRINT]}…"
    lines = [head, _validity(certificate, at, language), *(line for line in more if line)]
    return Group(*lines, RichText(f"{strength}, {print_of}", style="dim"))


def _remarks(
    certificate: Certificate, chain: Chain, facts: TlsFacts, language: str
) -> Iterator[RichText]:
    if facts.verified_chain and certificate is facts.verified_chain[-1]:
        yield RichText(_TRUSTED.pick(language), style="green")
    elif not certificate.self_signed:
        yield from _weaknesses(certificate, language)
    for one in facts.revocation:
        if one.sha256 == certificate.sha256:
            phrase, colour = _REVOCATION[one.state]
            since = NOTHING if one.revoked_at is None else _date(one.revoked_at)
            yield RichText(phrase.pick(language).format(date=since), style=colour)
    for note in chain.notes:
        if note.sha256 == certificate.sha256:
            colour = "red" if note.fault in _GRAVE else "yellow"
            yield RichText(_FAULTS[note.fault].pick(language), style=colour)


def _weaknesses(certificate: Certificate, language: str) -> Iterator[RichText]:
    """By the limits that hold where nothing else is written; whom we trust, we trust by choice."""
    least = {"rsa": _LEAST.rsa, "ec": _LEAST.ec}.get(certificate.key_type, 0)
    if certificate.key_bits is not None and certificate.key_bits < least:
        yield RichText(_WEAK_KEY.pick(language), style="red")
    if certificate.signature_hash in WEAK_HASHES:
        yield RichText(_WEAK_SIGNATURE.pick(language), style="red")


def _names(certificate: Certificate, language: str) -> str:
    shown = ", ".join(certificate.names[:NAMES_SHOWN])
    more = len(certificate.names) - NAMES_SHOWN
    return f"{shown} {_MORE.pick(language).format(count=more)}" if more > 0 else shown


def _validity(certificate: Certificate, at: float, language: str) -> RichText:
    left, begins = certificate.not_after - at, certificate.not_before - at
    if begins > 0:
        phrase, seconds, colour, when = _NOT_YET, begins, "red", certificate.not_before
    elif left < 0:
        phrase, seconds, colour, when = _AGO, -left, "red", certificate.not_after
    else:
        colour = "yellow" if left < NEAR else ""
        phrase, seconds, when = _LEFT, left, certificate.not_after
    shown = phrase.pick(language).format(days=int(seconds // DAY), date=_date(when))
    return RichText(shown, style=colour)


def _date(at: float) -> str:
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
    except (OverflowError, ValueError, OSError):
        return NOTHING
