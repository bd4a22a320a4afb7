"""What the daemon serves, asked for by a real client over a real socket."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, DummyCookieJar, encode_basic_auth
from yarl import URL

from monitor.publish.web.responses import takes_gzip
from tests.support.factories import make_check, make_snapshot, make_view
from tests.support.web_site import FixedSource, serve


@pytest.fixture
def source() -> FixedSource:
    return FixedSource()


@pytest.fixture
async def client(source: FixedSource) -> AsyncIterator[ClientSession]:
    async with (
        serve(source) as url,
        ClientSession(url, cookie_jar=DummyCookieJar(), auto_decompress=False) as session,
    ):
        yield session


async def test_status_file_is_served_as_it_is(client: ClientSession, source: FixedSource) -> None:
    """The body of the file, as JSON, with a strong entity tag, a date, and open to any origin."""
    async with client.get("/status.json") as answer:
        assert answer.status == 200
        assert await answer.read() == source.body
        headers = answer.headers
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["ETag"] == f'"{hashlib.sha256(source.body).hexdigest()[:32]}"'
    assert headers["Last-Modified"] == "Mon, 23 Nov 2026 13:02:11 GMT"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cache-Control"] == "no-cache"


async def test_unchanged_body_is_not_sent_again(client: ClientSession, source: FixedSource) -> None:
    """A client that names the tag it has gets 304 until the body is another."""
    async with client.get("/status.json") as answer:
        tag = answer.headers["ETag"]
    for wanted in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        async with client.get("/status.json", headers={"If-None-Match": wanted}) as answer:
            assert answer.status == 304
            assert await answer.read() == b""
            assert answer.headers["ETag"] == tag
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
    source.body = b'{"schema_version":2}'
    async with client.get("/status.json", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 200


async def test_date_works_where_it_can(client: ClientSession, source: FixedSource) -> None:
    """If-Modified-Since gives 304, a tag goes before it, and nonsense is ignored."""
    same, before = "Mon, 23 Nov 2026 13:02:11 GMT", "Mon, 23 Nov 2026 13:02:10 GMT"
    for headers, status in (
        ({"If-Modified-Since": same}, 304),
        ({"If-Modified-Since": before}, 200),
        ({"If-Modified-Since": same, "If-None-Match": '"other"'}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
    ):
        async with client.get("/status.json", headers=headers) as answer:
            assert answer.status == status, headers
    # a second body within the same second cannot be told from the first by its date
    source.body = b'{"status":"red"}'
    async with client.get("/status.json", headers={"If-Modified-Since": same}) as answer:
        assert answer.status == 200


async def test_preflight_is_answered(client: ClientSession) -> None:
    """A browser that asks first is told what it may do."""
    asks = {"Origin": "https://a.example.se", "Access-Control-Request-Method": "GET"}
    async with client.options("/status.json", headers=asks) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "GET" in answer.headers["Access-Control-Allow-Methods"]
        assert "If-None-Match" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("path", ["/", "/status.json", "/metrics", "/-/healthy", "/style.css"])
async def test_head_is_get_without_the_body(client: ClientSession, path: str) -> None:
    """HEAD has GET's length and type, and no body."""
    async with client.get(path) as got:
        body = await got.read()
    async with client.head(path) as answer:
        assert answer.status == 200
        assert await answer.read() == b""
        assert answer.headers["Content-Type"] == got.headers["Content-Type"]
        assert int(answer.headers["Content-Length"]) == len(body)


