"""Pure: what a chain of certificates is, in which order, and what is wrong with it.

A server sends its own certificate first and each other one after the one that it issued
(RFC 5246, 7.4.2; RFC 8446, 4.4.2 asks clients to bear other orders, and not all do). Certificates
are joined here by their names and key identifiers; signatures are the business of the handshake.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from probes.observation import Certificate, TlsFacts, clean

SHORT_NAME = 60


class ChainFault(StrEnum):
    """What can be said of the certificates that a server sent, beyond their dates and keys."""

    MISSING = "missing"
    """The issuer at the end of the chain was not sent, and is not trusted here."""
    UNTRUSTED = "untrusted"
    """The chain is whole, and ends in an authority that is not trusted here."""
    OUT_OF_ORDER = "out_of_order"
    NOT_SENT = "not_sent"
    """An intermediate that we know ourselves: others may not."""
    DUPLICATE = "duplicate"
    UNNEEDED = "unneeded"
    """No way leads to it from the server's own certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainNote:
    """One thing about a chain, and the name of the certificate that it is about."""

    fault: ChainFault
    subject: str
    sha256: str | None = None
    """The certificate's fingerprint; ``None`` for one that nobody has seen."""

    def words(self) -> str:
        """A clause in English, with the name."""
        name = short_name(self.subject)
        match self.fault:
            case ChainFault.MISSING:
                return (
                    f"the certificate of {clean(self.subject, 110)} is missing: "
                    "not sent, and not trusted here"
                )
            case ChainFault.UNTRUSTED:
                return f"the chain ends in {clean(self.subject, 110)}, which is not trusted here"
            case ChainFault.OUT_OF_ORDER:
                return f"the chain is out of order: {name} comes after its own issuer"
            case ChainFault.NOT_SENT:
                return f"the intermediate {name} is not sent, and known only here"
            case ChainFault.DUPLICATE:
                return f"{name} is sent twice"
            case ChainFault.UNNEEDED:
                return f"{name} is sent and belongs to no issuer of the certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The certificates in the order of issuing, and what there is to say."""

    path: tuple[Certificate, ...]
    """The server's own first, each followed by its issuer: as it was verified, or as far as what was
    sent goes.
    """
    notes: tuple[ChainNote, ...] = ()


def arrange(facts: TlsFacts, *, untrusted: bool = False) -> Chain:
    """The chain of a handshake. ``untrusted`` says that it failed for want of a trusted issuer: only
    then is an issuer that was not sent a missing one and not the authority that we trust.
    """
    if facts.leaf is None:
        return Chain(path=())
    path = facts.verified_chain or _walk(facts.chain)
    notes: list[ChainNote] = []
    if untrusted and not facts.verified_chain:
        notes.append(_end(path))
    notes += _out_of_order(path, facts.chain)
    if facts.verified_chain:
        notes += _not_sent(path, facts.chain)
    notes += _surplus(path, facts.chain)
    return Chain(path=path, notes=tuple(notes))


def issued(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether names and key identifiers let ``issuer`` be the issuer (RFC 5280, 6.1 and 4.2.1.1)."""
    return certificate.issuer == issuer.subject and (
        None in (certificate.authority_key_id, issuer.subject_key_id)
        or certificate.authority_key_id == issuer.subject_key_id
    )


def position(certificate: Certificate, path: Sequence[Certificate]) -> str:
    """``the certificate``, ``the intermediate CN=…``, ``the root CN=…``: its part in ``path``."""
    if path and certificate.sha256 == path[0].sha256:
        return "the certificate"
    what = "root" if certificate.self_signed else "intermediate"
    return f"the {what} {short_name(certificate.subject)}"


def short_name(subject: str) -> str:
    """The common name where a subject begins with it, else the subject, cut."""
    if subject.startswith("CN="):
        end = 3
        while end < len(subject) and subject[end] != ",":
            end += 2 if subject[end] == "\\" else 1  # RFC 4514: a comma may be escaped
        subject = subject[:end]
    return clean(subject, SHORT_NAME) if subject else "a certificate without a name"


def _walk(chain: tuple[Certificate, ...]) -> tuple[Certificate, ...]:
    """From the server's own certificate to the last issuer that was sent."""
    path = [chain[0]]
    seen = {chain[0].sha256}
    while not path[-1].self_signed:
        following = next(
            (one for one in chain if one.sha256 not in seen and issued(path[-1], one)), None
        )
        if following is None:
            break
        seen.add(following.sha256)
        path.append(following)
    return tuple(path)


def _end(path: tuple[Certificate, ...]) -> ChainNote:
    last = path[-1]
    if last.self_signed:
        return ChainNote(fault=ChainFault.UNTRUSTED, subject=last.subject, sha256=last.sha256)
    return ChainNote(fault=ChainFault.MISSING, subject=last.issuer)


def _out_of_order(
    path: tuple[Certificate, ...], chain: tuple[Certificate, ...]
) -> Iterator[ChainNote]:
    positions: dict[str, int] = {}
    for position, certificate in enumerate(chain):
        positions.setdefault(certificate.sha256, position)
    sent = [one for one in path if one.sha256 in positions]
    for certificate, issuer in pairwise(sent):
        if positions[certificate.sha256] > positions[issuer.sha256]:
            yield ChainNote(
                fault=ChainFault.OUT_OF_ORDER,
                subject=certificate.subject,
                sha256=certificate.sha256,
            )
            return


def _not_sent(path: tuple[Certificate, ...], chain: tuple[Certificate, ...]) -> Iterator[ChainNote]:
    # another certificate of the same authority and key does as well for whoever trusts its issuer
    sent = {(one.subject, one.subject_key_id) for one in chain}
    for certificate in path[1:]:
        if (
            not certificate.self_signed
            and (certificate.subject, certificate.subject_key_id) not in sent
        ):
            yield ChainNote(
                fault=ChainFault.NOT_SENT, subject=certificate.subject, sha256=certificate.sha256
            )


def _surplus(path: tuple[Certificate, ...], chain: tuple[Certificate, ...]) -> Iterator[ChainNote]:
    """Certificates sent twice, and those that are of no use to any client."""
    useful = _reachable(chain) | {one.sha256 for one in path}
    seen: set[str] = set()
    for certificate in chain:
        fault = None
        if certificate.sha256 in seen:
            fault = ChainFault.DUPLICATE
        elif certificate.sha256 not in useful:
            fault = ChainFault.UNNEEDED
        seen.add(certificate.sha256)
        if fault is not None:
            yield ChainNote(fault=fault, subject=certificate.subject, sha256=certificate.sha256)


def _reachable(chain: tuple[Certificate, ...]) -> set[str]:
    """Every issuer of the first, of its issuers and so on: a cross-signed one is of use to some."""
    found = {chain[0].sha256}
    waiting = [chain[0]]
    while waiting:
        certificate = waiting.pop()
        for one in chain:
            if one.sha256 not in found and issued(certificate, one):
                found.add(one.sha256)
                waiting.append(one)
    return found
