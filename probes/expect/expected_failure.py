"""``expect.failure``: a probe that must be refused, the same rule for every kind."""

from __future__ import annotations

from probes.expect.settings import refusal_reasons
from probes.failure import MonitorTrouble, ProbeFailure
from probes.observation import Reason
from probes.settings import TLS_VERSIONS, TlsSettings

VERIFICATION = frozenset(
    {
        Reason.TLS_UNTRUSTED,
        Reason.TLS_EXPIRED,
        Reason.TLS_NOT_YET_VALID,
        Reason.TLS_HOSTNAME,
        Reason.TLS_WEAK,
        Reason.TLS_REVOKED,
    }
)
"""Failures in which the server was willing, and its certificate did not satisfy us."""
_NONE: frozenset[Reason] = frozenset()


class Refusal:
    """What ``expect.failure`` asks for."""

    __slots__ = ("_reasons", "_word", "old_versions")

    def __init__(self, word: str | None, tls: TlsSettings | None = None) -> None:
        self._word = word
        self._reasons = refusal_reasons(word) if word is not None else _NONE
        newest = tls.max_version if tls is not None else None
        self.old_versions = newest is not None and TLS_VERSIONS.index(newest) < TLS_VERSIONS.index(
            "TLSv1.2"
        )
        """Whether only TLS versions are spoken that nobody should accept any more (RFC 8996)."""

    @property
    def expected(self) -> bool:
        """Whether the probe must be refused at all."""
        return self._word is not None

    def met_by(self, failure: ProbeFailure, *, broken_in_tls: bool) -> bool:
        """Whether ``failure`` is the refusal that was asked for. ``broken_in_tls``: the connection
        broke over TLS and before any answer, which is how some servers refuse a client.
        """
        if self._word is None or isinstance(failure, MonitorTrouble):
            return False  # what we could not ask was not refused
        if self._word == "tls" and self.old_versions and failure.reason in VERIFICATION:
            return (
                False  # the server took the old version; it is we who did not take its certificate
            )
        if failure.reason in self._reasons:
            return True
        return self._word == "tls" and failure.reason is Reason.RESET and broken_in_tls

    def names(self, reason: Reason) -> bool:
        """Whether exactly this reason was asked for: then what is found out after a handshake will do."""
        return self._word == reason

    def not_met(self, seen: str = "") -> ProbeFailure:
        """The failure of a probe that was let in; ``seen`` says by what."""
        return ProbeFailure(
            Reason.UNEXPECTED_SUCCESS,
            f"the probe should have failed: {self._word}{f'; {seen}' if seen else ''}",
        )
