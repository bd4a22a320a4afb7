"""Where people read on."""

from __future__ import annotations

from monitor.support import links

BASE = "https://drift.example.se/test/"


def test_links_begin_with_the_public_address() -> None:
    """The page, an environment on it, a service's own page, below whatever path the address has."""
    assert links.page_link(BASE) == BASE
    assert links.environment_link(BASE, "ext5") == f"{BASE}?env=ext5"
    assert links.service_link(BASE, "ext5", "expo") == f"{BASE}s/ext5/expo"


def test_without_it_there_are_none() -> None:
    """An address that nobody has said would lead nowhere."""
    assert links.page_link("") is None
    assert links.environment_link("", "ext5") is None
    assert links.service_link("", "ext5", "expo") is None
