"""Availability as programs read it: metrics, status.json and the address for one service."""

from __future__ import annotations

import json
from datetime import date

from aiohttp import ClientSession, DummyCookieJar

from monitor.model.estate import ServiceId
from monitor.model.time_in_status import (
    NOTHING_KNOWN,
    Availability,
    AvailabilityReport,
    DayShare,
    TimeInStatus,
)
from monitor.publish.metrics.metrics import Metrics
from monitor.publish.status.renderer import StatusRenderer
from tests.support.exposition_reader import Scrape, Scraper
from tests.support.factories import DAY, NOW, make_snapshot
from tests.support.web_site import FixedSource, serve
from tests.unit.publish.status.test_renderer import VALIDATOR

EXPO = ServiceId("ext5/expo")
RATIO, UNKNOWN = "driftvakt_availability_ratio", "driftvakt_availability_unknown_ratio"
A_DAY = TimeInStatus(green=40_000_000, yellow=8_000_000, red=16_000_000, planned_red=4_000_000)
MEASURED = Availability(
    (
        A_DAY._replace(unknown=22_400_000),
        A_DAY._replace(unknown=540_800_000),
        A_DAY._replace(unknown=2_528_000_000),
        A_DAY._replace(unknown=7_712_000_000),
    )
)


async def test_ratios_are_told_by_window_and_counting(scrape: Scraper) -> None:
    """Four windows in two countings, and how much of each is unknown."""
    got = await scrape(make_snapshot(availability={EXPO: MEASURED}))
    at = {"environment": "ext5", "service": "expo"}
    for window in ("24h", "7d", "30d", "90d"):
        assert got.one(RATIO, **at, window=window, counting="all") == 48 / 64
        assert got.one(RATIO, **at, window=window, counting="unplanned") == 48 / 60
    assert got.one(UNKNOWN, **at, window="24h") == 22.4 / 86.4
    assert (len(got.all(RATIO)), len(got.all(UNKNOWN))) == (8, 4)


async def test_a_ratio_of_nothing_is_absent(metrics: Metrics) -> None:
    """It goes when nothing is known any more, and comes back; unknown is 1 meanwhile."""
    snapshot = make_snapshot(availability={EXPO: MEASURED})
    for availability, series in ((MEASURED, 8), (NOTHING_KNOWN, 0), (MEASURED, 8)):
        now = make_snapshot(estate=snapshot.estate, availability={EXPO: availability})
        got = Scrape((await metrics.render(now)).plain())
        assert len(got.all(RATIO)) == series
        assert len(got.all(UNKNOWN)) == 4
    got = Scrape((await metrics.render(make_snapshot())).plain())
    assert {value for _, value in got.all(UNKNOWN)} == {1.0}


async def test_a_ratio_of_zero_is_there(scrape: Scraper) -> None:
    """Down all the time that is known is a value, and not the absence of one."""
    down = Availability((TimeInStatus(red=86_400_000),) * 4)
    got = await scrape(make_snapshot(availability={EXPO: down}))
    assert [value for _, value in got.all(RATIO)] == [0.0] * 8
    assert [value for _, value in got.all(UNKNOWN)] == [0.0] * 4


async def test_status_file_tells_it_of_each_service() -> None:
    """The ratios unrounded and unknown time in seconds; what changes is told anew."""
    renderer = StatusRenderer(version="1.2.3")
    first = make_snapshot(availability={EXPO: MEASURED})
    expected = {"all": 0.75, "unplanned": 0.8, "unknown_s": 22_400.0}
    for availability, day in (
        (MEASURED, expected),
        (NOTHING_KNOWN, {"all": None, "unplanned": None, "unknown_s": 86_400.0}),
        (MEASURED, expected),
    ):
        snapshot = make_snapshot(
            environments=first.environments,
            estate=first.estate,
            availability={EXPO: availability},
        )
        value = json.loads(await renderer.render(snapshot))
        VALIDATOR.validate(value)
        told = value["environments"][0]["services"][0]["availability"]
        assert list(told) == ["24h", "7d", "30d", "90d"]
        assert told["24h"] == day


async def test_one_service_can_be_asked_for() -> None:
    """With all seconds of every window and day, for a page of any origin."""
    report = AvailabilityReport(
        at=NOW,
        availability=MEASURED,
        days=(DayShare(day=date(2026, 11, 22), start=NOW - DAY, end=NOW, shares=A_DAY),),
    )
    source = FixedSource(reports={EXPO: report})
    async with serve(source) as url, ClientSession(url, cookie_jar=DummyCookieJar()) as client:
        async with client.get("/api/v1/availability?service=ext5/expo") as answer:
            assert answer.status == 200
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
            value = await answer.json()
        assert value["service"] == "ext5/expo"
        assert value["at"] == "2026-11-23T13:02:11.120Z"
        assert value["windows"]["24h"] == {
            "all": 0.75,
            "unplanned": 0.8,
            "unknown_s": 22_400.0,
            "green_s": 40_000.0,
            "yellow_s": 8_000.0,
            "red_s": 16_000.0,
            "planned_red_s": 4_000.0,
        }
        [day] = value["days"]
        assert (day["day"], day["all"], day["unknown_s"]) == ("2026-11-22", 0.75, 0.0)
        assert (day["start"], day["end"]) == (
            "2026-11-22T13:02:11.120Z",
            "2026-11-23T13:02:11.120Z",
        )


async def test_a_service_that_is_not_there_is_said_to_be() -> None:
    """404 for one that is not watched, 400 for none; what was asked is not said back."""
    async with serve(FixedSource()) as url, ClientSession(url) as client:
        for query, status in (("?service=%3Cb%3E", 404), ("?service=", 400), ("", 400)):
            async with client.get(f"/api/v1/availability{query}") as answer:
                assert answer.status == status
                text = await answer.text()
                assert list(json.loads(text)) == ["error"]
                assert "<b>" not in text


async def test_it_is_behind_the_password() -> None:
    """As everything that is told of the services."""
    async with serve(FixedSource(), credentials=("a", "b")) as url, ClientSession(url) as client:
        async with client.get("/api/v1/availability?service=ext5/expo") as answer:
            assert answer.status == 401
