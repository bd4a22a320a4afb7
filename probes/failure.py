"""Failures as types: the target's (or the way's) fault, and our own. They never mix."""

from __future__ import annotations

import errno
import re
import socket
import ssl

from probes.observation import Cause, Reason, clean


class ProbeFailure(Exception):
    """A probe that failed for a reason that has a name. An observation is made of it."""

    def __init__(
        self,
        reason: Reason,
        detail: str,
        cause: Cause = Cause.TARGET,
        *,
        regex: bool = False,
    ) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = clean(detail)
        self.cause = cause
        self.regex = regex


class MonitorTrouble(ProbeFailure):
    """Our own trouble: it says nothing about the target."""

    def __init__(self, detail: str, reason: Reason = Reason.INTERNAL) -> None:
        super().__init__(reason, detail, Cause.MONITOR)


OUR_ERRNOS = frozenset(
    {
        errno.ENETUNREACH,
        errno.EADDRNOTAVAIL,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOBUFS,
        errno.ENOMEM,
        errno.EACCES,
        errno.EPERM,
        errno.ENETDOWN,
        errno.EAFNOSUPPORT,
        errno.EINVAL,
    }
)
"""What our own kernel says of itself: no route, no address, no descriptors (contract, cause)."""

_RESETS = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ENOTCONN})
_ERRNO = re.compile(r"\[Errno (\d+)\]")


def errno_of(error: OSError) -> int | None:
    """The error's number. aiohappyeyeballs joins several errors into one text: the first of them
    that is not our own, for an address that cannot be reached from here says nothing when
    another was tried and answered.
    """
    if error.errno is not None:
        return error.errno
    numbers = [int(number) for number in _ERRNO.findall(str(error))]
    theirs = [number for number in numbers if number not in OUR_ERRNOS]
    return next(iter(theirs or numbers), None)


def from_resolution(error: OSError, host: str) -> ProbeFailure:
    """What a failed look-up means."""
    number = error.errno
    if number in OUR_ERRNOS or number in (socket.EAI_MEMORY, socket.EAI_SYSTEM):
        return MonitorTrouble(f"looking up {clean(host)}: {error.strerror or error}", Reason.DNS)
    return ProbeFailure(Reason.DNS, f"{clean(host)}: {error.strerror or error}", Cause.NETWORK)


def from_connect(error: OSError, where: str) -> ProbeFailure:
    """What a failed TCP connect to ``where`` means."""
    number = errno_of(error)
    if number == errno.ECONNREFUSED:
        return ProbeFailure(Reason.CONNECT_REFUSED, f"connection to {where} refused")
    if number == errno.ETIMEDOUT:
        return ProbeFailure(Reason.CONNECT_TIMEOUT, f"connecting to {where} timed out")
    shown = errno.errorcode.get(number, str(number)) if number else clean(error, 80)
    text = f"connecting to {where}: {shown}"
    if number in OUR_ERRNOS:
        return MonitorTrouble(text, Reason.CONNECT_ERROR)
    network = number in (errno.EHOSTUNREACH, errno.EHOSTDOWN)
    return ProbeFailure(Reason.CONNECT_ERROR, text, Cause.NETWORK if network else Cause.TARGET)


def is_reset(error: BaseException) -> bool:
    """Whether the peer closed or reset the connection under us."""
    if isinstance(error, (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)):
        return True
    return isinstance(error, OSError) and error.errno in _RESETS


# OpenSSL's X509_V_ERR_* numbers (x509_vfy.h); ssl.SSLCertVerificationError carries them
_VERIFY_CODES = {
    9: Reason.TLS_NOT_YET_VALID,
    10: Reason.TLS_EXPIRED,
    23: Reason.TLS_REVOKED,
    62: Reason.TLS_HOSTNAME,
    63: Reason.TLS_HOSTNAME,
    64: Reason.TLS_HOSTNAME,
    66: Reason.TLS_WEAK,
    67: Reason.TLS_WEAK,
    68: Reason.TLS_WEAK,
}

_VERSION_ERRORS = frozenset(
    {
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "UNSUPPORTED_PROTOCOL",
        "WRONG_SSL_VERSION",
        "NO_PROTOCOLS_AVAILABLE",
        "VERSION_TOO_LOW",
        "VERSION_TOO_HIGH",
        "INAPPROPRIATE_FALLBACK",
    }
)
_WEAK_ERRORS = frozenset(
    {"DH_KEY_TOO_SMALL", "EE_KEY_TOO_SMALL", "CA_MD_TOO_WEAK", "WRONG_SIGNATURE_TYPE"}
)
# alerts by which a server refuses the client's certificate (RFC 8446, 6.2)
_CLIENT_CERTIFICATE_ALERTS = frozenset(
    {
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "TLSV1_ALERT_UNKNOWN_CA",
        "TLSV1_ALERT_ACCESS_DENIED",
        "TLSV1_ALERT_DECRYPT_ERROR",
    }
)
_OUR_CERTIFICATE_ENDED = frozenset(
    {"SSLV3_ALERT_CERTIFICATE_EXPIRED", "SSLV3_ALERT_CERTIFICATE_REVOKED"}
)


def ssl_error_in(error: BaseException) -> ssl.SSLError | None:
    """The TLS error behind an exception, if there is one: libraries wrap it in various ways."""
    seen = 0
    current: BaseException | None = error
    while current is not None and seen < 8:
        if isinstance(current, ssl.SSLError):
            return current
        inner = getattr(current, "os_error", None)
        if isinstance(inner, ssl.SSLError):
            return inner
        current = current.__cause__ or current.__context__
        seen += 1
    return None


def client_rejected(detail: str, *, has_certificate: bool, ended: bool = False) -> ProbeFailure:
    """A server that refuses our certificate. That we have none, or one that has ended, is ours."""
    ours = ended or not has_certificate
    return ProbeFailure(
        Reason.TLS_CLIENT_REJECTED,
        detail if has_certificate else f"{detail}; no cert_file is configured",
        Cause.MONITOR if ours else Cause.TARGET,
    )


def from_tls(error: ssl.SSLError, *, has_certificate: bool) -> ProbeFailure:
    """What a TLS error means, in a handshake or after it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = _VERIFY_CODES.get(error.verify_code, Reason.TLS_UNTRUSTED)
        return ProbeFailure(reason, error.verify_message or str(error))
    name = error.reason or ""
    words = name.replace("_", " ").lower() or clean(error, 80)
    if name in _CLIENT_CERTIFICATE_ALERTS:
        return client_rejected(
            f"the server refused the client certificate: {words}",
            has_certificate=has_certificate,
            ended=name in _OUR_CERTIFICATE_ENDED,
        )
    if name in _VERSION_ERRORS:
        return ProbeFailure(Reason.TLS_VERSION, f"no TLS version in common: {words}")
    if name in _WEAK_ERRORS:
        return ProbeFailure(Reason.TLS_WEAK, words)
    if name in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"):
        return ProbeFailure(Reason.TLS_HANDSHAKE, f"the server does not speak TLS: {words}")
    return ProbeFailure(Reason.TLS_HANDSHAKE, f"TLS: {words}")
