"""Debian's Chromium, driven by Playwright, at a daemon of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.servers.programs import require_program
from tests.system.browser.reader import Reader
from tests.system.browser.site import Site, site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each file: while it runs, no test of the same thread may have an event loop."""
    program = require_program("chromium")
    # a sandbox needs rights that root in a container gives away
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=arguments)
        yield found
        found.close()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """What is looked at by tests that break nothing."""
    with site(tmp_path_factory.mktemp("site")) as found:
        yield found


@pytest.fixture
def reader(browser: Browser) -> Iterator[Reader]:
    """A person at a screen. At the end nothing must have gone wrong in the browser."""
    with Reader.at(browser) as found:
        yield found
        found.check()
