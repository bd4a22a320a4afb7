"""The released exporter and we probe the same targets: issue 6, point 4."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.servers.blackhole import blackhole, closed_port
from tests.servers.ca import Authority
from tests.servers.dns_server import serve_dns
from tests.servers.http_server import serve_http
from tests.servers.raw_server import close_at_once, reset, say, serve_raw, silence
from tests.system.blackbox.exporter import Told, asked, exporter
from tests.system.daemon.running import Running, estate, http_check, running, service

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

OURS_ALONE: frozenset[str] = frozenset({"probe_tls_cipher_info"})
"""Of newer exporters than Debian's 0.23, which we follow."""
THEIRS_ALONE = frozenset(
    {
        "probe_dns_authority_rrs",  # only answers are looked at
        "probe_dns_additional_rrs",
        "probe_dns_serial",
    }
)
ON_PURPOSE: dict[str, frozenset[str]] = {
    # we count redirects that were followed
    "redirect not followed": frozenset({"probe_http_redirects"}),
    # a target that is none is not looked up, which has its zeros
    "no port": frozenset(
        {"probe_dns_lookup_time_seconds", "probe_ip_addr_hash", "probe_ip_protocol"}
    ),
}
OUR_TROUBLE = "no client certificate"
"""Nobody knows how the target is: a scrape that fails, not a target that does."""
UNVERIFIED = frozenset({"probe_ssl_last_chain_expiry_timestamp_seconds"})
"""Where nothing is verified the exporter says that the chain ended in the year 1."""
CERTIFICATES = frozenset(
    {
        "probe_ssl_earliest_cert_expiry",
        "probe_ssl_last_chain_expiry_timestamp_seconds",
        "probe_ssl_last_chain_info",
        "probe_tls_version_info",
    }
)
"""Where a handshake fails the exporter has none of them; we have those that could be read."""

ALWAYS = frozenset({"probe_failed_due_to_regex"})
MEASURED = frozenset(
    {
        "probe_dns_answer_rrs",
        "probe_dns_query_succeeded",
        "probe_http_content_length",
        "probe_http_last_modified_timestamp_seconds",
        "probe_http_redirects",
        "probe_http_ssl",
        "probe_http_status_code",
        "probe_http_uncompressed_body_length",
        "probe_http_version",
        "probe_ip_addr_hash",
        "probe_ip_protocol",
        "probe_ssl_earliest_cert_expiry",
        "probe_ssl_last_chain_expiry_timestamp_seconds",
    }
)
"""What both measure: the same value where the probe succeeded."""


@dataclass(frozen=True, slots=True)
class Case:
    """Who is asked, by which module, and whether that succeeds."""

    name: str
    module: str
    target: str
    success: bool


def modules(authority: Authority) -> dict[str, Any]:
    """Each uses another part of the file."""
    trust = {"ca_file": str(authority.ca_file)}
    ip4 = {"preferred_ip_protocol": "ip4", "ip_protocol_fallback": False}

    def http(**keys: Any) -> dict[str, Any]:
        return {"prober": "http", "timeout": "2s", "http": {**ip4, "tls_config": trust, **keys}}

    def tcp(**keys: Any) -> dict[str, Any]:
        return {"prober": "tcp", "timeout": "2s", "tcp": {**ip4, **keys}}

    def dns(name: str, kind: str = "A") -> dict[str, Any]:
        question = {"query_name": name, "query_type": kind}
        return {"prober": "dns", "timeout": "2s", "dns": {**ip4, **question}}

    return {
        "http": http(),
        "http_post": http(method="POST", body="hello", headers={"X-Asked": "yes"}),
        "http_404": http(valid_status_codes=[404]),
        "http_many": http(valid_status_codes=[200, 301, 503]),
        "http_stay": http(follow_redirects=False, valid_status_codes=[302]),
        "http_body": http(fail_if_body_not_matches_regexp=["in full [a-z]+"]),
        "http_no_body": http(fail_if_body_matches_regexp=["(?i)ERROR"]),
        "http_header": http(fail_if_header_not_matches=[{"header": "X-Kind", "regexp": "^test$"}]),
        "http_basic": http(basic_auth={"username": "me", "password": "secret"}),
        "http_bearer": http(authorization={"credentials": "token"}),
        "http_ssl": http(fail_if_not_ssl=True),
        "http_no_ssl": http(fail_if_ssl=True),
        "http_11": http(valid_http_versions=["HTTP/1.1"]),
        "http_2": http(valid_http_versions=["HTTP/2.0"]),
        "http_any": http(tls_config={"insecure_skip_verify": True}),
        "http_named": http(tls_config={**trust, "server_name": "somewhere.else.test"}),
        "http_client": http(
            tls_config={
                **trust,
                "cert_file": str(authority.client.cert_file),
                "key_file": str(authority.client.key_file),
            }
        ),
        "http_tls13": http(tls_config={**trust, "min_version": "TLS13"}),
        "http_short": {**http(), "timeout": "300ms"},
        "tcp": tcp(),
        "tcp_tls": tcp(tls=True, tls_config=trust),
        "tcp_any": tcp(tls=True, tls_config={"insecure_skip_verify": True}),
        "dns": dns("a.example.se"),
        "dns_mx": dns("a.example.se", "MX"),
        "dns_gone": dns("gone.example.se"),
        "dns_empty": dns("a.example.se", "AAAA"),
    }


