"""Servers that are sloppy, and clients' ways with them: real connections, cut where it hurts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from probes.net.context import ProbeContext
from probes.observation import Grade, Reason
from tests.support.probes.asking import Names, ask_certificate, ask_http
from tests.support.servers.ca import Authority
from tests.support.servers.http_server import HttpServer, serve_http
from tests.support.servers.raw_server import Script, reset_now, say, serve_raw

SURPLUS = {
    "HEAD with a body": ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ok"),
    "204 with a chunk": ("GET", b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", b"0\r\n\r\n"),
    "204 with []": ("GET", b"HTTP/1.1 204 No\r\n\r\n", b"[]"),
    "a length that is too short": ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ay"),
    "a second answer": ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 500 No\r\n\r\n"),
    "chunks": ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"\0\xff"),
}  # fmt: skip


def in_two(first: bytes, second: bytes, heard: asyncio.Event) -> Script:
    """The second part after the client had its turn with the first."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first)
        await writer.drain()
        await heard.wait()
        writer.write(second)
        await writer.drain()
        writer.close()

    return script


@pytest.mark.parametrize("name", SURPLUS)
async def test_what_comes_after_the_end_changes_nothing(context: ProbeContext, name: str) -> None:
    """Neither with the answer nor after it, nor a reset in its place."""
    method, answer, surplus = SURPLUS[name]
    scripts = [
        say(answer + surplus),
        say(answer, surplus),
        say(answer[:-1], answer[-1:] + surplus),
        say(answer + surplus, then=reset_now),
    ]
    seen = []
    for script in scripts:
        async with serve_raw(script) as server:
            seen.append(await ask_http(context, server.url(), method=method))
    assert [one.detail for one in seen] == [""] * len(seen)
    assert {one.grade for one in seen} == {Grade.GOOD}


async def test_nobody_waits_for_what_comes_after_the_end(context: ProbeContext) -> None:
    """The probe is over while the server still means to say something."""
    heard = asyncio.Event()
    async with serve_raw(in_two(b"HTTP/1.1 204 No\r\n\r\n", b"[]", heard)) as server:
        seen = await ask_http(context, server.url())
        assert seen.grade is Grade.GOOD
        heard.set()


@pytest.mark.parametrize("size", [8_191, 40_000, 500_000])
async def test_a_line_may_be_as_long_as_the_head(context: ProbeContext, size: int) -> None:
    """What a page's policy or a token has grown to; what is expected of it is found in it."""
    head = b"HTTP/1.1 200 OK\r\nX: " + b"a" * size + b"z\r\nContent-Length: 2\r\n\r\nok"
    async with serve_raw(say(head)) as server:
        seen = await ask_http(context, server.url(), expect={"headers": {"X": "az$"}})
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")


async def test_a_head_without_end_is_told_as_such(context: ProbeContext) -> None:
    """Its bound is that of the whole."""
    async with serve_raw(say(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 600_000)) as server:
        seen = await ask_http(context, server.url())
    assert seen.reason is Reason.PROTOCOL
    assert seen.detail == "its head is too large: more than 524288 bytes"


LOCATIONS: list[tuple[bytes, str]] = [
    (b"/a b", "/a%20b"),
    (b"/a?scope=openid profile", "/a?scope=openid%20profile"),
    (b"/a b?c d#e f", "/a%20b?c%20d"),
    ("/spår".encode("latin-1"), "/sp%E5r"),
    ("/spår?å#ä".encode(), "/sp%C3%A5r?%C3%A5"),
    (b"/\xff\xfe", "/%FF%FE"),
    (b"/a%20b%2Fc", "/a%20b%2Fc"),
    (b"/100%", "/100%"),
    (b"/%zz", "/%zz"),
    (b"/[a]|b", "/[a]|b"),
    (b"next", "/from/next"),
    (b"./next", "/from/next"),
    (b"../next", "/next"),
    (b"?q", "/from/here?q"),
    (b"#f", "/from/here"),
    (b"//HOST/a b", "/a%20b"),
    (b"HTTP://HOST/a", "/a"),
    (b"http://HOST", "/"),
    (b"http://HOST?q", "/?q"),
    (b"  /a  ", "/a"),
    (b"/a, /b", "/a,%20/b"),
]


@pytest.mark.parametrize(("location", "asked"), LOCATIONS)
async def test_a_location_is_followed_as_it_was_meant(
    context: ProbeContext, location: bytes, asked: str
) -> None:
    """What should have been encoded is encoded, nothing is left out, and no fragment is sent."""
    targets: list[str] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        targets.append(
            head.split(b"\r\n")[0].removeprefix(b"GET ").removesuffix(b" HTTP/1.1").decode()
        )
        where = location.replace(b"HOST", f"127.0.0.1:{server.port}".encode())
        status = b"302 Found\r\nLocation: " + where if len(targets) == 1 else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with serve_raw(script) as server:
        seen = await ask_http(context, server.url("/from/here"))
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")
    assert targets[1:] == [asked]


@pytest.mark.parametrize("lines", [b"", b"Location:\r\n", b"Location: \t\r\n"])
async def test_a_redirect_to_nowhere_is_the_answer(context: ProbeContext, lines: bytes) -> None:
    """Without a Location, or with an empty one, the answer is judged as it is."""
    async with serve_raw(
        say(b"HTTP/1.1 302 Found\r\n" + lines + b"Content-Length: 0\r\n\r\n")
    ) as server:
        seen = await ask_http(context, server.url())
        wanted = await ask_http(context, server.url(), expect={"status": [302]})
    assert (seen.reason, seen.detail) == (Reason.STATUS, "HTTP 302, expected 2xx")
    assert wanted.grade is Grade.GOOD


