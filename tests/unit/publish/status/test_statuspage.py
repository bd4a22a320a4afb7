"""The summary in the words of status-page clients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.judging.snapshot import Snapshot
from monitor.model.status import Status
from monitor.publish.feeds.revisions import revised
from monitor.publish.status.renderer import dump
from monitor.publish.status.statuspage import component_status, indicator, summary
from tests.support.factories import (
    make_check,
    make_environment_view,
    make_red_view,
    make_service_view,
    make_snapshot,
    make_view,
)
from tests.support.feed_values import make_notice, make_planned, make_window
from tests.unit.publish.web.test_openapi import valid


def made(snapshot: Snapshot) -> Any:
    notices = snapshot.agenda.notices
    return valid("Summary", dump(summary(snapshot, notices, revised({}, snapshot, notices), "en")))


@pytest.mark.parametrize(
    ("status", "planned", "word"),
    [
        (Status.GREEN, False, "operational"),
        (Status.YELLOW, False, "degraded_performance"),
        (Status.RED, False, "major_outage"),
        (Status.RED, True, "under_maintenance"),
        (Status.YELLOW, True, "under_maintenance"),
        (Status.GREEN, True, "operational"),
        (Status.UNKNOWN, False, "degraded_performance"),
    ],
)
def test_each_status_has_its_word(status: Status, planned: bool, word: str) -> None:
    """Unknown is not operational."""
    view = make_service_view(status=status, planned=planned)
    assert component_status(view) == word


def test_a_part_that_is_out_is_a_partial_outage() -> None:
    """A yellow service with a red check, a yellow environment with a red service."""
    red, green = make_red_view(), make_view(make_check("other"))
    service = make_service_view([red, green], status=Status.YELLOW)
    assert component_status(service) == "partial_outage"
    out = make_service_view([red])
    assert component_status(make_environment_view([out], status=Status.YELLOW)) == "partial_outage"


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        ("green green", "none"),
        ("green yellow", "minor"),
        ("green unknown", "minor"),
        ("green red", "major"),
        ("red red", "critical"),
        ("planned planned", "minor"),
        ("planned red", "major"),
    ],
)
def test_the_indicator_is_the_worst(statuses: str, said: str) -> None:
    """What is planned alarms nobody and is not hidden."""
    views = [
        make_environment_view(
            status=Status.RED if one == "planned" else Status(one), planned=one == "planned"
        )
        for one in statuses.split()
    ]
    assert indicator(make_snapshot(environments=views)) == said


def test_incidents_are_what_is_not_planned() -> None:
    """A red service and an active notice; the same incident has the same id."""
    snapshot = make_planned((), [make_notice()])
    value = made(snapshot)
    assert [(one["status"], one["impact"]) for one in value["incidents"]] == [
        ("investigating", "major"),
        ("identified", "minor"),
    ]
    [group, service] = value["components"]
    assert (group["group"], group["components"]) == (True, [service["id"]])
    assert service["group_id"] == group["id"]
    assert value["incidents"][0]["components"] == [service]
    again = made(replace(snapshot, at=snapshot.at + 60))
    assert [one["id"] for one in again["incidents"]] == [one["id"] for one in value["incidents"]]


def test_windows_are_scheduled_maintenances() -> None:
    """Under way and to come; a cancelled one is none."""
    windows = [make_window(-1), make_window(9, id="w2"), make_window(5, id="off", cancelled=True)]
    value = made(make_planned(windows))
    found = value["scheduled_maintenances"]
    assert [one["status"] for one in found] == ["in_progress", "scheduled"]
    assert found[0]["scheduled_for"] == "2026-11-23T12:02:11.000Z"
    assert len(found[0]["components"]) == 1


def test_addresses_are_absolute() -> None:
    """Clients show them beside those of other pages: the page's, and that of each event."""
    snapshot = make_planned((make_window(-1),), [make_notice()])
    revisions = revised({}, snapshot, snapshot.agenda.notices)
    made = summary(snapshot, snapshot.agenda.notices, revisions, "en", "https://drift.example.se")
    events = [*made["incidents"], *made["scheduled_maintenances"]]
    assert len(events) > 1
    told = [made["page"]["url"], *(one["shortlink"] for one in events)]
    front = "https://drift.example.se/"
    assert set(told) == {front, f"{front}s/ext5/expo#incidents"}


def test_incident_leads_to_where_its_service_tells_it() -> None:
    """The newest stands first there; a notice is on the front page."""
    links = [one["shortlink"] for one in made(make_planned((), [make_notice()]))["incidents"]]
    front = "http://localhost:9815/"
    assert links == [f"{front}s/ext5/expo#incidents", front]
