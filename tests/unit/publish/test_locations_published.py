"""Where locations are declared: status.json, metrics, the page and the terminal show each of them."""

from __future__ import annotations

import json
from typing import Any

from monitor.console.document_rows import rows_in
from monitor.console.rows import Level, status_rows
from monitor.console.status import status_table_from_json
from monitor.judging.grade import grade
from monitor.judging.snapshot import CheckView, Snapshot
from monitor.model.estate import Environment, Estate
from monitor.model.status import Rule, Status
from monitor.model.time_in_status import NOTHING_KNOWN, AvailabilityReport
from monitor.publish.metrics.metrics import Metrics
from monitor.publish.page import PageQuery, render_service
from monitor.publish.status.renderer import render_status_body
from probes.observation import Grade
from tests.support.exposition_reader import Scraper
from tests.support.factories import (
    NOW,
    make_observation,
    make_red_view,
    make_service_view,
    make_snapshot,
    make_text,
    make_unmeasured_view,
    make_view,
)
from tests.support.located import INTERNET, PLACES, SJUNET, seen_from, together
from tests.support.plain_text import lines
from tests.unit.publish.status.test_renderer import VALIDATOR


def located(view: CheckView) -> Snapshot:
    plain = make_snapshot(view)
    estate = Estate(
        environments=tuple(one.environment for one in plain.environments), locations=PLACES
    )
    return make_snapshot(view, estate=estate)


def half() -> CheckView:
    """Red from Sjunet, green from the internet."""
    return together(
        Status.YELLOW, [seen_from(SJUNET, make_red_view()), seen_from(INTERNET, make_view())]
    )


def alone() -> CheckView:
    """Green from Sjunet, and not measured from the internet."""
    places = [seen_from(SJUNET, make_view()), seen_from(INTERNET, make_unmeasured_view())]
    return together(Status.GREEN, places)


async def document(view: CheckView) -> Any:
    value = json.loads(await render_status_body(located(view), version="1"))
    VALIDATOR.validate(value)
    return value


async def check_in(view: CheckView) -> Any:
    return (await document(view))["environments"][0]["services"][0]["checks"][0]


async def test_the_status_file_has_each_location_of_a_check() -> None:
    """Name, status, since, reason, cause, why and last, in the order of the declaration."""
    sjunet, internet = (await check_in(half()))["locations"]
    assert list(sjunet) == ["name", "status", "since", "reason", "cause", "why", "last"]
    assert (sjunet["name"], sjunet["status"], sjunet["reason"], sjunet["cause"]) == (
        "sjunet",
        "red",
        "connect_refused",
        "target",
    )
    assert sjunet["why"]["rule"] == "red_after"
    assert (internet["name"], internet["status"], internet["last"]["grade"]) == (
        "internet",
        "green",
        "good",
    )


async def test_a_location_that_nobody_measures_from_is_unknown() -> None:
    """Without a measurement; the message says it of the check and of its service."""
    check = await check_in(alone())
    assert [(one["name"], one["status"], one["last"] is None) for one in check["locations"]] == [
        ("sjunet", "green", False),
        ("internet", "unknown", True),
    ]
    assert "mäts inte från internet" in check["message"]["sv"]
    service = (await document(alone()))["environments"][0]["services"][0]
    assert "Not measured from the internet." in service["message"]["en"]


async def test_too_few_locations_are_a_rule_of_the_schema() -> None:
    """``quorum``: unknown, while something is known."""
    places = alone().locations
    check = await check_in(together(Status.UNKNOWN, places, Rule.QUORUM))
    assert (check["status"], check["why"]["rule"], check["reason"]) == ("unknown", "quorum", None)


async def test_nothing_is_said_of_locations_where_none_are_declared(scrape: Scraper) -> None:
    """Neither in the status file nor in the metrics."""
    snapshot = make_snapshot(make_view())
    assert b'"locations"' not in await render_status_body(snapshot, version="1")
    assert "driftvakt_location_measured" not in (await scrape(snapshot)).names


async def test_a_check_has_its_series_from_each_location(scrape: Scraper) -> None:
    """Each with its own status and reason; what was measured from one is under that one's label."""
    got = await scrape(located(half()))
    assert got.one("driftvakt_check_status", location="sjunet", status="red") == 1
    assert got.one("driftvakt_check_status", location="internet", status="green") == 1
    reasons = got.all("driftvakt_check_reason")
    assert [labels["location"] for labels, _ in reasons] == ["sjunet"]
    assert got.one("probe_success", location="internet") == 1
    assert got.one("probe_success", location="sjunet") == 0
    assert got.one("driftvakt_service_severity") == 2


