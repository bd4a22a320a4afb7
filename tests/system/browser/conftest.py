"""The system's Chromium, driven by Playwright. Each page is watched for what it must not do."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect, sync_playwright

from tests.support.browser.showing import shown
from tests.support.daemon.counting import CountingServer
from tests.support.daemon.running import Running
from tests.support.patience import PATIENCE
from tests.support.servers.programs import require_program

expect.set_options(timeout=PATIENCE * 1000)


class Opened:
    """Opens pages, and keeps what they have complained of and asked for."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.complaints: list[str] = []
        self._forgiven: list[str] = []
        self.requests: list[str] = []

    @contextmanager
    def page(
        self, url: str, kept: Mapping[str, bytes] | None = None, at: float = 0.0, **options: Any
    ) -> Iterator[Page]:
        """A page in a context of its own; ``options`` are the context's (locale, viewport …).
        ``kept`` is a cache, files by path, of which all comes when nobody answers; ``at`` sets the
        browser's clock. At the end nothing may have been complained of, and only the page's own
        host been asked.
        """
        context = self._browser.new_context(**{"locale": "sv-SE", **options})
        context.set_default_timeout(PATIENCE * 1000)
        page = context.new_page()
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._ask)
        if kept is not None:
            page.route("**", lambda route: _from_cache(route, kept))
        if at:
            page.clock.install(time=at)
        try:
            page.goto(url)
            yield page
        finally:
            context.close()
        ours = urlsplit(url).netloc
        assert {urlsplit(each).netloc for each in self.requests} == {ours}
        assert self.complaints == []

    def forgive(self, part: str) -> None:
        """From now on, and of what was heard already, complaints with this in them are none."""
        self._forgiven.append(part)
        self.complaints = [each for each in self.complaints if part not in each]

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(part in text for part in self._forgiven):
            self.complaints.append(f"{kind}: {text}")

    def _ask(self, request: Request) -> None:
        self.requests.append(request.url)


def _from_cache(route: Route, kept: Mapping[str, bytes]) -> None:
    path = urlsplit(route.request.url).path
    type_ = mimetypes.guess_type(path)[0] or "text/html"
    if path in kept:
        route.fulfill(body=kept[path], content_type=f"{type_}; charset=utf-8")
    else:
        route.abort("connectionrefused")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a file of tests."""
    program = require_program("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            # without a user to protect, as in a container, the sandbox cannot be had
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def opened(chromium: Browser) -> Opened:
    return Opened(chromium)


@pytest.fixture(scope="module")
def site(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Running, CountingServer]]:
    """A daemon with something to show, and what it measures."""
    del chromium  # what is skipped without it is skipped before a daemon is started
    with shown(tmp_path_factory.mktemp("site")) as both:
        yield both


@pytest.fixture
def url(site: tuple[Running, CountingServer]) -> str:
    return site[0].url
