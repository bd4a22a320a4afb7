"""Reading the exporter's ``blackbox.yml``."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.blackbox.modules import Module
from monitor.blackbox.reading import load_modules, read_modules
from monitor.blackbox.values import go_duration
from monitor.settings_faults import ConfigurationError, Report

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
        ("{}", "1:1: modules: must be a mapping of modules, one at least"),
        ("modules: {}", "1:10: modules: must be a mapping of modules, one at least"),
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
