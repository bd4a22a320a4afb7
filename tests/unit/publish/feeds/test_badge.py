"""Badges: small pictures that are well-formed whatever the titles hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from monitor.model.status import Status
from monitor.publish.feeds.badge import badge
from tests.support.factories import make_environment_view, make_service_view
from tests.support.feed_values import hostile, make_planned

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("status", list(Status))
def test_a_status_is_told_by_colour_symbol_and_word(status: Status) -> None:
    """No two look or read alike, and the picture has a name."""
    seen = set()
    for each in Status:
        root = etree.fromstring(badge(make_service_view(status=each), "sv"))
        seen.add((root[2].get("fill"), root.get("aria-label"), root[3][1].text))
    assert len({one[0] for one in seen}) == len({one[1] for one in seen}) == 4
    root = etree.fromstring(badge(make_service_view(status=status), "sv"))
    assert (root.get("aria-label") or "").startswith("Receptexpedition (EXPO): ")
    assert root.findtext(f"{SVG}title") == root.get("aria-label")


def test_it_speaks_the_reader_s_language() -> None:
    """Of an environment too; what is planned is said to be."""
    view = replace(make_environment_view(), status=Status.RED, planned=True)
    assert b"not available, planned" in badge(view, "en")
    assert "inte tillgänglig, planerat".encode() in badge(view, "sv")


def test_hostile_titles_stay_text() -> None:
    """Neither an element nor a script comes of them."""
    snapshot = hostile(make_planned())
    made = [badge(view, "en") for view in snapshot.environments]
    for body in (*made, *(badge(view, "en") for view in snapshot.services())):
        root = etree.fromstring(body)
        assert {one.tag for one in root.iter()} == {
            f"{SVG}{name}" for name in ("svg", "title", "rect", "g", "text")
        }
        assert (root.get("aria-label") or "").startswith("A & B <script>\"'")
