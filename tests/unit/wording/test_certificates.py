"""A changed certificate, and a server that asks us to stay away, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from monitor.judging.snapshot import CheckView
from monitor.model.certificate_changes import CertificateChange, Leaf
from monitor.model.status import Rule, Status
from monitor.wording import change_message, check_message, service_message, source
from probes.observation import Cause, Reason
from tests.support.factories import make_service_view
from tests.support.views import STOCKHOLM, bad, green, local, make_check, unknown

AT = local("2026-11-23T20:15")
OF_SV = "kontrollen api mot https://expo.ext5.example.se/fhir/metadata"
OF_EN = "the api check of https://expo.ext5.example.se/fhir/metadata"
SEEN_SV = "är utbytt: det nya sågs första gången måndag 23 november 2026 kl. 20.15."
SEEN_EN = "has been replaced: the new one was first seen on Monday 23 November 2026 at 20:15."


def change(new_issuer: str = "CN=Function CA v2", **given: Any) -> CertificateChange:
    before = Leaf(
        sha256="a" * 64, issuer="CN=Function CA v1", not_after=local("2026-12-01T12:00"), seen_at=AT
    )
    after = Leaf(
        sha256="b" * 64, issuer=new_issuer, not_after=local("2027-12-01T12:00"), seen_at=AT
    )
    return replace(CertificateChange(at=AT, before=before, after=after), **given)


def test_the_event_says_all_there_is_to_know() -> None:
    """Where, since when, by whom, announced or not, and until when."""
    said = change_message(change(), source(make_check()), STOCKHOLM)
    assert said.sv == (
        f"Servercertifikatet för {OF_SV} {SEEN_SV}"
        " Utfärdaren är ny: CN=Function CA v2 i stället för CN=Function CA v1."
        " Inget servicefönster hade aviserat bytet."
        " Det nya går ut onsdag 1 december 2027 kl. 12.00,"
        " det tidigare tisdag 1 december 2026 kl. 12.00."
    )
    assert said.en == (
        f"The server's certificate of {OF_EN} {SEEN_EN}"
        " The issuer is new: CN=Function CA v2 instead of CN=Function CA v1."
        " No service window had announced it."
        " The new one expires on Wednesday 1 December 2027 at 12:00,"
        " the previous one on Tuesday 1 December 2026 at 12:00."
    )


def test_an_announced_change_names_its_window_and_address() -> None:
    event = change("CN=Function CA v1", announced="2026-11-cert", address="192.0.2.10")
    said = change_message(event, source(make_check()), STOCKHOLM)
    assert "på adressen 192.0.2.10 är utbytt" in said.sv
    assert "Utfärdaren är densamma (CN=Function CA v1)." in said.sv
    assert "Bytet var aviserat i servicefönstret 2026-11-cert." in said.sv
    assert "at the address 192.0.2.10 has been replaced" in said.en
    assert "The issuer is the same (CN=Function CA v1)." in said.en
    assert "The service window 2026-11-cert had announced it." in said.en


def shown(view: CheckView, event: CertificateChange, later: float = 60.0) -> CheckView:
    assert view.last is not None
    return replace(view, changed=event, last=replace(view.last, at=event.at + later))


def test_a_green_check_speaks_of_a_new_issuer_that_nobody_announced() -> None:
    said = check_message(shown(green(), change()), STOCKHOLM)
    assert said.sv.endswith(
        f"Servercertifikatet {SEEN_SV} Utfärdaren är ny: CN=Function CA v2 i stället för"
        " CN=Function CA v1. Inget servicefönster hade aviserat bytet."
    )
    assert said.en.endswith(
        f"The server's certificate {SEEN_EN} The issuer is new: CN=Function CA v2 instead of"
        " CN=Function CA v1. No service window had announced it."
    )


def test_so_does_a_red_one() -> None:
    said = check_message(shown(bad(Status.RED, Rule.RED_AFTER), change()), STOCKHOLM)
    assert "Utfärdaren är ny" in said.sv


def test_what_was_to_be_expected_is_not_spoken_of() -> None:
    """The same issuer, an announced change, and one of a week ago."""
    plain = check_message(green(), STOCKHOLM)
    day = 86_400.0
    for event, later in (
        (change("CN=Function CA v1"), day),
        (change(announced="w"), day),
        (change(), 7 * day + 1),
    ):
        assert check_message(shown(green(), event, later), STOCKHOLM) == plain
    assert check_message(shown(green(), change(), 7 * day), STOCKHOLM) != plain


def test_an_issuer_from_outside_stays_on_one_line() -> None:
    said = change_message(change("CN=a\nb\u202ec"), source(make_check()), STOCKHOLM)
    assert said.sv.isprintable()


HELD_SV = "Mätningen hålls tillbaka till måndag 23 november 2026 kl. 20.15 eftersom servern har bett om det."
HELD_EN = (
    "The check is held back until Monday 23 November 2026 at 20:15 because the server asked for it."
)


def held(view: CheckView) -> CheckView:
    return replace(view, held_until=AT)


def test_a_stale_check_says_that_it_is_held_back() -> None:
    """And blames nobody: it is as the server has asked."""
    view = held(unknown(Rule.STALE, reason=Reason.INTERNAL, cause=Cause.MONITOR, last=green().last))
    said = check_message(view, STOCKHOLM)
    assert said.sv.endswith(f"och det är för länge sedan. {HELD_SV}")
    assert said.en.endswith(f"and that is too long ago. {HELD_EN}")


def test_so_does_its_service() -> None:
    view = held(unknown(Rule.STALE, reason=Reason.INTERNAL, cause=Cause.MONITOR))
    assert HELD_SV in service_message(make_service_view([view]), STOCKHOLM).sv


def test_a_failing_check_says_it_too_and_a_green_one_does_not() -> None:
    assert HELD_EN in check_message(held(bad(Status.RED, Rule.RED_AFTER)), STOCKHOLM).en
    assert held(green()).status is Status.GREEN
    assert HELD_EN not in check_message(held(green()), STOCKHOLM).en


def test_who_asked_too_often_is_told_so() -> None:
    view = held(unknown(Rule.MONITOR, reason=Reason.STATUS, cause=Cause.MONITOR))
    said = check_message(view, STOCKHOLM)
    assert said.sv.endswith(f"Felet ligger hos övervakningen, inte hos tjänsten. {HELD_SV}")
