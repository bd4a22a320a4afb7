"""Local targets of every sort, and the modules that they are probed with."""

from __future__ import annotations

import gzip
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.servers.blackhole import blackhole, closed_port
from tests.support.servers.ca import Authority
from tests.support.servers.dns_server import serve_dns
from tests.support.servers.http_server import HttpServer, serve_http
from tests.support.servers.raw_server import close_at_once, reset, say, serve_raw, silence
from tests.support.servers.starttls_server import TALKS, upgrading


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    module: str
    target: str
    success: bool
    hostname: str | None = None


@dataclass(slots=True)
class Targets:
    modules: dict[str, Any] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)

    def add(
        self, name: str, prober: str, target: str, success: bool, hostname: str | None = None,
        timeout: str = "100s", **settings: Any,
    ) -> None:  # fmt: skip
        module = {"prober": prober, "timeout": timeout, prober: settings}
        module[prober] = {"preferred_ip_protocol": "ip4", **settings}
        self.modules[name] = module
        self.cases.append(Case(name, name, target, success, hostname))


@asynccontextmanager
async def targets(authority: Authority) -> AsyncIterator[Targets]:
    """All of them, served until the end."""
    found = Targets()
    async with AsyncExitStack() as stack:
        plain = await stack.enter_async_context(serve_http())
        _answers(plain)
        _http(found, plain)
        await _broken(found, stack)
        await _sloppy(found, stack, plain)
        await _tls(found, stack, authority, plain)
        await _tcp(found, stack, authority)
        await _dns(found, stack)
        yield found


def _answers(server: HttpServer) -> None:
    for path in ("/a b", "/spår"):
        server.answer(path)
    server.answer("/")
    server.answer("/empty", status=204, body=b"")
    server.answer("/broken", status=500)
    server.answer("/moved", status=302, headers={"Location": "/"})
    server.answer("/loop", status=302, headers={"Location": "/loop"})
    server.answer("/nowhere", status=302)
    server.answer("/state", headers={"X-State": "up and well"})
    server.answer("/dated", headers={"Last-Modified": "Mon, 23 Nov 2026 13:02:11 GMT"})
    server.answer("/slow", delay=30)
    server.answer("/half", body=b"x" * 100, pause=30)
    server.answer("/large", body=b"x" * 2_000_000)
    packed = gzip.compress(b"it is well")
    server.answer("/packed", body=packed, headers={"Content-Encoding": "gzip"})

    async def credentials(request: web.BaseRequest) -> web.StreamResponse:
        known = ("Basic bWU6c3dvcmRmaXNo", "Bearer open-sesame")
        good = request.headers.get("Authorization") in known
        return web.Response(status=200 if good else 401, text="who?")

    async def form(request: web.BaseRequest) -> web.StreamResponse:
        good = request.method == "POST" and await request.read() == b"a=1"
        return web.Response(status=200 if good else 400, text="form")

    async def mirror(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text=f"{request.host} {request.headers.get('X-Key')}")

    server.handlers |= {"/credentials": credentials, "/form": form, "/mirror": mirror}


