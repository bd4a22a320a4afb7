"""The wall on real screens: everything at once, nothing scrolls, nothing is cut without a sign."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from monitor.judging.snapshot import ServiceView, Snapshot
from monitor.model.status import Status
from tests.support.factories import (
    NOW,
    make_environment_view,
    make_service,
    make_service_view,
    make_snapshot,
    make_text,
)
from tests.support.patience import PATIENCE
from tests.support.web_site import FixedSource, serve
from tests.system.browser.conftest import Opened
from tests.system.browser.test_accessible import RULES, objections

pytestmark = pytest.mark.system
SCREENS = [(1280, 720), (1920, 1080), (3840, 2160)]
NAMES = ("Receptexpedition (EXPO)", "Läkemedelslistan (NLL)", "Förskrivningskollen", "VARA")


def estate(number: int, red: int, planned: int = 0) -> Snapshot:
    """So many services in environments of twenty, the first of them red, the next planned."""
    views = [_view(place, red, planned) for place in range(number)]
    groups = [views[start : start + 20] for start in range(0, number, 20)]
    return make_snapshot(environments=[make_environment_view(group) for group in groups])


def _view(place: int, red: int, planned: int) -> ServiceView:
    title = make_text(f"{NAMES[place % len(NAMES)]} {place}")
    service = make_service(f"s{place}", environment=f"ext{place // 20}", title=title)
    bad = place < red + planned
    status = Status.RED if bad else Status.GREEN
    return make_service_view(
        service=service, status=status, planned=bad and place >= red, since=NOW - place
    )


@contextmanager
def served(snapshot: Snapshot) -> Iterator[str]:
    """A site of one snapshot, in a thread of its own."""
    up, end = threading.Event(), asyncio.Event()
    found: list[tuple[str, asyncio.AbstractEventLoop]] = []

    async def site() -> None:
        async with serve(FixedSource(now=snapshot)) as url:
            found.append((url, asyncio.get_running_loop()))
            up.set()
            await end.wait()

    thread = threading.Thread(target=lambda: asyncio.run(site()))
    thread.start()
    try:
        assert up.wait(PATIENCE)
        yield found[0][0]
    finally:
        found[0][1].call_soon_threadsafe(end.set)
        thread.join()


def overflowing(page: Page) -> list[str]:
    """What makes the page scroll, and what is cut without a sign or lies outside of its tile."""
    found: list[str] = page.evaluate(
        """() => {
            const root = document.documentElement, said = [];
            if (root.scrollHeight > root.clientHeight) said.push(`height ${root.scrollHeight}`);
            if (root.scrollWidth > root.clientWidth) said.push(`width ${root.scrollWidth}`);
            const bottom = root.clientHeight;
            for (const each of document.querySelectorAll("main > *:not([hidden])"))
                if (each.getBoundingClientRect().bottom > bottom + 1)
                    said.push(`below: ${each.className}`);
            for (const tile of document.querySelectorAll(".tiles li")) {
                const box = tile.getBoundingClientRect();
                if (box.bottom > bottom + 1) said.push(`outside: ${tile.textContent}`);
                for (const part of tile.children) {
                    const own = part.getBoundingClientRect(), style = getComputedStyle(part);
                    if (!own.height) continue;
                    if (own.top < box.top - 1 || own.bottom > box.bottom + 1)
                        said.push(`cut: ${part.textContent} ${own.height} of ${box.height}`);
                    const signed = style.textOverflow === "ellipsis" ||
                        style.webkitLineClamp !== "none";
                    if (!signed && part.scrollWidth > part.clientWidth + 1)
                        said.push(`no sign: ${part.textContent}`);
                }
            }
            return said.slice(0, 5);
        }"""
    )
    return found


@pytest.mark.parametrize(
    ("number", "red", "planned", "note"),
    [
        (20, 3, 2, ""),
        (200, 6, 20, "Gröna och planerade tjänster räknas ihop per miljö."),
        (60, 6, 3, "Gröna och planerade tjänster visas mindre."),
        (200, 0, 0, ""),
        (2000, 30, 20, "Gröna och planerade tjänster räknas ihop"),
        (2000, 900, 100, "Alla får inte plats"),
    ],
)
def test_everything_is_on_one_screen(
    opened: Opened, number: int, red: int, planned: int, note: str
) -> None:
    """From 1280 to 3840 pixels, and turned by a quarter, nothing scrolls and nothing is cut without
    a sign; what had to shrink is said.
    """
    with served(estate(number, red, planned)) as url:
        for width, height in [*SCREENS, (1080, 1920)]:
            size = {"width": width, "height": height}
            with opened.page(f"{url}/?kiosk", viewport=size) as page:
                expect(page.locator(".tiles li").first).to_be_visible()
                assert overflowing(page) == []
                if note:
                    expect(page.locator(".notes")).to_contain_text(note)
                else:
                    expect(page.locator(".notes")).to_have_count(0)


def test_the_worst_is_first_and_what_is_planned_is_marked(opened: Opened) -> None:
    """Unplanned red, then planned red with its word, then green; each is counted apart."""
    with served(estate(20, 2, 3)) as url, opened.page(f"{url}/?kiosk") as page:
        tiles = page.locator(".tiles li")
        assert [each.get_attribute("class") for each in tiles.all()] == [
            *["red"] * 2,
            *["red planned"] * 3,
            *["green"] * 15,
        ]
        expect(tiles.nth(2)).to_contain_text("Planerat")
        expect(page.locator("h1")).to_have_text("2 av 20 tjänster har problem 3 planerat stängda")
        expect(page).to_have_title("2 av 20 tjänster har problem – Driftläget just nu")


def test_letters_of_trouble_are_read_from_afar(opened: Opened) -> None:
    """With six services in trouble of two hundred their letters are a thirtieth of the height."""
    with served(estate(200, 6)) as url:
        for width, height in SCREENS:
            size = {"width": width, "height": height}
            with opened.page(f"{url}/?kiosk", viewport=size) as page:
                # both at once: news replace the tiles
                trouble, calm = page.evaluate(
                    """() => [".trouble li b", ".calm li b"].map((each) =>
                        parseFloat(getComputedStyle(document.querySelector(each)).fontSize))"""
                )
                assert trouble >= height / 30
                assert calm < trouble


def test_filters_hold_on_the_wall(opened: Opened) -> None:
    """Only what was asked for is shown and counted."""
    with served(estate(200, 6)) as url, opened.page(f"{url}/?kiosk&env=ext1") as page:
        expect(page.locator(".tiles li")).to_have_count(20)
        expect(page.locator("h1")).to_have_text("Alla 20 tjänster är i full drift i urvalet")


@pytest.mark.parametrize("script", [True, False])
def test_clock_and_age_are_shown(opened: Opened, *, script: bool) -> None:
    """With script a clock that goes and seconds; without, the time that it was made, and it reloads
    itself.
    """
    with (
        served(estate(20, 1)) as url,
        opened.page(f"{url}/?kiosk", java_script_enabled=script) as page,
    ):
        expect(page.locator(".data")).to_contain_text("Uppgifter från")
        if script:
            expect(page.locator(".clock")).to_have_text(re.compile(r"^\d\d\.\d\d$"))
            expect(page.locator(".ago")).to_contain_text("s sedan")
        else:
            expect(page.locator("noscript meta, meta[http-equiv=refresh]")).to_have_attribute(
                "content", "30"
            )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_no_objection_to_the_wall(opened: Opened, scheme: Literal["light", "dark"]) -> None:
    """In light and dark, with the smaller green tiles."""
    with (
        served(estate(60, 6, 3)) as url,
        opened.page(f"{url}/?kiosk", color_scheme=scheme) as page,
    ):
        assert objections(Axe().run(page, options=RULES).response) == []
