"""What an agency states itself, as others read it here."""

from __future__ import annotations

import orjson
from jsonschema import Draft202012Validator

from monitor.judging.board import Board
from monitor.model.estate import CheckId
from monitor.model.status import Status
from monitor.model.upstream_status import StatedView
from monitor.publish.status.renderer import render_status_body
from tests.support.exposition_reader import Scraper
from tests.unit.judging.test_board import good
from tests.unit.model.test_upstream_status import NOW, stated
from tests.unit.publish.test_windows_published import SCHEMA


async def test_it_stands_beside_ours_and_changes_nothing(scrape: Scraper) -> None:
    """In status.json and metrics; the published status is what it was."""
    made = Board(stated("https://a.example.se/"), NOW)
    made.observe(CheckId("ext5/expo/api"), good(NOW + 1), NOW + 1)
    view = StatedView(status=Status.RED, says="Stopp", at=NOW, differs_since=NOW - 60, trouble="")
    snapshot = made.snapshot(NOW + 1, stated={"ext5/expo": view})
    value = orjson.loads(await render_status_body(snapshot, version="1"))
    Draft202012Validator(SCHEMA).validate(value)
    [environment] = value["environments"]
    [service] = environment["services"]
    assert "stated" not in environment
    assert (service["status"], service["measured"]) == ("green", "green")
    assert (service["stated"]["status"], service["stated"]["says"]) == ("red", "Stopp")
    got = await scrape(snapshot)
    where = {"environment": "ext5", "service": "expo"}
    assert got.one("driftvakt_stated_status", status="red", **where) == 1
    assert got.one("driftvakt_stated_status", status="green", **where) == 0
    assert got.one("driftvakt_stated_differs_seconds", **where) == 61
