"""/probe, asked as Prometheus asks it, of real servers."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.blackbox import http_prober
from monitor.blackbox.route import time_left
from monitor.blackbox.sheet import fnv32a
from monitor.publish.web.app import Lock
from monitor.settings.blackbox.modules import Module
from tests.support.blackbox_site import serve_probe
from tests.support.patience import PATIENCE
from tests.support.servers.ca import Authority
from tests.support.servers.dns_server import DnsServer
from tests.support.servers.http_server import HttpServer, serve_http
from tests.support.servers.raw_server import endless, say, serve_raw, silence

HTTP = "modules: {m: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}}"


async def test_a_probe_that_succeeds(tmp_path: Path, http_server: HttpServer) -> None:
    """Every series that the exporter has, under its name."""
    http_server.answer("/", headers={"Last-Modified": "Mon, 23 Nov 2026 13:02:11 GMT"})
    async with serve_probe(tmp_path, HTTP) as site:
        asked = await site(http_server.url())
    assert asked.status == 200
    assert asked.success
    assert asked["probe_http_status_code"] == 200
    assert asked["probe_http_version"] == 1.1
    assert asked["probe_ip_protocol"] == 4
    assert asked["probe_ip_addr_hash"] == fnv32a("127.0.0.1") == 3668918509
    assert asked["probe_http_content_length"] == 2
    assert asked["probe_http_uncompressed_body_length"] == 2
    assert asked["probe_failed_due_to_regex"] == 0
    assert asked["probe_http_last_modified_timestamp_seconds"] == 1795438931
    assert asked['probe_http_duration_seconds{phase="transfer"}'] >= 0
    assert asked["probe_duration_seconds"] > 0
    assert "# TYPE probe_success gauge\n" in asked.text
    families = [family.name for family in text_string_to_metric_families(asked.text)]
    assert len(families) == len(set(families)) == len(asked.names)


async def test_what_is_asked_for_wrongly(tmp_path: Path, http_server: HttpServer) -> None:
    """400, and nothing is sent to anybody."""
    async with serve_probe(tmp_path, HTTP) as site:
        cases: tuple[tuple[str | None, str | None, dict[str, Any], str], ...] = (
            (None, "m", {}, "target is missing"),
            ("", "m", {}, "target: write one"),
            (http_server.url(), "other", {}, "unknown module 'other'"),
            (http_server.url(), None, {}, "unknown module 'http_2xx'"),
            (http_server.url(), "m", {"hostname": "a\nb"}, "hostname is not the name"),
        )
        for target, module, more, said in cases:
            asked = await site(target, module, **more)
            assert (asked.status, said in asked.text) == (400, True), asked.text
        asked = await site(http_server.url(), scrape="soon")
        assert asked.status == 400
    assert not http_server.arrivals


async def test_without_a_file_there_is_no_probe(tmp_path: Path) -> None:
    """404, which says what is missing."""
    async with serve_probe(tmp_path, None) as site:
        asked = await site("http://127.0.0.1/")
    assert (asked.status, asked.text) == (404, "404: blackbox_modules names no file\n")


async def test_the_password_of_the_pages_covers_it(tmp_path: Path) -> None:
    """Who may not scrape us may not send us anywhere."""
    async with serve_probe(tmp_path, HTTP, lock=Lock(("me", "secret"))) as site:
        assert (await site("http://127.0.0.1/")).status == 401


async def test_debug_tells_what_happened_and_no_secret(
    tmp_path: Path, http_server: HttpServer
) -> None:
    """As text, with the metrics; passwords and headers are blanked."""
    modules = """
modules:
  m:
    prober: http
    http: {headers: {X-Key: hunter2hunter2}, basic_auth: {username: me, password: swordfish}}
"""
    async with serve_probe(tmp_path, modules, targets=["127.0.0.0/8"]) as site:
        asked = await site(http_server.url("/x?key=open-sesame"), debug="true")
    assert asked.status == 200
    assert "Logs for the probe:\nGET http://127.0.0.1" in asked.text
    assert "failed: status: HTTP 404" in asked.text
    assert "Metrics that would have been returned:\n# HELP probe_dns_lookup" in asked.text
    assert '"username": "me"' in asked.text
    for secret in ("hunter2", "swordfish", "open-sesame"):
        assert secret not in asked.text
    assert http_server.arrivals[0].headers["X-Key"] == "hunter2hunter2"


async def test_a_target_that_is_not_on_the_list_gets_no_credentials(
    tmp_path: Path, http_server: HttpServer
) -> None:
    """Whoever names the target names who reads what is sent: the password, the token, and headers
    and bodies that may hold one stay here, and ``debug`` says so.
    """
    http_server.answer("/")
    modules = """
