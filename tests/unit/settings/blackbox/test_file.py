"""Reading the exporter's ``blackbox.yml``."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.blackbox.tcp_talk import filled
from monitor.settings.blackbox.file import read_modules
from monitor.settings.blackbox.modules import Module
from monitor.settings.blackbox.values import go_duration
from monitor.settings.errors import ConfigurationError, Report
from tests.support.blackbox_site import load_modules

HERE = Path(__file__).parent


def read(folder: Path, text: str) -> dict[str, Module]:
    file = folder / "blackbox.yml"
    file.write_text(text)
    return dict(load_modules(file))


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        read(folder, text)
    return [f"{one.line}:{one.column}: {one.path}: {one.message}" for one in refused.value.faults]


def test_what_is_not_supported_is_refused_by_name_and_place() -> None:
    """All at once, each at its line and column."""
    report = Report()
    read_modules(HERE / "bad" / "unsupported.yml", report)
    said = [f"bad/{str(one).rpartition('bad/')[2]}" for one in sorted(report.faults)]
    assert said == (HERE / "bad" / "unsupported.expected").read_text().splitlines()


def test_no_secret_is_in_a_fault() -> None:
    """A file that is refused may be shown to anybody."""
    assert "hunter2" not in (HERE / "bad" / "unsupported.expected").read_text()


def test_a_file_as_the_exporter_ships_it(tmp_path: Path) -> None:
    """Its usual modules, read with its defaults."""
    found = read(
        tmp_path,
        """
modules:
  http_2xx:
    prober: http
    http:
  http_post:
    prober: http
    timeout: 1m30s
    http:
      method: POST
      valid_status_codes: [200, 302]
      valid_http_versions: ["HTTP/1.1", "HTTP/2.0"]
      no_follow_redirects: no
      fail_if_ssl: false
      headers: {Host: vhost.example.se, Accept-Language: sv}
      fail_if_header_not_matches: [{header: Access-Control-Allow-Origin, regexp: '(\\*|example\\.se)'}]
      body_size_limit: 10MB
      tls_config: {insecure_skip_verify: true, min_version: TLS12}
      preferred_ip_protocol: ip4
      ip_protocol_fallback: false
  ssh:
    prober: tcp
    timeout: 5s
    tcp: {query_response: [{expect: "^SSH-2.0-"}, {send: "${1}"}]}
  soa:
    prober: dns
    dns: {query_name: example.se, query_type: soa}
""",
    )
    assert list(found) == ["http_2xx", "http_post", "ssh", "soa"]
    usual = found["http_2xx"]
    assert (usual.timeout, usual.http.method, usual.http.redirects_followed) == (0, "GET", True)
    assert usual.preferring.preferred_ip_protocol == "ip6"
    assert usual.preferring.ip_protocol_fallback
    post = found["http_post"]
    assert post.timeout == 90
    assert post.http.redirects_followed
    assert post.http.body_size_limit == 10 * 1024 * 1024
    assert post.http.tls_config.settings("a.example.se").min_version == "TLSv1.2"
    assert not post.preferring.ip_protocol_fallback
    assert found["ssh"].tcp.query_response[1].send == "${1}"
    assert found["soa"].dns is not None
    assert found["soa"].dns.query_type == "SOA"


def test_paths_start_from_the_folder_of_the_file(tmp_path: Path) -> None:
    """And one that is not there is a warning, as elsewhere."""
    file = tmp_path / "blackbox.yml"
    file.write_text("modules: {a: {prober: tcp, tcp: {tls: true, tls_config: {ca_file: ca.pem}}}}")
    report = Report()
    found = read_modules(file, report)
    assert found["a"].tcp.tls_config.ca_file == tmp_path / "ca.pem"
    assert [one.message for one in report.warnings] == [f"{'ca.pem'} does not exist"]
    assert not report.faults


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1: : the file is empty"),
        ("- a", "1:1: : must be a mapping, not a list"),
        ("modules: [a]", "1:10: modules: must be a mapping of modules"),
        ("modules: a", "1:10: modules: must be a mapping of modules"),
        ("modules: {a: http}", "1:14: modules.a: must be a mapping"),
        (
            "modules: {a: {prober: ftp}}",
            "1:23: modules.a.prober: 'ftp' is not a prober: write one of http, tcp, dns",
        ),
    ],
)
def test_files_that_hold_no_modules(tmp_path: Path, text: str, said: str) -> None:
    """Say so, and where."""
    [found] = faults(tmp_path, text)
    assert found.startswith(said)


@pytest.mark.parametrize("text", ["{}", "modules: {}", "modules:"])
def test_a_file_without_modules_is_no_fault(tmp_path: Path, text: str) -> None:
    """The exporter takes it; that nothing can be asked with it is a warning."""
    file = tmp_path / "blackbox.yml"
    file.write_text(text)
    report = Report()
    assert read_modules(file, report) == {}
    assert not report.faults
    assert [one.message for one in report.warnings] == ["has no module"]


def test_values_as_go_takes_them(tmp_path: Path) -> None:
    """Text of numbers and words as they stand, numbers in all their forms, nothing for no value."""
    found = read(
        tmp_path,
        """
