"""What an authority says of the certificates that it issued: an OCSP responder, and lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from tests.support.servers.ca import DAY, now
from tests.support.servers.chains import HOSTS, Made, make
from tests.support.servers.http_server import HttpServer

HOUR = dt.timedelta(hours=1)
RESPONDER = "/ocsp"
LIST = "/list.crl"


def asks_at(*urls: str) -> x509.AuthorityInformationAccess:
    """A certificate's word on where its OCSP responders are."""
    method = AuthorityInformationAccessOID.OCSP
    names = [x509.UniformResourceIdentifier(url) for url in urls]
    return x509.AuthorityInformationAccess([x509.AccessDescription(method, name) for name in names])


def listed_at(*urls: str) -> x509.CRLDistributionPoints:
    """A certificate's word on where the lists are."""
    names = [x509.UniformResourceIdentifier(url) for url in urls]
    return x509.CRLDistributionPoints(
        [x509.DistributionPoint([name], None, None, None) for name in names]
    )


@dataclass(slots=True)
class Office:
    """An authority's office on an HTTP server: ``/ocsp`` and ``/list.crl``."""

    server: HttpServer
    issuer: Made
    revoked: dict[int, tuple[dt.datetime, x509.ReasonFlags | None]] = field(default_factory=dict)
    strangers: set[int] = field(default_factory=set)
    """Serial numbers that it does not know."""
    updated: dt.datetime = field(default_factory=lambda: now() - HOUR)
    following: dt.datetime | None = field(default_factory=lambda: now() + HOUR)
    """The next update; ``None`` names none."""
    signer: Made | None = None
    """Who signs instead of the authority, its certificate sent along with an OCSP response."""
    known: dict[int, Made] = field(default_factory=dict)

    def __post_init__(self) -> None:
        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            asked = ocsp.load_der_ocsp_request(await request.read())
            return web.Response(body=self.response(self.known[asked.serial_number]))

        async def whole(_request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(body=self.crl())

        self.server.handlers[RESPONDER] = answer
        self.server.handlers[LIST] = whole

    def issue(
        self, *, ocsp: bool = False, crl: bool = False, name: str = "expo.ext5.example.se"
    ) -> Made:
        """A server's certificate that names the responder, the list, both or nobody."""
        extensions: list[x509.ExtensionType] = []
        if ocsp:
            extensions.append(asks_at(self.server.url(RESPONDER)))
        if crl:
            extensions.append(listed_at(self.server.url(LIST)))
        return self.issue_with(*extensions, name=name)

    def issue_with(
        self, *extensions: x509.ExtensionType, name: str = "expo.ext5.example.se"
    ) -> Made:
        made = make(name, self.issuer, hosts=HOSTS, extensions=extensions)
        return self.knows(made)

    def knows(self, made: Made) -> Made:
        """The same certificate, which the responder can now be asked about."""
        self.known[made.certificate.serial_number] = made
        return made

    def revoke(
        self, made: Made, *, at: dt.datetime, reason: x509.ReasonFlags | None = None
    ) -> None:
        self.revoked[made.certificate.serial_number] = (at, reason)

    def asked(self, path: str) -> int:
        """How often somebody came to ``path``."""
        return sum(arrival.path == path for arrival in self.server.arrivals)

    def response(self, made: Made) -> bytes:
        """What the responder says of one certificate."""
        serial = made.certificate.serial_number
        status, (at, reason) = ocsp.OCSPCertStatus.GOOD, self.revoked.get(serial, (None, None))
        if at is not None:
            status = ocsp.OCSPCertStatus.REVOKED
        elif serial in self.strangers:
            status = ocsp.OCSPCertStatus.UNKNOWN
        signer = self.signer or self.issuer
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                made.certificate,
                self.issuer.certificate,
                hashes.SHA1(),
                status,
                self.updated,
                self.following,
                at,
                reason,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        )
        if self.signer is not None:
            builder = builder.certificates([self.signer.certificate])
        return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def crl(self, *extensions: x509.ExtensionType, serials: Sequence[int] = ()) -> bytes:
        """The list of all that is revoked, with as many other serial numbers as wanted."""
        signer = self.signer or self.issuer
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(signer.certificate.subject)
            .last_update(self.updated)
            .next_update(self.following or now() + HOUR)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=True)
        for serial in serials:
            builder = builder.add_revoked_certificate(_entry(serial, now() - DAY, None))
        for serial, (at, reason) in self.revoked.items():
            builder = builder.add_revoked_certificate(_entry(serial, at, reason))
        return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _entry(
    serial: int, at: dt.datetime, reason: x509.ReasonFlags | None
) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
    if reason is not None:
        builder = builder.add_extension(x509.CRLReason(reason), critical=False)
    return builder.build()
