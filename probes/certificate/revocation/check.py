"""Whether the certificates of a chain are revoked: stapled OCSP, OCSP and CRL, soft by nature.

Every certificate below the one that we trust is asked about, all at the same time. Of one the
sources are asked in order until one gives an answer, each with an equal share of the time that is
left, so that a source that hangs leaves time for the next. That nothing could be found out is
``unknown``, and different from ``revoked``.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from probes.certificate.revocation import crl, ocsp
from probes.certificate.revocation.cache import RevocationCache
from probes.certificate.revocation.fetch import Question, fetch_der, shown_url, usable
from probes.certificate.revocation.ocsp_stapling import Stapler, staple
from probes.certificate.revocation.verdict import RevocationAnswer, Unclear, reading
from probes.net.work_threads import Stop, never
from probes.net.x509_repair import load
from probes.observation import Cause, Revocation, RevocationState, TlsFacts, clean

if TYPE_CHECKING:
    from probes.net.context import ProbeContext

T = TypeVar("T")
Mode: TypeAlias = Literal["crl", "ocsp", "any"]
MAX_CERTIFICATES = 8
"""Certificates of a chain that are asked about."""
MAX_URLS = 2
"""Addresses of a kind that are asked of one certificate; it may name as many as it likes."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """A certificate, and who issued it."""

    certificate: x509.Certificate
    issuer: x509.Certificate
    sha256: str
    issuer_sha256: str


@dataclass(frozen=True, slots=True)
class _Source:
    """Somebody who may know."""

    name: str
    key: Hashable
    ask: Callable[[float], Awaitable[RevocationAnswer]]
    """Within so many seconds. Raises :class:`Unclear`."""


async def check_revocation(
    context: ProbeContext,
    facts: TlsFacts,
    chain: Sequence[bytes],
    mode: Mode,
    stapler: Stapler,
    timeout: float,
) -> tuple[Revocation, ...]:
    """What is known of each certificate of ``chain``, found out within ``timeout`` seconds.

    ``chain`` is what verified in the handshake that ``facts`` tells of, in DER: whom we trust is
    last, and not asked about. ``stapler`` is the server.
    """
    if len(chain) < 2:
        return _nobody_to_ask(facts, chain)
    ends = context.timer() + timeout
    tasks = []
    async with asyncio.TaskGroup() as group:
        for place, (der, issuer) in enumerate(pairwise(chain)):
            if place == MAX_CERTIFICATES:
                break
            server = stapler if place == 0 else None
            tasks.append(group.create_task(_check_one(context, der, issuer, mode, server, ends)))
    return tuple(task.result() for task in tasks)


def _nobody_to_ask(facts: TlsFacts, chain: Sequence[bytes]) -> tuple[Revocation, ...]:
    if facts.leaf is None:
        return ()
    doubt = Unclear("the certificate is trusted itself, and has no issuer that could revoke it")
    if not chain:
        doubt = Unclear("the chain is not verified", cause=Cause.MONITOR)
    return (_unknown(facts.leaf.sha256, facts.leaf.subject, [doubt]),)


async def _check_one(
    context: ProbeContext,
    der: bytes,
    issuer: bytes,
    mode: Mode,
    server: Stapler | None,
    ends: float,
) -> Revocation:
    sha256 = hashlib.sha256(der).hexdigest()
    subject = ""
    try:
        with reading("a certificate"):
            certificate = load(der)
            subject = clean(certificate.subject.rfc4514_string())
            about = _Subject(
                certificate,
                load(issuer),
                sha256,
                hashlib.sha256(issuer).hexdigest(),
            )
            sources = list(_sources(context, about, mode, server))
    except Unclear:
        return _unknown(sha256, subject, [Unclear("the certificate cannot be read")])
    if not sources:
        return _unknown(sha256, subject, [Unclear(_nobody(mode))])
    doubts = []
    # what is known already costs no time, and the server no handshake
    for source in sources:
        if (answer := context.shared(RevocationCache.of).known(source.key)) is not None:
            return _found(sha256, subject, source, answer)
    for place, source in enumerate(sources):
        left = ends - context.timer()
        try:
            answer = await source.ask(max(left, 0.0) / (len(sources) - place))
        except Unclear as unclear:
            doubts.append(Unclear(f"{source.name} {unclear.words}", cause=unclear.cause))
        else:
            return _found(sha256, subject, source, answer)
    return _unknown(sha256, subject, doubts)


def _found(sha256: str, subject: str, source: _Source, answer: RevocationAnswer) -> Revocation:
    revoked = answer.revoked_at is not None
    return Revocation(
        sha256=sha256,
        subject=subject,
        state=RevocationState.REVOKED if revoked else RevocationState.GOOD,
        source=source.name,
        revoked_at=answer.revoked_at,
        reason=answer.reason,
    )


def _unknown(sha256: str, subject: str, doubts: Sequence[Unclear]) -> Revocation:
    ours = any(doubt.cause is Cause.MONITOR for doubt in doubts)
    return Revocation(
        sha256=sha256,
        subject=subject,
        state=RevocationState.UNKNOWN,
        detail=clean("; ".join(doubt.words for doubt in doubts)),
        cause=Cause.MONITOR if ours else Cause.DEPENDENCY,
    )


def _nobody(mode: Mode) -> str:
    what = {"crl": "revocation list", "ocsp": "OCSP responder", "any": "OCSP responder or list"}
    return f"the certificate names no {what[mode]} at an http:// address"


def _sources(
    context: ProbeContext, about: _Subject, mode: Mode, server: Stapler | None
) -> Iterator[_Source]:
    """In the order in which they are asked. Raises one of ``MALFORMED``."""
    if mode != "crl":
        if server is not None:
            key: Hashable = ("staple", server.key(), about.sha256, about.issuer_sha256)
            yield _Source("stapled OCSP", key, partial(_ask_server, context, about, server, key))
        for url in _responders(about.certificate):
            key = ("ocsp", url, about.sha256, about.issuer_sha256)
            ask = partial(_ask_responder, context, about, url, key)
            yield _Source(f"OCSP {shown_url(url)}", key, ask)
    if mode != "ocsp":
        for url in _lists(about.certificate):
            key = ("listed", url, about.sha256, about.issuer_sha256)
            yield _Source(
                f"CRL {shown_url(url)}", key, partial(_ask_list, context, about, url, key)
            )


def _responders(certificate: x509.Certificate) -> list[str]:
    """RFC 5280, 4.2.2.1."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except x509.ExtensionNotFound:
        return []
    return _usable(
        access.access_location
        for access in found.value
        if access.access_method == AuthorityInformationAccessOID.OCSP
    )