modules:
  basic: {prober: http, http: {basic_auth: {username: me, password: swordfish}}}
  token: {prober: http, http: {bearer_token: swordfish}}
  header: {prober: http, http: {headers: {X-Whatever: swordfish, Accept: text/plain}}}
  body: {prober: http, http: {method: POST, body: '{"password": "swordfish"}'}}
  plain: {prober: http, http: {method: POST, body: "hello"}}
"""
    async with serve_probe(tmp_path, modules) as site:
        for module in ("basic", "token", "header", "body", "plain"):
            asked = await site(http_server.url(), module, debug="true")
            arrival = http_server.arrivals[-1]
            assert "swordfish" not in str(arrival), module
            assert "swordfish" not in asked.text
            assert ("was not sent" in asked.text) is (module != "plain")
    assert http_server.arrivals[2].headers["Accept"] == "text/plain"
    async with serve_probe(tmp_path, modules, targets=["127.0.0.1"]) as site:
        assert (await site(http_server.url(), "token")).success
        assert http_server.arrivals[-1].headers["Authorization"] == "Bearer swordfish"
        assert (await site(http_server.url(host="localhost"), "token")).status == 200
        assert "Authorization" not in http_server.arrivals[-1].headers


async def test_a_dialogue_ends_before_it_would_say_a_secret(tmp_path: Path) -> None:
    """The same for ``send`` of a ``tcp`` module, which ``debug`` never shows."""
    modules = """
modules:
  m:
    prober: tcp
    tcp: {query_response: [{send: "NICK vakt"}, {send: "PASS swordfish"}, {send: "JOIN"}]}
"""
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.put_nowait(await reader.read())
        writer.close()

    async with (
        await asyncio.start_server(listen, "127.0.0.1", 0) as server,
        serve_probe(tmp_path, modules) as site,
    ):
        target = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        asked = await site(target, debug="true")
        assert await heard.get() == b"NICK vakt\n"
    assert "query_response[1] was not sent" in asked.text
    assert "swordfish" not in asked.text
    assert "NICK" not in asked.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://ond.example.se"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Host": "ond.example.se"}, 421),
    ],
)
async def test_a_page_of_somebody_else_probes_nothing(
    tmp_path: Path, http_server: HttpServer, headers: dict[str, str], status: int
) -> None:
    """Neither across sites nor under a name that leads here for a moment."""
    http_server.answer("/")
    async with serve_probe(tmp_path, HTTP) as site:
        assert (await site(http_server.url(), headers=headers)).status == status
    assert bool(http_server.arrivals) is (status == 200)


async def test_hostname_is_who_is_asked_for(
    tmp_path: Path, authority: Authority, http_server: HttpServer
) -> None:
    """The Host header, and the name of the certificate."""
    http_server.answer("/")
    modules = f"""
modules:
  m: {{prober: http, http: {{tls_config: {{ca_file: {authority.ca_file}}}}}}}
  host: {{prober: http, http: {{headers: {{Host: other.test}}}}}}
  tcp: {{prober: tcp, tcp: {{tls: true, tls_config: {{ca_file: {authority.ca_file}}}}}}}
"""
    only = authority.server_context(authority.issue("expo.test"))
    async with serve_http(tls=only) as server, serve_probe(tmp_path, modules) as site:
        server.answer("/")
        assert not (await site(server.url())).success
        assert (await site(server.url(), hostname="expo.test")).success
        assert server.arrivals[-1].headers["Host"] == "expo.test"
        target = f"127.0.0.1:{server.port}"
        assert not (await site(target, "tcp")).success
        assert (await site(target, "tcp", hostname="expo.test")).success
        assert (await site(http_server.url(), "host")).success
        assert http_server.arrivals[-1].headers["Host"] == "other.test"
        asked = await site(http_server.url(), "host", hostname="third.test")
    assert (asked.status, "another than hostname" in asked.text) == (400, True)


@pytest.mark.parametrize(
    ("header", "timeout", "seconds"),
    [
        (None, "0", 119.5), ("10", "0", 9.5), ("10", "5s", 5), ("3", "5s", 2.5), ("0.3", "0", 0.3),
        ("900", "0", 119.5), (None, "5s", 5),
    ],
)  # fmt: skip
def test_the_scrape_says_how_long(header: str | None, timeout: str, seconds: float) -> None:
    """Half a second less than the scrape may take, and no longer than the module says."""
    module = Module.model_validate({"prober": "http", "timeout": timeout})
    assert time_left(header, module) == seconds


async def test_a_scrape_gets_its_answer_in_time(tmp_path: Path) -> None:
    """A server that says nothing does not cost it."""
    modules = HTTP.replace("timeout: 5s", "timeout: 60s")
    async with serve_raw(silence) as server, serve_probe(tmp_path, modules) as site:
        async with asyncio.timeout(PATIENCE):
            asked = await site(server.url(), scrape="0.8")
    assert not asked.success
    assert 0.25 <= asked["probe_duration_seconds"] < 30, "not the module's time-out"


async def test_no_more_at_once_than_there_are_places(tmp_path: Path) -> None:
    """Who finds none in time is told so, and no target is blamed."""
    release = asyncio.Event()

    async def held(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.close()

    modules = HTTP.replace("timeout: 5s", "timeout: 60s")
    async with serve_raw(held) as server, serve_probe(tmp_path, modules, at_once=2) as site:
        first = [asyncio.create_task(site(server.url(), scrape="60")) for _ in range(2)]
        async with asyncio.timeout(PATIENCE):
            while server.accepted < 2:  # noqa: ASYNC110 - the server counts
                await asyncio.sleep(0.005)
            asked = await asyncio.gather(*(site(server.url(), scrape="0.8") for _ in range(2)))
            release.set()
            answered = await asyncio.gather(*first)
    assert [one.status for one in asked] == [503, 503]
    assert [one.status for one in answered] == [200, 200]
    assert server.accepted == 2


async def test_an_expired_certificate_keeps_its_dates(tmp_path: Path, authority: Authority) -> None:
    """Which the exporter loses; and nothing that was not verified has the end of a chain."""
    modules = f"""