modules:
  post:
    prober: http
    timeout:
    http: &shared
      method: POST
      headers: {X-Version: 1.50, X-On: yes, X-Date: 2026-01-01, X-None: , X-Hex: 0x10, 5: ~}
      body: 0123
      basic_auth: {username: 1001, password: 0x1F}
      valid_status_codes: [0xC8, 0310, 0o311, 2_02, 203.0, 2.04e2]
      preferred_ip_protocol: ipv4
      valid_http_versions: [HTTP/1.1, 2]
      fail_if_ssl: n
      compression: ""
      enable_http3: off
      oauth2:
      tls_config: {ca_file: "", server_name: , min_version: TLS12}
      fail_if_header_matches: [{header: X-Version, regexp: 1.5, allow_missing: True}]
  again: {prober: http, http: {<<: *shared, method: PUT, body: !!str 5}, icmp: {ttl: 5}}
  7:
    prober: tcp
    tcp: {tls: on, query_response: [{expect: 220, send: !!binary AP/I}, {send: !own 5}], source_ip_address: ""}
---
not: [read
""",
    )
    post = found["post"]
    assert post.timeout == 0
    assert dict(post.http.headers) == {
        "X-Version": "1.50", "X-On": "yes", "X-Date": "2026-01-01", "X-None": "", "X-Hex": "0x10", "5": "",
    }  # fmt: skip
    assert post.http.body == "0123"
    assert post.http.basic_auth is not None
    assert (post.http.basic_auth.username, post.http.basic_auth.password) == ("1001", "0x1F")
    assert post.http.valid_status_codes == [200, 200, 201, 202, 203, 204]
    assert post.http.preferred_ip_protocol == "ip4"
    assert post.http.tls_config.ca_file is None
    assert post.http.fail_if_header_matches[0].regexp == "1.5"
    assert (found["again"].http.method, found["again"].http.body) == ("PUT", "5")
    steps = found["7"].tcp.query_response
    assert (steps[0].expect, filled(steps[0].send or "", None)) == ("220", b"\0\xff\xc8")
    assert steps[1].send == "5"


def test_a_file_in_utf_16(tmp_path: Path) -> None:
    """With its mark, as Windows saves one."""
    file = tmp_path / "blackbox.yml"
    file.write_bytes("modules: {å: {prober: tcp}}".encode("utf-16"))
    assert list(load_modules(file)) == ["å"]


def test_bytes_where_text_is_wanted(tmp_path: Path) -> None:
    """Are refused by name where they cannot be sent, and where they are no base64."""
    text = "modules: {a: {prober: http, http: {body: !!binary %s}}}"
    assert (
        "body: bytes that are not UTF-8 text are not supported"
        in faults(tmp_path, text % "/w==")[0]
    )
    assert faults(tmp_path, text % "abc") == ["1:51: : !!binary is not followed by base64"]


def test_no_file_at_all(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(ConfigurationError, match="the file cannot be read: No such file"):
        load_modules(tmp_path / "blackbox.yml")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5), ("1m30s", 90), ("500ms", 0.5), ("0", 0), (0, 0), ("1.5h", 5400), (".5s", 0.5)],
)
def test_durations_as_go_reads_them(text: object, seconds: float) -> None:
    """Several parts, and 0 without a unit."""
    assert go_duration(text) == pytest.approx(seconds)