def _lists(certificate: x509.Certificate) -> list[str]:
    """RFC 5280, 4.2.1.13: lists that the issuer makes itself, for all reasons."""
    return _usable(
        name
        for point in crl.distribution_points(certificate)
        if not point.crl_issuer and point.reasons is None
        for name in point.full_name or ()
    )


def _usable(names: Iterator[x509.GeneralName]) -> list[str]:
    urls: dict[str, None] = {}
    for name in names:
        if isinstance(name, x509.UniformResourceIdentifier) and usable(name.value):
            urls[name.value] = None
            if len(urls) == MAX_URLS:
                break
    return list(urls)


async def _ask_server(
    context: ProbeContext, about: _Subject, server: Stapler, key: Hashable, patience: float
) -> RevocationAnswer:
    async def ask() -> RevocationAnswer:
        der = await staple(context, server, patience)
        return ocsp.read_response(der, about.certificate, about.issuer, context.clock())

    return await context.shared(RevocationCache.of).get(key, ask, patience)


async def _ask_responder(
    context: ProbeContext, about: _Subject, url: str, key: Hashable, patience: float
) -> RevocationAnswer:
    async def ask() -> RevocationAnswer:
        # POST and not GET, which RFC 5019, 5 prefers for caches' sake: slashes and plus signs in
        # a GET's address do not survive every server, and we cache ourselves
        question = Question(
            url=url,
            limit=ocsp.MAX_BYTES,
            headers={
                "Content-Type": "application/ocsp-request",
                "Accept": "application/ocsp-response",
            },
            body=ocsp.question(about.certificate, about.issuer),
        )
        der = bytes(await fetch_der(context, question))
        return ocsp.read_response(der, about.certificate, about.issuer, context.clock())

    return await context.shared(RevocationCache.of).get(key, ask, patience)


async def _ask_list(
    context: ProbeContext, about: _Subject, url: str, key: Hashable, patience: float
) -> RevocationAnswer:
    async def load() -> crl.Crl:
        headers = {"Accept": "application/pkix-crl"}
        der = await fetch_der(context, Question(url=url, limit=crl.MAX_BYTES, headers=headers))
        whole = crl.read_crl(der, about.issuer, context.clock())
        hashed = crl.hash_name(whole)
        data = await _long_work(context, whole, lambda _stop: crl.digest(whole, hashed))
        crl.verify(whole, about.issuer, data)
        return whole

    async def ask() -> RevocationAnswer:
        whole = await context.shared(RevocationCache.of).get(
            ("crl", url, about.issuer_sha256), load, None
        )
        serial = about.certificate.serial_number
        entry = await _long_work(
            context, whole, lambda stop: crl.find(whole, serial, _giving_way(stop))
        )
        return crl.answer(whole, about.certificate, entry)

    return await context.shared(RevocationCache.of).get(key, ask, patience)


def _giving_way(stop: Stop) -> Stop:
    """The same, with a turn for the other threads each time."""

    def asked() -> bool:
        time.sleep(0)
        return stop()

    return asked


async def _long_work(context: ProbeContext, whole: crl.Crl, work: Callable[[Stop], T]) -> T:
    """What ``work`` on a list gives, in a thread when that is long. Raises :class:`Unclear`."""
    try:
        if whole.size < crl.LARGE:
            return work(never)
        return await context.workers.run(work)
    except ValueError:
        raise Unclear("is not a revocation list that can be read") from None
