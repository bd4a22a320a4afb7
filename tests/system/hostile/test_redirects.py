"""A redirect never takes credentials to another host, and never leaves http and https."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from probes.net.context import ProbeContext
from probes.observation import Grade, Observation, Reason
from tests.support.probes.asking import Names, ask_http
from tests.support.servers.ca import Authority
from tests.support.servers.http_server import HttpServer, serve_http
from tests.support.servers.raw_server import Script, serve_raw

SECRET = "s3cret-value"
KNOWN = Names(expo_test=("127.0.0.1",), other_test=("127.0.0.2",))


def words(headers: Mapping[str, str]) -> str:
    return " ".join(f"{name}: {value}" for name, value in headers.items())


async def redirected(server: HttpServer, to: str, **settings: Any) -> Observation:
    server.answer(status=302, headers={"Location": to})
    async with ProbeContext(resolver=KNOWN) as context:
        return await ask_http(context, server.url(host="expo.test"), **settings)


@pytest.mark.parametrize(
    "location",
    [
        "ftp://expo.test/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,hello",
        "gopher://expo.test:70/_x",
        "unix:/var/run/docker.sock",
        "ws://expo.test/",
        "mailto:root@expo.test",
        "HTTPS+unix://x",
        "http://user:s3cret@expo.test/",
        "http://[::1",
        "http://expo.test:99999/",
        "http://expo.test:-1/",
        "http://a b/",
        "http://" + "a" * 300 + "/",
        "http://\u202e.test/",
    ],
)
async def test_no_redirect_leads_out_of_the_web(http_server: HttpServer, location: str) -> None:
    """What is no address of http or https ends the probe; nobody is asked a second time."""
    seen = await redirected(http_server, location)
    assert seen.reason in (Reason.REDIRECTS, Reason.DNS), seen.detail
    assert seen.detail.isprintable()
    assert "s3cret" not in seen.detail
    assert len(http_server.arrivals) == 1


@pytest.mark.parametrize(
    "credentials",
    [
        {"headers": {"Authorization": f"Bearer {SECRET}"}},
        {"headers": {"Cookie": f"session={SECRET}"}},
        {"headers": {"Proxy-Authorization": f"Basic {SECRET}"}},
        {"headers": {"X-Api-Key": SECRET, "Ocp-Apim-Subscription-Key": SECRET}},
        {"basic_auth": "written"},
        {"bearer_token_file": "written"},
    ],
    ids=lambda credentials: " ".join(credentials.get("headers", credentials)),
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_credential_goes_to_another_host(
    tmp_path: Path, credentials: dict[str, Any], status: int
) -> None:
    """Neither there nor, when that host redirects back, to the first one again."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET, "utf-8")
    settings = dict(credentials)
    if "basic_auth" in settings:
        settings["basic_auth"] = {"username": "u", "password_file": str(secret)}
    if "bearer_token_file" in settings:
        settings["bearer_token_file"] = str(secret)
    async with serve_http() as first, serve_http(host="127.0.0.2") as second:
        back = first.url("/back", host="expo.test")
        there = f"http://other.test:{second.port}/there"
        first.answer(status=status, headers={"Location": there, "Set-Cookie": "a=b"})
        first.answer("/back")
        second.answer("/there", status=status, headers={"Location": back})
        async with ProbeContext(resolver=KNOWN) as context:
            seen = await ask_http(context, first.url(host="expo.test"), **settings)
    assert seen.grade is Grade.GOOD, seen.detail
    [asked, returned] = first.arrivals
    [elsewhere] = second.arrivals
    assert "Authorization" in asked.headers or SECRET in words(asked.headers)
    for arrival in (elsewhere, returned):
        assert SECRET not in words(arrival.headers)
        assert not {"Authorization", "Cookie", "Proxy-Authorization"} & set(arrival.headers)


async def test_no_cookie_is_kept(http_server: HttpServer) -> None:
    """What a server sets, it does not get back: not even itself."""
    http_server.answer(status=302, headers={"Location": "/next", "Set-Cookie": "a=b; Path=/"})
    http_server.answer("/next")
    async with ProbeContext(resolver=KNOWN) as context:
        seen = await ask_http(context, http_server.url())
    assert seen.grade is Grade.GOOD
    assert [arrival.headers.get("Cookie") for arrival in http_server.arrivals] == [None, None]


def noting(certificates: list[Any], answer: bytes) -> Script:
    """Answers, and notes which certificate the client showed."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        certificates.append(writer.get_extra_info("peercert"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    return script


async def test_no_client_certificate_goes_to_another_host(authority: Authority) -> None:
    """Who is redirected to shows its own certificate and is shown none, though it asks."""
    tls_context = authority.server_context(authority.valid, asks_client=True)
    tls_context.verify_mode = ssl.CERT_OPTIONAL
    shown: list[Any] = []
    good = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    async with serve_raw(noting(shown, good), tls=tls_context, host="127.0.0.2") as second:
        to = f"Location: https://other.test:{second.port}/\r\n".encode()
        there = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n" + to + b"\r\n"
        async with (
            serve_raw(noting(shown, there), tls=tls_context) as first,
            ProbeContext(resolver=KNOWN) as context,
        ):
            seen = await ask_http(
                context,
                f"https://expo.test:{first.port}/",
                tls={
                    "ca_file": str(authority.ca_file),
                    "cert_file": str(authority.client.cert_file),
                    "key_file": str(authority.client.key_file),
                },
            )
    assert seen.grade is Grade.GOOD, seen.detail
    asked, elsewhere = shown
    assert asked
    assert not elsewhere
