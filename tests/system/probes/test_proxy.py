"""Kind ``http`` through a proxy: the way there, and whose fault it is when there is none."""

from __future__ import annotations

from base64 import b64encode

import pytest

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Reason
from tests.support.patience import PATIENCE
from tests.support.probes.asking import Names, ask_http, lasted
from tests.support.servers.ca import Authority
from tests.support.servers.http_server import HttpServer, serve_http
from tests.support.servers.openssl import serve_openssl
from tests.support.servers.proxy import ProxyServer, serve_proxy
from tests.support.servers.raw_server import (
    Script,
    close_at_once,
    drip,
    endless,
    reset,
    say,
    serve_raw,
    silence,
)

WORD = "hem ligt/å:"
QUOTED = "hem%20ligt%2F%C3%A5%3A"
KNOWN = "Basic " + b64encode(f"expo:{WORD}".encode()).decode()


def with_word(proxy: ProxyServer) -> str:
    return f"http://expo:{QUOTED}@127.0.0.1:{proxy.port}"


async def test_plain_http_asks_the_proxy_for_the_whole_address(
    context: ProbeContext, http_server: HttpServer
) -> None:
    """RFC 9112, 3.2.2; Host is the target's."""
    http_server.answer("/fhir")
    async with serve_proxy() as proxy:
        seen = await ask_http(context, http_server.url("/fhir?a=%C3%A5"), proxy_url=proxy.url)
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")
    [head] = proxy.asked
    assert (head.method, head.target) == ("GET", http_server.url("/fhir?a=%C3%A5"))
    assert head.headers["host"] == f"127.0.0.1:{http_server.port}"
    assert http_server.arrivals[0].path == "/fhir?a=%C3%A5"


async def test_https_goes_through_a_tunnel(authority: Authority) -> None:
    """The proxy looks the name up, and TLS is spoken with the target: its name, its certificate."""
    async with (
        serve_http(tls=authority.server_context(authority.issue("expo.test"))) as server,
        serve_proxy() as proxy,
    ):
        server.answer()
        proxy.names["expo.test"] = "127.0.0.1"
        async with ProbeContext(resolver=Names(), user_agent="driftvakt/1") as context:
            seen = await ask_http(
                context,
                server.url(host="expo.test"),
                proxy_url=proxy.url,
                tls={"ca_file": authority.ca_file},
            )
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")
    assert seen.tls is not None
    assert seen.tls.verified
    [head] = proxy.asked
    assert (head.method, head.target) == ("CONNECT", f"expo.test:{server.port}")
    assert head.headers == {"host": f"expo.test:{server.port}", "user-agent": "driftvakt/1"}
    assert server.arrivals[0].headers["Host"] == f"expo.test:{server.port}"


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tunnel"])
async def test_the_proxy_alone_learns_who_we_are_there(
    context: ProbeContext, authority: Authority, tls: bool
) -> None:
    """Percent-encoding is undone; the target never sees it."""
    tls_context = authority.server_context(authority.valid) if tls else None
    async with serve_http(tls=tls_context) as server, serve_proxy() as proxy:
        server.answer()
        proxy.authorization = KNOWN
        seen = await ask_http(
            context,
            server.url(),
            proxy_url=with_word(proxy),
            tls={"ca_file": authority.ca_file},
            headers={"Authorization": "Bearer target"},
        )
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")
    assert proxy.asked[0].headers["proxy-authorization"] == KNOWN
    assert ("authorization" in proxy.asked[0].headers) is not tls
    [arrival] = server.arrivals
    assert "Proxy-Authorization" not in arrival.headers
    assert arrival.headers["Authorization"] == "Bearer target"


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tunnel"])
async def test_a_proxy_that_does_not_know_us_is_our_trouble(
    context: ProbeContext, http_server: HttpServer, tls: bool
) -> None:
    """407, and never the password."""
    url = http_server.url().replace("http:", "https:") if tls else http_server.url()
    async with serve_proxy() as proxy:
        proxy.authorization = "Basic other"
        seen = await ask_http(context, url, proxy_url=with_word(proxy))
        bare = await ask_http(context, url, proxy_url=proxy.url, expect={"failure": "connect"})
    assert (seen.reason, seen.cause) == (Reason.CONNECT_ERROR, Cause.MONITOR)
    assert seen.detail == (
        f"the proxy {proxy.where} refuses us with the credentials of proxy_url (HTTP 407)"
    )
    assert bare.cause is Cause.MONITOR, "it is not the target that refused"
    assert bare.detail.endswith("refuses us without credentials in proxy_url (HTTP 407)")
    assert http_server.arrivals == []


