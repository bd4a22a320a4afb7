"""A ``blackbox.yml``: what is understood, and what is refused by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.blackbox.asking import MAX_BODY_BYTES, ask, name_server, succeeded
from monitor.blackbox.modules import Module
from monitor.blackbox.reading import read_modules
from monitor.settings import load
from monitor.settings_faults import ConfigurationError, Report
from probes.certificate_settings import CertificateSettings
from probes.dns_settings import DnsSettings
from probes.http_settings import HttpSettings
from probes.observation import Cause, DnsFacts, Grade, HttpFacts, Observation, Reason
from probes.tcp import TcpSettings

HERE = Path(__file__).parent


def read(text: str, folder: Path) -> dict[str, Module]:
    file = folder / "blackbox.yml"
    file.write_text(text, "utf-8")
    report = Report()
    found = dict(read_modules(file, report))
    assert report.faults == []
    return found


def one(text: str, folder: Path) -> Module:
    [module] = read(f"modules:\n  one:\n    {text}\n", folder).values()
    return module


def test_what_is_not_supported_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it at once, each with its place and what to do; no secret is repeated."""
    monkeypatch.chdir(HERE)
    report = Report()
    assert read_modules(Path("bad.yml"), report) == {}
    told = "".join(f"{fault}\n" for fault in sorted(report.faults))
    assert told == (HERE / "bad.expected").read_text("utf-8")
    assert "s3cr3t" not in told


@pytest.mark.parametrize("text", ["", "modules: 1", "modules: {a: {}}", "- a", "a: [", "\0"])
def test_any_text_is_read_or_refused(text: str, tmp_path: Path) -> None:
    """With a place in that file."""
    file = tmp_path / "blackbox.yml"
    file.write_text(text)
    report = Report()
    assert read_modules(file, report) == {}
    assert all(str(fault).startswith(f"{file}:") for fault in report.faults)
    assert report.faults


def test_its_faults_are_the_configurations(tmp_path: Path) -> None:
    """A file that is not there, or wrong, refuses the configuration, at load."""
    config = tmp_path / "driftvakt.yaml"
    check = "{name: a, kind: tcp, host: a.example.se, port: 1}"
    config.write_text(
        "blackbox_modules: blackbox.yml\n"
        f"environments: [{{name: e, services: [{{name: s, checks: [{check}]}}]}}]\n"
    )
    with pytest.raises(ConfigurationError, match="the modules cannot be read"):
        load(config, {})
    (tmp_path / "blackbox.yml").write_text("modules: {ping: {prober: icmp}}")
    with pytest.raises(ConfigurationError, match=r"blackbox\.yml:1:26: .*icmp is not supported"):
        load(config, {})
    (tmp_path / "blackbox.yml").write_text("modules: {up: {prober: tcp}}")
    assert set(load(config, {}).estate.blackbox or ()) == {"up"}


def test_http(tmp_path: Path) -> None:
    """Every key that has a meaning here."""
    module = one(
        "{prober: http, timeout: 3s, http: {valid_status_codes: [200, 301], method: POST,"
        " headers: {Accept: text/plain}, body: hello, follow_redirects: false,"
        " preferred_ip_protocol: ip4, ip_protocol_fallback: false,"
        " fail_if_body_matches_regexp: [bad], fail_if_body_not_matches_regexp: [good],"
        " fail_if_header_not_matches: [{header: Server, regexp: nginx}],"
        " basic_auth: {username: me, password: secret},"
        " tls_config: {insecure_skip_verify: true, min_version: TLS12}}}",
        tmp_path,
    )
    settings = ask(module, "a.example.se/x", "b.example.se").settings
    assert isinstance(settings, HttpSettings)
    assert settings.url == "http://a.example.se/x"
    assert (settings.method, settings.body, settings.follow_redirects) == ("POST", "hello", False)
    assert settings.headers == {"Accept": "text/plain", "Host": "b.example.se"}
    assert settings.expect.status == ["200", "301"]
    assert (settings.expect.body_matches, settings.expect.body_not_matches) == (["good"], ["bad"])
    assert settings.expect.headers == {"Server": "nginx"}
    assert settings.tls.server_name == "b.example.se"
    assert (settings.tls.insecure_skip_verify, settings.tls.min_version) == (True, "TLSv1.2")
    assert (settings.ip_version, settings.max_body_bytes) == (4, MAX_BODY_BYTES)
    assert settings.basic_auth is not None


