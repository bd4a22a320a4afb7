"""A page that stays open: it follows what happens, and says when it hears of nothing more."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser.showing import path, shown
from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import Running
from tests.system.browser.conftest import Opened

pytestmark = pytest.mark.system


def row(page: Page, link: str) -> str:
    return f"tbody td:has(a[href='/s/{link}'])"


def test_change_is_shown_without_a_reload(
    opened: Opened, site: tuple[Running, CountingServer]
) -> None:
    """A server begins to fail: its row turns red by itself, then green, the title with it, what
    was opened stays open, and the reader's place is kept.
    """
    daemon, server = site
    with opened.page(daemon.url) as page:
        page.evaluate("window.here = true")
        page.get_by_text("Avslutade (1)").click()
        changing = page.locator(row(page, "ext5/nll"))
        changing.get_by_role("link").focus()
        expect(changing).to_have_class("green")
        server.answers[path("ext5", "nll")] = Answer(status=500)
        expect(changing).to_have_class("red")
        expect(changing).to_contain_text("Nere")
        expect(changing.get_by_role("link")).to_be_focused()
        expect(page.get_by_text("Byte av brandvägg")).to_be_visible()
        server.answers[path("ext5", "nll")] = Answer()
        expect(changing).to_have_class("green")
        assert page.evaluate("window.here")
        expect(page.locator("#stale")).to_be_hidden()


def test_page_of_a_service_is_live(opened: Opened, site: tuple[Running, CountingServer]) -> None:
    """The service's own page changes too, and tells the new event."""
    daemon, server = site
    with opened.page(daemon.url + "/s/ext5/expo?lang=en") as page:
        expect(page.locator(".overall")).to_have_class("overall green")
        before = page.locator(".incident").count()
        server.answers[path("ext5", "expo")] = Answer(status=500)
        expect(page.locator(".overall")).to_have_class("overall red")
        assert page.locator(".incident").count() > before
        server.answers[path("ext5", "expo")] = Answer()
        expect(page.locator(".overall")).to_have_class("overall green")


def test_dead_monitor_is_noticed(opened: Opened, tmp_path: Path) -> None:
    """The daemon is killed behind an open page: after half a minute the page says so."""
    with shown(tmp_path) as (daemon, _):
        kept = {name: daemon.get(name) for name in ("/", "/page.js", "/style.css", "/icon.svg")}
        url = daemon.url
        with opened.page(url, at=time.time()) as page:
            warning = page.locator("#stale")
            expect(warning).to_be_hidden()
            daemon.send(signal.SIGKILL)
            daemon.ended()
            page.clock.run_for(15_000)
            expect(warning).to_be_hidden()
            page.clock.run_for(20_000)
            expect(warning).to_be_visible()
            expect(warning).to_contain_text("inaktuella")
            expect(page.locator("html")).to_have_class("is-stale")
            page.wait_for_timeout(500)
            opened.forgive("net::ERR_")  # the browser itself tells that nobody answers
        # and a copy out of a cache says so at once
        with opened.page(url, kept=kept, at=time.time() + 300) as page:
            expect(page.locator("#stale")).to_be_visible()
            opened.forgive("net::ERR_")