async def test_a_target_that_the_proxy_cannot_reach(
    context: ProbeContext, closed_port: tuple[str, int]
) -> None:
    """The status that the proxy gave is told; where a refusal is expected, this is one."""
    url = f"https://127.0.0.1:{closed_port[1]}/"
    async with serve_proxy() as proxy:
        seen = await ask_http(context, url, proxy_url=proxy.url)
        wanted = await ask_http(context, url, proxy_url=proxy.url, expect={"failure": "connect"})
    assert (seen.reason, seen.cause) == (Reason.CONNECT_ERROR, Cause.NETWORK)
    assert seen.detail == (
        f"the proxy {proxy.where} opened no tunnel to 127.0.0.1:{closed_port[1]} (HTTP 502)"
    )
    assert wanted.grade is Grade.GOOD


async def test_a_proxy_that_is_not_there_is_the_network_s(closed_port: tuple[str, int]) -> None:
    """By address and by name, and no refusal by the target."""
    where = f"127.0.0.1:{closed_port[1]}"
    async with ProbeContext(resolver=Names()) as context:
        seen = await ask_http(
            context,
            "https://expo.example.se/",
            proxy_url=f"http://{where}",
            expect={"failure": "connect"},
        )
        nameless = await ask_http(
            context, "http://expo.example.se/", proxy_url="http://proxy.example.se:3128"
        )
    assert (seen.reason, seen.cause) == (Reason.CONNECT_REFUSED, Cause.NETWORK)
    assert seen.detail == f"the proxy: connection to {where} refused"
    assert (nameless.reason, nameless.cause) == (Reason.DNS, Cause.NETWORK)
    assert nameless.detail.startswith("the proxy: proxy.example.se: ")


async def test_a_proxy_where_connecting_hangs(
    context: ProbeContext, blackhole: tuple[str, int]
) -> None:
    """The deadline passes on the way to the proxy, which is not the target's fault."""
    proxy_url = f"http://{blackhole[0]}:{blackhole[1]}"
    seen = await ask_http(context, "http://expo.example.se/", proxy_url=proxy_url, timeout=0.3)
    assert (seen.reason, seen.cause) == (Reason.CONNECT_TIMEOUT, Cause.NETWORK)
    assert seen.detail == "the proxy: no connection within 0.3 s"


SAID = b"HTTP/1.1 200 Connection established\r\n"


@pytest.mark.parametrize(
    ("script", "reason", "said"),
    [
        (silence, Reason.CONNECT_TIMEOUT, "opened no tunnel within 1.5 s"),
        (drip(SAID + b"X: y\r\n" * 900, 0.01), Reason.CONNECT_TIMEOUT, "opened no tunnel within"),
        (endless(SAID, b"X: y\r\n" * 99), Reason.PROTOCOL, "is longer than 16384 bytes"),
        (
            endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50),
            Reason.PROTOCOL,
            "is longer than 16384 bytes",
        ),
        (say(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), Reason.PROTOCOL, "to CONNECT is not HTTP"),
        (say(SAID + b"\r\nHTTP/1.1 200 OK\r\n\r\n"), Reason.PROTOCOL, "nobody asked for"),
        (say(SAID), Reason.RESET, "closed the connection without an answer to CONNECT"),
        (close_at_once, Reason.RESET, "the connection"),
        (reset, Reason.RESET, "broke the connection within CONNECT"),
    ],
    ids=["silent", "drips", "endless", "1xx", "ssh", "more", "cut", "closed", "reset"],
)
async def test_what_a_broken_proxy_does_is_the_network_s(
    context: ProbeContext, script: Script, reason: Reason, said: str
) -> None:
    """It ends within the deadline, bounded, with a reason of its own, and is no refusal."""
    async with serve_raw(script) as server:
        seen = await ask_http(
            context,
            "https://expo.example.se/",
            proxy_url=server.url().rstrip("/"),
            timeout=1.5 if reason is Reason.CONNECT_TIMEOUT else PATIENCE,
            expect={"failure": "reset"},
        )
    assert server.accepted == 1, "there is nothing to have a second look at"
    assert (seen.reason, seen.cause) == (reason, Cause.NETWORK)
    assert said in seen.detail
    assert "the proxy" in seen.detail


