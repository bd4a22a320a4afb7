"""The page before those who know better: axe-core, and parsers that forgive nothing."""

from __future__ import annotations

import urllib.request

import pytest
import tinycss2
from axe_playwright_python.sync_playwright import Axe
from html5lib import HTMLParser
from html5lib.html5parser import ParseError
from playwright.sync_api import Browser

from tests.system.browser.reader import Reader
from tests.system.browser.site import Site

pytestmark = pytest.mark.system
PAGES = ("/", "/s/ext5/recept", "/s/ext5/fullmakt", "/?kiosk&lang=en", "/s/ext5/nll?lang=en")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, watched: Site, scheme: str) -> None:
    """No violation of WCAG 2.2 or of good practice, in light and in dark; all details opened."""
    with Reader.at(browser, color_scheme=scheme) as reader:
        for path in PAGES:
            page = reader.opens(watched.url + path)
            page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert len(found.response["passes"]) > 20  # it has looked
        reader.check()


def test_axe_finds_what_is_wrong(reader: Reader, watched: Site) -> None:
    """It can fail: a picture without words, and a pale text."""
    page = reader.opens(watched.url)
    page.evaluate(
        "const image = document.createElement('img'); document.querySelector('main').append(image);"
        "document.querySelector('h1').style.color = '#eee'"
    )
    found = {one["id"] for one in Axe().run(page).response["violations"]}
    assert {"image-alt", "color-contrast"} <= found


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        text: str = answer.read().decode("utf-8")
    return text


@pytest.mark.parametrize("path", [*PAGES, "/?service=none-such"])
def test_html_is_valid(watched: Site, path: str) -> None:
    """No parse error by the standard's own algorithm."""
    html = fetched(watched.url + path)
    HTMLParser(strict=True).parse(html)


def test_html_that_is_wrong_is_found(watched: Site) -> None:
    """The parser can fail."""
    html = fetched(watched.url).replace("</table>", "", 1)
    with pytest.raises(ParseError):
        HTMLParser(strict=True).parse(html)


def test_css_is_well_formed(watched: Site) -> None:
    """No rule is left out by a browser for how it is written."""
    sheet = fetched(watched.url + "/style.css")
    rules = tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
    assert len(rules) > 50
    for rule in rules:
        assert rule.type != "error", rule
        if rule.type == "qualified-rule":
            inside = tinycss2.parse_blocks_contents(rule.content)
            assert [one for one in inside if one.type == "error"] == [], rule.serialize()
