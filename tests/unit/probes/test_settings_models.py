"""The settings of the kinds: what is taken, what is refused, and in what words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from probes.certificate.settings import CertificateSettings
from probes.dns.settings import DnsSettings, split_resolver
from probes.expect.settings import ExpectSettings, refusal_reasons
from probes.http.settings import HttpSettings
from probes.net.urls import redact_url
from probes.observation import Reason
from probes.settings import ProbeSettings, join_host_port
from probes.tcp import TcpSettings

HTTP = {"url": "https://expo.ext5.example.se/fhir/metadata"}
HOST = {"host": "expo.ext5.example.se"}


def refused(model: type[Any], values: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(values)
    return "; ".join(error["msg"] for error in caught.value.errors())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("30s", 30.0), ("1.5m", 90.0), ("26h", 93_600.0), ("30d", 2_592_000.0)],
)
def test_durations(text: str, seconds: float) -> None:
    """A number with its unit."""
    parsed = ExpectSettings.model_validate({"last_modified_within": text})
    assert parsed.last_modified_within == seconds


@pytest.mark.parametrize("value", [30, 1.5, "30", "-1s", "1 s", "s", "1y", "", True, None, "0s"])
def test_what_is_no_duration(value: object) -> None:
    """A bare number has no unit, and a freshness of nothing means nothing."""
    if value is None:
        assert ExpectSettings(last_modified_within=None).last_modified_within is None
    else:
        assert "duration" in refused(ExpectSettings, {"last_modified_within": value})


@pytest.mark.parametrize(
    "url",
    [
        "",
        "expo.example.se",
        "ftp://a/",
        "http://",
        "http:///x",
        "http://a:0/",
        "http://a:x/",
        "http://u:p@a/",
        "http://a b/",
        "http://a/\n",
        "http://[::1/",
    ],
)
def test_urls_that_are_none(url: str) -> None:
    """Only a web address without credentials in it."""
    assert refused(HttpSettings, {"url": url})


def test_a_target_holds_no_secret() -> None:
    """Query values and fragments are not for people's eyes, names of parameters are."""
    settings = HttpSettings(url="https://a.example.se:8443/x?token=s3cret&b=s3cret#s3cret")
    assert settings.target() == "https://a.example.se:8443/x?token=…&b=…"
    assert redact_url("http://[::1]") == "http://[::1]/"


@pytest.mark.parametrize(
    ("settings", "target", "endpoint"),
    [
        (HttpSettings(url="https://a.se"), "https://a.se/", ("a.se", 443)),
        (HttpSettings(url="http://[::1]:81/"), "http://[::1]:81/", ("::1", 81)),
        (TcpSettings(host="::1", port=443), "[::1]:443", ("::1", 443)),
        (CertificateSettings(host="a.se"), "a.se:443", ("a.se", 443)),
        (DnsSettings(host="a.se", resolver="192.0.2.53"), "a.se A", ("192.0.2.53", 53)),
        (
            DnsSettings(host="a.se", record="MX", resolver="[2001:db8::53]:5353"),
            "a.se MX",
            ("2001:db8::53", 5353),
        ),
    ],
)
def test_what_is_measured_and_where(
    settings: ProbeSettings, target: str, endpoint: tuple[str, int]
) -> None:
    """The name for people, and the place that politeness is counted by."""
    assert settings.target() == target
    assert settings.endpoint() == endpoint
    assert join_host_port("::1", 1) == "[::1]:1"


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"body": "a", "body_file": "b"}, "body and body_file cannot both be set"),
        ({"headers": {"Bad Name": "x"}}, "is not a header name"),
        ({"headers": {"X": "a\r\nY: b"}}, "no line break"),
        ({"headers": {"authorization": "x"}, "bearer_token_file": "t"}, "cannot be used together"),
        ({"basic_auth": {"username": "u"}}, "needs password_file or password"),
        ({"basic_auth": {"username": "u:v", "password": "p"}}, "pattern"),
        ({"tls": {"key_file": "k"}}, "key_file needs cert_file"),
        ({"tls": {"min_version": "TLSv1.3", "max_version": "TLSv1.2"}}, "newer than max_version"),
        ({"max_body_bytes": -1}, "greater than or equal to 0"),
        ({"address": "expo"}, "is not an address"),
        ({"method": "get"}, "pattern"),
        ({"ulr": "x"}, "Extra inputs"),
        ({"follow_redirects": "yes"}, "boolean"),
    ],
)
def test_contradictions_are_refused(values: dict[str, Any], fault: str) -> None:
    """Before anything starts, and in words."""
    assert fault in refused(HttpSettings, HTTP | values)


