"""A person before a browser, who notices when it complains."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, expect

WITHIN = 15_000
"""Milliseconds in which what is to come must be there."""
expect.set_options(timeout=WITHIN)


class Reader:
    """One browser window without a past."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(WITHIN)
        self.complaints: list[str] = []
        """What the console was told: errors, and violations of the policy."""
        self.asked: set[str] = set()
        """The origins of all requests."""
        self.loads = 0
        """How often a page was loaded as a whole."""
        self.page.on("console", self._told)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asks)

    @classmethod
    @contextlib.contextmanager
    def at(cls, browser: Browser, **settings: Any) -> Iterator[Self]:
        """``settings`` are those of a Playwright context: ``locale``, ``color_scheme`` …"""
        given = {"locale": "sv-SE", "viewport": {"width": 1280, "height": 900}}
        context = browser.new_context(**{**given, **settings})
        try:
            yield cls(context)
        finally:
            context.close()

    def opens(self, address: str) -> Page:
        answer = self.page.goto(address, wait_until="load")
        assert answer is not None
        assert answer.status == 200
        return self.page

    def check(self) -> None:
        """Nothing was complained of, and nobody else was asked for anything."""
        assert self.complaints == []
        assert len(self.asked) <= 1

    def _told(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _asks(self, request: Any) -> None:
        parts = urlsplit(request.url)
        self.asked.add(f"{parts.scheme}://{parts.netloc}")
        self.loads += request.is_navigation_request()
