"""From a ``blackbox.yml`` and a ``prometheus.yml`` to a configuration of ours."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from monitor.blackbox.importing import Imported, import_blackbox
from monitor.configuration.loader import ConfigurationError, load
from monitor.model.estate import Check
from probes.certificate.settings import CertificateSettings
from probes.dns.settings import DnsSettings
from probes.http.settings import HttpSettings
from probes.tcp import TcpSettings

MODULES = """
modules:
  http_2xx:
    prober: http
    timeout: 5s
    http:
      preferred_ip_protocol: ip4
      ip_protocol_fallback: false
      headers: {X-Cost: "${five}"}
      fail_if_header_not_matches: [{header: Content-Type, regexp: "^text/"}]
      fail_if_body_not_matches_regexp: ["well"]
      basic_auth: {username: me, password_file: password}
  post:
    prober: http
    http: {method: POST, body: "a=1", valid_status_codes: [200, 302], follow_redirects: false}
  connect: {prober: tcp}
  handshake: {prober: tcp, tcp: {tls: true, tls_config: {server_name: expo.test, insecure_skip_verify: true}}}
  soa: {prober: dns, dns: {query_name: example.se., query_type: SOA}}
  ssh: {prober: tcp, tcp: {query_response: [{expect: "^SSH"}]}}
"""
USUAL = """
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: 127.0.0.1:9115}
"""


def job(name: str, module: str, *targets: str, relabel: str = USUAL, more: str = "") -> str:
    listed = ", ".join(f'"{one}"' for one in targets)
    return f"""
  - job_name: {name}
    metrics_path: /probe
    params: {{module: [{module}]}}
    static_configs: [{{targets: [{listed}], labels: {{team: a}}}}]
{more}{relabel}"""


def made(folder: Path, jobs: str, *, skip: bool = False, modules: str = MODULES) -> Imported:
    (folder / "password").write_text("swordfish")
    (folder / "blackbox.yml").write_text(modules)
    text = f"global: {{scrape_interval: 1m30s}}\nscrape_configs:\n{jobs}"
    (folder / "prometheus.yml").write_text(text)
    return import_blackbox(folder / "blackbox.yml", folder / "prometheus.yml", skip=skip)


def checks(folder: Path, imported: Imported) -> dict[str, Check]:
    """What the configuration that was written loads as."""
    file = folder / "made.yaml"
    file.write_text(imported.text)
    return {check.id: check for check in load(file, os.environ).estate.checks()}


def test_every_prober_becomes_a_kind(tmp_path: Path) -> None:
    """With what its module asks for, and as often and as long as Prometheus has it."""
    jobs = (
        "  - {job_name: prometheus, static_configs: [{targets: ['localhost:9090']}]}"
        + job("Web pages", "http_2xx", "https://expo.test/x?a=1", "expo.test", "http://expo.test")
        + job("forms", "post", "http://expo.test/form")
        + job("ports", "connect", "db.test:5432", "[::1]:5432")
        + job("certs", "handshake", "127.0.0.1:443", more="    scrape_timeout: 4s\n")
        + job("names", "soa", "192.0.2.53", "192.0.2.54:5353")
    )
    imported = made(tmp_path, jobs)
    assert not imported.warnings
    found = checks(tmp_path, imported)
    assert list(found) == [
        "blackbox/web-pages/expo-test-x",
        "blackbox/web-pages/expo-test",
        "blackbox/web-pages/expo-test-2",
        "blackbox/forms/expo-test-form",
        "blackbox/ports/db-test-5432",
        "blackbox/ports/1-5432",
        "blackbox/certs/127-0-0-1-443",
        "blackbox/names/192-0-2-53",
        "blackbox/names/192-0-2-54-5353",
    ]
    every = list(found.values())
    page = every[0].settings
    assert isinstance(page, HttpSettings)
    assert (page.url, page.ip_version) == ("https://expo.test/x?a=1", 4)
    assert page.headers == {"X-Cost": "${five}"}
    assert page.expect.headers == {"Content-Type": "^text/"}
    assert page.expect.body_matches == ["well"]
    assert page.basic_auth is not None
    assert page.basic_auth.password_file == tmp_path / "password"
    assert (every[0].interval, every[0].timeout) == (90, 5)
    form = every[3].settings
    assert isinstance(form, HttpSettings)
    assert (form.method, form.body, form.follow_redirects) == ("POST", "a=1", False)
    assert form.expect.status == ["200", "302"]
    assert every[3].timeout == 9.5
    port, handshake, name = every[5].settings, every[6].settings, every[8].settings
    assert isinstance(port, TcpSettings)
    assert (port.host, port.port) == ("::1", 5432)
    assert isinstance(handshake, CertificateSettings)
    assert handshake.tls.server_name == "expo.test"
    assert handshake.tls.insecure_skip_verify
    assert every[6].timeout == 3.5
    assert isinstance(name, DnsSettings)
    assert (name.host, name.record, name.resolver) == ("example.se", "SOA", "192.0.2.54:5353")


def test_targets_that_are_made_by_rules(tmp_path: Path) -> None:
    """A module for each target, an address built around a name, a target that is dropped."""
    relabel = """
    relabel_configs:
      - {source_labels: [__address__], regex: '.*;gone', action: drop}
      - {source_labels: [__address__], regex: '([^;]+);(.+)', target_label: __param_module, replacement: '$2'}
      - {source_labels: [__address__], regex: '([^;]+);(.+)', target_label: __param_target, replacement: 'https://${1}/health'}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: 127.0.0.1:9115}
