"""The JSON Schema that editors and validators read."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from monitor.configuration.loader import json_schema
from monitor.settings.validate import plain_values
from monitor.settings.yaml_tree import compose

ROOT = Path(__file__).parents[3]


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(json_schema())


def read(text: str) -> Any:
    tree = compose(text.encode(), "f")
    assert tree is not None
    return plain_values(tree)


def check(keys: str) -> Any:
    return read(
        f"environments: [{{name: ext5, services: [{{name: expo, checks: [{{name: a, {keys}}}]}}]}}]"
    )


def test_it_is_a_schema_of_draft_2020_12() -> None:
    Draft202012Validator.check_schema(json_schema())
    assert json_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_example_is_accepted() -> None:
    text = (ROOT / "config" / "driftvakt.yaml").read_text(encoding="utf-8")
    assert list(validator().iter_errors(read(text))) == []
    assert text.startswith("# yaml-language-server: $schema=driftvakt.schema.json\n")


def test_the_file_beside_the_example_is_this_schema() -> None:
    """Made anew by `driftvakt export schema > config/driftvakt.schema.json`."""
    stored = json.loads((ROOT / "config" / "driftvakt.schema.json").read_text(encoding="utf-8"))
    assert stored == json_schema()


@pytest.mark.parametrize(
    "keys",
    [
        "kind: tcp, host: a.se, port: '${PORT}'",
        "kind: tcp, host: '${HOST}', port: 1, interval: '${I:-30s}', critical: '${C}'",
        "kind: http, url: 'https://${HOST}/', expect: {status: 200, body_bytes: {at_least: 1}}",
        "kind: http, url: 'https://a.se/', expect: {status: [2xx, 301]}, latency: none",
        "kind: http, url: 'https://a.se/', expect: {soap: {fault: none}, zip: {}, fhir: {}}",
        "kind: http, url: 'https://a.se/', expect: {xpath: [{path: //a, equals: 1, within: 5m}]}",
        "kind: http, url: 'https://a.se/', proxy_url: 'http://u:${WORD}@a.se:1', ip_version: any",
        (
            "kind: http, url: 'https://a.se/', oauth2: {token_url: 'https://t.se/', client_id: a,"
            " client_secret_file: s, scopes: ['system/*.read', a]}"
        ),
        (
            "kind: http, url: 'https://a.se/', tls: {cert_file: c}, oauth2: {client_id: a,"
            " token_url: 'https://t.se/'}"
        ),
        (
            "kind: http, url: 'https://a.se/', oauth2: {token_url: 'https://t.se/', client_id: a,"
            " grant: saml2-bearer, assertion_file: a, tls: {}}"
        ),
        "kind: certificate, host: a.se, expires_within: auto, revocation: off, tls: {}",
        "kind: certificate, host: a.se, starttls: smtp, max_validity: 398d, strict_chain: true",
        "kind: certificate, host: a.se, revocation: any, revocation_required: true",
        "kind: certificate, host: a.se, revocation: false, revocation_required: false",
        "kind: certificate, host: a.se, revocation: crl, expect: {failure: tls_revoked}",
        "kind: certificate, host: a.se, expect: {failure: tls}, tls: {max_version: TLSv1.1}",
        "kind: dns, host: a.se, record: A",
    ],
)
def test_what_loads_is_accepted(keys: str) -> None:
    assert list(validator().iter_errors(check(keys))) == []


@pytest.mark.parametrize(
    "keys",
    [
        "kind: tcp, host: a.se",
        "kind: tcp, host: a.se, port: '443'",
        "kind: tcp, host: a.se, port: 'x${PORT}'",
        "kind: tcp, host: a.se, port: 1, url: 'https://a.se/'",
        "kind: tcp, host: a.se, port: 1, interval: 30",
        "kind: tcp, host: a.se, port: 1, interval: 0s",
        "kind: tcp, host: a.se, port: 1, interval: 30 s",
        "kind: ping, host: a.se",
        "kind: http, url: a.se",
        "kind: http, url: 'https://a.se/', headers: {'a b': c}",
        "kind: http, url: 'https://a.se/', headers: {a: 5}",
        "kind: http, url: 'https://a.se/', expect: {status: 2x}",
        "kind: http, url: 'https://a.se/', expect: {soap: {fault: never}}",
        "kind: http, url: 'https://a.se/', expect: {soap: {version: '1.1'}}",
        "kind: http, url: 'https://a.se/', expect: {xpath: [{path: //a}]}",
        "kind: http, url: 'https://a.se/', expect: {xpath: [{path: //a, equals: [b]}]}",
        "kind: http, url: 'https://a.se/', expect: {fhir: {resources: [Not a name]}}",
        "kind: http, url: 'https://a.se/', expect: {zip: {contains: '*.xml'}}",
        "kind: http, url: 'https://a.se/', proxy_url: 'https://a.se'",
        "kind: http, url: 'https://a.se/', proxy_url: 'http://a.se', address: all",
        "kind: http, url: 'https://a.se/', proxy_url: 'http://a.se', ip_version: 4",
        "kind: http, url: 'https://a.se/', oauth2: {token_url: 'https://t.se/', client_id: a}",
        (
            "kind: http, url: 'https://a.se/', oauth2: {token_url: 'https://t.se/', client_id: a,"
            " grant: saml2-bearer}"
        ),
        (
            "kind: http, url: 'https://a.se/', oauth2: {token_url: 'https://t.se/', client_id: a,"
            " client_secret: a}, bearer_token_file: t"
        ),
        "kind: http, url: 'https://a.se/', tls: {key_file: a}",
        "kind: http, url: 'https://a.se/', expect: {jsonpath: [{path: $.a}]}",
        "kind: certificate, host: a.se, revocation: sometimes",
        "kind: certificate, host: a.se, revocation_required: true",
        "kind: certificate, host: a.se, revocation: off, revocation_required: true",
        "kind: certificate, host: a.se, expect: {failure: tls_revoked}",
        "kind: certificate, host: a.se, starttls: pop3",
        "kind: certificate, host: a.se, max_validity: 0d",
        "kind: certificate, host: a.se, expect: {failure: status}",
        "kind: certificate, host: a.se, expect: {status: 200}",
        "host: a.se, port: 1",
    ],
)
def test_what_does_not_load_is_refused(keys: str) -> None:
    assert not validator().is_valid(check(keys))


def test_keys_of_the_top_are_closed_but_for_anchors() -> None:
    good = check("kind: tcp, host: a.se, port: 1")
    assert validator().is_valid({**good, "x-tls": {"a": 1}})
    assert not validator().is_valid({**good, "tls": {"a": 1}})
    assert not validator().is_valid({"language": "sv"})
