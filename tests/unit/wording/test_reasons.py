"""Every reason, cause and status has its words in both languages."""

from __future__ import annotations

import pytest

from monitor.model.status import Rule, Status
from monitor.model.text import Text
from monitor.wording import check_message, reason_phrase, status_word
from monitor.wording.reasons import whose
from probes.observation import Cause, Reason
from tests.support.views import STOCKHOLM, bad


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_a_clause_in_both_languages(reason: Reason) -> None:
    """A phrase begins in the middle of a sentence and ends without a stop."""
    phrase = reason_phrase(reason)
    for text in (phrase.sv, phrase.en):
        assert text == text.strip()
        assert not text.endswith((".", ","))
        assert text[0].islower() or text.startswith(("TLS", "FHIR"))
        assert len(text.split()) >= 2
    assert phrase.sv != phrase.en


def test_no_two_reasons_sound_the_same() -> None:
    """A reader can tell the reasons apart."""
    assert len({reason_phrase(reason).sv for reason in Reason}) == len(Reason)
    assert len({reason_phrase(reason).en for reason in Reason}) == len(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_swedish_phrases_stand_after_eftersom(reason: Reason) -> None:
    """No adverb that would have to move in a subordinate clause."""
    words = reason_phrase(reason).sv.split()
    assert not {"inte", "ännu", "snart", "redan", "aldrig"} & set(words)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_said_in_the_message(reason: Reason) -> None:
    """The message of a red check holds the reason in words, and the probe's clause."""
    view = bad(Status.RED, Rule.RED_AFTER, reason=reason, detail="seen so")
    message = check_message(view, STOCKHOLM)
    assert f"Senaste orsak: {reason_phrase(reason).sv} (seen so)" in message.sv
    assert f"The latest reason: {reason_phrase(reason).en} (seen so)" in message.en


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_says_whose_trouble_it_is(cause: Cause) -> None:
    """The message says it too."""
    message = check_message(bad(Status.RED, Rule.RED_AFTER, cause=cause), STOCKHOLM)
    assert message.sv.endswith(whose(cause).sv)
    assert message.en.endswith(whose(cause).en)


def test_the_monitors_own_trouble() -> None:
    """... is never shown as the target's."""
    assert whose(Cause.MONITOR) == Text(
        sv="Felet ligger hos övervakningen, inte hos tjänsten.",
        en="The fault lies with the monitor, not with the service.",
    )


def test_status_words() -> None:
    """A status in the agency's own words."""
    assert [status_word(status).sv for status in Status] == [
        "i full drift",
        "störning",
        "inte tillgänglig",
        "okänt",
    ]
    assert [status_word(status).en for status in Status] == [
        "in full operation",
        "disturbance",
        "not available",
        "unknown",
    ]


def test_that_nobody_can_tell_is_not_that_a_certificate_is_revoked() -> None:
    """A responder that is down must not read as a certificate that is revoked."""
    for cause in (Cause.DEPENDENCY, Cause.MONITOR):
        phrase = reason_phrase(Reason.TLS_REVOKED, cause)
        assert phrase.sv == "det är okänt om servercertifikatet är spärrat"
        assert phrase.en == "it is unknown whether the server's certificate is revoked"
    assert reason_phrase(Reason.TLS_REVOKED, Cause.TARGET) == reason_phrase(Reason.TLS_REVOKED)
    view = bad(
        Status.RED, Rule.RED_AFTER, reason=Reason.TLS_REVOKED, cause=Cause.DEPENDENCY, detail="x"
    )
    message = check_message(view, STOCKHOLM)
    assert "Senaste orsak: det är okänt om servercertifikatet är spärrat (x)" in message.sv
    assert (
        "The latest reason: it is unknown whether the server's certificate is revoked (x)"
        in message.en
    )
