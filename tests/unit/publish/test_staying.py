"""What was rendered before another configuration came, and reads as it did, is not made anew."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from monitor.judging.grade import GOOD
from monitor.judging.snapshot import ServiceView, Snapshot
from monitor.model.estate import Environment, Estate
from monitor.publish.metrics.metrics import Exposition, Metrics
from monitor.publish.page import Overview, PageQuery
from monitor.publish.page import overview as front_page
from monitor.publish.rendering.pacer import Pacer, join
from monitor.publish.rendering.reuse import staying
from monitor.publish.status import renderer as status_body
from monitor.publish.status.renderer import StatusRenderer
from tests.support.factories import (
    make_check,
    make_environment_view,
    make_observation,
    make_red_view,
    make_service_view,
    make_snapshot,
    make_text,
    make_view,
)

ASKED = PageQuery(language="en")


def service(name: str, *, red: bool = False) -> ServiceView:
    check = make_check(id=f"ext5/{name}/api", service=name)
    return make_service_view([make_red_view(check) if red else make_view(check)])


def shown(services: Sequence[ServiceView], zone: str = "Europe/Stockholm") -> Snapshot:
    view = make_environment_view(services)
    estate = Estate(environments=(view.environment,), timezone=ZoneInfo(zone))
    return make_snapshot(environments=[view], estate=estate)


def renamed(view: ServiceView) -> ServiceView:
    """Of a service that has another title now."""
    return replace(view, service=replace(view.service, title=make_text("Ny", "New")))


BEFORE = [service("a"), service("b", red=True), service("c"), service("d")]
AFTER = [service("x"), BEFORE[2], BEFORE[1], renamed(BEFORE[3])]
"""One is gone, one is new, two have changed places, one is called otherwise."""


class Calls:
    """Counts the calls of a function of a module."""

    def __init__(self, patch: pytest.MonkeyPatch, module: object, name: str) -> None:
        made = getattr(module, name)
        self.number = 0

        def counted(*args: object) -> object:
            self.number += 1
            return made(*args)

        patch.setattr(module, name, counted)


async def test_status_json_makes_only_what_reads_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the body is the one that is made from nothing."""
    renderer = StatusRenderer(version="1")
    await renderer.render(shown(BEFORE))
    made = Calls(monkeypatch, status_body, "check_value")
    body = await renderer.render(shown(AFTER))
    assert made.number == 2
    assert body == await StatusRenderer(version="1").render(shown(AFTER))


@pytest.mark.parametrize("how", ["title", "zone"])
async def test_what_every_sentence_holds_makes_all_anew(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The environment's title, and the time zone in which instants are told."""
    renderer, front = StatusRenderer(version="1"), Overview()
    await renderer.render(shown(BEFORE))
    "".join(front.pieces(shown(BEFORE), ASKED))
    if how == "zone":
        after = shown(BEFORE, "Asia/Tokyo")
    else:
        view = make_environment_view(BEFORE)
        told = replace(view.environment, title=make_text("Annat", "Other"))
        after = make_snapshot(
            environments=[replace(view, environment=told)], estate=Estate(environments=(told,))
        )
    checks = Calls(monkeypatch, status_body, "check_value")
    rows = Calls(monkeypatch, front_page, "_write")
    assert await renderer.render(after) == await StatusRenderer(version="1").render(after)
    page = "".join(front.pieces(after, ASKED))
    assert (checks.number, rows.number) == (8, 4)
    assert page == "".join(Overview().pieces(after, ASKED))


def test_the_page_makes_only_rows_that_read_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is the page that is made from nothing."""
    front = Overview()
    "".join(front.pieces(shown(BEFORE), ASKED))
    made = Calls(monkeypatch, front_page, "_write")
    page = "".join(front.pieces(shown(AFTER), ASKED))
    assert made.number == 2
    assert page == "".join(Overview().pieces(shown(AFTER), ASKED))


def observed(metrics: Metrics, views: Sequence[ServiceView]) -> Metrics:
    for view in views:
        for check in view.checks:
            metrics.observe(check.check, make_observation(), GOOD)
    return metrics


async def test_metrics_go_with_their_checks() -> None:
    """Whatever has come, gone or changed places, each line is there once, with its own value."""
    metrics = observed(Metrics("1"), BEFORE)
    await metrics.render(shown(BEFORE))
    text = await observed(metrics, AFTER[:1]).render(shown(AFTER))
    plain = observed(observed(Metrics("1"), BEFORE), AFTER[:1])
    assert lines(text) == lines(await plain.render(shown(AFTER)))


def lines(text: Exposition) -> list[bytes]:
    """Those that tell of what is watched."""
    return [line for line in text.plain().split(b"\n") if b'service="' in line]


async def test_a_layout_that_is_cut_off_is_made_anew() -> None:
    """A reader may go away, and the rendering with it, at any moment."""
    plain = await Metrics("1").render(shown(AFTER))
    for turns in range(1, 30):
        metrics = Metrics("1", timer=iter(range(1_000_000)).__next__)  # each step gives way
        await metrics.render(shown(BEFORE))
        task = asyncio.create_task(metrics.render(shown(AFTER)))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert lines(await metrics.render(shown(AFTER))) == lines(plain)


def test_services_that_stay_are_the_same_values() -> None:
    """Without a configuration before, none are."""
    before, after = shown(BEFORE).estate, shown(AFTER).estate
    assert [one.name for one in staying(before, after)] == ["c", "b"]
    assert list(staying(None, after)) == []
    other = Environment(
        name="ext6", title=make_text("EXT6"), services=after.environments[0].services
    )
    assert list(staying(before, Estate(environments=(other,)))) == []


@pytest.mark.parametrize("expected", [0, 3, 11, 4096])
async def test_a_body_is_whole_whatever_was_expected(expected: int) -> None:
    """Room that is not used is no part of it."""
    assert await join([b"abcd", b"", b"efghijk"], Pacer(), expected) == b"abcdefghijk"
    assert await join([], Pacer(), expected) == b""
