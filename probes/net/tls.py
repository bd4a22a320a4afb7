"""TLS contexts of settings, kept as long as their files do not change, and what a finished
handshake tells.
"""

from __future__ import annotations

import os
import ssl
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from probes.failure import MonitorTrouble, ProbeFailure
from probes.net.reference_identity import is_for
from probes.net.x509 import read_by_openssl, read_chain, read_pem_certificate, server_names
from probes.observation import Certificate, Reason, TlsFacts, clean
from probes.settings import TLS_VERSIONS, TlsSettings, TlsVersion

_VERSIONS: Final[dict[TlsVersion, ssl.TLSVersion]] = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
FILES_CHECKED_EVERY = 5.0
"""Seconds between looks at whether a certificate file was replaced."""
UNUSED = 600.0
"""Seconds after which a context may be forgotten that nobody has asked for."""
CHAIN_KEPT = 16_384
"""Bytes of a chain whose facts are remembered; a larger one, up to OpenSSL's 100 KiB, is read anew."""
ASKED_KEPT = 4096
"""Settings objects whose context is known without hashing them."""
_LEGACY_SERVER_CONNECT = 0x4
"""OpenSSL's option (``ssl.OP_LEGACY_SERVER_CONNECT`` from Python 3.12): servers that have not heard of
RFC 5746 are spoken to, as Go and browsers do. We never negotiate anew of ourselves."""
_ENCODING_DER = 2  # _ssl.ENCODING_DER
_CERTIFICATE_REQUEST = 13  # RFC 8446, 4: HandshakeType.certificate_request


@dataclass(frozen=True, slots=True)
class TlsContext:
    """An OpenSSL context and what belongs to it."""

    ssl: ssl.SSLContext
    client: Certificate | None
    verifies: bool

    def check_client(self, now: float) -> None:
        """Raises :class:`MonitorTrouble` when our own certificate has expired (contract, cause)."""
        if self.client is not None and self.client.not_after <= now:
            raise MonitorTrouble(
                f"our client certificate {self.client.subject} has expired",
                Reason.TLS_CLIENT_EXPIRED,
            )


@dataclass(slots=True)
class _Kept:
    context: TlsContext
    signature: tuple[tuple[int, int], ...]
    looked_at: float


