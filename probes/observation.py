"""What one probe saw: frozen values that travel from the probes to everything else.

Units: instants are seconds since the Unix epoch (UTC) as ``float``, lengths of time are seconds.
Text that a server sent is escaped and cut (:func:`clean`) before it is put into any of these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias

RawHeaders: TypeAlias = tuple[tuple[bytes, bytes], ...]


class HttpAnswer(NamedTuple):
    """The beginning of the last answer. Bytes, not yet fit to be shown: see ``monitor.evidence``."""

    status: int
    version: tuple[int, int]
    phrase: str
    """What stands after the status code."""
    head: RawHeaders
    """Names and values in their order."""
    head_cut: bool
    """Whether there were more headers."""
    body_start: bytes
    body_cut: bool
    """Whether more of the body came, or would have come."""
    url: str | None
    """Who answered, without query values, when that is another than was asked first."""

    def __repr__(self) -> str:
        """Without what may hold a secret."""
        return f"HttpAnswer(status={self.status})"


TEXT_LIMIT = 200


class Reason(StrEnum):
    """Why a probe failed or was degraded. A closed list: contract, section 6."""

    DNS = "dns"
    CONNECT_REFUSED = "connect_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECT_ERROR = "connect_error"
    TLS_UNTRUSTED = "tls_untrusted"
    TLS_EXPIRED = "tls_expired"
    TLS_NOT_YET_VALID = "tls_not_yet_valid"
    TLS_HOSTNAME = "tls_hostname"
    TLS_VERSION = "tls_version"
    TLS_HANDSHAKE = "tls_handshake"
    TLS_REVOKED = "tls_revoked"
    TLS_CLIENT_REJECTED = "tls_client_rejected"
    TLS_WEAK = "tls_weak"
    TLS_ISSUER = "tls_issuer"
    TLS_CLIENT_EXPIRED = "tls_client_expired"
    TIMEOUT = "timeout"
    RESET = "reset"
    PROTOCOL = "protocol"
    REDIRECTS = "redirects"
    TOO_LARGE = "too_large"
    STATUS = "status"
    HEADER = "header"
    BODY = "body"
    JSONPATH = "jsonpath"
    XPATH = "xpath"
    SOAP_FAULT = "soap_fault"
    FHIR = "fhir"
    STALE = "stale"
    SIZE = "size"
    LATENCY = "latency"
    EXPIRY = "expiry"
    OAUTH2 = "oauth2"
    UNEXPECTED_SUCCESS = "unexpected_success"
    ADDRESS_CHANGED = "address_changed"
    INTERNAL = "internal"


class Cause(StrEnum):
    """Whose trouble it is: contract, section 2. ``MONITOR`` never makes a colour."""

    TARGET = "target"
    NETWORK = "network"
    DEPENDENCY = "dependency"
    MONITOR = "monitor"


class Grade(StrEnum):
    """What one observation is worth."""

    GOOD = "good"
    DEGRADED = "degraded"
    FAILED = "failed"


class Phase(StrEnum):
    """The parts of a probe's time, in the order in which they happen."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    PROCESSING = "processing"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """Seconds spent in each phase; ``None`` where a phase was not reached or did not occur.

    Over redirects the phases of all requests are added up, as one client would wait for them.
    """

    resolve: float | None = None
    connect: float | None = None
    tls: float | None = None
    processing: float | None = None
    transfer: float | None = None

    def measured(self) -> tuple[tuple[Phase, float], ...]:
        """The phases that were reached, in order, with their seconds."""
        every = (self.resolve, self.connect, self.tls, self.processing, self.transfer)
        return tuple(
            (phase, seconds)
            for phase, seconds in zip(Phase, every, strict=True)
            if seconds is not None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The facts of one X.509 certificate, read whether or not it verifies."""

    subject: str
    issuer: str
    serial: str
    """Hexadecimal, lower case."""
    not_before: float
    not_after: float
    names: tuple[str, ...]
    """DNS names and IP addresses of the subject alternative name."""
    sha256: str
    """Fingerprint of the DER encoding, lower-case hexadecimal."""
    key_type: str
    """``rsa``, ``ec``, ``ed25519`` …"""
    key_bits: int | None
    signature_algorithm: str
    authority: bool
    """Whether basic constraints say that it is a CA."""
    signature_hash: str | None = None
    """``sha256``, ``sha1``, ``md5`` …; ``None`` for signatures that name none (Ed25519)."""
    self_signed: bool = False
    """Whether it says that it issued itself, by names and key identifiers; no signature is tried."""
    subject_key_id: str | None = None
    """Hexadecimal, lower case (RFC 5280, 4.2.1.2)."""
    authority_key_id: str | None = None
    """The subject key identifier of its issuer (RFC 5280, 4.2.1.1)."""


