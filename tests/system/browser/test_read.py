"""The page as people read it: two languages, filters, small and large screens, paper."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.system.browser.conftest import Opened

pytestmark = pytest.mark.system
RED = "/s/ext6/expo"


def sideways(page: Page) -> list[str]:
    """What makes the page wider than its window."""
    found: list[str] = page.evaluate(
        """() => {
            const window = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= window) return [];
            return [...document.querySelectorAll("body *")]
                .filter((each) => each.getBoundingClientRect().right > window)
                .map((each) => each.outerHTML.slice(0, 200))
                .concat("something");
        }"""
    )
    return found


@pytest.mark.parametrize(
    ("locale", "heading", "status", "other"),
    [
        ("sv-SE", "Driftinformation", "Inte tillgänglig", "en"),
        ("en-GB", "Service status", "Not available", "sv"),
    ],
)
def test_browser_and_switch_choose_the_language(
    opened: Opened, url: str, locale: str, heading: str, status: str, other: str
) -> None:
    """The browser's wish first; after the switch the choice stays on the pages that follow."""
    with opened.page(url, locale=locale) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        expect(page.locator("html")).to_have_attribute("lang", locale[:2])
        expect(page.locator(".troubles li.red").first).to_contain_text(status)
        page.locator("nav a").click()
        expect(page.locator("html")).to_have_attribute("lang", other)
        page.locator(".troubles li.red > a").first.click()
        expect(page.locator("html")).to_have_attribute("lang", other)
        expect(page.locator("h1")).to_contain_text("EXPO")


def test_filter_is_kept_in_the_address(opened: Opened, url: str) -> None:
    """Chosen in the form, found in the address; it stays when the language is switched, over a
    service's page and back, and *show all* ends it.
    """
    with opened.page(url) as page:
        page.locator("select[name=env]").select_option("ext6")
        page.get_by_label("Tjänstens namn").fill("EXPO")
        page.get_by_role("button", name="Visa").click()
        page.wait_for_url("**/?env=ext6&service=EXPO")
        expect(page.locator("tbody td:not(:empty)")).to_have_count(1)
        page.get_by_role("link", name="In English").click()
        page.wait_for_url("**/?lang=en&env=ext6&service=EXPO")
        expect(page.locator("tbody td:not(:empty)")).to_have_count(1)
        page.get_by_role("link", name="Dispensing (EXPO)").first.click()
        page.wait_for_url("**/s/ext6/expo?*")
        page.go_back()
        expect(page.locator("tbody td:not(:empty)")).to_have_count(1)
        page.get_by_role("link", name="Show all").click()
        expect(page.locator("tbody td:not(:empty)")).to_have_count(7)


def test_status_is_told_without_colours(opened: Opened, url: str) -> None:
    """Each row has symbol and word; the symbol is not read aloud."""
    with opened.page(url, forced_colors="active") as page:
        cells = page.locator("tbody td:not(:empty) a").all_inner_texts()
        told = {tuple(text.split()[-2:]) for text in cells}
        assert {symbol for symbol, _ in told} >= {"✔", "▲", "✖", "?"}
        assert len({word for _, word in told}) == len(told) >= 4
        expect(page.locator("tbody a [aria-hidden=true]")).to_have_count(len(cells))


@pytest.mark.parametrize("address", ["/", RED])
def test_everything_is_there_without_javascript(opened: Opened, url: str, address: str) -> None:
    """All can be read, and the page reloads itself; nothing claims to be out of date."""
    with opened.page(url + address, java_script_enabled=False) as page:
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator(".overall .lead")).to_be_visible()
        expect(page.locator("#stale")).to_be_hidden()
        expect(page.locator("meta[http-equiv=refresh]")).to_have_attribute("content", "60")
        if address == "/":
            for text in ("Databasbyte", "Nattligt underhåll", "INSTÄLLT", "Grävarbete"):
                expect(page.get_by_text(text).first).to_be_visible()
            page.locator(".troubles summary").first.click()
            expect(page.get_by_text("Vad du kan göra").first).to_be_visible()
            page.get_by_text("Avslutade (1)").click()
            expect(page.get_by_text("Byte av brandvägg")).to_be_visible()
        else:
            expect(page.locator(".bars")).to_be_visible()
            expect(page.locator(".plot").first).to_be_visible()
            expect(page.get_by_text("Varför den här färgen").first).to_be_visible()
            page.get_by_text("Dagarna som tabell").click()
            expect(page.locator("table.days")).to_be_visible()


def test_evidence_can_be_opened_from_an_event(opened: Opened, url: str) -> None:
    """The page of a service links to what its change for the worse rests on."""
    with opened.page(url + RED) as page:
        link = page.locator(".incident").get_by_role("link", name="Underlag").first
        link.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Underlag för felanmälan")
        expect(page.get_by_text("HTTP/1.1 503").first).to_be_visible()
        page.get_by_role("link", name="Incidenten").click()
        expect(page.locator(".incident.wanted")).to_be_visible()


@pytest.mark.parametrize("address", ["/", RED])
@pytest.mark.parametrize("width", [320, 400, 768, 2560])
def test_nothing_scrolls_sideways(opened: Opened, url: str, address: str, width: int) -> None:
    """From the smallest phone (320 px, as WCAG 1.4.10 has it) to a wall of a screen."""
    with opened.page(url + address, viewport={"width": width, "height": 900}) as page:
        assert sideways(page) == []


@pytest.mark.parametrize("address", ["/", RED])
def test_what_the_owner_states_stands_beside(opened: Opened, url: str, address: str) -> None:
    """Its own word, and since when it has been another than what is measured."""
    with opened.page(url + address) as page:
        told = page.locator(".stated").first
        expect(told).to_contain_text("Ägaren uppger själv: Som vanligt (i full drift).")
        expect(told).to_contain_text("Det skiljer sig från det som mäts sedan")


def test_print_has_no_controls(opened: Opened, url: str) -> None:
    """Paper has all that can be read, and nothing to press."""
    with opened.page(url) as page:
        page.emulate_media(media="print")
        expect(page.locator("tbody td").first).to_be_visible()
        expect(page.locator(".planned").first).to_be_visible()
        for part in ("form", "footer", "nav"):
            expect(page.locator(part)).to_be_hidden()
        assert page.pdf().startswith(b"%PDF")
        # dark on white, also for who reads in the dark
        page.emulate_media(media="print", color_scheme="dark")
        ink, paper = page.evaluate(
            "(s => [s.color, s.backgroundColor])(getComputedStyle(document.body))"
        )
        assert ink == "rgb(22, 32, 42)"
        assert paper == "rgb(255, 255, 255)"


def test_focus_can_be_seen(opened: Opened, url: str) -> None:
    """From the keyboard: first the way past the head, then each control, each with an outline."""
    with opened.page(url) as page:
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        expect(page.locator(".skip")).to_be_in_viewport()
        for _ in range(8):
            page.keyboard.press("Tab")
            style, thick = page.evaluate(
                "(s => [s.outlineStyle, parseFloat(s.outlineWidth)])"
                "(getComputedStyle(document.activeElement))"
            )
            assert style != "none"
            assert thick >= 2
