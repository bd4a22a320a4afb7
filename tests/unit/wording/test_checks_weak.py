"""What is accepted and weak is a word in the message of a check that is green."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.wording import check_message
from tests.support.factories_observed import make_observation, make_tls
from tests.support.views import STOCKHOLM, green

SUITE = "the cipher suite AES128-SHA is weak: it has no forward secrecy"


@pytest.mark.parametrize("kind", ["http", "certificate"])
def test_a_weak_suite_is_told_and_changes_no_colour(kind: str) -> None:
    """In both languages, with its name, whichever kind has met it."""
    tls = make_tls(version="TLSv1.2", cipher="AES128-SHA")
    view = replace(green(), last=make_observation(tls=tls, detail=SUITE))
    said = check_message(replace(view, check=replace(view.check, kind=kind)), STOCKHOLM)
    assert said.sv.endswith(
        " Anslutningen godtas men är svag: kryptosviten AES128-SHA saknar framåtsekretess."
    )
    assert said.en.endswith(f" The connection is accepted but weak: {SUITE}.")


def test_the_other_notes_of_a_certificate_are_no_weakness() -> None:
    """That something is sent twice stands in the detail alone."""
    view = replace(green(), last=make_observation(tls=make_tls(), detail="R is sent twice"))
    said = check_message(replace(view, check=replace(view.check, kind="certificate")), STOCKHOLM)
    assert "weak" not in said.en


def test_nothing_is_told_of_a_good_connection() -> None:
    """Most messages are as short as they were."""
    good = replace(green(), last=make_observation(tls=make_tls()))
    assert "weak" not in check_message(good, STOCKHOLM).en
    assert "weak" not in check_message(replace(good, last=make_observation()), STOCKHOLM).en