def _http(found: Targets, server: HttpServer) -> None:
    url = server.url
    add = found.add
    add("ok", "http", url(), True)
    add("no scheme", "http", f"127.0.0.1:{server.port}/", True)
    add("by name", "http", url(host="localhost"), True)
    add("not found", "http", url("/none"), False)
    add("not found is fine", "http", url("/none"), True, valid_status_codes=[404])
    add("server error", "http", url("/broken"), False)
    add("no content", "http", url("/empty"), True)
    add("redirect", "http", url("/moved"), True)
    add("redirect not followed", "http", url("/moved"), False, follow_redirects=False)
    add("redirect wanted", "http", url("/moved"), True, no_follow_redirects=True,
        valid_status_codes=[302])  # fmt: skip
    add("redirect loop", "http", url("/loop"), False)
    add("redirect to nowhere", "http", url("/nowhere"), False)
    add("post", "http", url("/form"), True, method="POST", body="a=1")
    add("head", "http", url("/mirror"), True, method="HEAD")
    add("header sent", "http", url("/mirror"), True, headers={"X-Key": "abc"},
        fail_if_body_not_matches_regexp=["abc$"])  # fmt: skip
    add("virtual host", "http", url("/mirror"), True, headers={"Host": "expo.test"},
        fail_if_body_not_matches_regexp=["^expo.test "])  # fmt: skip
    add("hostname", "http", url("/mirror"), True, hostname="expo.test",
        fail_if_body_not_matches_regexp=["^expo.test "])  # fmt: skip
    basic = {"username": "me", "password": "swordfish"}
    add("basic auth", "http", url("/credentials"), True, basic_auth=basic)
    add("basic auth in the address", "http",
        f"http://me:swordfish@127.0.0.1:{server.port}/credentials", True)  # fmt: skip
    add("bearer token", "http", url("/credentials"), True, bearer_token="open-sesame")
    add("authorization", "http", url("/credentials"), True,
        authorization={"credentials": "open-sesame"})  # fmt: skip
    add("no credentials", "http", url("/credentials"), False)
    add("body matches", "http", url(), True, fail_if_body_not_matches_regexp=["o.?k"])
    add("body does not match", "http", url(), False, fail_if_body_not_matches_regexp=["never"])
    add("body must not match", "http", url(), False, fail_if_body_matches_regexp=["o.?k"])
    add("packed body", "http", url("/packed"), True, fail_if_body_not_matches_regexp=["well"])
    good = {"header": "X-State", "regexp": "^up"}
    add("header matches", "http", url("/state"), True, fail_if_header_not_matches=[good])
    add("header must not match", "http", url("/state"), False, fail_if_header_matches=[good])
    add("header missing", "http", url(), False, fail_if_header_not_matches=[good])
    may = {**good, "allow_missing": True}
    add("header may be missing", "http", url(), True, fail_if_header_not_matches=[may])
    add("header missing must not match", "http", url(), False, fail_if_header_matches=[good])
    add("last modified", "http", url("/dated"), True)
    add("version", "http", url(), True, valid_http_versions=["HTTP/1.1", "HTTP/2.0"])
    add("wrong version", "http", url(), False, valid_http_versions=["HTTP/1.0"])
    add("plain is refused", "http", url(), False, fail_if_not_ssl=True)
    add("small enough", "http", url(), True, body_size_limit="1KB")
    add("too large", "http", url("/large"), False, body_size_limit="1KB")
    add("large", "http", url("/large"), True)
    add("no answer in time", "http", url("/slow"), False, timeout="1s")
    add("half an answer in time", "http", url("/half"), False, timeout="1s")
    add("an address of the other protocol", "http", f"http://[::1]:{server.port}/", False,
        ip_protocol_fallback=False)  # fmt: skip
    add("no such name", "http", "http://nowhere.invalid/", False)
    add("not an address", "http", "http://127.0.0.1:port/", False)


