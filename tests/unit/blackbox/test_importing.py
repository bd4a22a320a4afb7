"""From the exporter's files to a configuration that ``driftvakt check`` accepts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from monitor.cli import app
from monitor.cli_import import import_blackbox
from monitor.settings import load
from monitor.settings_faults import ConfigurationError
from probes.certificate_settings import CertificateSettings
from probes.dns_settings import DnsSettings
from probes.http_settings import HttpSettings
from probes.tcp import TcpSettings

MODULES = """
modules:
  web:
    prober: http
    timeout: 5s
    http:
      valid_status_codes: [200, 204]
      method: POST
      body: "two\\nlines"
      headers: {Accept: text/plain}
      fail_if_not_ssl: true
      fail_if_body_not_matches_regexp: ["operation"]
      basic_auth: {username: me, password: s3cr3t}
      tls_config: {ca_file: ca.pem, min_version: TLS12}
  port: {prober: tcp}
  tls: {prober: tcp, tcp: {tls: true}}
  names: {prober: dns, dns: {query_name: a.example.se, query_type: MX}}
"""
RELABEL = """
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: "127.0.0.1:9115"}
"""
PROMETHEUS = f"""
global: {{scrape_interval: 2m, external_labels: {{a: b}}}}
rule_files: [x.yml]
scrape_configs:
  - job_name: prometheus
    static_configs: [{{targets: ["localhost:9090"]}}]
  - job_name: Our Sites
    metrics_path: /probe
    scrape_interval: 30s
    params: {{module: [web]}}
    static_configs:
      - targets: ["https://a.example.se/x", "https://A.example.se/x", b.example.se]
        labels: {{team: pharmacy}}{RELABEL}
  - job_name: ports
    metrics_path: /probe
    params: {{module: [port]}}
    static_configs: [{{targets: ["a.example.se:22"]}}]{RELABEL}
  - job_name: certificates
    metrics_path: /probe
    params: {{module: [tls]}}
    static_configs: [{{targets: ["a.example.se:443"]}}]{RELABEL}
  - job_name: names
    metrics_path: /probe
    params: {{module: [names]}}
    static_configs: [{{targets: ["192.0.2.53"]}}]{RELABEL}
"""


def files(folder: Path, modules: str = MODULES, targets: str = PROMETHEUS) -> tuple[Path, Path]:
    paths = folder / "blackbox.yml", folder / "prometheus.yml"
    for path, text in zip(paths, (modules, targets), strict=True):
        path.write_text(text, "utf-8")
    return paths


def refused(folder: Path, targets: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        import_blackbox(*files(folder, targets=targets), "ext5")
    return str(error.value)


def test_what_the_exporter_probes_is_probed(tmp_path: Path) -> None:
    """Each job a service, each target a check of the kind that measures the same."""
    text = import_blackbox(*files(tmp_path), "ext5")
    made = tmp_path / "made.yaml"
    made.write_text(text)
    estate = load(made, {}).estate
    assert [one.id for one in estate.services()] == [
        "ext5/our-sites", "ext5/ports", "ext5/certificates", "ext5/names",
    ]  # fmt: skip
    checks = {check.id: check for check in estate.checks()}
    assert list(checks)[:3] == [
        "ext5/our-sites/a-example-se-x",
        "ext5/our-sites/a-example-se-x-2",
        "ext5/our-sites/b-example-se",
    ]
    first, port, tls, names = (
        list(checks.values())[place] for place in (0, 3, 4, 5)
    )  # fmt: skip
    assert (first.interval, first.timeout, port.interval) == (30.0, 5.0, 120.0)
    web = first.settings
    assert isinstance(web, HttpSettings)
    assert (web.method, web.body, web.url) == ("POST", "two\nlines", "https://a.example.se/x")
    assert web.expect.status == ["200", "204"]
    assert web.expect.body_matches == ["operation"]
    assert (web.tls.ca_file, web.tls.min_version) == (tmp_path / "ca.pem", "TLSv1.2")
    assert web.basic_auth is not None
    assert web.basic_auth.password == "s3cr3t"
    assert port.settings == TcpSettings(host="a.example.se", port=22)
    assert tls.settings == CertificateSettings(host="a.example.se")
    assert names.settings == DnsSettings(host="a.example.se", record="MX", resolver="192.0.2.53")


def test_what_is_not_carried_over_is_told(tmp_path: Path) -> None:
    """Above the configuration, where it is read."""
    told = [one for one in import_blackbox(*files(tmp_path), "e").splitlines() if one[0] == "#"]
    assert told == [
        "# From blackbox.yml and prometheus.yml by `driftvakt import blackbox`.",
        "# Our Sites: the labels team=pharmacy are not carried over",
        "# Our Sites: fail_if_not_ssl is not carried over",
        "# it may hold passwords: keep it from others, or move them into files",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("module: [port]", "module: [prot]", "13:24: scrape_configs[2].params.module"),
        ("[web]}", "[web, port]}", "there is no module web, port"),
        ("static_configs: [{targets: [\"a.example.se:22\"]}]", "file_sd_configs: []",
         "file_sd_configs: is not supported: write the targets into static_configs"),
        ("a.example.se:22", "a.example.se", "scrape_configs[2].static_configs[0].targets[0]"),
        ("replacement: ", "regex: x, replacement: ", "only the exporter's usual relabelling is"),
        ("metrics_path: /probe", "metrics_path: /other", "no job has metrics_path: /probe"),
        ("scrape_interval: 30s", "scrape_interval: often", "is not a duration"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    """With its place in the file."""
    assert said.split(": ", 1)[-1] in refused(tmp_path, PROMETHEUS.replace(old, new))


@given(text=st.text(max_size=200))
def test_any_text_is_imported_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """Never raised as something else."""
    folder = tmp_path_factory.mktemp("any")
    (folder / "a.yml").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ConfigurationError):
        import_blackbox(folder / "a.yml", folder / "a.yml", "e")


def test_the_command_tells_all_faults(tmp_path: Path) -> None:
    """On stderr, with exit 2; else the configuration on stdout."""
    modules, targets = files(tmp_path)
    words = ["import", "blackbox", "--modules", str(modules), "--targets", str(targets)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0
    assert "name: imported" in result.stdout
    modules.write_text("modules: {a: {prober: icmp}, b: {prober: grpc}}")
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert result.stderr.count("is not supported") == 2
