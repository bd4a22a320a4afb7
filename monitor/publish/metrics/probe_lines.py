"""Observations as lines of the families that the blackbox exporter made known.

The labels are those of the check and, where each address is probed, of the address. A value that
was not measured gives no line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.publish.metrics import families as f
from monitor.publish.metrics.columns import FamilyColumn, Rows, counts, measures
from monitor.publish.metrics.exposition import escape, number, numbers
from probes.observation import Certificate, Grade, HttpFacts, Observation, Phase, Phases, TlsFacts

_PHASES = tuple(f'phase="{each}"' for each in Phase)
_TLS_VERSIONS = {
    "TLSv1": "TLS 1.0",
    "TLSv1.0": "TLS 1.0",
    "TLSv1.1": "TLS 1.1",
    "TLSv1.2": "TLS 1.2",
    "TLSv1.3": "TLS 1.3",
}


def timing(seen: Rows[Observation], phases: Rows[Phases]) -> Sequence[FamilyColumn[Any]]:
    """How each probe went; ``phases`` are those of HTTP requests."""
    return (
        FamilyColumn(f.SUCCESS, seen, _successes, counts),
        FamilyColumn(
            f.DURATION, seen, lambda some: [x.duration for x in some], measures, kept=False
        ),
        FamilyColumn(f.HTTP_DURATION, phases, list, _phases, together=128, kept=False),
        FamilyColumn(
            f.DNS_LOOKUP, seen, lambda some: [x.phases.resolve for x in some], measures, kept=False
        ),
    )


def _phases(name: str, labels: Sequence[str], values: Sequence[Phases]) -> str:
    seconds: list[float | None] = []
    for one in values:
        seconds += one.resolve, one.connect, one.tls, one.processing, one.transfer
    texts = iter(numbers(seconds))
    return "".join(
        [
            f"{name}{{{at},{phase}}} {text}\n"
            for at in labels
            for phase, text in zip(_PHASES, texts)  # noqa: B905 - the next five texts
            if text is not None
        ]
    )


def _successes(seen: Sequence[Observation]) -> list[int]:
    return [0 if one.grade is Grade.FAILED else 1 for one in seen]


def ip_protocol(seen: Rows[Observation]) -> FamilyColumn[Observation]:
    """Of what was connected to."""
    return FamilyColumn(f.IP_PROTOCOL, seen, _protocols, counts)


def _protocols(seen: Sequence[Observation]) -> list[int | None]:
    return [(6 if ":" in x.address else 4) if x.address else None for x in seen]


def http(facts: Rows[HttpFacts]) -> Sequence[FamilyColumn[Any]]:
    """Of the last response."""
    return (
        FamilyColumn(f.HTTP_STATUS, facts, lambda some: [x.status for x in some], counts),
        FamilyColumn(f.HTTP_VERSION, facts, lambda some: [x.version for x in some], _http_versions),
        FamilyColumn(f.HTTP_REDIRECTS, facts, lambda some: [x.redirects for x in some], counts),
        FamilyColumn(f.HTTP_SSL, facts, lambda some: [1 if x.tls else 0 for x in some], counts),
        FamilyColumn(
            f.HTTP_CONTENT_LENGTH, facts, lambda some: [x.content_length for x in some], counts
        ),
        FamilyColumn(f.HTTP_BODY_LENGTH, facts, lambda some: [x.body_bytes for x in some], counts),
        FamilyColumn(
            f.HTTP_LAST_MODIFIED, facts, lambda some: [x.last_modified for x in some], measures
        ),
    )


def regex(facts: Rows[HttpFacts]) -> FamilyColumn[HttpFacts]:
    """Of the last response."""
    return FamilyColumn(
        f.REGEX, facts, lambda some: [1 if x.regex_failed else 0 for x in some], counts
    )


def _http_versions(name: str, labels: Sequence[str], values: Sequence[str]) -> str:
    told = {each: _version(each) for each in set(values)}
    return counts(name, labels, [told[each] for each in values])


def _version(written: str) -> str | None:
    try:
        return number(float(written))
    except ValueError:
        return None


def tls(facts: Rows[TlsFacts]) -> Sequence[FamilyColumn[Any]]:
    """Of the certificates that were sent, and the connection."""
    return (
        FamilyColumn(f.EARLIEST_EXPIRY, facts, _earliest, measures),
        FamilyColumn(f.CHAIN_EXPIRY, facts, _verified, measures),
        FamilyColumn(
            f.CHAIN_INFO,
            facts,
            lambda some: [x.leaf for x in some],
            _leaves,
            together=128,
            dear=True,
        ),
        FamilyColumn(f.TLS_VERSION, facts, lambda some: [x.version for x in some], _versions),
        FamilyColumn(f.TLS_CIPHER, facts, lambda some: [x.cipher for x in some], _ciphers),
    )


def _earliest(facts: Sequence[TlsFacts]) -> list[float | None]:
    return [x.earliest_not_after for x in facts]


def _verified(facts: Sequence[TlsFacts]) -> list[float | None]:
    return [x.verified_not_after if x.verified else None for x in facts]


def _leaves(name: str, labels: Sequence[str], values: Sequence[Certificate | None]) -> str:
    return "".join(
        [
            f"{name}{{{at},{_leaf(leaf)}}} 1\n"
            for at, leaf in zip(labels, values, strict=True)
            if leaf is not None
        ]
    )


def _leaf(leaf: Certificate) -> str:
    serial = leaf.serial if len(leaf.serial) % 2 == 0 else f"0{leaf.serial}"
    return (
        f'fingerprint_sha256="{escape(leaf.sha256)}",'
        f'subject="{escape(leaf.subject)}",issuer="{escape(leaf.issuer)}",'
        f'subjectalternative="{escape(",".join(leaf.names))}",serialnumber="{escape(serial)}"'
    )


def _versions(name: str, labels: Sequence[str], values: Sequence[str | None]) -> str:
    return "".join(
        [
            f'{name}{{{at},version="{escape(_TLS_VERSIONS.get(version, version))}"}} 1\n'
            for at, version in zip(labels, values, strict=True)
            if version
        ]
    )


def _ciphers(name: str, labels: Sequence[str], values: Sequence[str | None]) -> str:
    return "".join(
        [
            f'{name}{{{at},cipher="{escape(cipher)}"}} 1\n'
            for at, cipher in zip(labels, values, strict=True)
            if cipher
        ]
    )


def certificate_expiry(chains: Rows[TlsFacts]) -> FamilyColumn[TlsFacts]:
    """By position in the chain."""
    return FamilyColumn(
        f.CERTIFICATE_EXPIRY, chains, lambda some: [_ends(x) for x in some], _expiries, dear=True
    )


def _ends(facts: TlsFacts) -> tuple[tuple[str, float | None], ...]:
    return (
        ("leaf", facts.leaf.not_after if facts.leaf else None),
        (
            "intermediate",
            min(
                # a root that is sent along is none; clients have their own
                (cert.not_after for cert in facts.chain[1:] if not cert.self_signed),
                default=None,
            ),
        ),
        ("client", facts.client.not_after if facts.client else None),
    )


def _expiries(
    name: str, labels: Sequence[str], values: Sequence[tuple[tuple[str, float | None], ...]]
) -> str:
    return "".join(
        [
            f'{name}{{{at},position="{position}"}} {number(end)}\n'
            for at, ends in zip(labels, values, strict=True)
            for position, end in ends
            if end is not None
        ]
    )