@pytest.mark.parametrize(
    ("expect", "fault"),
    [
        ({"status": [600]}, "is not an HTTP status"),
        ({"status": ["²xx"]}, "is not an HTTP status"),
        ({"status": [True]}, "is not an HTTP status"),
        ({"status": []}, "at least 1 item"),
        ({"body_matches": ["("]}, "is not a regular expression that RE2 takes"),
        ({"body_matches": ["(?=x)"]}, "is not a regular expression that RE2 takes"),
        ({"body_matches": ["(a?){500}a{500}"]}, "it repeats too much: 2504 instructions"),
        ({"body_matches": ["x" * 1001]}, "at most 1000 characters"),
        ({"body_bytes": {}}, "needs at_least or at_most"),
        ({"body_bytes": {"at_least": 2, "at_most": 1}}, "more than at_most"),
        ({"failure": "internal"}, "is not a way to fail"),
        ({"failure": "never"}, "is not a way to fail"),
        ({"jsonpath": [{"path": "$.a"}]}, "needs one of equals"),
        ({"jsonpath": [{"path": "$.a", "exists": False, "equals": 1}]}, "cannot be joined"),
        (
            {"jsonpath": [{"path": "a.b", "exists": True}]},
            "'a.b' is not a JSONPath (RFC 9535): it does not begin with $",
        ),
        ({"jsonpath": [{"path": "$[?@.a = 1]", "exists": True}]}, "is not a JSONPath"),
    ],
)
def test_expectations_that_cannot_be(expect: dict[str, Any], fault: str) -> None:
    """Patterns and paths are compiled when the configuration is read."""
    assert fault in refused(ExpectSettings, expect)


def test_one_status_may_stand_without_a_list() -> None:
    """``status: 301`` and ``status: [2XX]`` are as good as the long form."""
    assert ExpectSettings.model_validate({"status": 301}).status == ["301"]
    assert ExpectSettings.model_validate({"status": ["2XX"]}).status == ["2xx"]


