"""Where whoever is told reads on."""

from __future__ import annotations

from monitor.notify.links import Links
from tests.support.outbox import make_message, make_watched

BASE = "https://drift.example.se/test/"


def test_links_begin_with_the_public_address() -> None:
    """The page, an environment on it, an incident, below whatever path the address has."""
    links = Links(make_watched(public_url=BASE))
    assert links.page() == BASE
    assert links.environment("ext5") == f"{BASE}?env=ext5"
    assert links.incident(make_message(7)) == f"{BASE}s/ext5/s0?event=t7#event-t7"


def test_what_is_watched_no_more_has_no_page() -> None:
    """Its alarm is closed with a link to what is left: the environment, or the front page."""
    links = Links(make_watched(public_url=BASE))
    assert links.incident(make_message(service="gone")) == f"{BASE}?env=ext5"
    assert links.incident(make_message(environment="gone")) == BASE


def test_without_it_there_are_none() -> None:
    """An address that nobody has said would lead nowhere."""
    links = Links(make_watched())
    assert links.page() is None
    assert links.environment("ext5") is None
    assert links.incident(make_message()) is None