class TlsContexts:
    """One context for each distinct setting, made anew when one of its files is replaced.

    No TLS session is kept: Python's client contexts resume none unless they are handed one.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[tuple[TlsSettings, tuple[str, ...]], _Kept] = {}
        self._asked: dict[tuple[int, tuple[str, ...]], tuple[TlsSettings, _Kept]] = {}
        self._facts: OrderedDict[tuple[int, tuple[bytes, ...]], _Read] = OrderedDict()

    def get(self, settings: TlsSettings, alpn: tuple[str, ...] = ()) -> TlsContext:
        """The context for settings. Raises :class:`MonitorTrouble` when a file is missing or bad,
        or our own certificate has expired: without it the target cannot be judged.
        """
        now = self._clock()
        # hashing settings is slow, and a check asks with the same object every time
        asked = self._asked.get((id(settings), alpn))
        kept = asked[1] if asked is not None and asked[0] is settings else None
        if kept is None or abs(now - kept.looked_at) >= FILES_CHECKED_EVERY:
            kept = self._look(settings, alpn, self._kept.get((settings, alpn)), now)
            if len(self._asked) >= ASKED_KEPT:
                self._asked.clear()
            self._asked[id(settings), alpn] = settings, kept
        kept.context.check_client(now)
        return kept.context

    def look_again(self) -> None:
        """Reads every file that was replaced when it is next needed, and forgets what nobody has
        used for a while.
        """
        now = self._clock()
        self._asked.clear()
        for key, kept in list(self._kept.items()):
            if abs(now - kept.looked_at) > UNUSED:
                del self._kept[key]
            kept.looked_at = min(kept.looked_at, now - 2 * FILES_CHECKED_EVERY)

    def _look(
        self, settings: TlsSettings, alpn: tuple[str, ...], kept: _Kept | None, now: float
    ) -> _Kept:
        signature = tuple(_signature(path) for path in _files(settings))
        if kept is not None and kept.signature == signature:
            kept.looked_at = now
            return kept
        made = _Kept(make_context(settings, alpn), signature, now)
        self._kept[settings, alpn] = made
        return made

    def facts(
        self, context: TlsContext, connection: ssl.SSLObject, name: str | None = None
    ) -> TlsFacts:
        """What a finished handshake tells; reading a chain seen before costs next to nothing. Raises
        :class:`ProbeFailure` where the context verifies and the certificate is not for ``name``.
        """
        chain = tuple(_unverified_chain(connection))
        # what verifies nothing says the same of a chain whatever context it is
        verifier = context.ssl if context.verifies else None
        key = (id(verifier), chain)
        read = self._facts.get(key)
        if read is None:
            read = _read(verifier, chain, connection)
            if sum(map(len, chain)) <= CHAIN_KEPT:
                self._facts[key] = read
            if len(self._facts) > 2048:
                self._facts.popitem(last=False)
        if name is not None and context.verifies and not is_for(name, read.names):
            raise ProbeFailure(Reason.TLS_HOSTNAME, f"the certificate is not for {clean(name, 60)}")
        cipher = connection.cipher()
        return TlsFacts(
            version=connection.version(),
            cipher=cipher[0] if cipher else None,
            chain=read.chain,
            verified=context.verifies,
            verified_not_after=read.verified_not_after,
            client=context.client,
            verified_chain=read.verified_chain,
        )


@dataclass(frozen=True, slots=True)
class _Read:
    verifier: ssl.SSLContext | None  # keeps the id in the key its own
    chain: tuple[Certificate, ...]
    verified_chain: tuple[Certificate, ...]
    verified_not_after: float | None
    names: frozenset[str]


def _read(
    verifier: ssl.SSLContext | None, chain: tuple[bytes, ...], connection: ssl.SSLObject
) -> _Read:
    sent = read_chain(chain)
    if verifier is None:
        return _Read(None, sent, (), None, frozenset())
    verified = read_chain(_verified_chain(connection))
    openssl: Mapping[str, Any] = {}
    if chain and not sent:
        openssl = connection.getpeercert() or {}
        sent = (read_by_openssl(chain[0], openssl),)
    ends = [certificate.not_after for certificate in (*verified, *sent[:1])]
    names = server_names(chain[0], openssl) if chain else frozenset()
    return _Read(verifier, sent, verified, min(ends, default=None), names)


def _files(settings: TlsSettings) -> tuple[Path, ...]:
    every = (settings.ca_file, settings.cert_file, settings.key_file)
    return tuple(path for path in every if path is not None)


def _signature(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_ino)


def make_context(settings: TlsSettings, alpn: tuple[str, ...] = ()) -> TlsContext:
    """A client context. Raises :class:`MonitorTrouble` for files that are missing or bad.

    It offers what curl, Go and browsers offer between them, which is more than Python's default: cipher
    suites without forward secrecy or with SHA-1 as MAC, keys of 1,024 bits (OpenSSL's security level 1).
    That it was weak is told; where that is to be a fault, kind ``certificate`` makes it one.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # what the names mean is not left to OpenSSL: see `probes.net.reference_identity`
    context.check_hostname = False
    context.set_ciphers("DEFAULT:@SECLEVEL=1")
    context.options |= _LEGACY_SERVER_CONNECT
    oldest = settings.min_version or _default_minimum(settings.max_version)
    if TLS_VERSIONS.index(oldest) < TLS_VERSIONS.index("TLSv1.2"):
        # OpenSSL 3 offers TLS 1.1 and older at security level 0 only
        context.set_ciphers("DEFAULT@SECLEVEL=0")
    with warnings.catch_warnings():
        # Python warns of TLS 1.1 and older; here somebody has written that it is meant
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _VERSIONS[oldest]
        if settings.max_version is not None:
            context.maximum_version = _VERSIONS[settings.max_version]
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if settings.insecure_skip_verify:
        context.verify_mode = ssl.CERT_NONE
    else:
        _load_trust(context, settings)
    client = _load_client(context, settings)
    # RFC 8446, 4.6.2: for a server that asks for our certificate once it has seen the request. Without
    # one the extension is not sent, so that such a server answers us as it does Go and browsers
    context.post_handshake_auth = client is not None
    return TlsContext(context, client, verifies=not settings.insecure_skip_verify)


def _default_minimum(newest: TlsVersion | None) -> TlsVersion:
    """TLS 1.2, unless even the newest that is wanted is older."""
    if newest is not None and TLS_VERSIONS.index(newest) < TLS_VERSIONS.index("TLSv1.2"):
        return newest
    return "TLSv1.2"


def _load_trust(context: ssl.SSLContext, settings: TlsSettings) -> None:
    if settings.ca_file is None:
        context.load_default_certs()
        return
    # an intermediate alone in ca_file is a trust anchor too, as for Go's clients
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cafile=os.fspath(settings.ca_file))
    except OSError as error:  # ssl.SSLError is one
        raise MonitorTrouble(_unreadable("ca_file", settings.ca_file, error)) from None


