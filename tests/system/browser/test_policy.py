"""What the page's policy forbids does not happen, and would be noticed."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.support.patience import PATIENCE
from tests.system.browser.conftest import Opened

pytestmark = pytest.mark.system


@pytest.mark.parametrize("address", ["/", "/s/ext6/expo", "/?kiosk", "/?lang=en&env=%3Cscript%3E"])
def test_policy_is_kept(opened: Opened, url: str, address: str) -> None:
    """No violation, no error in the console, nothing from another host: :meth:`Opened.page` sees
    to that. Style and script have been loaded, and live events.
    """
    with opened.page(url + address) as page:
        expect(page.locator("body")).to_have_css("margin-top", "0px")
        wanted = {"/style.css", "/page.js", "/api/v1/events"}
        limit = time.monotonic() + PATIENCE
        while not wanted <= {urlsplit(each).path for each in opened.requests}:
            assert time.monotonic() < limit, opened.requests
            page.wait_for_timeout(20)
        page.wait_for_timeout(300)  # for what must not come


def test_violation_would_be_noticed(opened: Opened, url: str) -> None:
    """Injected script, style and a picture from elsewhere are refused, and the tests hear of it."""
    with opened.page(url) as page:
        page.evaluate(
            """() => {
                const script = document.createElement("script");
                script.textContent = "window.broken = true";
                document.body.append(script);
                document.body.setAttribute("style", "color: red");
                const style = document.createElement("style");
                style.textContent = "body { color: red }";
                document.body.append(style);
            }"""
        )
        limit = time.monotonic() + PATIENCE
        while len(opened.complaints) < 2:
            assert time.monotonic() < limit, opened.complaints
            page.wait_for_timeout(20)
        page.wait_for_timeout(200)  # for what must not come
        assert not page.evaluate("window.broken === true")
        assert all("Content Security Policy" in each for each in opened.complaints)
        opened.complaints.clear()
