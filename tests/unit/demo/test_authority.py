"""The demo's certificate authority."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from monitor.demo.authority import Authority

NOW = datetime.now(UTC)


async def met(authority: Authority, server: ssl.SSLContext, name: str) -> x509.Certificate:
    """The certificate that a client meets who trusts the authority and verifies everything."""
    client = ssl.create_default_context(cadata=authority.pem().decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT

    async def nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    listening = await asyncio.start_server(nothing, "127.0.0.1", 0, ssl=server)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client, server_hostname=name
        )
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
    return x509.load_der_x509_certificate(der)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
async def test_a_strict_client_verifies_its_servers(tmp_path: Path, name: str) -> None:
    authority = Authority("test root", NOW)
    context = authority.server_context("ext5/expo", timedelta(days=12), tmp_path)
    certificate = await met(authority, context, name)
    left = certificate.not_valid_after_utc - NOW
    assert timedelta(days=11, hours=23) < left <= timedelta(days=12)


async def test_another_authority_is_not_trusted(tmp_path: Path) -> None:
    context = Authority("one", NOW).server_context("ext5/expo", timedelta(days=1), tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError):
        await met(Authority("another", NOW), context, "127.0.0.1")


def test_no_key_stays_on_the_disk(tmp_path: Path) -> None:
    """OpenSSL has read it by then, and nobody else needs it."""
    Authority("test root", NOW).server_context("ext5/expo", timedelta(days=1), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_given_away_is_the_certificate_alone() -> None:
    pem = Authority("test root", NOW).pem()
    assert b"PRIVATE" not in pem
    assert (
        x509.load_pem_x509_certificate(pem)
        .extensions.get_extension_for_class(x509.BasicConstraints)
        .value.ca
    )