def test_ways_to_fail() -> None:
    """A group's word stands for its reasons, a reason's own name for itself."""
    assert refusal_reasons("connect") == {
        Reason.CONNECT_REFUSED, Reason.CONNECT_TIMEOUT, Reason.CONNECT_ERROR,
    }  # fmt: skip
    assert Reason.TLS_CLIENT_REJECTED in refusal_reasons("tls")
    assert Reason.TLS_CLIENT_EXPIRED not in refusal_reasons("tls")
    assert refusal_reasons("tls_expired") == {Reason.TLS_EXPIRED}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("192.0.2.53:5353", ("192.0.2.53", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
    ],
)
def test_resolvers(text: str, address: tuple[str, int]) -> None:
    """An address, with a port when it is not 53."""
    assert split_resolver(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "ns1.example.se", "192.0.2.53:0", "192.0.2.53:99999", "[192.0.2.53]:53", "[::1]", "a:1"],
)
def test_what_is_no_resolver(text: str) -> None:
    """A name would need a resolver to find the resolver."""
    assert "is not a name server" in refused(DnsSettings, HOST | {"resolver": text})


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"host": "192.0.2.1"}, "is an address, which has no A record"),
        ({"addresses": ["2001:db8::1"]}, "write an IPv4 address"),
        ({"addresses": ["192.0.2.1"], "record": "AAAA"}, "write an IPv6 address"),
        ({"addresses": []}, "at least 1 item"),
        ({"record": "ANY"}, "Input should be"),
        ({"host": "https://a.se/"}, "is not a host"),
    ],
)
def test_questions_that_cannot_be_answered(values: dict[str, Any], fault: str) -> None:
    """An expectation that no answer could meet is a fault of the configuration."""
    assert fault in refused(DnsSettings, HOST | values)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"revocation": "sometimes"}, "'crl', 'ocsp' or 'any'"),
        ({"revocation": True}, "'crl', 'ocsp' or 'any'"),
        ({"revocation_required": True}, "needs revocation: crl, ocsp or any"),
        ({"revocation_required": "yes", "revocation": "any"}, "boolean"),
        ({"revocation_required": True, "revocation": False}, "needs revocation"),
        ({"expect": {"failure": "tls_revoked"}}, "needs revocation: crl, ocsp or any"),
        ({"starttls": "pop3"}, "'postgres'"),
        ({"starttls": ["smtp"]}, "'postgres'"),
        ({"max_validity": "0d"}, "longer than 0s"),
        ({"strict_chain": 1}, "boolean"),
        ({"expect": {"failure": "status"}}, "'status' is not a way for this kind to fail"),
        ({"expect": {"failure": 5}}, "5 is not a way for this kind to fail"),
        ({"expect": {"status": 200}}, "Extra inputs"),
        ({"expires_within": {"yellow": "1d", "red": "2d"}}, "red must not be longer"),
        ({"min_key_bits": {"rsa": 1}}, "greater than or equal to 512"),
        ({"port": 0}, "greater than or equal to 1"),
        ({"port": "443"}, "integer"),
    ],
)
def test_certificate_settings_that_cannot_be(values: dict[str, Any], fault: str) -> None:
    """Keys that need another, and values that mean nothing."""
    assert fault in refused(CertificateSettings, HOST | values)


@pytest.mark.parametrize(
    ("values", "port"),
    [
        ({}, 443),
        ({"starttls": "none"}, 443),
        ({"starttls": "smtp"}, 25),
        ({"starttls": "imap"}, 143),
        ({"starttls": "ldap"}, 389),
        ({"starttls": "postgres"}, 5432),
        ({"starttls": "smtp", "port": 587}, 587),
    ],
)
def test_a_protocol_before_tls_has_its_usual_port(values: dict[str, Any], port: int) -> None:
    """The name for people and the place for politeness follow it."""
    settings = CertificateSettings.model_validate(HOST | values)
    assert settings.endpoint() == (HOST["host"], port)
    assert settings.target() == f"{HOST['host']}:{port}"


@pytest.mark.parametrize("failure", ["tls", "tls_version", "connect", "protocol", "expiry"])
def test_ways_for_a_handshake_to_fail(failure: str) -> None:
    """The groups of kind ``http`` but for its status, and the reasons of this kind."""
    parsed = CertificateSettings.model_validate(HOST | {"expect": {"failure": failure}})
    assert parsed.expect.failure == failure


def test_yaml_1_1s_off_is_off() -> None:
    """``revocation: off`` is read as false by some readers."""
    parsed = CertificateSettings.model_validate(HOST | {"revocation": False})
    assert parsed.revocation == "off"


@pytest.mark.parametrize("mode", ["crl", "ocsp", "any"])
def test_whom_to_ask_whether_a_certificate_is_revoked(mode: str) -> None:
    """Softly, unless it is said to be required."""
    parsed = CertificateSettings.model_validate(HOST | {"revocation": mode})
    assert (parsed.revocation, parsed.revocation_required) == (mode, False)
    required = {"revocation": mode, "revocation_required": True}
    assert CertificateSettings.model_validate(HOST | required).revocation_required
    expected = {"revocation": mode, "expect": {"failure": "tls_revoked"}}
    assert CertificateSettings.model_validate(HOST | expected).expect.failure == "tls_revoked"