def test_tokens(tmp_path: Path) -> None:
    """Old and new spelling."""
    for spelled in ("bearer_token: abc", "authorization: {credentials: abc}"):
        settings = ask(one(f"{{prober: http, http: {{{spelled}}}}}", tmp_path), "a").settings
        assert isinstance(settings, HttpSettings)
        assert settings.headers == {"Authorization": "Bearer abc"}


def test_tcp_and_tls(tmp_path: Path) -> None:
    """A connection, or a handshake in which only the certificate's validity counts."""
    plain = ask(one("{prober: tcp}", tmp_path), "[2001:db8::1]:25").settings
    assert plain == TcpSettings(host="2001:db8::1", port=25)
    tls = ask(one("{prober: tcp, tcp: {tls: true}}", tmp_path), "a.example.se:443", "b").settings
    assert isinstance(tls, CertificateSettings)
    assert (tls.host, tls.port, tls.tls.server_name) == ("a.example.se", 443, "b")
    assert tls.expires_within != "auto"
    assert tls.expires_within.red == 0


def test_dns(tmp_path: Path) -> None:
    """The target is whom to ask; a name of it is looked up first."""
    module = one("{prober: dns, dns: {query_name: a.example.se, query_type: MX}}", tmp_path)
    settings = ask(module, "192.0.2.53:5353").settings
    assert settings == DnsSettings(host="a.example.se", record="MX", resolver="192.0.2.53:5353")
    assert name_server("192.0.2.53") is None
    assert name_server("ns.example.se") == ("ns.example.se", 53)
    assert name_server("ns.example.se:5353") == ("ns.example.se", 5353)


@pytest.mark.parametrize("target", ["", "a" * 3000, "http://", "http://a:b:c/", "a b"])
def test_targets_that_cannot_be(target: str, tmp_path: Path) -> None:
    """Are told, not raised as something else."""
    for text in ("{prober: http}", "{prober: tcp}"):
        with pytest.raises(ValueError, match=r"."):
            ask(one(text, tmp_path), target)


def answered(version: str = "1.1", *, tls: bool) -> Observation:
    return Observation(at=0, duration=0, http=HttpFacts(status=200, version=version, tls=tls))


def test_what_a_module_asks_beyond_our_settings(tmp_path: Path) -> None:
    """TLS or not, and the version of HTTP."""
    tls, plain = answered(tls=True), answered(tls=False)
    for text, good, bad in (
        ("fail_if_ssl: true", plain, tls),
        ("fail_if_not_ssl: true", tls, plain),
        ("valid_http_versions: [HTTP/1.1]", tls, answered("1.0", tls=True)),
    ):
        module = one(f"{{prober: http, http: {{{text}}}}}", tmp_path)
        assert succeeded(module, good) == (True, "")
        assert not succeeded(module, bad)[0]


def test_an_empty_answer_is_an_answer(tmp_path: Path) -> None:
    """As the exporter has it; a name that does not exist is none."""
    module = one("{prober: dns, dns: {query_name: a.example.se, query_type: A}}", tmp_path)
    for rcode, good in (("NOERROR", True), ("NXDOMAIN", False)):
        seen = Observation(
            at=0,
            duration=0,
            grade=Grade.FAILED,
            reason=Reason.DNS,
            cause=Cause.TARGET,
            dns=DnsFacts(rcode=rcode),
        )
        assert succeeded(module, seen)[0] is good