def _load_client(context: ssl.SSLContext, settings: TlsSettings) -> Certificate | None:
    if settings.cert_file is None:
        return None
    try:
        context.load_cert_chain(settings.cert_file, settings.key_file, password=_no_password)
        return read_pem_certificate(settings.cert_file.read_bytes())
    except (OSError, ValueError) as error:
        raise MonitorTrouble(
            _unreadable("the client certificate in cert_file", settings.cert_file, error)
        ) from None


def _no_password() -> str:
    # without this OpenSSL would ask on the terminal, and stop the loop for it
    return ""


def _unreadable(what: str, path: Path, error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return clean(f"{what} {path.name} holds no usable PEM ({error.reason or 'unreadable'})")
    if isinstance(error, OSError):
        return clean(f"{what} {path.name}: {error.strerror or error}")
    return clean(f"{what} {path.name} holds no certificate that can be read")


class LookingContext:
    """A context that verifies nothing, for one handshake that only reads the chain."""

    def __init__(self, settings: TlsSettings, alpn: tuple[str, ...] = ()) -> None:
        relaxed = settings.model_copy(
            update={"insecure_skip_verify": True, "ca_file": None, "min_version": None}
        )
        self.context = make_context(relaxed, alpn)
        self.context.ssl.set_ciphers("ALL:@SECLEVEL=0")
        self._requests: list[int] = []
        # not documented, in CPython since 3.8: the only way to see whether the server asked
        if hasattr(self.context.ssl, "_msg_callback"):
            self.context.ssl._msg_callback = _noting_requests(self._requests)

    @property
    def client_certificate_requested(self) -> bool:
        return bool(self._requests)


def _noting_requests(requests: list[int]) -> Callable[..., None]:
    # it knows the list alone: a context that led back to itself would wait for the collector
    def message(_c: Any, direction: str, _v: Any, content: Any, kind: Any, _data: bytes) -> None:
        if direction == "read" and int(kind) == _CERTIFICATE_REQUEST and int(content) == 22:
            requests[:] = [1]

    return message


def verified_ders(connection: ssl.SSLObject, context: TlsContext) -> tuple[bytes, ...]:
    """DER of the chain that verified, leaf first, up to the authority that we trust; empty where
    nothing is verified. Apart from :class:`TlsFacts`, for few ask and an observation is kept.
    """
    return tuple(_verified_chain(connection)) if context.verifies else ()


def _unverified_chain(connection: ssl.SSLObject) -> list[bytes]:
    return _ders(connection, "get_unverified_chain")


def _verified_chain(connection: ssl.SSLObject) -> list[bytes]:
    return _ders(connection, "get_verified_chain")


def _ders(connection: Any, method: str) -> list[bytes]:
    """DER of a chain. Public from Python 3.13; before, the same call one object further in."""
    public = getattr(connection, method, None)
    if public is not None:
        return [bytes(der) for der in public()]
    inner = getattr(getattr(connection, "_sslobj", None), method, None)
    if inner is None:
        der = connection.getpeercert(binary_form=True)
        return [der] if der else []
    return [certificate.public_bytes(_ENCODING_DER) for certificate in inner() or []]
