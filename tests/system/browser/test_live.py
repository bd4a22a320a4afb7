"""The page while something happens: changes come by themselves, and silence is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.system.browser.reader import Reader
from tests.system.browser.site import site
from tests.system.daemon.counting import Answer

pytestmark = pytest.mark.system


def test_changes_come_without_a_reload_and_silence_is_told(tmp_path: Path, reader: Reader) -> None:
    """A service breaks and the row turns red; it heals and turns green; the daemon dies behind the
    open page, which then says that it may be out of date.
    """
    with site(tmp_path) as own:
        page = reader.opens(own.url)
        row = page.locator("tr", has=page.locator('a[href="/s/ext5/expo"]'))
        expect(row.locator(".mark")).to_contain_text("I full drift")
        own.server.answers["/works"] = Answer(status=500)
        expect(row.locator(".mark")).to_contain_text("Inte tillgänglig")
        expect(row).to_contain_text("HTTP 500")
        del own.server.answers["/works"]
        expect(row.locator(".mark")).to_contain_text("I full drift")
        assert reader.loads == 1
        reader.check()

        stale = page.locator("#stale")
        expect(stale).to_be_hidden()
        page.clock.install()
        own.daemon.kill()
        page.clock.fast_forward("00:40")
        expect(stale).to_be_visible()
        expect(stale).to_contain_text("inaktuella")
        expect(page.locator("html")).to_have_class("is-stale")
        # only that nobody answered was complained of
        assert all("ERR_" in one for one in reader.complaints), reader.complaints
        reader.complaints.clear()


def test_a_page_out_of_a_cache_is_as_old_as_it_says(tmp_path: Path, reader: Reader) -> None:
    """Loaded from a cache behind which nobody lives any more, it warns from the beginning."""
    with site(tmp_path) as own:
        page = reader.opens(own.url)
        html = page.content()
        made = page.locator("main").get_attribute("data-at")
        assert made is not None
        body = html.replace(f'data-at="{made}"', f'data-at="{int(made) - 60}"')
        page.route("**/api/v1/events", lambda route: route.abort())
        page.route(own.url + "/", lambda route: route.fulfill(body=body, content_type="text/html"))
        page.goto(own.url + "/")
        expect(page.locator("#stale")).to_be_visible()
        reader.complaints.clear()