async def _broken(found: Targets, stack: AsyncExitStack) -> None:
    host, port = stack.enter_context(closed_port())
    found.add("refused", "http", f"http://{host}:{port}/", False)
    found.add("tcp refused", "tcp", f"{host}:{port}", False)
    host, port = stack.enter_context(blackhole())
    found.add("no connection", "http", f"http://{host}:{port}/", False, timeout="1s")
    found.add("tcp no connection", "tcp", f"{host}:{port}", False, timeout="1s")
    for name, script, success in (
        ("silence", silence, False),
        ("closed", close_at_once, False),
        ("reset", reset, False),
        ("garbage", say(b"SSH-2.0-OpenSSH_9.2\r\n"), False),
        ("no length", say(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwell"), True),
        ("HTTP 1.0", say(b"HTTP/1.0 200 OK\r\n\r\nwell"), True),
        ("cut off", say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), False),
        ("chunked", say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
         True),
    ):  # fmt: skip
        server = await stack.enter_async_context(serve_raw(script))
        # the one that says nothing runs into it; the others have as long as they may need
        timeout = "1s" if script is silence else "100s"
        found.add(name, "http", server.url(), success, timeout=timeout)


_OK = b"HTTP/1.1 200 OK\r\n"
_TWO = b"Content-Length: 2\r\n"


async def _sloppy(found: Targets, stack: AsyncExitStack, plain: HttpServer) -> None:
    for name, answer in (
        ("bytes after the answer", _OK + _TWO + b"\r\nok and more"),
        ("a header of 40,000 bytes", _OK + b"X: " + b"a" * 40_000 + b"\r\n" + _TWO + b"\r\nok"),
        ("a thousand headers", _OK + b"X: a\r\n" * 1_000 + _TWO + b"\r\nok"),
        ("lines that end in LF", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
        ("a bare CR", _OK + b"X: a\rb\r\n" + _TWO + b"\r\nok"),
        ("a name that is no token", _OK + b"X (Y): a\r\n" + _TWO + b"\r\nok"),
        ("two equal lengths", _OK + _TWO + _TWO + b"\r\nok"),
        ("a length and chunks", _OK + _TWO + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    ):  # fmt: skip
        server = await stack.enter_async_context(serve_raw(say(answer)))
        found.add(name, "http", server.url(), True)
    for name, location in (
        ("a space in Location", b"/a b"),
        ("UTF-8 in Location", "/spår".encode()),
    ):
        to = plain.url("/").rstrip("/").encode() + location
        answer = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + to + b"\r\n\r\n"
        server = await stack.enter_async_context(serve_raw(say(answer)))
        found.add(name, "http", server.url(), True)
    found.add("a space in the target", "http", plain.url("/a b"), True)


async def _tls(
    found: Targets, stack: AsyncExitStack, authority: Authority, plain: HttpServer
) -> None:
    trusting = {"ca_file": str(authority.ca_file)}
    blind = {**trusting, "insecure_skip_verify": True}

    async def served(context: Any) -> HttpServer:
        server = await stack.enter_async_context(serve_http(tls=context))
        server.answer("/")
        server.answer("/down", status=302, headers={"Location": plain.url()})
        return server

    async def both(name: str, server: HttpServer, success: bool, **tls: Any) -> None:
        config = tls or trusting
        found.add(name, "http", server.url(), success, tls_config=config)
        target = f"127.0.0.1:{server.port}"
        found.add(f"tcp {name}", "tcp", target, success, tls=True, tls_config=config)

    context = authority.server_context
    valid = await served(context(authority.valid))
    await both("tls", valid, True)
    await both("tls 1.2", valid, True, **trusting, max_version="TLS12")
    await both("wrong server name", valid, False, **trusting, server_name="third.test")
    await both("expired", await served(context(authority.expired)), False)
    await both("not yet valid", await served(context(authority.not_yet_valid)), False)
    await both("misnamed", await served(context(authority.misnamed)), False)
    await both("a key of 1,024 bits", await served(context(authority.weak)), True,
               **trusting, server_name="localhost")  # fmt: skip
    old = context(authority.issue(rsa_key=True))
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    old.set_ciphers("AES128-SHA")
    await both("a suite without forward secrecy", await served(old), True)
    stranger = await served(context(authority.untrusted))
    await both("untrusted", stranger, False)
    await both("untrusted, unverified", stranger, True, **blind)
    asking = await served(context(authority.valid, asks_client=True))
    ours = {"cert_file": str(authority.client.cert_file), "key_file": str(authority.client.key_file)}  # fmt: skip
    await both("client certificate", asking, True, **trusting, **ours)
    found.add("no client certificate", "http", asking.url(), False, tls_config=trusting)
    found.add("tls is refused", "http", valid.url(), False, tls_config=trusting, fail_if_ssl=True)
    found.add("tls is wanted", "http", valid.url(), True, tls_config=trusting,
              fail_if_not_ssl=True)  # fmt: skip
    found.add("from tls to plain", "http", valid.url("/down"), True, tls_config=trusting)
    found.add("tls to a plain port", "http", f"https://127.0.0.1:{plain.port}/", False)
    found.add("plain to a tls port", "http", f"http://127.0.0.1:{valid.port}/", False)


async def _tcp(found: Targets, stack: AsyncExitStack, authority: Authority) -> None:
    server = await stack.enter_async_context(serve_raw(silence))
    found.add("tcp", "tcp", f"127.0.0.1:{server.port}", True)
    found.add("tcp by name", "tcp", f"localhost:{server.port}", True)
    found.add("tcp without a port", "tcp", "127.0.0.1", False)
    found.add("tcp no such name", "tcp", "nowhere.invalid:22", False)
    found.add("tcp silence", "tcp", f"127.0.0.1:{server.port}", False, timeout="1s",
              query_response=[{"expect": "^SSH"}])  # fmt: skip
    script = say(b"220 mail\r\n250-a\r\n250 HELP\r\n")
    talking = await stack.enter_async_context(serve_raw(script))
    target = f"127.0.0.1:{talking.port}"
    hello = [{"send": "hello\r"}, {"send": "\r"}]
    found.add("tcp dialogue", "tcp", target, True, query_response=[
        *hello, {"expect": "^220 (.*)"}, {"expect": "^250 ", "send": "bye ${1}"}])  # fmt: skip
    found.add("tcp wrong word", "tcp", target, False,
              query_response=[*hello, {"expect": "^599"}])  # fmt: skip
    context = authority.server_context(authority.valid)
    mail = await stack.enter_async_context(serve_raw(upgrading(TALKS["smtp"], context)))
    found.add("tcp starttls", "tcp", f"127.0.0.1:{mail.port}", True,
        tls_config={"ca_file": str(authority.ca_file)},
        query_response=[
            {"expect": "^220 ", "send": "EHLO [127.0.0.1]\r"}, {"expect": "^250 "},
            {"send": "STARTTLS\r"}, {"expect": "^220 "}, {"starttls": True},
        ])  # fmt: skip


async def _dns(found: Targets, stack: AsyncExitStack) -> None:
    server = await stack.enter_async_context(serve_dns())
    server.zone = {
        "example.se A": ["192.0.2.1", "192.0.2.2"],
        "example.se MX": ["10 mail.example.se."],
        "example.se TXT": ['"v=spf1 -all"'],
        "example.se SOA": ["ns.example.se. root.example.se. 2026112301 7200 3600 1209600 300"],
        "www.example.se CNAME": ["example.se."],
        "big.example.se A": [f"192.0.2.{number}" for number in range(1, 200)],
    }
    port = server.port

    def add(name: str, success: bool, target: str = f"127.0.0.1:{port}", **more: Any) -> None:
        found.add(f"dns {name}", "dns", target, success,
                  **{"query_name": "example.se", "query_type": "A", **more})  # fmt: skip

    def rules(**more: str) -> dict[str, Any]:
        return {"validate_answer_rrs": {key: [value] for key, value in more.items()}}

    add("a", True)
    add("by name", True, f"localhost:{port}")
    add("alias", True, query_name="www.example.se")
    add("mx", True, query_type="MX", **rules(fail_if_not_matches_regexp="\tMX\t10 mail\\."))
    add("txt", True, query_type="TXT", **rules(fail_if_not_matches_regexp='\t"v=spf1 -all"$'))
    add("soa", True, query_type="SOA",
        **rules(fail_if_not_matches_regexp="\tSOA\tns.example.se. root.example.se. 2026112301 7200"))  # fmt: skip
    add("tcp", True, transport_protocol="tcp")
    add("tcp big", True, transport_protocol="tcp", query_name="big.example.se")
    add("no recursion", True, recursion_desired=False)
    add("no such name", False, query_name="nowhere.se")
    add("no such name is fine", True, query_name="nowhere.se", valid_rcodes=["NXDOMAIN"])
    add("no such record", True, query_type="AAAA")
    add("record matches", False, **rules(fail_if_matches_regexp="192.0.2.2"))
    add("records all match", True, **rules(fail_if_all_match_regexp="192.0.2"))
    add("records not all match", False, **rules(fail_if_all_match_regexp="192.0.2.2$"))
    add("no record matches", False, **rules(fail_if_none_matches_regexp="198.51.100"))
    add("one record matches", True, **rules(fail_if_none_matches_regexp="192.0.2.2$"))
    add("no record to match", False, query_type="AAAA", **rules(fail_if_not_matches_regexp="a"))
    none = rules(fail_if_none_matches_regexp="a")
    add("no record at all matches", False, query_type="AAAA", **none)
    all_ = rules(fail_if_all_match_regexp="a")
    add("all of no records match", True, query_type="AAAA", **all_)
    deaf = await stack.enter_async_context(serve_dns())
    deaf.deaf_to = 1000
    add("deaf", False, deaf.resolver, timeout="1s")
    odd = await stack.enter_async_context(serve_dns())
    odd.garbage = b"nonsense, and no answer at all"
    add("garbage", False, odd.resolver, timeout="1s")
    failing = await stack.enter_async_context(serve_dns())
    failing.rcode = "SERVFAIL"
    add("server fails", False, failing.resolver)
    holder = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    holder.bind(("127.0.0.1", 0))
    free = holder.getsockname()[1]
    holder.close()
    add("nobody there", False, f"127.0.0.1:{free}", timeout="1s")
