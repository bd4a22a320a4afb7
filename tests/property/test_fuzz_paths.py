"""Arbitrary bytes on the paths that read a stranger's: responses, certificates, what is said of their
revocation, and expectations.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import zlib
from collections.abc import Iterator
from contextlib import suppress

import brotli
import pytest
from backports import zstd
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import strategies as st
from multidict import CIMultiDict

from probes.certificate.revocation import crl, ocsp
from probes.certificate.revocation.verdict import Unclear
from probes.expect.expectations import Expectations, Response
from probes.expect.settings import ExpectSettings
from probes.http import probe as http
from probes.http.settings import HttpSettings
from probes.net.context import ProbeContext
from probes.net.x509 import read_certificate, read_chain
from probes.observation import Observation, Reason
from tests.support.fuzzing import fuzz
from tests.support.patience import PATIENCE
from tests.support.servers.chains import make
from tests.support.servers.hostile.documents import archive, entities
from tests.support.servers.http_server import HttpServer
from tests.support.servers.revocation_server import Office

DEADLINE = 10.0
LATE = PATIENCE
"""Seconds past the deadline that a busy machine may take."""

HEADS = (
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 404 Not Found\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: /next\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n",
)
FIELDS = (
    b"Content-Length: 5\r\n",
    b"Content-Length: 99999999999999999999\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Content-Encoding: br\r\n",
    b"Content-Encoding: zstd\r\n",
    b"Content-Encoding: deflate\r\n",
    b"Content-Type: application/json; charset=utf-16\r\n",
    b"Content-Type: text/xml\r\n",
    b"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
    b"Retry-After: 120\r\n",
    b"Connection: close\r\n",
    b"X: \xff\r\n",
    b"Set-Cookie: a=b\r\n",
    b"Location: http://[::1\r\n",
)
TEXT = b'{"a": [1, 2, {"b": "c"}]}'
FEED = b'<?xml version="1.0"?><r xmlns="u"><a b="c">d</a></r>'
SOAP = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
    b"<faultcode>s:Server</faultcode><faultstring>no</faultstring></s:Fault></s:Body></s:Envelope>"
)
FHIR = (
    b'{"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "software": {"version": "1"},'
    b' "rest": [{"resource": [{"type": "Patient"}]}]}'
)
OUTCOME = b'{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}'
BODIES = (
    b"",
    b"hello",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"5;x=y\r\nhello\r\n0\r\nTrailer: 1\r\n\r\n",
    gzip.compress(b"hello" * 50, mtime=0),
    zlib.compress(b"hello" * 50),
    brotli.compress(b"hello" * 50),
    zstd.compress(b"hello" * 50),
    TEXT,
    FEED,
    SOAP,
    FHIR,
    OUTCOME,
    entities(b'<!ENTITY a "b">', b"&a;"),
    archive(("a.xml", FEED), ("b/c.txt", TEXT)),
)


@st.composite
def mutated(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Something valid, with bytes turned, cut out, put in or doubled."""
    value = bytearray(draw(whole))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(value)))
        match draw(st.sampled_from(("turn", "cut", "insert", "double"))):
            case "turn" if place < len(value):
                value[place] = draw(st.integers(0, 255))
            case "cut":
                del value[place : place + draw(st.integers(1, 40))]
            case "insert":
                value[place:place] = draw(st.binary(min_size=1, max_size=12))
            case "double":
                value[place:place] = value[place : place + draw(st.integers(1, 60))]
    return bytes(value)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    fields = draw(st.lists(st.sampled_from(FIELDS), max_size=4))
    head: bytes = draw(st.sampled_from(HEADS)) + b"".join(fields) + b"\r\n"
    body: bytes = draw(st.sampled_from(BODIES))
    return head + body


EXPECTING: tuple[dict[str, object], ...] = (
    {},
    {"body_matches": ["(a*)*b"], "headers": {"X": "y"}},
    {"jsonpath": [{"path": "$..b", "exists": True}]},
    {"last_modified_within": "1h"},
    {"body_bytes": {"at_least": 1, "at_most": 10}},
    {"failure": "connect"},
    {"xpath": [{"path": "//*[local-name()='a']", "exists": True}]},
    {"xpath": [{"path": "count(//*)", "at_least": 1}]},
    {"soap": {"fault": "expected"}},
    {"soap": {"fault": "none"}},
    {"fhir": {"fhir_version": "4.0.1", "resources": ["Patient"]}},
    {"zip": {"contains": ["*.xml"]}},
)


class Scripted:
    """A server that says what it is told to, and closes."""

    def __init__(self) -> None:
        self.answer = b""
        self.url = ""
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._say, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    async def _say(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self.answer)
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop of this file's own: hypothesis calls what is no coroutine."""
    made = asyncio.new_event_loop()
    yield made
    made.run_until_complete(made.shutdown_asyncgens())
    made.close()


