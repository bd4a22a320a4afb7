"""Secrets that stand in the file itself are not repeated in faults."""

from __future__ import annotations

from collections.abc import Callable

import pytest

FaultsOf = Callable[..., list[str]]
HEAD = "environments:\n  - name: ext5\n    services:\n      - name: expo\n        checks:\n"


@pytest.mark.parametrize(
    "keys",
    [
        "url: 'https://user:s3cr3t@a.example.se/'",
        "url: 'ftp://user:s3cr3t@a.example.se/'",
        "url: 'a.example.se/?token=s3cr3t'",
        "url: 'https://a.example.se:s3cr3t@b/'",
        r'url: "https://a.example.se/", headers: {Authorization: "Bearer s3cr3t\n"}',
        "url: 'https://a.example.se/', headers: {Authorization: [s3cr3t]}",
        "url: 'https://a.example.se/', headers: 'Authorization s3cr3t'",
        "url: 'https://a.example.se/', body: {password: s3cr3t}",
        "url: 'https://a.example.se/', body: s3cr3t, body_file: a",
        "url: 'https://a.example.se/', basic_auth: {username: 'u:s3cr3t', password: s3cr3t}",
        "url: 'https://a.example.se/', basic_auth: {username: u, password: [s3cr3t]}",
        "url: 'https://a.example.se/', basic_auth: 's3cr3t'",
        "url: 'https://a.example.se/', proxy_url: 'ftp://u:s3cr3t@p/'",
        "url: 'https://a.example.se/', proxy_url: 'http://u:s3cr3t/@p:x/'",
        "url: 'https://a.example.se/', proxy_url: {u: 's3cr3t'}",
        "url: 'https://a.example.se/', oauth2: {client_secret: s3cr3t}",
        "url: 'https://a.example.se/', oauth2: {client_secret: [s3cr3t]}",
        "url: 'https://a.example.se/', oauth2: s3cr3t",
        "url: 'https://a.example.se/', oauth2: {token_url: 'https://u:s3cr3t@a/?s3cr3t'}",
    ],
)
def test_a_check_s_secret_is_not_in_its_faults(faults_of: FaultsOf, keys: str) -> None:
    faults = faults_of(f"{HEAD}          - {{name: api, kind: http, {keys}}}\n")
    assert faults
    assert not any("s3cr3t" in fault for fault in faults), faults


@pytest.mark.parametrize(
    "section",
    [
        "store: mysql://u:s3cr3t@db/x",
        "notifications: [{name: a, kind: webhook, url: 'ftp://s3cr3t/'}]",
        "notifications: [{name: a, kind: apprise, url: 'mailto://s3cr3t', url_file: b}]",
        "notifications: [{name: a, kind: webhook, secret: s3cr3t, url: 'https://s3cr3t.se/'}]",
        "web: {basic_auth: {username: a, password: s3cr3t}}",
    ],
)
def test_a_section_s_secret_is_not_in_its_faults(faults_of: FaultsOf, section: str) -> None:
    faults = faults_of(f"{section}\nenvironments: []\n")
    assert len(faults) > 1
    assert not any("s3cr3t" in fault for fault in faults), faults


def test_broken_yaml_does_not_show_the_line_that_is_broken(faults_of: FaultsOf) -> None:
    text = "store: postgresql://u:s3cr3t@db: x\nweb: [s3cr3t\n"
    assert not any("s3cr3t" in fault for fault in faults_of(text))
