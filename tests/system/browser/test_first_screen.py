"""The first part of the front page, of an agency's estate: in sight without a search."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page

from monitor.judging.snapshot import Snapshot
from monitor.model.text import Text
from monitor.publish.page import PageQuery, render_overview
from monitor.publish.page.shared import FILES
from monitor.publish.rendering.language import Language
from tests.support.factories import (
    make_check,
    make_red_view,
    make_service,
    make_service_view,
    make_snapshot,
    make_view,
)
from tests.support.feed_values import make_planned, make_window

pytestmark = pytest.mark.system
ORDER = (".overall", ".brief", ".troubles", ".matrix", ".colours")
RED = ("ext5/s0", "ext5/s7", "ext6/s5", "ext6/s6", "ext7/s13", "ext9/s1")
LONG = "Fullmaktstjänst och framtidsfullmakter för ombud till vårdnadshavare"


def estate() -> Snapshot:
    """Ten environments in five pairs of sides, twenty services each: six in trouble, one
    environment closed as planned, windows under way and ahead.
    """
    planned = make_planned(
        [make_window(hours=-1), make_window(id="small", hours=-2), make_window(id="a")]
    )
    first = planned.environments[0]
    environments = []
    for number in range(5, 15):
        name = f"ext{number}"
        services = []
        for each in range(20):
            title = f"{LONG if each % 7 == 6 else 'Receptexpedition'} (TJ{each})"
            service = make_service(f"s{each}", environment=name, title=Text(sv=title, en=title))
            bad = service.id in RED or name == "ext10"
            view = (make_red_view if bad else make_view)(
                make_check(environment=name, service=service.name)
            )
            services.append(replace(make_service_view([view], service), planned=name == "ext10"))
        environment = replace(
            first.environment,
            name=name,
            title=Text(sv=f"EXT{number} – produktionslik", en=f"EXT{number} – production-like"),
            group=f"g{number // 2}",
            side=f"x{number % 2}",
        )
        environments.append(replace(first, environment=environment, services=tuple(services)))
    whole = make_snapshot(environments=environments)
    return replace(planned, environments=whole.environments, status=whole.status)


@pytest.fixture(params=["sv", "en"])
def language(request: pytest.FixtureRequest) -> Language:
    chosen: Language = request.param
    return chosen


@pytest.fixture
def page(chromium: Browser, language: Language) -> Iterator[Page]:
    """The page out of values, with its style sheet and no script."""
    context = chromium.new_context(java_script_enabled=True)
    html = render_overview(estate(), language, PageQuery(language=language, chosen=True))
    shown = context.new_page()
    shown.route("**", lambda route: route.abort())
    shown.route(
        "**/style.css?*",
        lambda route: route.fulfill(body=FILES["style.css"][0], content_type="text/css"),
    )
    shown.route(
        "http://drift.example.se/",
        lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"),
    )
    shown.goto("http://drift.example.se/")
    yield shown
    context.close()


@pytest.mark.parametrize(("width", "within"), [(1280, 900), (1920, 1080), (400, 2000)])
def test_first_screen_has_the_whole_answer(page: Page, width: int, within: int) -> None:
    """The answer, windows, what is in trouble, environments × services and what the colours mean
    follow each other within the first screen, and within five on a phone.
    """
    page.set_viewport_size({"width": width, "height": 900})
    boxes = [page.locator(f"main > {part}, .near > {part}").last.bounding_box() for part in ORDER]
    ends = [box["y"] + box["height"] for box in boxes if box is not None]
    assert len(ends) == len(ORDER)
    assert all(above < below for above, below in pairwise(ends))
    assert ends[-1] <= within
    assert page.locator(".troubles li").count() == len(RED)


def test_services_that_are_not_shared_wrap(page: Page, language: Language) -> None:
    """Each environment's own stand in its row, and nothing scrolls sideways."""
    one = estate()
    own = [
        replace(
            view,
            services=tuple(
                replace(each, service=replace(each.service, name=f"{each.service.name}-{number}"))
                for each in view.services
            ),
        )
        for number, view in enumerate(one.environments)
    ]
    html = render_overview(
        replace(one, environments=tuple(own)), language, PageQuery(language=language)
    )
    page.route(
        "http://drift.example.se/",
        lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"),
    )
    for width in (400, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto("http://drift.example.se/")
        assert page.locator(".matrix.wrap tbody li").count() == 200
        wide = page.evaluate("document.querySelector('.matrix').scrollWidth")
        assert wide <= width