modules:
  m: {{prober: http, http: {{tls_config: {{ca_file: {authority.ca_file}}}}}}}
  blind: {{prober: http, http: {{tls_config: {{insecure_skip_verify: true}}}}}}
  tcp: {{prober: tcp, tcp: {{tls: true, tls_config: {{ca_file: {authority.ca_file}}}}}}}
"""
    context = authority.server_context(authority.expired)
    ends = authority.expired.leaf.not_valid_after_utc.timestamp()
    async with serve_http(tls=context) as server, serve_probe(tmp_path, modules) as site:
        server.answer("/")
        http, blind = await site(server.url()), await site(server.url(), "blind")
        tcp = await site(f"127.0.0.1:{server.port}", "tcp")
    assert [http.success, blind.success, tcp.success] == [False, True, False]
    for asked in (http, blind, tcp):
        assert asked["probe_ssl_earliest_cert_expiry"] == ends
        assert "probe_ssl_last_chain_expiry_timestamp_seconds" not in asked.names
    assert blind["probe_http_ssl"] == 1


async def test_rules_of_headers_bodies_and_tls(tmp_path: Path, http_server: HttpServer) -> None:
    """What our kinds do not know is judged here."""
    modules = """
modules:
  has: {prober: http, http: {fail_if_header_matches: [{header: x-state, regexp: "down", allow_missing: true}]}}
  hasnot: {prober: http, http: {fail_if_header_not_matches: [{header: X-State, regexp: "^up"}]}}
  needs: {prober: http, http: {fail_if_header_matches: [{header: X-None, regexp: "a"}]}}
  body: {prober: http, http: {fail_if_body_not_matches_regexp: ["o.?k"]}}
  nobody: {prober: http, http: {fail_if_body_matches_regexp: ["o.?k"]}}
  secure: {prober: http, http: {fail_if_not_ssl: true}}
  old: {prober: http, http: {valid_http_versions: [HTTP/1.0]}}
  small: {prober: http, http: {body_size_limit: 1B}}
