"""Pure: what a source of revocation says, until when it stands by it, and whether it may say so."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from probes.observation import Cause, clean

TOLERANCE = 300.0
"""Seconds by which a source's clock and ours may differ."""
SHORTEST_KEPT = 30.0
"""Seconds for which any outcome is kept, a failure too."""
LONGEST_KEPT = 7 * 86_400.0
"""Seconds: an authority may revoke long before its next update is due."""
UNDATED_KEPT = 300.0
"""Seconds for which an answer is kept that names no next update."""
UNDATED_AGE = 86_400.0
"""Seconds: an answer that names no next update may not be older."""
WEAK = (hashes.MD5, hashes.SHA1)

# what cryptography raises for structures that are not as their standard has them
MALFORMED = (
    ValueError,
    TypeError,
    AssertionError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
Hash: TypeAlias = hashes.HashAlgorithm | None


class Unclear(Exception):
    """A source that says neither good nor revoked, in words that follow its name."""

    def __init__(
        self, words: str, *, cause: Cause = Cause.DEPENDENCY, kept: float = SHORTEST_KEPT
    ) -> None:
        super().__init__(words)
        self.words = clean(words)
        self.cause = cause
        """The source's trouble, or our own."""
        self.kept = kept
        """Seconds before the source is asked again."""


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Raises :class:`Unclear` for a structure that is not ``what`` ("an OCSP response"). In the
    loop's thread only: which warnings are shown is a matter of the whole process.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of odd names and serial numbers in it
        try:
            yield
        except MALFORMED:
            raise Unclear(f"is not {what} that can be read") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationAnswer:
    """What a source says of one certificate. Instants are seconds since the epoch."""

    revoked_at: float | None = None
    """``None`` for a good one."""
    reason: str | None = None
    """As RFC 5280, 5.3.1 writes it: ``keyCompromise``."""
    until: float
    """Until then nobody else needs to be asked."""

    @property
    def size(self) -> int:
        """Bytes, roughly."""
        return 500


def check_dates(updated: dt.datetime, following: dt.datetime | None, now: float) -> float:
    """Until when something may be kept that was made at ``updated`` and is replaced at
    ``following`` (RFC 5280, 5.1.2.5; RFC 6960, 4.2.2.1). Raises :class:`Unclear`.
    """
    age = now - updated.timestamp()
    if age < -TOLERANCE:
        raise Unclear(f"is dated {_length(-age)} in the future")
    if following is None:
        if age > UNDATED_AGE:
            raise Unclear(f"is {_length(age)} old and names no next update")
        return now + UNDATED_KEPT
    left = following.timestamp() - now
    if left < -TOLERANCE:
        raise Unclear(f"is out of date: its next update was due {_length(-left)} ago")
    return now + min(max(left, SHORTEST_KEPT), LONGEST_KEPT)


def _length(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{int(seconds / size)} {unit}"
    return f"{int(seconds)} s"


def check_signature(
    key: object,
    algorithm: padding.PKCS1v15 | padding.PSS | None,
    used: Hash,
    signature: bytes,
    signed: bytes,
    *,
    digest: bool = False,
) -> None:
    """Raises :class:`Unclear` unless ``key`` made the signature; ``signed`` is the data, or with
    ``digest`` what their hash came to.
    """
    if isinstance(used, WEAK):
        raise Unclear(f"is signed with {used.name}")
    try:
        with_hash = Prehashed(used) if digest and used is not None else used
        match key:
            case rsa.RSAPublicKey() if with_hash is not None:
                key.verify(signature, signed, algorithm or padding.PKCS1v15(), with_hash)
            case ec.EllipticCurvePublicKey() if with_hash is not None:
                key.verify(signature, signed, ec.ECDSA(with_hash))
            case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey() if used is None:
                key.verify(signature, signed)
            case _:
                raise Unclear("is signed in a way that is not understood")
    except InvalidSignature:
        raise Unclear("has a signature that is not its issuer's") from None
    except MALFORMED:
        raise Unclear("is signed in a way that is not understood") from None
