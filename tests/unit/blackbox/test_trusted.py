"""Which targets get a module's credentials."""

from __future__ import annotations

import re

import pytest

from monitor.blackbox.trusted import trusted
from monitor.settings.models import TRUSTED_PATTERN


@pytest.mark.parametrize(
    ("target", "pattern"),
    [
        ("http://expo.example.se/x", "expo.example.se"),
        ("expo.example.se", "expo.example.se"),
        ("http://EXPO.example.se./", "expo.EXAMPLE.se"),
        ("https://expo.example.se:8443", "expo.example.se"),
        ("https://expo.example.se", "expo.example.se:443"),
        ("https://expo.example.se", "*.example.se"),
        ("http://192.0.2.7:80/", "192.0.2.0/24"),
        ("192.0.2.7:443", "192.0.2.0/24:443"),
        ("http://[2001:db8::1]:8080/", "2001:db8::/32"),
        ("[2001:db8::1]:443", "[2001:db8::1]:443"),
        ("https://expo.example.se/a", "https://expo.example.se/a/"),
        ("http://127.0.0.1:3456/", "http://127.0.0.1:3456"),
        ("http://127.0.0.1:3456/x", "http://127.0.0.1:3456/*"),
        ("127.0.0.1:3456", "127.0.0.1:*"),
        ("http://anything.example/", "*"),
    ],
)
def test_a_target_on_the_list(target: str, pattern: str) -> None:
    """By name, domain, address, network, port, scheme and path."""
    assert re.fullmatch(TRUSTED_PATTERN, pattern)
    assert trusted(target, ["other.example", pattern])


@pytest.mark.parametrize(
    ("target", "pattern"),
    [
        ("https://expo.example.se:8443", "expo.example.se:443"),
        ("https://expo.example.se.evil.example", "*.example.se"),
        ("https://example.se", "*.example.se"),
        ("http://192.0.3.7/", "192.0.2.0/24"),
        ("192.0.2.7:444", "192.0.2.0/24:443"),
        ("http://user:pw@evil.example/", "user"),
        ("http://expo.example.se@evil.example/", "expo.example.se"),
        ("http://evil.example/expo.example.se", "expo.example.se"),
        ("http://evil.example\\@expo.example.se/", "expo.example.se"),
        ("http://expo.example.se\t.evil.example/", "expo.example.se"),
        ("http://expo.example.se/", "https://expo.example.se/"),
        ("https://expo.example.se/ab", "https://expo.example.se/a"),
        ("http://[::1", "::1"),
        ("", "*.example.se"),
    ],
)
def test_a_target_that_is_not_on_the_list(target: str, pattern: str) -> None:
    """However much it looks like one that is."""
    assert not trusted(target, [pattern])
    assert not trusted(target, [])
