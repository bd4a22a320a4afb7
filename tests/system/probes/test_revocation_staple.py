"""Stapled OCSP responses, from servers that are not Python's, and OpenSSL's own responder."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Observation, Reason, Revocation, RevocationState
from tests.support.probes.asking import ask_certificate
from tests.support.servers.ca import DAY, Authority, now
from tests.support.servers.chains import Chains, Made
from tests.support.servers.http_server import serve_http
from tests.support.servers.nginx import serve_nginx
from tests.support.servers.openssl import serve_openssl
from tests.support.servers.programs import require_program
from tests.support.servers.raw_server import serve_raw
from tests.support.servers.revocation_server import HOUR, RESPONDER, Office, asks_at, listed_at
from tests.support.servers.starttls_server import smtp

SINCE = dt.datetime(2026, 3, 4, 5, 6, 7, tzinfo=dt.UTC)
REVOKED = (Grade.FAILED, Reason.TLS_REVOKED, Cause.TARGET)


def outcome(seen: Observation) -> tuple[Grade, Reason | None, Cause | None]:
    return seen.grade, seen.reason, seen.cause


def found(seen: Observation) -> Revocation:
    assert seen.tls is not None
    return seen.tls.revocation[0]


class Stapled:
    """``openssl s_server`` with a certificate and a response to staple."""

    def __init__(self, context: ProbeContext, chains: Chains, folder: Path) -> None:
        self._context = context
        self._chains = chains
        self._folder = folder

    async def __call__(
        self, leaf: Made, response: bytes | None, *options: str, **more: Any
    ) -> Observation:
        if response is not None:
            staple = self._folder / f"{hash(response)}.der"
            staple.write_bytes(response)
            options = (*options, "-status_file", str(staple))
        tls = {"ca_file": self._chains.ca_file, **more.pop("tls", {})}
        async with serve_openssl(self._chains.pair(leaf), *options) as port:
            return await ask_certificate(self._context, "127.0.0.1", port, tls=tls, **more)


@pytest.fixture
def stapled(context: ProbeContext, chains: Chains, tmp_path: Path) -> Stapled:
    return Stapled(context, chains, tmp_path)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("mode", ["ocsp", "any"])
async def test_a_good_staple_spares_the_responder(
    stapled: Stapled, office: Office, version: str, mode: str
) -> None:
    """Nobody else is asked."""
    leaf = office.issue(ocsp=True, crl=True)
    seen = await stapled(leaf, office.response(leaf), version, revocation=mode)
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")
    assert (found(seen).state, found(seen).source) == (RevocationState.GOOD, "stapled OCSP")
    assert office.server.arrivals == []


async def test_a_staple_says_revoked(stapled: Stapled, office: Office) -> None:
    """A server that tells it of itself."""
    leaf = office.issue()
    office.revoke(leaf, at=SINCE, reason=x509.ReasonFlags.cessation_of_operation)
    seen = await stapled(leaf, office.response(leaf), revocation="ocsp")
    assert outcome(seen) == REVOKED
    assert seen.detail == (
        "the certificate was revoked 2026-03-04T05:06:07Z (cessationOfOperation), says stapled OCSP"
    )


async def test_lists_only_want_no_staple(stapled: Stapled, office: Office) -> None:
    leaf = office.issue()
    office.revoke(leaf, at=SINCE)
    seen = await stapled(leaf, office.response(leaf), revocation="crl")
    assert found(seen).state is RevocationState.UNKNOWN


async def test_a_staple_that_is_out_of_date_is_none(stapled: Stapled, office: Office) -> None:
    """The responder is asked instead; without one it stays unknown, and why."""
    office.updated, office.following = now() - 3 * DAY, now() - 2 * DAY - HOUR
    leaf, alone = office.issue(ocsp=True), office.issue()
    old, older = office.response(leaf), office.response(alone)
    office.updated, office.following = now() - HOUR, now() + HOUR
    seen = await stapled(leaf, old, revocation="ocsp")
    assert found(seen).source == f"OCSP {office.server.url(RESPONDER)}"
    seen = await stapled(alone, older, revocation="ocsp", revocation_required=True)
    assert outcome(seen) == (Grade.FAILED, Reason.TLS_REVOKED, Cause.DEPENDENCY)
    assert "stapled OCSP is out of date: its next update was due 2 days ago" in seen.detail


async def test_a_staple_of_another_certificate_is_none(stapled: Stapled, office: Office) -> None:
    leaf = office.issue()
    seen = await stapled(leaf, office.response(office.issue()), revocation="ocsp")
    assert found(seen).state is RevocationState.UNKNOWN
    assert found(seen).detail == "stapled OCSP is about another certificate"


async def test_a_server_that_staples_nothing(stapled: Stapled, office: Office) -> None:
    seen = await stapled(office.issue(), None, revocation="ocsp")
    assert found(seen).detail == "stapled OCSP is not sent"


async def test_a_server_that_wants_our_certificate_too(
    stapled: Stapled, office: Office, authority: Authority
) -> None:
    """The second handshake is as good as the first."""
    leaf, mine = office.issue(), authority.client
    seen = await stapled(
        leaf,
        office.response(leaf),
        "-Verify", "3", "-verify_return_error", "-CAfile", str(authority.ca_file),
        revocation="ocsp",
        tls={
            "cert_file": mine.cert_file, "key_file": mine.key_file, "max_version": "TLSv1.2",
        },
    )  # fmt: skip
    assert (seen.grade, found(seen).source) == (Grade.GOOD, "stapled OCSP")


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """Both ways, until either ends."""
    there, to_there = await asyncio.open_connection("127.0.0.1", port)

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        sink.close()

    try:
        await asyncio.gather(pump(reader, to_there), pump(there, writer))
    finally:
        to_there.close()


async def test_a_staple_behind_starttls(
    context: ProbeContext, chains: Chains, office: Office, tmp_path: Path
) -> None:
    """What is said before TLS is said again."""
    leaf, staple = office.issue(), tmp_path / "staple.der"
    staple.write_bytes(office.response(leaf))
    async with serve_openssl(chains.pair(leaf), "-status_file", str(staple)) as port:

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await smtp(reader, writer, b"")
            await relay(reader, writer, port)

        async with serve_raw(talk) as mail:
            seen = await ask_certificate(
                context,
                "127.0.0.1",
                mail.port,
                tls={"ca_file": chains.ca_file},
                starttls="smtp",
                revocation="ocsp",
            )
    assert (seen.grade, found(seen).source) == (Grade.GOOD, "stapled OCSP")
    assert mail.accepted == 2


async def test_nginx_staples_from_a_file(
    context: ProbeContext, chains: Chains, office: Office, tmp_path: Path
) -> None:
    """``ssl_stapling_file``."""
    leaf = office.issue()
    pair = chains.pair(leaf, chains.root)
    staple = tmp_path / "staple.der"
    staple.write_bytes(office.response(leaf))
    block = f"""
        ssl_certificate {pair.cert_file};
        ssl_certificate_key {pair.key_file};
        ssl_stapling on;
        ssl_stapling_file {staple};
    """
    async with serve_nginx(tmp_path, block, tls=True) as port:
        for _ in range(2):
            seen = await ask_certificate(
                context,
                "localhost",
                port,
                address="127.0.0.1",
                tls={"ca_file": chains.ca_file},
                revocation="ocsp",
            )
            assert (seen.grade, found(seen).source) == (Grade.GOOD, "stapled OCSP")


async def test_a_server_that_hangs_in_the_second_handshake(
    context: ProbeContext, authority: Authority, chains: Chains, office: Office
) -> None:
    """The probe's total holds, and its verdict on the first is not lost."""
    leaf = office.issue(ocsp=True)
    tls_context = authority.server_context(chains.pair(leaf))
    async with serve_http(tls=tls_context) as server:

        async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if front.accepted == 1:
                await relay(reader, writer, server.port)
            else:
                await reader.read()

        async with serve_raw(meet) as front:
            seen = await ask_certificate(
                context, "127.0.0.1", front.port,
                timeout=3.0, tls={"ca_file": chains.ca_file}, revocation="ocsp",
            )  # fmt: skip
    assert front.accepted == 2
    # half of the time was left for the responder, which answered
    assert found(seen).source.startswith("OCSP ")
    assert seen.grade is Grade.GOOD


