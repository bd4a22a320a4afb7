"""Version packages and notices as others read them: status.json, metrics and the table."""

from __future__ import annotations

from io import StringIO

import orjson
from rich.console import Console

from monitor.console.status import status_table, status_table_from_json
from monitor.judging.board import Board
from monitor.publish.feeds.revisions import Revision, dated
from monitor.publish.status.renderer import render_status_body
from tests.support.exposition_reader import Scraper
from tests.unit.judging.test_board_plans import MIDNIGHT, both, notice, package, plans
from tests.unit.judging.test_board_windows import START
from tests.unit.publish.test_windows_published import body

RETIRES = "driftvakt_version_package_retirement_timestamp_seconds"
ANSWERS = "driftvakt_version_package_still_answers"


def board() -> Board:
    moved = package(title={"sv": "Paket", "en": "Package"}, replaced_by="17.1", was=["2026-10-30"])
    warned = notice("yellow", title="Fiber", until=9e5, updated=-60)
    made = Board(plans("v17", "v16", upgrades=(moved,), notices=(warned,)), START)
    both(made, 1, old_answers=True)
    return made


async def test_status_json_tells_a_package_with_its_countdown() -> None:
    """Before its date and after it, with what still answers."""
    made = board()
    [before] = (await body(made, 10))["upgrades"]
    countdown = before.pop("countdown")
    assert "OBS! NYTT DATUM!" in countdown["sv"]
    assert before == {
        "package": "16.1",
        "title": {"sv": "Paket", "en": "Package"},
        "message": None,
        "replaced_by": "17.1",
        "retires": "2026-11-27",
        "was": ["2026-10-30"],
        "moved": True,
        "days_left": 2,
        "retired": False,
        "still_answering": [],
    }
    made.age(START + MIDNIGHT)
    [after] = (await body(made, MIDNIGHT))["upgrades"]
    assert (after["retired"], after["days_left"]) == (True, 0)
    assert after["still_answering"] == ["ext5/expo/v16"]


async def test_status_json_tells_a_notice_with_when_it_was_changed() -> None:
    """As its author says; gone when its time is up."""
    made = board()
    [told] = (await body(made, 10))["notices"]
    assert (told["id"], told["status"], told["from"]) == ("n", "yellow", None)
    assert told["updated"] == "2026-11-25T09:45:40.000Z"
    made.age(START + 9e5)
    assert (await body(made, 9e5))["notices"] == []


async def test_a_notice_without_a_time_was_changed_when_it_was_first_seen_so() -> None:
    """What its author says comes before that."""
    made = Board(plans(notices=(notice("red", id="a"), notice("red", id="b", updated=-60))), START)
    seen = Revision(fingerprint="", number=0, changed_at=START - 5)
    snapshot = dated(made.snapshot(START), {"notice/a": seen, "notice/b": seen})
    changed = {one.notice.id: one.changed_at for one in snapshot.notices}
    assert changed == {"a": START - 5, "b": START - 60}


async def test_metrics_count_down_and_tell_what_still_answers(scrape: Scraper) -> None:
    """The finding is a series from the date on, 1 while it lasts."""
    made = board()
    got = await scrape(made.snapshot(START + 10))
    assert got.one(RETIRES, package="16.1", replaced_by="17.1") == START + MIDNIGHT
    assert not got.all(ANSWERS)
    made.age(START + MIDNIGHT)
    got = await scrape(made.snapshot(START + MIDNIGHT))
    labels = {"package": "16.1", "environment": "ext5", "service": "expo", "check": "v16"}
    assert got.one(ANSWERS, **labels) == 1
    both(made, MIDNIGHT + 1, old_answers=False)
    got = await scrape(made.snapshot(START + MIDNIGHT + 4))
    assert got.one(ANSWERS, **labels) == 0


async def test_the_table_has_them_below() -> None:
    """The same lines of a snapshot and of a document."""
    made = board()
    snapshot = made.snapshot(START + 10)
    document = orjson.loads(await render_status_body(snapshot, version="1"))
    for table in (status_table(snapshot, "sv"), status_table_from_json(document, "sv")):
        out = StringIO()
        Console(file=out, width=200, force_terminal=False).print(table)
        assert "Fiber: Kabelbrott." in out.getvalue()
        assert "Versionspaket 16.1 utgår om 2 dagar" in out.getvalue()