def test_any_answer_becomes_an_observation(loop: asyncio.AbstractEventLoop) -> None:
    """From the wire: within the deadline, clean, and never for a reason of our own."""
    server = Scripted()
    loop.run_until_complete(server.start())
    context = ProbeContext()
    probes = []
    for expecting in EXPECTING:
        settings = HttpSettings.model_validate(
            {"url": server.url, "expect": expecting, "max_body_bytes": 10_000}
        )
        probes.append(http.prepare(settings, DEADLINE, context))

    async def ask(number: int) -> Observation:
        async with asyncio.timeout(DEADLINE + LATE):
            return await probes[number]()

    def check(answer: bytes) -> None:
        server.answer = answer[1:]
        seen = loop.run_until_complete(ask((answer[0] if answer else 0) % len(probes)))
        assert seen.reason is not Reason.INTERNAL
        assert seen.detail.isprintable()
        assert len(seen.detail) <= 200
        assert all(seconds >= 0 for _, seconds in seen.phases.measured())

    some = st.builds(
        lambda number, answer: bytes((number,)) + answer,
        st.integers(0, len(EXPECTING) - 1),
        st.one_of(mutated(answers()), st.binary(max_size=400)),
    )
    try:
        assert fuzz(some, check) > 0
    finally:
        loop.run_until_complete(context.close())
        loop.run_until_complete(server.stop())


def certificates() -> tuple[bytes, ...]:
    """Valid ones, of several kinds."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = []
    for names in ((), ("expo.example.se",), tuple(f"n{n}.example.se" for n in range(20))):
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, "expo.example.se"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Åäö"),
            ]
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(dt.datetime(2026, 1, 1))  # noqa: DTZ001 - a test's
            .not_valid_after(dt.datetime(2027, 1, 1))  # noqa: DTZ001
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        )
        if names:
            alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
            builder = builder.add_extension(alternative, critical=False)
        made.append(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER))
    return tuple(made)


def test_any_certificate_is_read_or_refused() -> None:
    """Facts that are clean, or ``ValueError`` and nothing else; a chain is always read."""

    def check(der: bytes) -> None:
        assert len(read_chain([der, der])) in (0, 1, 2)
        try:
            facts = read_certificate(der)
        except ValueError:
            return
        for text in (facts.subject, facts.issuer, facts.signature_algorithm, *facts.names):
            assert text.isprintable()
            assert len(text) <= 200
        assert len(facts.names) <= 100
        assert len(facts.sha256) == 64

    assert fuzz(mutated(st.sampled_from(certificates())) | st.binary(max_size=200), check) > 0


def test_any_word_on_revocation_is_an_answer_or_none() -> None:
    """OCSP responses and lists: an answer, or that it is unclear, and nothing else; and none that
    was altered says that a revoked certificate is good.
    """
    root = make("Test Root CA")
    leaf = make("expo.example.se", root, hosts=("expo.example.se",))
    # no server answers: it only makes what one would say
    office = Office(HttpServer("127.0.0.1", 1, tls=False), root)
    office.revoke(leaf, at=office.updated, reason=x509.ReasonFlags.superseded)
    valid = office.response(leaf), office.crl(), office.crl(serials=range(1, 6))
    now = office.updated.timestamp() + 60

    def check(der: bytes) -> None:
        with suppress(Unclear):
            answer = ocsp.read_response(der, leaf.certificate, root.certificate, now)
            assert answer.revoked_at is not None
        with suppress(Unclear):
            whole = crl.read_crl(der, root.certificate, now)
            with suppress(ValueError):
                crl.verify(whole, root.certificate, crl.digest(whole, crl.hash_name(whole)))
                entry = crl.find(whole, leaf.certificate.serial_number, lambda: False)
                assert crl.answer(whole, leaf.certificate, entry).revoked_at is not None

    for der in valid:
        check(der)
    assert fuzz(mutated(st.sampled_from(valid)) | st.binary(max_size=200), check) > 0


def test_any_body_is_judged() -> None:
    """Whatever comes, an expectation holds or does not; it never breaks."""
    compiled = [
        Expectations(ExpectSettings.model_validate(expecting), 100_000) for expecting in EXPECTING
    ]
    charsets = (None, "utf-8", "utf-16", "iso-8859-1", "punycode", "\x00", "nope" * 30)

    def check(example: bytes) -> None:
        number, body = (example[0] if example else 0), example[1:]
        headers = CIMultiDict(
            {"X": body[:40].decode("utf-8", "surrogateescape"), "Last-Modified": repr(body[:90])}
        )
        response = Response(
            status=200,
            headers=headers,
            body=body,
            truncated=bool(number & 1),
            declared_bytes=len(body) if number & 2 else None,
            at=1_795_438_931.0,
            charset=charsets[number % len(charsets)],
        )
        for one in compiled:
            shortfall = one.judge(response)
            if shortfall is not None:
                assert shortfall.reason is not Reason.INTERNAL

    bodies = mutated(st.sampled_from(BODIES)) | st.binary(max_size=400)
    some = st.builds(lambda n, body: bytes((n,)) + body, st.integers(0, 255), bodies)
    assert fuzz(some, check) > 0