async def test_an_interim_answer_to_connect_is_passed_over(
    context: ProbeContext, authority: Authority, https_server: HttpServer
) -> None:
    """RFC 9110, 15.2."""
    https_server.answer()
    async with serve_proxy() as proxy:
        plain = proxy.play

        async def hesitant(reader: object, writer: object) -> None:
            writer.write(b"HTTP/1.1 102 Processing\r\nX: y\r\n\r\n")  # type: ignore[attr-defined]
            await plain(reader, writer)  # type: ignore[arg-type]

        async with serve_raw(hesitant) as front:
            seen = await ask_http(
                context,
                https_server.url(),
                proxy_url=f"http://127.0.0.1:{front.port}/",
                tls={"ca_file": authority.ca_file},
            )
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")


async def test_connect_is_part_of_the_phase_connect(
    context: ProbeContext, authority: Authority, https_server: HttpServer
) -> None:
    """What the proxy takes to open the tunnel is neither TLS nor the target's processing."""
    https_server.answer()
    async with serve_proxy() as proxy:
        proxy.delay = 0.2
        seen = await ask_http(
            context,
            https_server.url(),
            proxy_url=proxy.url,
            tls={"ca_file": authority.ca_file},
        )
    assert lasted(seen.phases.connect, 0.2)
    assert sum(seconds for _, seconds in seen.phases.measured()) <= seen.duration + 1e-6


async def test_a_target_that_is_silent_behind_a_proxy_is_the_target(context: ProbeContext) -> None:
    """The proxy has done its part."""
    async with serve_raw(silence) as server, serve_proxy() as proxy:
        seen = await ask_http(context, server.url(), proxy_url=proxy.url, timeout=0.8)
    assert (seen.reason, seen.cause) == (Reason.TIMEOUT, Cause.TARGET)
    assert seen.detail.startswith("no answer within 0.8 s")


async def test_an_expired_certificate_is_looked_at_through_the_proxy(
    context: ProbeContext, authority: Authority
) -> None:
    """The second look has the certificate's dates, and goes no other way."""
    tls_context = authority.server_context(authority.expired)
    async with serve_http(tls=tls_context) as server, serve_proxy() as proxy:
        seen = await ask_http(
            context,
            server.url(host="localhost"),
            proxy_url=proxy.url,
            tls={"ca_file": authority.ca_file},
        )
    assert (seen.reason, seen.cause) == (Reason.TLS_EXPIRED, Cause.TARGET)
    assert seen.tls is not None
    assert seen.tls.leaf is not None
    assert seen.tls.leaf.sha256 == authority.expired.sha256
    assert [head.method for head in proxy.asked] == ["CONNECT", "CONNECT"]


async def test_a_refused_client_certificate_is_seen_through_the_proxy(
    context: ProbeContext, authority: Authority
) -> None:
    """A negative test works behind a proxy as well."""
    options = ("-Verify", "1", "-CAfile", str(authority.ca_file), "-verify_return_error")
    async with serve_openssl(authority.valid, *options) as port, serve_proxy() as proxy:
        seen = await ask_http(
            context,
            f"https://127.0.0.1:{port}/",
            proxy_url=proxy.url,
            tls={"ca_file": authority.ca_file},
            expect={"failure": "tls"},
        )
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")
    assert {head.method for head in proxy.asked} == {"CONNECT"}


async def test_a_redirect_keeps_the_proxy_and_its_credentials_from_the_target(
    authority: Authority,
) -> None:
    """From http to https on another host: again through the proxy, the target's secrets left out."""
    async with (
        serve_http() as first,
        serve_http(tls=authority.server_context(authority.issue("other.test"))) as second,
        serve_proxy() as proxy,
    ):
        proxy.names = {"expo.test": "127.0.0.1", "other.test": "127.0.0.1"}
        proxy.authorization = KNOWN
        first.answer(status=302, headers={"Location": second.url("/there", host="other.test")})
        second.answer("/there")
        async with ProbeContext(resolver=Names()) as context:
            seen = await ask_http(
                context,
                first.url(host="expo.test"),
                proxy_url=with_word(proxy),
                tls={"ca_file": authority.ca_file},
                headers={"Authorization": "Bearer s3cret"},
            )
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")
    assert [head.method for head in proxy.asked] == ["GET", "CONNECT"]
    [arrival] = second.arrivals
    assert not {"Authorization", "Proxy-Authorization"} & arrival.headers.keys()
    assert "Proxy-Authorization" not in first.arrivals[0].headers
