"""The addresses that others link to."""

from __future__ import annotations

from dataclasses import replace

from monitor.model.addresses import event_path, evidence_path, transition_path
from monitor.model.status import Status
from monitor.model.transition import Transition

CHANGE = Transition(
    at=1.0e9, since=1.0e9, environment="ext5", service="expo", before=Status.GREEN, after=Status.RED
)


def test_transition_has_an_address_within_its_services_page() -> None:
    """The id asks for the event and is its place; with or without the environment in its service."""
    wanted = f"/s/ext5/expo?event={CHANGE.id}#event-{CHANGE.id}"
    assert transition_path(CHANGE) == event_path("ext5/expo", CHANGE.id) == wanted
    whole = replace(CHANGE, service="ext5/expo")
    assert transition_path(whole) == f"/s/ext5/expo?event={whole.id}#event-{whole.id}"


def test_environments_transition_leads_to_the_environment() -> None:
    """It has no page of its own: the front page with nothing else."""
    assert transition_path(replace(CHANGE, service=None)) == "/?env=ext5"


def test_no_name_breaks_an_address() -> None:
    """What is no letter of an address is escaped."""
    assert evidence_path("a b?#") == "/api/v1/evidence/a%20b%3F%23"