async def test_what_is_not_measured_from_a_location_is_absent(scrape: Scraper) -> None:
    """But for its status, which is unknown, and the metric that says so of the location."""
    got = await scrape(located(alone()))
    assert got.all("probe_success", location="internet") == []
    assert got.one("driftvakt_check_status", location="internet", status="unknown") == 1
    measured = {
        labels["location"]: value for labels, value in got.all("driftvakt_location_measured")
    }
    assert measured == {"sjunet": 1, "internet": 0}


async def test_probes_are_counted_for_the_place_they_were_made_from(
    metrics: Metrics, scrape: Scraper
) -> None:
    """And are no more once the check begins anew."""
    view = half()
    seen = make_observation()
    metrics.observe(view.locations[1].check, seen, _good())
    snapshot = located(view)
    got = await scrape(snapshot)
    counts = {
        labels["location"]: value
        for labels, value in got.all("driftvakt_probe_latency_seconds_count")
    }
    assert counts == {"sjunet": 0, "internet": 1}
    metrics.forget([view.check.id], [])
    got = await scrape(snapshot)
    assert got.one("driftvakt_probe_latency_seconds_count", location="internet") == 0


def _good() -> Any:
    from monitor.judging.grade import Verdict

    return Verdict(grade=Grade.GOOD)


async def test_a_service_s_histogram_holds_all_locations(metrics: Metrics, scrape: Scraper) -> None:
    """With ``latency_histogram: service``."""
    view = half()
    for place in view.locations:
        metrics.observe(place.check, make_observation(), _good())
    service = make_service_view([view])
    environment = Environment(name="ext5", title=make_text("EXT5"), services=(service.service,))
    estate = Estate(environments=(environment,), locations=PLACES, latency_histogram="service")
    got = await scrape(make_snapshot(view, estate=estate))
    assert got.one("driftvakt_probe_latency_seconds_count", service="expo") == 2


def page(view: CheckView, language: Any = "sv") -> str:
    report = AvailabilityReport(at=NOW, availability=NOTHING_KNOWN, days=())
    return render_service(located(view), "ext5/expo", PageQuery(language=language), report, None)


def test_the_page_has_a_mark_for_each_location() -> None:
    """Symbol and word beside its title, and whether it is measured from there at all."""
    body = page(half())
    assert 'data-of="locations"' in body
    assert "</span> Sjunet" in body
    assert "</span> internet" in body
    assert "mäts inte därifrån" not in body
    assert "mäts inte därifrån" in page(alone())
    assert "not measured from there" in page(alone(), "en")


def test_the_page_has_none_where_no_locations_are_declared() -> None:
    """It is as it was."""
    report = AvailabilityReport(at=NOW, availability=NOTHING_KNOWN, days=())
    body = render_service(make_snapshot(make_view()), "ext5/expo", PageQuery(), report, None)
    assert 'data-of="locations"' not in body


async def test_the_terminal_has_a_line_for_each_location_below_its_check() -> None:
    """From a snapshot as from a document; none where there is but one."""
    view = half()
    places = [row for row in status_rows(located(view)) if row.level is Level.LOCATION]
    assert [(row.title.en, row.status) for row in places] == [
        ("from sjunet", Status.RED),
        ("from internet", Status.GREEN),
    ]
    read = [row for row in rows_in(await document(view)) if row.level is Level.LOCATION]
    assert [(row.title.sv, row.status) for row in read] == [
        ("från sjunet", Status.RED),
        ("från internet", Status.GREEN),
    ]
    single = together(Status.GREEN, [seen_from(SJUNET, make_view())])
    assert all(row.level is not Level.LOCATION for row in rows_in(await document(single)))


async def test_the_terminal_says_that_too_few_places_measure_it() -> None:
    """Instead of a reason, which there is none."""
    view = together(Status.UNKNOWN, alone().locations, Rule.QUORUM)
    shown = status_table_from_json(await document(view), "en", detail="checks")
    assert any("Measured from too few places" in line for line in lines(shown))


async def test_a_check_that_begins_anew_is_counted_from_nothing_from_each_place() -> None:
    """Also when nobody has read the metrics yet."""
    metrics, snapshot = Metrics("1"), located(half())
    [view] = snapshot.checks()
    ours = view.locations[-1].check
    seen = make_observation()
    metrics.observe(ours, seen, grade(seen, ours.thresholds))
    metrics.forget([ours.id], [])
    text = (await metrics.render(snapshot)).plain()
    counts = [line for line in text.splitlines() if b"latency_seconds_count{" in line]
    assert counts
    assert all(line.endswith(b" 0") for line in counts), counts
