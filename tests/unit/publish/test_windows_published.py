"""Service windows as operations teams read them: metrics, status.json and sentences."""

from __future__ import annotations

from importlib import resources
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from monitor.judging.board import Board
from monitor.model.estate import CheckId
from monitor.model.transition import Transition
from monitor.publish.status.renderer import MOST_WINDOWS, render_status_body
from monitor.wording.transitions import transition_message
from tests.support.exposition_reader import Scraper
from tests.unit.judging.test_board import bad, good
from tests.unit.judging.test_board_windows import START, board, planned, window

ACTIVE = "driftvakt_service_window_active"
STARTS = "driftvakt_service_window_start_timestamp_seconds"
ENDS = "driftvakt_service_window_end_timestamp_seconds"
SCHEMA = orjson.loads(
    resources.files("monitor.publish.status").joinpath("status.schema.json").read_bytes()
)


async def body(made: Board, at: float) -> Any:
    value = orjson.loads(await render_status_body(made.snapshot(START + at), version="1"))
    Draft202012Validator(SCHEMA).validate(value)
    return value


async def test_what_is_under_way_is_a_gauge_of_each_impact(scrape: Scraper) -> None:
    """1 for the impacts of the windows under way, 0 for the others, before, during and after."""
    made = board(window(10, 60), window(10, 30, "none", id="n"))
    seen = []
    for at in (2, 15, 40, 60):
        got = await scrape(made.snapshot(START + at))
        impacts = ("none", "disturbance", "outage")
        assert got.one(ACTIVE, environment="ext5", service="expo", impact="none") in (0, 1)
        seen.append([got.one(ACTIVE, impact=impact) for impact in impacts])
    assert seen == [[0, 0, 0], [1, 0, 1], [0, 0, 1], [0, 0, 0]]


async def test_when_a_window_is_comes_as_two_instants(scrape: Scraper) -> None:
    """The next time, the one under way while it is, and at last the last; cancelled ones none."""
    made = board(window(10, 60, rrule="FREQ=DAILY;COUNT=2"), window(5, 6, id="off", cancelled=True))
    day = 86_400
    for at, first in ((2, 10), (30, 10), (60, day + 10), (day + 30, day + 10), (2 * day, day + 10)):
        made.age(START + at)
        got = await scrape(made.snapshot(START + at))
        assert got.one(STARTS, id="w", impact="outage") == START + first
        assert got.one(ENDS, id="w", impact="outage") == START + first + 50
        assert not got.all(STARTS, id="off")


async def test_without_windows_there_are_no_series(scrape: Scraper) -> None:
    """Nothing is planned, nothing is told."""
    got = await scrape(board().snapshot(START + 2))
    assert not got.all(ACTIVE)


async def test_status_json_tells_what_comes_is_and_was() -> None:
    """Each window is upcoming, then active, then past; a service shows the one that counts."""
    made = board(window(10, 60, title={"sv": "Byte", "en": "Change"}, message="m"))
    seen = []
    for at in (2, 10, 60):
        made.age(START + at)
        value = await body(made, at)
        told = value["service_windows"]
        service = value["environments"][0]["services"][0]
        shown = service["service_window"]
        seen.append(({when: len(found) for when, found in told.items()}, shown and shown["id"]))
    assert seen == [
        ({"active": 0, "upcoming": 1, "past": 0}, None),
        ({"active": 1, "upcoming": 0, "past": 0}, "w"),
        ({"active": 0, "upcoming": 0, "past": 1}, None),
    ]
    assert told["past"][0] == {
        "id": "w",
        "title": {"sv": "Byte", "en": "Change"},
        "message": {"sv": "m", "en": "m"},
        "impact": "outage",
        "start": "2026-11-25T09:46:50.000Z",
        "end": "2026-11-25T09:47:40.000Z",
        "environments": [],
        "services": [],
        "changes_certificates": False,
        "cancelled": False,
        "calendar": None,
        "author": None,
    }


async def test_a_careless_recurrence_does_not_flood_the_file() -> None:
    """Of many windows the nearest are told."""
    made = board(*(window(10 + n, 20 + n, id=f"w{n}") for n in range(MOST_WINDOWS + 5)))
    upcoming = (await body(made, 2))["service_windows"]["upcoming"]
    assert len(upcoming) == MOST_WINDOWS
    assert upcoming[0]["id"] == "w0"


def of_service(changes: list[Transition]) -> Transition:
    [found] = [one for one in changes if one.service == "expo"]
    return found


def test_a_planned_stop_is_told_with_its_name_and_end() -> None:
    """When it begins, when it ends well, and when it runs over."""
    made = board(window(10, 60, title={"sv": "Databasbyte", "en": "Database change"}))
    begun = of_service(made.age(START + 10))
    said = transition_message(begun, made.snapshot(START + 10))
    assert said.sv.startswith("Planerat avbrott i tjänsten expo i EXT5 till kl. ")
    assert said.en.startswith("Planned outage of the service expo in EXT5 until ")
    assert "(Databasbyte)" in said.sv
    assert "(Database change)" in said.en
    ended = of_service(made.age(START + 60))
    said = transition_message(ended, made.snapshot(START + 60))
    assert said.sv.startswith("Det planerade arbetet är avslutat: tjänsten expo i ")
    assert said.sv.endswith("Arbetet pågick i 50 sekunder.")
    assert said.en.startswith("The planned work is finished: the service expo in ")


async def test_a_window_that_has_run_over_says_so(scrape: Scraper) -> None:
    """It is told, though the colour stays; and it counts as no change of status."""
    made = Board(planned(window(10, 60)), START)
    made.observe(CheckId("ext5/expo/api"), good(START + 1), START + 1)
    made.age(START + 10)
    for at in (20, 25, 30):
        made.observe(CheckId("ext5/expo/api"), bad(START + at), START + at)
    over = of_service(made.age(START + 60))
    assert over.overrun
    said = transition_message(over, made.snapshot(START + 60))
    assert said.sv.startswith("Servicefönstret w är över, men störningen kvarstår. Tjänsten expo")
    assert said.en.startswith("The service window w is over, but the disturbance is not. The ")
    assert "Innan dess" not in said.sv


@pytest.mark.parametrize("impact", ["none", "disturbance", "outage"])
async def test_the_window_under_way_is_in_the_services_message(impact: str) -> None:
    """What a window says of a service that is measured well."""
    made = board(window(10, 60, impact, title={"sv": "Byte", "en": "Change"}))
    made.age(START + 10)
    value = await body(made, 10)
    message = value["environments"][0]["services"][0]["message"]["sv"]
    assert ("(Byte)" in message) is (impact != "none")
