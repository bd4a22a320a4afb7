"""axe-core finds nothing to object to, in light and in dark, on a phone and on a desk."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.support.daemon.running import until
from tests.system.browser.conftest import Opened

pytestmark = pytest.mark.system
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations", "incomplete"],
}
Scheme = Literal["light", "dark"]


SEEN_ELSEWHERE = {"nonBmp", "shortTextContent", "imgNode"}
"""Whose contrast axe cannot see: symbols, which have that of the word beside them, and the texts
in plots, which have that of other soft text.
"""


def objections(results: dict[str, list[dict[str, Any]]]) -> list[str]:
    """What axe found, and of contrasts also what it could not decide."""
    found = [
        f"{each['id']}: {each['help']}: {node['html']}"
        for each in results["violations"]
        for node in each["nodes"]
    ]
    undecided = [
        f"contrast of {node['html']}: {one['message']}"
        for each in results["incomplete"]
        if each["id"] == "color-contrast"
        for node in each["nodes"]
        for one in node["any"]
        if one["data"]["messageKey"] not in SEEN_ELSEWHERE
    ]
    return found + undecided


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("address", "width"),
    [
        ("/", 1280),
        ("/s/ext6/expo", 1280),
        ("/", 400),
        ("/s/ext5/vara?lang=en", 400),
        ("/?kiosk", 2560),
    ],
)
def test_axe_has_no_objection(
    opened: Opened, url: str, address: str, width: int, scheme: Scheme
) -> None:
    """With all that can be opened open, and the warning shown."""
    size = {"width": width, "height": 900}
    with opened.page(url + address, color_scheme=scheme, viewport=size) as page:
        page.evaluate(
            """() => {
                document.querySelectorAll("details").forEach((each) => { each.open = true; });
                document.getElementById("stale").hidden = false;
            }"""
        )
        assert objections(Axe().run(page, options=RULES).response) == []


def test_axe_would_object(opened: Opened, url: str) -> None:
    """Grey on grey, and a field without a label, are found."""
    with opened.page(url) as page:

        def spoiled() -> str:
            page.evaluate(
                """() => {
                    const lead = document.querySelector(".lead");
                    lead.style.color = "#999";
                    lead.style.background = "#aaa";
                    document.querySelector("main").append(document.createElement("input"));
                }"""
            )
            return " ".join(objections(Axe().run(page, options=RULES).response))

        # news that come in between put everything in order again
        until(lambda: "color-contrast" in (found := spoiled()) and "label" in found, "no objection")
