"""``${NAME}``: values from the environment are values, never structure, and never shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from monitor.model.estate import Check
from probes.http.settings import HttpSettings

OneCheck = Callable[..., Check]
FaultsOf = Callable[..., list[str]]
TCP = "kind: tcp, host: '${HOST}', port: '${PORT:-443}'"


def http(check: Check) -> HttpSettings:
    assert isinstance(check.settings, HttpSettings)
    return check.settings


def test_a_variable_in_a_text_is_text(one_check: OneCheck) -> None:
    check = one_check("headers: {Authorization: 'Bearer ${TOKEN}'}", TOKEN="12345")
    assert http(check).headers == {"Authorization": "Bearer 12345"}


def test_a_whole_placeholder_is_read_as_what_the_key_wants(one_check: OneCheck) -> None:
    check = one_check("critical: '${C}', interval: '${I:-1m}'", kind=TCP, HOST="a.se", C="true")
    assert (check.host, check.port, check.critical, check.interval) == ("a.se", 443, True, 60.0)


@pytest.mark.parametrize("quote", ["", "'"])
@pytest.mark.parametrize("password", ["12345", "true", "null", "1e5", "", "[a, b]", "a: b", "# x"])
def test_a_secret_that_looks_like_yaml_is_text_where_text_is_wanted(
    load_text: Callable[..., object], one_check: OneCheck, password: str, quote: str
) -> None:
    text = (
        "environments:\n  - name: ext5\n    services:\n      - name: expo\n        checks:\n"
        "          - name: api\n            kind: http\n            url: https://a.example.se/\n"
        f"            headers:\n              X-Key: {quote}${{PASSWORD}}{quote}\n"
    )
    estate = load_text(text, PASSWORD=password)
    check = next(iter(estate.checks()))  # type: ignore[attr-defined]
    assert http(check).headers == {"X-Key": password}


def test_a_variable_cannot_make_structure(one_check: OneCheck) -> None:
    check = one_check("body: '${BODY}'", BODY="x\n            critical: true\n<<: *a")
    assert http(check).body == "x\n            critical: true\n<<: *a"
    assert not check.critical


def test_the_default_stands_for_unset_and_for_empty(one_check: OneCheck) -> None:
    for environ in ({}, {"BODY": ""}):
        check = one_check("body: 'a ${BODY:-b: {c} ', method: '${M:-POST}'", **environ)
        assert (http(check).body, http(check).method) == ("a b: {c ", "POST")


def test_an_empty_variable_without_a_default_is_empty(one_check: OneCheck) -> None:
    assert http(one_check("body: 'a${BODY}'", BODY="")).body == "a"


def test_two_dollars_escape(one_check: OneCheck) -> None:
    check = one_check("body: '$${BODY} $5 ${BODY}'", BODY="x")
    assert http(check).body == "${BODY} $5 x"


def test_a_value_is_not_expanded_again(one_check: OneCheck) -> None:
    assert http(one_check("body: '${A}'", A="${B}", B="x")).body == "${B}"


def test_keys_are_not_expanded(faults_of: FaultsOf) -> None:
    assert faults_of("${KEY}: 1\nenvironments: []", KEY="language")[0] == (
        'driftvakt.yaml:1:1: ["${KEY}"]: unknown key'
    )


def test_bytes_that_are_no_text_are_refused(faults_of: FaultsOf) -> None:
    faults = faults_of("location: ${L}\nenvironments: []", L="\udcff")
    assert faults[0] == (
        "driftvakt.yaml:1:11: location: the environment variable L is not UTF-8 text"
    )


def test_a_value_of_the_environment_is_never_shown(faults_of: FaultsOf) -> None:
    """Whatever is wrong with it, and wherever it stands."""
    secret = "s3cr3t-(-value"
    keys = ("interval", "address", "url", "kind", "name", "location", "tls", "expect", "method")
    for key in keys:
        values = {"name": "api", "kind": "http", "url": "https://a.example.se/"}
        values[key] = "${SECRET}"
        listed = "".join(f"            {one}: {value}\n" for one, value in values.items())
        text = (
            "environments:\n  - name: ext5\n    services:\n      - name: expo\n        checks:\n"
            f"          -\n{listed}"
        )
        faults = faults_of(text, SECRET=secret)
        assert faults, key
        assert not any("s3cr3t" in fault for fault in faults), faults
