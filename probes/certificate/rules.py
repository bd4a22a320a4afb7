"""Pure: what the certificates of a finished handshake are worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from probes.certificate.chain import Chain, ChainFault, arrange, position, short_name
from probes.certificate.revocation.messages import revoked_words, unknown_words
from probes.certificate.settings import CertificateSettings, KeyBits, Margin
from probes.expect.patterns import Pattern
from probes.failure import ProbeFailure
from probes.net.weak_cipher import cipher_weakness
from probes.observation import Cause, Certificate, Grade, Reason, TlsFacts, clean

DAY = 86_400.0
WEAK_HASHES = frozenset({"md2", "md4", "md5", "sha1"})
NAMES_TOLD = 5
OPENSSL_LEAST = KeyBits(rsa=2048, ec=224)
"""What OpenSSL asks for at its security level 2, which is Debian's. Go and browsers take less."""
_STRICT = frozenset({ChainFault.OUT_OF_ORDER, ChainFault.NOT_SENT})
# OpenSSL's words for "no issuer that we trust" (X509_V_ERR_* 2, 18, 19, 20, 21)
_NO_ISSUER = frozenset(
    {
        "unable to get issuer certificate",
        "self-signed certificate",
        "self-signed certificate in certificate chain",
        "unable to get local issuer certificate",
        "unable to verify the first certificate",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, or soon will be."""

    grade: Grade
    reason: Reason
    detail: str
    """A clause that names the certificate."""
    cause: Cause = Cause.TARGET


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The findings, the worst first, and what is worth a note only."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def worst(self) -> Finding | None:
        return self.findings[0] if self.findings else None

    @property
    def detail(self) -> str:
        """All of it, as far as there is room."""
        every = [*(found.detail for found in self.findings), *self.notes]
        return clean("; ".join(every))


def judge(
    facts: TlsFacts, at: float, settings: CertificateSettings, issuer: Pattern | None
) -> Judgement:
    """The worth of a handshake's certificates at ``at``, seconds since the epoch."""
    chain = arrange(facts)
    found = [
        *_revoked(chain, facts),
        *_too_weak(chain, facts, settings),
        *_too_long(chain, settings),
        *_wrong_issuer(chain, settings, issuer),
        *_disorder(chain, settings),
        *_ending(chain, facts, at, settings),
        *_unestablished(chain, facts, settings),
    ]
    found.sort(key=lambda finding: finding.grade is not Grade.FAILED)
    notes = [
        note.words()
        for note in chain.notes
        if not (settings.strict_chain and note.fault in _STRICT)
    ]
    if (weak := cipher_weakness(facts)) is not None:
        notes.append(weak)
    if not _must_be_known(settings):
        unknown = unknown_words(facts.revocation, chain.path)
        notes += [f"revocation is unknown: {words}" for words, _ in unknown]
    return Judgement(findings=tuple(found), notes=tuple(notes))


def unsettled(finding: Finding) -> bool:
    """Whether it is only that revocation could not be established, and not that somebody revoked."""
    return finding.reason is Reason.TLS_REVOKED and finding.cause is not Cause.TARGET


def _revoked(chain: Chain, facts: TlsFacts) -> Iterator[Finding]:
    for words in revoked_words(facts.revocation, chain.path):
        yield Finding(grade=Grade.FAILED, reason=Reason.TLS_REVOKED, detail=words)


def _must_be_known(settings: CertificateSettings) -> bool:
    # whoever expects a revoked certificate wants no responder's silence to do for it
    return settings.revocation_required or settings.expect.failure == Reason.TLS_REVOKED


def _unestablished(
    chain: Chain, facts: TlsFacts, settings: CertificateSettings
) -> Iterator[Finding]:
    if _must_be_known(settings):
        for words, cause in unknown_words(facts.revocation, chain.path):
            yield Finding(
                grade=Grade.FAILED,
                reason=Reason.TLS_REVOKED,
                detail=f"revocation could not be established: {words}",
                cause=cause,
            )


def weakness(certificate: Certificate, least: KeyBits, *, signature: bool = True) -> str | None:
    """What is weak about a certificate, in words; without ``signature`` its key alone counts."""
    wanted = {"rsa": least.rsa, "ec": least.ec}.get(certificate.key_type)
    bits = certificate.key_bits
    if wanted is not None and bits is not None and bits < wanted:
        article = "an" if certificate.key_type in ("rsa", "ec") else "a"
        return (
            f"has {article} {certificate.key_type} key of {bits} bits, at least {wanted} expected"
        )
    if signature and certificate.signature_hash in WEAK_HASHES:
        return f"is signed with {certificate.signature_hash}"
    return None


def accepted_weak(facts: TlsFacts) -> str:
    """All that is weak about a connection that came about, as clauses: worth a word, and no fault."""
    words = [cipher_weakness(facts)]
    if facts.leaf is not None:
        chain = arrange(facts)
        for certificate in _below_the_anchor(chain, facts):
            found = weakness(certificate, OPENSSL_LEAST, signature=not certificate.self_signed)
            words.append(f"{position(certificate, chain.path)} {found}" if found else None)
    return "; ".join(filter(None, words))


def _below_the_anchor(chain: Chain, facts: TlsFacts) -> Sequence[Certificate]:
    """The certificates whose strength matters: whom we trust, we trust by choice (RFC 5280, 6.1)."""
    path = chain.path
    anchored = bool(facts.verified_chain) or path[-1].self_signed
    return path[:-1] if anchored and len(path) > 1 else path


def _too_weak(chain: Chain, facts: TlsFacts, settings: CertificateSettings) -> Iterator[Finding]:
    for certificate in _below_the_anchor(chain, facts):
        found = weakness(certificate, settings.min_key_bits, signature=not certificate.self_signed)
        if found is not None:
            yield Finding(
                grade=Grade.FAILED,
                reason=Reason.TLS_WEAK,
                detail=f"{position(certificate, chain.path)} {found}",
            )


def _too_long(chain: Chain, settings: CertificateSettings) -> Iterator[Finding]:
    leaf, most = chain.path[0], settings.max_validity
    validity = leaf.not_after - leaf.not_before
    if most is not None and validity > most:
        yield Finding(
            grade=Grade.FAILED,
            reason=Reason.TLS_WEAK,
            detail=f"the certificate is valid for {validity / DAY:.1f} days,"
            f" at most {most / DAY:g} expected",
        )


def _wrong_issuer(
    chain: Chain, settings: CertificateSettings, issuer: Pattern | None
) -> Iterator[Finding]:
    leaf = chain.path[0]
    if issuer is not None and not issuer.search(leaf.issuer):
        yield Finding(
            grade=Grade.FAILED,
            reason=Reason.TLS_ISSUER,
            detail=f"issued by {clean(leaf.issuer, 110)},"
            f" expected a match of {settings.issuer_matches}",
        )


def _disorder(chain: Chain, settings: CertificateSettings) -> Iterator[Finding]:
    if settings.strict_chain:
        for note in chain.notes:
            if note.fault in _STRICT:
                yield Finding(grade=Grade.FAILED, reason=Reason.TLS_UNTRUSTED, detail=note.words())


def _ending(
    chain: Chain, facts: TlsFacts, at: float, settings: CertificateSettings
) -> Iterator[Finding]:
    for certificate in chain.path:
        yield from _margin(
            certificate, at, settings.expires_within, position(certificate, chain.path)
        )
    if facts.client is not None:
        yield from _margin(
            facts.client,
            at,
            settings.client_expires_within,
            "our own client certificate",
            Cause.DEPENDENCY,
        )


def _margin(
    certificate: Certificate,
    at: float,
    margin: Margin | Literal["auto"],
    whose: str,
    cause: Cause = Cause.TARGET,
) -> Iterator[Finding]:
    """What the time that is left is worth: failed inside red, degraded inside yellow."""
    yellow, red = margins(margin, certificate)
    left = certificate.not_after - at
    if left >= yellow:
        return
    yield Finding(
        grade=Grade.FAILED if left < red else Grade.DEGRADED,
        reason=Reason.EXPIRY,
        detail=f"{whose} {_when(left)}",
        cause=cause,
    )


def _when(left: float) -> str:
    # with the time left cut, not rounded: "in 1 days" is never optimistic
    return f"ends in {int(left / DAY)} days" if left >= 0 else f"ended {int(-left / DAY)} days ago"


def margins(margin: Margin | Literal["auto"], certificate: Certificate) -> tuple[float, float]:
    """Seconds before the end that are yellow and red; ``auto`` follows short lifetimes: the lesser
    of the defaults and a third, a tenth, of the lifetime (contract, section 3).
    """
    if margin != "auto":
        return margin.yellow, margin.red
    lifetime = certificate.not_after - certificate.not_before
    default = Margin()
    return min(default.yellow, lifetime / 3), min(default.red, lifetime / 10)


def explained(failure: ProbeFailure, facts: TlsFacts, name: str, at: float) -> ProbeFailure:
    """A failed verification in words that name the certificate, after a look at the chain. ``name``
    is what was asked for; any other failure stays as it is.
    """
    if facts.leaf is None:
        return failure
    untrusted = failure.reason is Reason.TLS_UNTRUSTED
    chain = arrange(facts, untrusted=untrusted)
    words: list[str] = []
    match failure.reason:
        case Reason.TLS_UNTRUSTED if failure.detail in _NO_ISSUER:
            words = [_untrusted(chain), *(note.words() for note in chain.notes[1:])]
        case Reason.TLS_HOSTNAME:
            words = [f"the certificate is not for {clean(name, 60)}: {_names(facts.leaf)}"]
        case Reason.TLS_EXPIRED:
            words = [
                f"{position(one, chain.path)} {_when(one.not_after - at)}"
                for one in chain.path
                if one.not_after < at
            ]
        case Reason.TLS_NOT_YET_VALID:
            words = [
                f"{position(one, chain.path)} begins in {(one.not_before - at) / DAY:.1f} days"
                for one in chain.path
                if one.not_before > at
            ]
        case Reason.TLS_WEAK:
            words = [
                f"{position(one, chain.path)} {found}"
                for one in chain.path
                if (found := weakness(one, OPENSSL_LEAST, signature=not one.self_signed))
            ]
    if not words:
        return failure
    return ProbeFailure(failure.reason, "; ".join(words), failure.cause)


def _untrusted(chain: Chain) -> str:
    note = chain.notes[0]
    if note.fault is ChainFault.UNTRUSTED and len(chain.path) == 1:
        return f"the certificate {short_name(note.subject)} is self-signed, and not trusted here"
    return note.words()


def _names(leaf: Certificate) -> str:
    if not leaf.names:
        return "it has no names"
    shown = ", ".join(clean(name, 60) for name in leaf.names[:NAMES_TOLD])
    more = len(leaf.names) - NAMES_TOLD
    return f"it is for {shown}{f' and {more} more' if more > 0 else ''}"