def older_tls(authority: Authority) -> ssl.SSLContext:
    context = authority.server_context(authority.valid)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


async def cases(stack: AsyncExitStack, authority: Authority) -> AsyncIterator[Case]:
    """Servers of every temper, for as long as the stack is open."""
    plain = await stack.enter_async_context(serve_http())
    for status in (200, 204, 400, 401, 403, 404, 500, 503):
        plain.answer(f"/{status}", status=status, body=b"" if status == 204 else b"x")
    to = {"Location": "/200"}
    for status in (301, 302, 307):
        plain.answer(f"/{status}", status=status, headers=to, body=b"")
    plain.answer("/round", status=302, headers={"Location": "/round"}, body=b"")
    plain.answer("/good", body=b"we are in full operation", headers={"X-Kind": "test"})
    plain.answer("/bad", body=b"an Error occurred", headers={"X-Kind": "other"})
    plain.answer("/slow", delay=1.0)
    plain.answer("/dated", headers={"Last-Modified": "Mon, 23 Nov 2026 10:00:00 GMT"})

    async def guarded(request: web.BaseRequest) -> web.StreamResponse:
        said = request.headers.get("Authorization", "")
        known = said in ("Bearer token", "Basic bWU6c2VjcmV0")
        return web.Response(status=200 if known else 401)

    async def posted(request: web.BaseRequest) -> web.StreamResponse:
        whole = request.method == "POST" and request.headers.get("X-Asked") == "yes"
        return web.Response(status=200 if whole else 400)

    async def chunked(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(b"in full operation")
        return response

    plain.handlers.update({"/guarded": guarded, "/posted": posted, "/chunked": chunked})
    for status in (200, 204):
        yield Case(f"status {status}", "http", plain.url(f"/{status}"), True)
    for status in (400, 401, 403, 404, 500, 503):
        yield Case(f"status {status}", "http", plain.url(f"/{status}"), False)
    yield Case("without a scheme", "http", f"{plain.host}:{plain.port}/200", True)
    yield Case("404 wanted", "http_404", plain.url("/404"), True)
    yield Case("200 not wanted", "http_404", plain.url("/200"), False)
    yield Case("503 among many", "http_many", plain.url("/503"), True)
    for status in (301, 302, 307):
        yield Case(f"redirect {status}", "http", plain.url(f"/{status}"), True)
    yield Case("redirect not followed", "http_stay", plain.url("/302"), True)
    yield Case("redirects in a round", "http", plain.url("/round"), False)
    yield Case("body fits", "http_body", plain.url("/good"), True)
    yield Case("body does not fit", "http_body", plain.url("/bad"), False)
    yield Case("bad body is not there", "http_no_body", plain.url("/good"), True)
    yield Case("bad body is there", "http_no_body", plain.url("/bad"), False)
    yield Case("header fits", "http_header", plain.url("/good"), True)
    yield Case("header does not fit", "http_header", plain.url("/bad"), False)
    yield Case("header is missing", "http_header", plain.url("/200"), False)
    yield Case("posted", "http_post", plain.url("/posted"), True)
    yield Case("not posted", "http", plain.url("/posted"), False)
    yield Case("basic", "http_basic", plain.url("/guarded"), True)
    yield Case("bearer", "http_bearer", plain.url("/guarded"), True)
    yield Case("nobody", "http", plain.url("/guarded"), False)
    yield Case("slow but in time", "http", plain.url("/slow"), True)
    yield Case("too slow", "http_short", plain.url("/slow"), False)
    yield Case("dated", "http", plain.url("/dated"), True)
    yield Case("chunked", "http_body", plain.url("/chunked"), True)
    yield Case("not TLS", "http_ssl", plain.url("/200"), False)
    yield Case("plain as wanted", "http_no_ssl", plain.url("/200"), True)
    yield Case("HTTP/1.1", "http_11", plain.url("/200"), True)
    yield Case("not HTTP/2", "http_2", plain.url("/200"), False)

    for name, script in (("closed", close_at_once), ("reset", reset), ("silent", silence)):
        raw = await stack.enter_async_context(serve_raw(script))
        yield Case(name, "http", raw.url(), False)
        yield Case(f"{name}, connected", "tcp", f"{raw.host}:{raw.port}", True)
    for name, text, good in (
        ("garbage", b"garbage\r\n\r\n", False),
        ("cut off", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive.", False),
        ("HTTP/1.0", b"HTTP/1.0 200 OK\r\n\r\nhello", True),
    ):
        raw = await stack.enter_async_context(serve_raw(say(text)))
        yield Case(name, "http", raw.url(), good)
    host, port = stack.enter_context(closed_port())
    yield Case("refused", "http", f"http://{host}:{port}/", False)
    yield Case("refused, tcp", "tcp", f"{host}:{port}", False)
    host, port = stack.enter_context(blackhole())
    yield Case("blackhole", "tcp", f"{host}:{port}", False)
    yield Case("no such name", "http", "http://name.invalid/", False)
    yield Case("no port", "tcp", "127.0.0.1", False)

    pairs = {
        "valid": authority.valid,
        "expired": authority.expired,
        "not yet valid": authority.not_yet_valid,
        "misnamed": authority.misnamed,
        "untrusted": authority.untrusted,
    }
    for name, pair in pairs.items():
        server = await stack.enter_async_context(serve_http(tls=authority.server_context(pair)))
        server.answer("/")
        place = f"{server.host}:{server.port}"
        yield Case(f"https {name}", "http", server.url(), name == "valid")
        yield Case(f"https {name}, whatever", "http_any", server.url(), True)
        yield Case(f"tls {name}", "tcp_tls", place, name == "valid")
        yield Case(f"tls {name}, whatever", "tcp_any", place, True)
        if name == "misnamed":
            yield Case("by its name", "http_named", server.url(), True)
        if name == "valid":
            yield Case("TLS as wanted", "http_ssl", server.url(), True)
            yield Case("TLS not wanted", "http_no_ssl", server.url(), False)
    asks = authority.server_context(authority.valid, asks_client=True)
    server = await stack.enter_async_context(serve_http(tls=asks))
    server.answer("/")
    yield Case("client certificate", "http_client", server.url(), True)
    yield Case("no client certificate", "http", server.url(), False)
    server = await stack.enter_async_context(serve_http(tls=older_tls(authority)))
    server.answer("/")
    yield Case("TLS too old", "http_tls13", server.url(), False)
    yield Case("TLS not spoken", "tcp_any", f"{plain.host}:{plain.port}", False)

    names = await stack.enter_async_context(serve_dns())
    names.zone = {"a.example.se A": ["192.0.2.1", "192.0.2.2"], "a.example.se MX": ["10 b."]}
    place = f"{names.host}:{names.port}"
    yield Case("name", "dns", place, True)
    yield Case("mail", "dns_mx", place, True)
    yield Case("name is gone", "dns_gone", place, False)
    yield Case("no such record", "dns_empty", place, True)
    yield Case("no name server", "dns", f"127.0.0.1:{port}", False)


def compared(case: Case, theirs: Told, ours: Told) -> list[str]:
    """What is not the same and not on purpose."""
    wrong = []
    if case.name == OUR_TROUBLE:
        return [] if (ours.status, theirs.success) == (503, 0) else [f"{case.name}: {ours.text}"]
    if ours.status != 200:
        return [f"{case.name}: we said {ours.status} {ours.text}"]
    if theirs.success != case.success:
        wrong.append(f"{case.name}: the exporter has probe_success {theirs.success}")
    if ours.success != case.success:
        wrong.append(f"{case.name}: we have probe_success {ours.success}: {ours.text}")
    excused = {*OURS_ALONE, *THEIRS_ALONE, *ON_PURPOSE.get(case.name, ())}
    if not case.success:
        excused |= CERTIFICATES
    if case.module.endswith("_any"):
        excused |= UNVERIFIED
    names = {one for one in theirs.series ^ ours.series if one[0] not in excused}
    if names:
        wrong.append(f"{case.name}: series {sorted(names)}")
    exact = ALWAYS | MEASURED if case.success else ALWAYS
    for name in sorted(exact - excused):
        told = theirs.values.get(name), ours.values.get(name)
        if told[0] != told[1] and None not in told:
            wrong.append(f"{case.name}: {name} {told}")
    return wrong


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def config(file: Path) -> dict[str, Any]:
    known = http_check("api", "http://127.0.0.1:1/", interval="1h")
    return estate(service("expo", known), blackbox_modules=str(file))


async def test_the_exporter_and_we_say_the_same(tmp_path: Path, authority: Authority) -> None:
    """More than forty targets: the same success, the same series, and the same values where both
    measure the same thing; but for what docs/blackbox.md lists.
    """
    file = tmp_path / "blackbox.yml"
    file.write_text(json.dumps({"modules": modules(authority)}))
    async with AsyncExitStack() as stack:
        every = [case async for case in cases(stack, authority)]
        assert len(every) > 40
        base = await asyncio.to_thread(stack.enter_context, exporter(file, free_port()))
        daemon: Running = await asyncio.to_thread(
            stack.enter_context, running(tmp_path / "daemon", config(file))
        )
        wrong: list[str] = []
        for case in every:
            told = await asyncio.gather(
                asyncio.to_thread(asked, base, case.module, case.target),
                asyncio.to_thread(asked, daemon.url, case.module, case.target),
            )
            wrong += compared(case, *told)
    assert wrong == [], "\n".join(wrong)
