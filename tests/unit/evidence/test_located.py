"""Evidence of a check that is measured from several locations."""

from __future__ import annotations

from dataclasses import replace

from monitor.evidence.mail import mail
from tests.support.evidence_bundle import document
from tests.support.factories import NOW, make_check, make_failure, make_observation
from tests.support.located import INTERNET, SJUNET


def test_it_says_where_it_was_seen_from_and_how_it_stood_elsewhere() -> None:
    """The location that decided, and each of them with its status and rule."""
    check = make_check(locations=(SJUNET, replace(INTERNET, weight=5.0)))
    seen = [make_observation(at=NOW - 90), *(make_failure(at=NOW - 60 + n) for n in range(3))]
    made = document(seen, check=check)
    assert made["check"]["location"] == "internet"
    assert [(one["name"], one["status"]) for one in made["check"]["locations"]] == [
        ("sjunet", "unknown"),
        ("internet", "red"),
    ]
    sjunet, internet = made["check"]["locations"]
    assert (sjunet["last_at"], internet["why"]["rule"]) == (None, "red_after")
    text = mail(made, "sv")
    assert "Mätplats" in text
    assert "sjunet: okänt" in text
    assert "internet: inte tillgänglig (connect_refused)" in text


def test_without_declared_locations_it_is_as_it_was() -> None:
    """No key and no line more."""
    made = document([make_failure(at=NOW - 60 + n) for n in range(3)])
    assert "locations" not in made["check"]