"""
    http_server.answer("/up", headers={"X-State": "up and well"})
    http_server.answer("/down", headers={"X-State": "down"})
    async with serve_probe(tmp_path, modules) as site:

        async def said(path: str, module: str) -> tuple[bool, float]:
            asked = await site(http_server.url(path), module)
            return asked.success, asked["probe_failed_due_to_regex"]

        assert await said("/up", "has") == (True, 0)
        assert await said("/down", "has") == (False, 1)
        assert await said("/up", "hasnot") == (True, 0)
        assert await said("/down", "hasnot") == (False, 1)
        assert await said("/up", "needs") == (False, 1)
        assert await said("/up", "body") == (True, 0)
        assert await said("/up", "nobody") == (False, 1)
        assert await said("/up", "secure") == (False, 0)
        assert await said("/up", "old") == (False, 0)
        assert (await said("/up", "small"))[0] is False


async def test_a_body_without_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is not read for ever; it fails where a pattern would have to read on, or a limit is set."""
    monkeypatch.setattr(http_prober, "MOST_READ", 100_000)
    modules = """
modules:
  m: {prober: http}
  pattern: {prober: http, http: {fail_if_body_matches_regexp: ["y"]}}
  limit: {prober: http, http: {body_size_limit: 1KB}}
"""
    flood = endless(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x" * 65_536)
    async with serve_raw(flood) as server, serve_probe(tmp_path, modules) as site:
        assert (await site(server.url())).success
        assert not (await site(server.url(), "pattern")).success
        assert not (await site(server.url(), "limit")).success


@pytest.mark.parametrize("host", ["expo.test:8443", "[::1]:80", "not a name"])
async def test_host_headers_of_every_sort(
    tmp_path: Path, http_server: HttpServer, host: str
) -> None:
    """Are sent as they stand, whether or not a certificate could have that name."""
    http_server.answer("/")
    modules = f"modules: {{m: {{prober: http, http: {{headers: {{Host: '{host}'}}}}}}}}"
    async with serve_probe(tmp_path, modules) as site:
        await site(http_server.url())
    assert http_server.arrivals[0].headers["Host"] == host


async def test_dialogues_over_tcp(tmp_path: Path, authority: Authority) -> None:
    """Lines until one matches; what it held goes into what is said."""
    modules = f"""
modules:
  plain:
    prober: tcp
    tcp: {{query_response: [{{send: "hello\\r"}}, {{send: "\\r"}}, {{expect: "^HTTP/1.1 (\\\\d+)"}}, {{expect: "^tail"}}]}}
  wrong:
    prober: tcp
    tcp: {{query_response: [{{send: "hello\\r"}}, {{send: "\\r"}}, {{expect: "never"}}]}}
  tls:
    prober: tcp
    tcp:
      tls: true
      tls_config: {{ca_file: {authority.ca_file}}}
      query_response: [{{send: "hello\\r"}}, {{send: "\\r"}}, {{expect: "^tail"}}]
"""
    script = say(b"first\r\nHTTP/1.1 200 OK\r\ntail")
    context: ssl.SSLContext = authority.server_context(authority.valid)
    async with (
        serve_raw(script) as server,
        serve_raw(script, tls=context) as secure,
        serve_probe(tmp_path, modules) as site,
    ):
        target = f"127.0.0.1:{server.port}"
        assert (await site(target, "plain")).success
        asked = await site(target, "wrong")
        assert (asked.success, asked["probe_failed_due_to_regex"]) == (False, 1)
        asked = await site(f"127.0.0.1:{secure.port}", "tls")
        assert asked.success
        assert "probe_ssl_last_chain_expiry_timestamp_seconds" in asked.names
        assert not (await site("127.0.0.1", "plain")).success


async def test_questions_to_a_name_server(tmp_path: Path, dns_server: DnsServer) -> None:
    """Counts, codes, serials, and rules of records as text."""
    dns_server.zone = {
        "example.se A": ["192.0.2.1", "192.0.2.2"],
        "example.se SOA": ["ns.example.se. root.example.se. 2026112301 1 1 1 1"],
    }
    modules = """
modules:
  a: {prober: dns, dns: {query_name: example.se, query_type: A}}
  tcp: {prober: dns, dns: {query_name: example.se, query_type: A, transport_protocol: tcp}}
  soa: {prober: dns, dns: {query_name: example.se, query_type: SOA}}
  gone: {prober: dns, dns: {query_name: nowhere.se, query_type: A}}
  is_gone: {prober: dns, dns: {query_name: nowhere.se, query_type: A, valid_rcodes: [NXDOMAIN]}}
  all: {prober: dns, dns: {query_name: example.se, query_type: A, validate_answer_rrs: {fail_if_not_matches_regexp: ["^example\\\\.se\\\\.\\t60\\tIN\\tA\\t192"]}}}
  none: {prober: dns, dns: {query_name: example.se, query_type: A, validate_answer_rrs: {fail_if_matches_regexp: ["192.0.2.2"]}}}
  auth: {prober: dns, dns: {query_name: example.se, query_type: A, validate_authority_rrs: {fail_if_none_matches_regexp: ["NS"]}}}
"""
    async with serve_probe(tmp_path, modules.replace("\\t", "\t")) as site:
        found = {
            name: await site(dns_server.resolver, name)
            for name in ("a", "tcp", "soa", "gone", "is_gone", "all", "none", "auth")
        }
    assert {name: one.success for name, one in found.items()} == {
        "a": True, "tcp": True, "soa": True, "gone": False, "is_gone": True, "all": True,
        "none": False, "auth": False,
    }  # fmt: skip
    assert found["a"]["probe_dns_answer_rrs"] == 2
    assert found["soa"]["probe_dns_serial"] == 2026112301
    assert found["gone"]["probe_dns_query_succeeded"] == 1
    assert {transport for transport, _ in dns_server.questions} == {"udp", "tcp"}
