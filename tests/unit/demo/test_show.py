"""What a person sees of the demo."""

from __future__ import annotations

import asyncio
from io import StringIO

import pytest
from rich.console import Console

from monitor.demo.changes import ServiceChange, service_changes
from monitor.demo.show import Addresses, demo_heading, screen, show_demo
from monitor.judging.snapshot import Snapshot
from monitor.model.status import Rule, Status
from tests.support import views
from tests.support.patience import PATIENCE
from tests.support.plain_text import lines

PLACES = Addresses(
    configuration="/tmp/driftvakt-demo-abcdefgh/driftvakt.yaml",
    page="http://127.0.0.1:43211/",
    metrics="http://127.0.0.1:43211/metrics",
    status="http://127.0.0.1:43211/status.json",
    status_file="/tmp/driftvakt-demo-abcdefgh/data/status.json",
    log="/tmp/driftvakt-demo-abcdefgh/daemon.log",
)


def snapshot(status: Status) -> Snapshot:
    """Two environments with three services each; those of the first are all in one state."""
    check = (
        views.green()
        if status is Status.GREEN
        else views.bad(status, Rule.RED_AFTER, detail="HTTP 503, expected 2xx " * 3)
    )
    services = [
        views.service(status, check, views.green("port"), name=name)
        for name in ("expo", "nll", "vara")
    ]
    well = [
        views.service(Status.GREEN, views.green(), views.green("port"), name=name)
        for name in ("expo", "nll", "vara")
    ]
    return views.snapshot(
        status,
        views.environment(status, *services),
        views.environment(Status.GREEN, *well, name="ext6", title="EXT6"),
    )


def events() -> tuple[ServiceChange, ...]:
    return tuple(service_changes(snapshot(Status.GREEN), snapshot(Status.RED)))


def test_every_place_is_told() -> None:
    text = "\n".join(lines(demo_heading(PLACES, "en", brief=True), 80))
    for place in (PLACES.configuration, PLACES.page, PLACES.metrics, PLACES.status_file):
        assert place in text


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("size", [(80, 24), (80, 50), (120, 30), (200, 60)])
@pytest.mark.parametrize("status", [Status.GREEN, Status.RED])
def test_the_screen_fits_the_terminal(size: tuple[int, int], language: str, status: Status) -> None:
    """The events take only the lines that are left."""
    console = Console(width=size[0], height=size[1], file=StringIO(), color_system=None)
    shown = screen(snapshot(status), events(), PLACES, console, language)
    assert len(console.render_lines(shown, pad=False)) < size[1]


def test_a_tall_terminal_shows_every_check_and_the_latest_events() -> None:
    console = Console(width=160, height=60, file=StringIO(), color_system=None)
    text = "\n".join(lines(screen(snapshot(Status.RED), events(), PLACES, console, "en")))
    assert text.count("port") >= 6
    assert "Latest events" in text
    assert "Before that it was in full operation." in " ".join(text.split())


async def test_without_a_terminal_it_writes_lines() -> None:
    """Addresses once, a table, and every change as a sentence of its own."""
    console = Console(file=StringIO(), width=120, color_system=None)
    looks = iter([snapshot(Status.GREEN), snapshot(Status.GREEN)])

    assert isinstance(console.file, StringIO)
    showing = asyncio.create_task(
        show_demo(lambda: next(looks, snapshot(Status.RED)), PLACES, console, "en")
    )
    async with asyncio.timeout(PATIENCE):
        while "Before that it was" not in console.file.getvalue():  # noqa: ASYNC110 - a thread writes
            await asyncio.sleep(0.01)
    showing.cancel()
    await asyncio.wait({showing})
    text = console.file.getvalue()
    assert text.count("configuration ") == 1
    assert "● green" in text
    assert "■ red  " in text
    assert "Before that it was in full operation." in " ".join(text.split())
    assert "\x1b" not in text