@asynccontextmanager
async def openssl_responder(folder: Path, chains: Chains, issuer: Made) -> AsyncIterator[int]:
    """The port of ``openssl ocsp``, which answers from ``index.txt``."""
    authority = chains.pair(issuer)
    process = await asyncio.create_subprocess_exec(
        require_program("openssl"),
        "ocsp", "-port", "0", "-index", "index.txt", "-CA", str(authority.cert_file),
        "-rsigner", str(authority.cert_file), "-rkey", str(authority.key_file), "-nmin", "30",
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        port, said = 0, b""
        while not port and (line := await process.stdout.readline()):
            said += line
            if match := re.match(rb"ACCEPT .*:([0-9]+)", line):
                port = int(match[1])
        assert port, said
        yield port
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_openssls_own_responder(
    context: ProbeContext, chains: Chains, tmp_path: Path, office: Office
) -> None:
    """Good, revoked and unknown as another implementation has them."""
    index = tmp_path / "index.txt"
    index.touch()
    async with openssl_responder(tmp_path, chains, chains.root) as port:
        url = f"http://127.0.0.1:{port}/"
        stranger, good, bad = (office.issue_with(asks_at(url)) for _ in range(3))
        # read again when it is another file, but only after the next request
        renewed = tmp_path / "renewed.txt"
        renewed.write_text(_line("V", good) + _line("R", bad))
        renewed.replace(index)
        seen = {}
        for leaf in (stranger, good, bad):
            async with serve_openssl(chains.pair(leaf)) as served:
                seen[leaf.sha256] = await ask_certificate(
                    context, "127.0.0.1", served, tls={"ca_file": chains.ca_file}, revocation="ocsp"
                )
    assert "does not know the certificate" in found(seen[stranger.sha256]).detail
    assert found(seen[good.sha256]).state is RevocationState.GOOD
    assert outcome(seen[bad.sha256]) == REVOKED
    assert "revoked 2026-03-04T05:06:07Z (keyCompromise)" in seen[bad.sha256].detail


def _line(state: str, made: Made) -> str:
    """A line of an OpenSSL authority's database."""
    serial = f"{made.certificate.serial_number:X}"
    serial = serial if len(serial) % 2 == 0 else f"0{serial}"
    revoked = "260304050607Z,keyCompromise" if state == "R" else ""
    return f"{state}\t361231000000Z\t{revoked}\t{serial}\tunknown\t/CN=expo.ext5.example.se\n"


async def test_openssls_own_list(
    context: ProbeContext, chains: Chains, tmp_path: Path, office: Office
) -> None:
    """``openssl ca -gencrl``: another implementation's encoding of the same."""
    url = office.server.url("/openssl.crl")
    good, bad = (office.issue_with(listed_at(url)) for _ in range(2))
    authority = chains.pair(office.issuer)
    (tmp_path / "index.txt").write_text(_line("R", bad))
    (tmp_path / "ca.conf").write_text(
        "[ca]\ndefault_ca=a\n[a]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=1\n"
    )
    process = await asyncio.create_subprocess_exec(
        require_program("openssl"),
        "ca", "-gencrl", "-config", "ca.conf", "-cert", str(authority.cert_file),
        "-keyfile", str(authority.key_file), "-out", "list.pem",
        cwd=tmp_path, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await process.communicate()
    assert process.returncode == 0, said
    pem = x509.load_pem_x509_crl((tmp_path / "list.pem").read_bytes())
    office.server.answer("/openssl.crl", body=pem.public_bytes(Encoding.DER))
    for leaf, state in ((good, RevocationState.GOOD), (bad, RevocationState.REVOKED)):
        async with serve_openssl(chains.pair(leaf)) as served:
            seen = await ask_certificate(
                context, "127.0.0.1", served, tls={"ca_file": chains.ca_file}, revocation="crl"
            )
        assert found(seen).state is state