class RevocationState(StrEnum):
    """What is known of a certificate's revocation."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """Nobody could tell; different from both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """What was found out about one certificate's revocation."""

    sha256: str
    """The certificate's fingerprint."""
    subject: str
    state: RevocationState
    source: str = ""
    """Who says so: ``stapled OCSP``, ``OCSP http://…``, ``CRL http://…``; empty when unknown."""
    revoked_at: float | None = None
    reason: str | None = None
    """The authority's, as RFC 5280, 5.3.1 writes it: ``keyCompromise``."""
    detail: str = ""
    """When unknown: why, in clauses that begin with the source."""
    cause: Cause | None = None
    """When unknown: whose trouble that is, the sources' (``dependency``) or our own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFacts:
    """What was learned of a TLS connection, also of one that did not verify."""

    version: str | None = None
    """``TLSv1.2``, ``TLSv1.3``; ``None`` when no handshake was finished."""
    cipher: str | None = None
    chain: tuple[Certificate, ...] = ()
    """As the server sent it, leaf first."""
    verified: bool = False
    verified_not_after: float | None = None
    """The earliest end of validity in the chain that verified (not of all that was sent)."""
    client: Certificate | None = None
    """Our own certificate, when the settings name one."""
    verified_chain: tuple[Certificate, ...] = ()
    """Leaf first, up to the authority that we trust; empty when nothing verified."""
    revocation: tuple[Revocation, ...] = ()
    """Of each certificate below the authority that we trust, leaf first; empty when not asked."""

    @property
    def leaf(self) -> Certificate | None:
        return self.chain[0] if self.chain else None

    @property
    def earliest_not_after(self) -> float | None:
        """The earliest end of validity among the certificates that the server sent."""
        return min((cert.not_after for cert in self.chain), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpFacts:
    """What was learned of the last HTTP response."""

    status: int
    version: str
    """``1.0`` or ``1.1``."""
    redirects: int = 0
    content_length: int | None = None
    """The Content-Length header, ``None`` when it was not sent."""
    body_bytes: int | None = None
    """Bytes read after decompression."""
    last_modified: float | None = None
    tls: bool = False
    """Whether the last request went over TLS."""
    regex_failed: bool = False
    """Whether a header or body regular expression failed the probe."""
    retry_after: float | None = None
    """Seconds that ``Retry-After`` asked for, at most a day; ``None`` when it was not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsFacts:
    """What a name server answered."""

    rcode: str
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one probe saw. Immutable; the only thing that a probe returns.

    ``grade`` is the probe's own verdict; slowness is judged later from ``duration`` by whoever
    knows the thresholds. ``reason`` is ``None`` exactly when the grade is good.
    """

    at: float
    """When the probe began, seconds since the epoch."""
    duration: float
    """Seconds from the first look-up to the last byte (waiting for a place is not in it)."""
    grade: Grade = Grade.GOOD
    reason: Reason | None = None
    cause: Cause | None = None
    detail: str = ""
    """One clause in English with the evidence, without a full stop: ``HTTP 503, expected 2xx``."""
    phases: Phases = field(default_factory=Phases)
    address: str | None = None
    """The IP address that was connected to (of the last request)."""
    http: HttpFacts | None = None
    tls: TlsFacts | None = None
    dns: DnsFacts | None = None
    parts: tuple[Observation, ...] = ()
    """With ``address: all``: one observation an address, in address order."""
    resolved: tuple[str, ...] = ()
    """The addresses that the name led to (of the last look-up), at most 32; empty where none was
    needed."""
    answer: HttpAnswer | None = field(default=None, repr=False)
    """The last answer as the server sent it, also one that was not whole."""

    @property
    def failed(self) -> bool:
        return self.grade is Grade.FAILED


def clean(text: object, limit: int = TEXT_LIMIT) -> str:
    """Text from outside, fit for a log line or a page: printable, on one line, cut to ``limit``.

    Characters that are not printable (controls, bidirectional overrides, surrogates) become
    backslash escapes.
    """
    raw = str(text)
    if len(raw) <= limit and raw.isprintable():
        return raw
    shown = raw[: limit + 1]
    if not shown.isprintable():
        shown = "".join(
            c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in shown
        )
    if len(shown) > limit or len(raw) > limit:
        return shown[: limit - 1] + "…"
    return shown