async def test_the_first_location_that_says_something_counts(
    context: ProbeContext, http_server: HttpServer
) -> None:
    """As for curl, Go and browsers."""
    to = http_server.url("/first").encode()
    answer = (
        b"HTTP/1.1 302 Found\r\nLocation:\r\nLocation: " + to + b"\r\nLocation: /second\r\n\r\n"
    )
    http_server.answer("/first")
    async with serve_raw(say(answer)) as server:
        assert (await ask_http(context, server.url())).grade is Grade.GOOD
    assert [arrival.path for arrival in http_server.arrivals] == ["/first"]


@pytest.mark.parametrize("location", [b"/a\tb", b"/a\x01b", b"http://HO ST/", b"http://\xff\xfe/"])
async def test_what_no_client_follows_is_told(context: ProbeContext, location: bytes) -> None:
    """Control characters are not dropped, a host is not guessed."""
    async with serve_raw(
        say(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\n\r\n")
    ) as server:
        seen = await ask_http(context, server.url())
        assert server.accepted == 1
    assert seen.reason is Reason.REDIRECTS


ONE_HOST: list[tuple[str, str, str]] = [
    # as it is written, as it is looked up, as it is told (SNI is the last without its dot)
    ("Expo.Example.SE", "expo.example.se", "expo.example.se"),
    ("expo.example.se.", "expo.example.se.", "expo.example.se."),
    ("läkare.example.se", "xn--lkare-gra.example.se", "xn--lkare-gra.example.se"),
    ("LÄKARE.example.se", "xn--lkare-gra.example.se", "xn--lkare-gra.example.se"),
    ("straße.example.se", "xn--strae-oqa.example.se", "xn--strae-oqa.example.se"),
    ("XN--LKARE-GRA.example.se", "xn--lkare-gra.example.se", "xn--lkare-gra.example.se"),
    ("läkare。example.se", "xn--lkare-gra.example.se", "xn--lkare-gra.example.se"),
]


@pytest.mark.parametrize("redirected", [False, True], ids=["asked", "redirected"])
@pytest.mark.parametrize(("written", "looked_up", "told"), ONE_HOST)
async def test_one_host_is_one_name(
    authority: Authority, written: str, looked_up: str, told: str, redirected: bool
) -> None:
    """In look-up, SNI, verification and Host, of the first address and of a redirect's."""
    plain = told.removesuffix(".")
    names: list[str | None] = []
    tls_context = authority.server_context(authority.issue(plain, "first.example.se"))
    tls_context.sni_callback = lambda _connection, name, _context: names.append(name)
    known = Names(first_example_se=("127.0.0.1",))
    known.known[looked_up] = ("127.0.0.1",)
    tls: dict[str, Any] = {"ca_file": authority.ca_file}
    async with serve_http(tls=tls_context) as server, ProbeContext(resolver=known) as context:
        url = f"https://{written}:{server.port}/x"
        server.answer("/x")
        if redirected:
            server.answer("/go", status=302, headers={"Location": url})
            url = f"https://first.example.se:{server.port}/go"
        seen = await ask_http(context, url, tls=tls)
        hosts = [arrival.headers["Host"] for arrival in server.arrivals]
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")
    assert known.asked[-1] == looked_up
    assert hosts[-1] == f"{told}:{server.port}"
    assert names[-1] == plain


@pytest.mark.parametrize("written", ["[0:0:0:0:0:0:0:1]", "[::1]", "[::0:1]"])
async def test_an_address_is_told_at_its_shortest(authority: Authority, written: str) -> None:
    """And has no SNI (RFC 6066, 3)."""
    names: list[str | None] = []
    tls_context = authority.server_context(authority.valid)
    tls_context.sni_callback = lambda _connection, name, _context: names.append(name)
    async with serve_http(tls=tls_context, host="::1") as server, ProbeContext() as context:
        server.answer()
        url = f"https://{written}:{server.port}/"
        seen = await ask_http(context, url, tls={"ca_file": authority.ca_file})
        assert (seen.grade, seen.detail) == (Grade.GOOD, "")
        assert server.arrivals[0].headers["Host"] == f"[::1]:{server.port}"
    assert names == [None]


async def test_a_redirect_to_the_same_host_keeps_what_is_the_hosts(authority: Authority) -> None:
    """However it spells it: the pinned address stays."""
    async with (
        serve_http(tls=authority.server_context(authority.valid)) as server,
        ProbeContext(resolver=Names()) as context,
    ):
        server.answer(status=301, headers={"Location": f"https://EXPO.Test:{server.port}/x"})
        server.answer("/x")
        seen = await ask_http(
            context,
            f"https://expo.test:{server.port}/",
            address="127.0.0.1",
            tls={"ca_file": authority.ca_file},
            headers={"X-Key": "mine"},
        )
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")
    assert server.arrivals[1].headers["X-Key"] == "mine"


async def test_a_check_of_a_certificate_means_the_same_name(authority: Authority) -> None:
    """A dot at the end, or capitals, are no part of what a certificate is for."""
    pair = authority.issue("expo.example.se")
    async with serve_http(tls=authority.server_context(pair)) as server:
        known = Names(expo_example_se=("127.0.0.1",))
        known.known["Expo.Example.SE."] = known.known["Expo.Example.SE"] = ("127.0.0.1",)
        async with ProbeContext(resolver=known) as context:
            for host in ("expo.example.se", "Expo.Example.SE", "Expo.Example.SE."):
                seen = await ask_certificate(
                    context,
                    host,
                    server.port,
                    tls={"ca_file": authority.ca_file},
                    expires_within="auto",
                )
                assert seen.reason is not Reason.TLS_HOSTNAME, seen.detail
                assert seen.tls is not None
                assert seen.tls.verified
