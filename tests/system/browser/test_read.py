"""The page as people read it: in both languages, filtered, without scripts, on any screen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.system.browser.reader import Reader
from tests.system.browser.site import Site

pytestmark = pytest.mark.system
COLOURS = {
    "ext5/expo": "I full drift",
    "ext5/nll": "Störning",
    "ext5/recept": "Inte tillgänglig",
    "ext5/vara": "Inte tillgänglig",
    "ext5/fullmakt": "Okänt",
    "ext6/expo": "I full drift",
}


def test_each_row_has_word_symbol_and_sentence(reader: Reader, watched: Site) -> None:
    """In Swedish, as the browser asks for; with help where something fails, and what is planned."""
    page = reader.opens(watched.url)
    expect(page.locator("html")).to_have_attribute("lang", "sv")
    for service, word in COLOURS.items():
        row = page.locator("tr", has=page.locator(f'a[href="/s/{service}"]'))
        expect(row.locator(".mark")).to_contain_text(word)
        assert len(row.locator("td").nth(1).inner_text()) > 30
    body = page.locator("main")
    for text in (
        "Ring och beställ på papper.",
        "Ägaren uppger själv: I drift",
        "Det skiljer sig från det som mäts",
        "(planerat)",
        "Felsökning pågår.",
        "Nationella läkemedelslistan (EXT5)",
        "Uppgradering av VARA",
        "INSTÄLLT",
        "16.1",
    ):
        expect(body).to_contain_text(text)


def test_english_is_one_click_away_and_stays(reader: Reader, watched: Site) -> None:
    """The switch keeps what was asked for, and links keep the language."""
    page = reader.opens(f"{watched.url}/?env=ext5")
    page.get_by_role("link", name="In English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert "env=ext5" in page.url
    expect(page.locator("main")).to_contain_text("Phone and order on paper.")
    page.get_by_role("link", name="E-recept").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", name="Why this colour")).to_be_visible()
    page.get_by_role("link", name="All services").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_browser_that_asks_for_english_gets_it(browser: Browser, watched: Site) -> None:
    """By ``Accept-Language`` alone."""
    with Reader.at(browser, locale="en-GB") as reader:
        page = reader.opens(watched.url)
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.locator("h1")).to_have_text("Service status")
        reader.check()


def test_a_filter_is_kept_in_the_address(reader: Reader, watched: Site) -> None:
    """Chosen in the form, it can be sent to somebody as a link, and taken away again."""
    page = reader.opens(watched.url)
    page.get_by_label("Miljö").select_option("ext5")
    page.get_by_label("Tjänstens namn").fill("recept")
    page.get_by_role("button", name="Visa").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "env=ext5" in page.url
    assert "service=recept" in page.url
    expect(page.get_by_label("Miljö")).to_have_value("ext5")
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Visa allt").click()
    expect(page.locator("tbody tr")).to_have_count(len(COLOURS))


def test_a_service_has_a_page_of_its_own(reader: Reader, watched: Site) -> None:
    """Why this colour, how slow, how available, and what happened with its evidence."""
    page = reader.opens(f"{watched.url}/s/ext5/recept")
    main = page.locator("main")
    expect(main.locator(".why").first).to_contain_text("Misslyckade i följd (red_after)")
    expect(main).to_contain_text("i EXT5")
    expect(main).to_contain_text("90 dygn")
    expect(main.locator("svg.bars rect")).to_have_count(90)
    page.get_by_text("Dagarna som tabell").click()
    expect(main.locator("table.days tbody tr").first).to_be_visible()
    evidence = main.get_by_role("link", name=re.compile("Underlag")).first
    answer = page.request.get(watched.url + str(evidence.get_attribute("href")))
    assert answer.ok
    assert answer.json()["transition"]["service"] == "recept"


@pytest.mark.parametrize("path", ["/", "/s/ext5/nll"])
def test_without_scripts_everything_is_there(browser: Browser, watched: Site, path: str) -> None:
    """The same content, and it renews itself by loading anew."""
    with Reader.at(browser, java_script_enabled=False) as reader:
        page = reader.opens(watched.url + path)
        plain = page.locator("main").inner_text()
        assert "Störning" in plain
        assert "Nationella läkemedelslistan" in plain
        assert page.locator("noscript meta[http-equiv=refresh]").count() == 1
        page.get_by_role("link", name="In English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        reader.check()


@pytest.mark.parametrize("width", [320, 400, 1280, 2560])
@pytest.mark.parametrize("path", ["/", "/s/ext5/recept", "/?kiosk"])
def test_no_screen_is_too_narrow(browser: Browser, watched: Site, path: str, width: int) -> None:
    """Nothing is to be scrolled sideways for (WCAG 1.4.10: down to 320 pixels)."""
    with Reader.at(browser, viewport={"width": width, "height": 900}) as reader:
        page = reader.opens(watched.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        reader.check()


def test_a_screen_on_a_wall_has_no_controls(reader: Reader, watched: Site) -> None:
    """``?kiosk`` is larger, and there is nothing to click on."""
    size = "parseFloat(getComputedStyle(document.querySelector('tbody td')).fontSize)"
    plain = reader.opens(watched.url).evaluate(size)
    page = reader.opens(f"{watched.url}/?kiosk")
    assert page.evaluate(size) > plain
    expect(page.locator("form")).to_be_hidden()


def test_it_prints_what_matters(reader: Reader, watched: Site) -> None:
    """Without controls, dark on white, also for who reads in the dark."""
    page = reader.opens(watched.url)
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("form")).to_be_hidden()
    expect(page.locator("nav")).to_be_hidden()
    expect(page.locator("tbody tr").first).to_be_visible()
    colours = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    dark, light = (sum(int(part) for part in re.findall(r"\d+", one)[:3]) for one in colours)
    assert dark < 200 < 600 < light


def test_the_keyboard_is_enough(reader: Reader, watched: Site) -> None:
    """The first stop leads past the head; every stop is seen."""
    page = reader.opens(watched.url)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#content")
    for _ in range(8):
        page.keyboard.press("Tab")
        style = "getComputedStyle(document.activeElement)"
        assert page.evaluate(f"{style}.outlineStyle") != "none"
        assert page.evaluate(f"parseFloat({style}.outlineWidth)") >= 2