@pytest.mark.parametrize("size", [100, 40_000, 3_000_000])
async def test_metrics_are_compressed_when_asked(
    client: ClientSession, source: FixedSource, size: int
) -> None:
    """Prometheus asks for gzip and gets it, small or large; who does not ask gets it plain."""
    source.text = b"x 1\n" * (size // 4)
    async with client.get("/metrics", headers={"Accept-Encoding": "identity"}) as answer:
        assert await answer.read() == source.text
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert "Content-Encoding" not in answer.headers
    async with client.get("/metrics", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(await answer.read()) == source.text
    async with client.head("/metrics", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("identity", False),
        ("", False),
    ],
)
def test_gzip_is_what_the_header_says(header: str, taken: bool) -> None:
    """RFC 9110, 12.5.3, as far as gzip goes."""
    assert takes_gzip(header) is taken


@pytest.mark.parametrize(("path", "name"), [("/-/healthy", "well"), ("/-/ready", "set_up")])
async def test_health_is_a_status_code(
    client: ClientSession, source: FixedSource, path: str, name: str
) -> None:
    """200 when well and 503 when not, with the reason in words."""
    async with client.get(path) as answer:
        assert answer.status == 200
    setattr(source, name, (False, "the disk is full"))
    async with client.get(path) as answer:
        assert answer.status == 503
        assert await answer.text() == "the disk is full\n"


async def test_page_speaks_the_readers_language(client: ClientSession) -> None:
    """Swedish by configuration, English by the browser's wish, either by the address."""
    for path, accept, language in (
        ("/", "", "sv"),
        ("/", "en-GB,en;q=0.9", "en"),
        ("/?lang=sv", "en", "sv"),
    ):
        headers = {"Accept-Language": accept, "Accept-Encoding": "identity"}
        async with client.get(path, headers=headers) as answer:
            assert answer.headers["Content-Language"] == language
            assert answer.headers["Vary"] == "Accept-Language, Accept-Encoding"
            assert f'<html lang="{language}">' in await answer.text()


@pytest.mark.parametrize("path", ["/", "/status.json", "/metrics", "/style.css", "/nothing"])
async def test_every_answer_is_guarded(client: ClientSession, path: str) -> None:
    """Nothing is sniffed, framed or scripted, and no version of anything is told."""
    async with client.get(path) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert "Server" not in answer.headers


async def test_other_paths_and_methods_are_refused_plainly(client: ClientSession) -> None:
    """404 and 405 as plain text, the latter with what is allowed."""
    async with client.get("/nothing") as answer:
        assert (answer.status, answer.content_type) == (404, "text/plain")
    async with client.post("/metrics", data=b"x" * 100_000) as answer:
        assert (answer.status, answer.content_type) == (405, "text/plain")
        assert answer.headers["Allow"] == "GET,HEAD"


ID = "1m84hq26zcz6fggb"


async def test_evidence_is_served_by_id(client: ClientSession, source: FixedSource) -> None:
    """The bundle as it is, by its id or the beginning of it; nobody keeps a copy on the way."""
    source.bundles[ID] = b'{"id":"x"}'
    for wanted in (ID, ID[:6]):
        async with client.get(f"/api/v1/evidence/{wanted}") as answer:
            assert (answer.status, await answer.read()) == (200, b'{"id":"x"}')
            assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
            assert answer.headers["Cache-Control"] == "no-store"
    async with client.head(f"/api/v1/evidence/{ID}") as answer:
        assert (answer.status, await answer.read()) == (200, b"")
        assert answer.headers["Content-Length"] == "10"


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ("0" * 16, 404),
        (ID[:5], 400),
        (ID + "0", 400),
        (ID.upper(), 400),
        ("..%2f..%2fetc", 400),
        (ID + "%0a", 400),
        ("%ff", 400),
    ],
)
async def test_evidence_that_there_is_not(
    client: ClientSession, source: FixedSource, wanted: str, status: int
) -> None:
    """404 for an id that nothing is known of, 400 for what is no id."""
    source.bundles[ID] = b"{}"
    async with client.get(URL(f"/api/v1/evidence/{wanted}", encoded=True)) as answer:
        assert answer.status == status
        assert answer.headers["Content-Type"].startswith("text/plain")


async def test_a_lost_reader_is_met_in_the_pages_dress(client: ClientSession) -> None:
    """HTML for browsers, JSON below /api."""
    html = {"Accept": "text/html,*/*", "Accept-Language": "en"}
    async with client.get("/nowhere", headers=html) as answer:
        assert (answer.status, answer.content_type) == (404, "text/html")
        assert "There is no such page" in await answer.text()
    async with client.post("/", headers=html) as answer:
        assert (answer.status, answer.content_type) == (405, "text/html")
        assert "The page cannot be shown" in await answer.text()
        assert answer.headers["Allow"] == "GET,HEAD"
    async with client.get("/api/nowhere", headers=html) as answer:
        assert (answer.status, answer.content_type) == (404, "application/json")


async def test_evidence_is_behind_the_password_too(source: FixedSource) -> None:
    """Like all but /-/healthy."""
    source.bundles[ID] = b"{}"
    async with (
        serve(source, credentials=("anna", "hemligt")) as url,
        ClientSession(url, cookie_jar=DummyCookieJar()) as session,
    ):
        async with session.get(f"/api/v1/evidence/{ID}") as answer:
            assert answer.status == 401
        headers = {"Authorization": encode_basic_auth("anna", "hemligt")}
        async with session.get(f"/api/v1/evidence/{ID}", headers=headers) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("path", ["/metrics", "/"])
async def test_before_http_1_1_the_end_of_a_long_body_is_the_end_of_the_connection(
    path: str,
) -> None:
    """Its reader knows neither chunks nor a length, whatever it asks of the connection: what it asks
    for behind that is not answered, for the answer would be taken for more of the body.
    """
    views = make_snapshot(*(make_view(make_check(service=f"s{n}")) for n in range(300)))
    async with serve(FixedSource(text=b"x{} 1\n" * 50_000, now=views)) as url:
        host = URL(url)
        reader, writer = await asyncio.open_connection(host.host, host.port)
        first = f"GET {path} HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"
        second = "GET /status.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        writer.write((first + second).encode())
        whole = await reader.read()
        writer.close()
    assert whole.count(b"HTTP/1.") == 1
    assert len(whole) > 50_000
