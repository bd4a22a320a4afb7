"""The addresses that others link to."""

from __future__ import annotations

from monitor.model.addresses import environment_path, event_path, evidence_path


def test_a_transition_has_an_address_within_its_services_page() -> None:
    """The id asks for the event and is its place."""
    assert event_path("ext5/expo", "t1") == "/s/ext5/expo?event=t1#event-t1"


def test_an_environment_has_the_front_page_with_nothing_else() -> None:
    """It has no page of its own."""
    assert environment_path("ext5") == "/?env=ext5"


def test_no_name_breaks_an_address() -> None:
    """What is no letter of an address is escaped."""
    assert evidence_path("a b?#") == "/api/v1/evidence/a%20b%3F%23"