"""
    found = checks(
        tmp_path, made(tmp_path, job("web", "x", "a.test;post", "b.test;gone", relabel=relabel))
    )
    [only] = found.values()
    assert only.settings.target() == "https://a.test/health"
    assert isinstance(only.settings, HttpSettings)
    assert only.settings.method == "POST"


def test_what_cannot_be_asked_for_is_refused_by_name_and_place(tmp_path: Path) -> None:
    """Or left out, when that is wanted, and warned of."""
    jobs = job("ssh", "ssh", "a.test:22") + job("web", "post", "http://a.test/")
    with pytest.raises(ConfigurationError) as refused:
        made(tmp_path, jobs)
    [fault] = refused.value.faults
    assert str(fault).endswith(
        "prometheus.yml:7:22: scrape_configs[0].static_configs[0]: a.test:22: query_response:"
        " no kind of ours holds a dialogue"
    )
    imported = made(tmp_path, jobs, skip=True)
    assert (imported.checks, [one.message for one in imported.warnings]) == (1, [fault.message])


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        (
            "  - {job_name: a, metrics_path: /probe, consul_sd_configs: [{server: a}]}",
            "3:41: scrape_configs[0].consul_sd_configs: only static_configs and file_sd_configs",
        ),
        (
            "  - {job_name: a, metrics_path: /probe, file_sd_configs: [{files: [a.json]}]}",
            "3:59: scrape_configs[0].file_sd_configs[0].files: a.json: the file a.json does not exist",
        ),
        (
            job("a", "http_2xx", "http://a.test/", relabel=""),
            "no rule of relabel_configs makes __param_target of it",
        ),
        (
            job("a", "absent", "http://a.test/"),
            "http://a.test/: the module absent is not there, or has a fault",
        ),
        (job("a", "post", "http://a.test:99999/"), "the target cannot be probed"),
        (
            job("a", "post", "x", relabel="    relabel_configs: [{action: shard, modulus: 2}]"),
            "relabel_configs[0].action: must be one of",
        ),
        (
            job("a", "post", "x", relabel="    relabel_configs: [{action: hashmod}]"),
            "relabel_configs[0]: hashmod needs a modulus",
        ),
        ("  - {job_name: a}", "no job has targets and metrics_path: /probe"),
        (job("a", "post", "x", more="    scrape_interval: soon\n"), "'soon' is not a duration"),
    ],
)
def test_jobs_that_cannot_be_imported(tmp_path: Path, jobs: str, said: str) -> None:
    """Each says why, and where."""
    with pytest.raises(ConfigurationError) as refused:
        made(tmp_path, jobs)
    assert said in str(refused.value)


def test_modules_with_faults(tmp_path: Path) -> None:
    """Stop the import, unless what uses them is to be left out."""
    modules = MODULES + "  ping: {prober: icmp}\n"
    jobs = job("ping", "ping", "a.test") + job("web", "post", "http://a.test/")
    with pytest.raises(ConfigurationError, match="the prober icmp is not supported"):
        made(tmp_path, jobs, modules=modules)
    imported = made(tmp_path, jobs, modules=modules, skip=True)
    assert imported.checks == 1
    assert len(imported.warnings) == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '[{"Targets": ["http://a.test/", "http://b.test/"], "labels": {"n": "1"}}]'),
        ("a.yml", "- targets: [http://a.test/, http://b.test/]\n  labels: {n: 1, none: }\n- {}\n"),
        ("*.yaml", "- &a {targets: [http://a.test/, http://b.test/], labels: {n: 1}}\n- *a\n"),
    ],
)
def test_targets_in_files(tmp_path: Path, name: str, text: str) -> None:
    """As Prometheus reads them, JSON or YAML, with their labels for the rules."""
    (tmp_path / name.replace("*", "a")).write_text(text)
    relabel = USUAL + "      - {source_labels: [n], regex: 1, action: KEEP}\n"
    jobs = f"  - job_name: web\n    metrics_path: /probe\n    params: {{module: [post]}}\n    file_sd_configs: [{{files: ['{name}'], refresh_interval: 5m}}]{relabel}"
    found = checks(tmp_path, made(tmp_path, jobs))
    assert [one.settings.target() for one in found.values()] == ["http://a.test/", "http://b.test/"]


@pytest.mark.parametrize(
    "bad",
    [
        "  - {job_name: a, metrics_path: /probe, kubernetes_sd_configs: [{role: pod}]}\n",
        "  - {job_name: a, metrics_path: /probe, file_sd_configs: [{files: [gone.yml]}]}\n",
        job("a", "post", "x", relabel="    relabel_configs: [{action: shard}]\n"),
        job("a", "post", "x", relabel="    relabel_configs: what\n"),
        job("a", "post", "x", relabel="    relabel_configs: [{regex: '('}]\n"),
        job("a", "post", "x", relabel="\n"),
        "  - {job_name: a, metrics_path: /probe, static_configs: {targets: [a]}}\n",
        "  - {job_name: a, metrics_path: /probe, static_configs: [{targets: a}, {tagets: [b]}]}\n",
        job("a", "absent", "http://x.test/"),
        job("a", "post", "http://x.test:99999/"),
    ],
)
def test_one_bad_job_stops_no_import(tmp_path: Path, bad: str) -> None:
    """What is at fault in it is left out and told; the others are imported. Each says one thing."""
    good = job("web", "post", "http://a.test/")
    with pytest.raises(ConfigurationError) as refused:
        made(tmp_path, bad + good)
    imported = made(tmp_path, bad + good, skip=True)
    assert list(checks(tmp_path, imported)) == ["blackbox/web/a-test"]
    told = [one.message for one in imported.warnings]
    assert told == [one.message for one in refused.value.faults]
    assert len(told) == 1 + ("tagets" in bad)


def test_a_shard_of_a_fleet(tmp_path: Path) -> None:
    """``hashmod`` is carried out as Prometheus does: by the last eight bytes of MD5."""
    relabel = USUAL + (
        "      - {source_labels: [__param_target], modulus: 4, target_label: __tmp, action: hashmod}\n"
        "      - {source_labels: [__tmp], regex: 3, action: keep}\n"
    )
    targets = [f"http://a{n}.test/" for n in range(8)]
    found = checks(tmp_path, made(tmp_path, job("web", "post", *targets, relabel=relabel)))
    digests = {one: hashlib.md5(one.encode()).digest() for one in targets}
    mine = [one for one, digest in digests.items() if digest[-1] % 4 == 3]
    assert [one.settings.target() for one in found.values()] == mine


def test_values_where_prometheus_takes_text(tmp_path: Path) -> None:
    """Numbers and words in labels, rules and parameters; keys without a value."""
    jobs = """
  - job_name: 7
    metrics_path: /probe
    scrape_interval:
    params: {module: [post]}
    static_configs:
      - {targets: ["http://a.test/"], labels: {id: 1, probe: true, none: }}
      - {targets: , labels: }
    relabel_configs:
      - {source_labels: [probe], action: keep, regex: true}
      - {source_labels: [id], action: keep, regex: 1, separator: , modulus: 0}
      - {source_labels: [__address__], target_label: __param_target, regex: , replacement: }
      - {target_label: port, replacement: 9115}
"""
    assert list(checks(tmp_path, made(tmp_path, jobs))) == ["blackbox/7/a-test"]
