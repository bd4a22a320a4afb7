"""From where a check fails, from where it works, and from where nobody measures."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement

import pytest

from monitor.judging.snapshot import CheckView
from monitor.model.estate import Location
from monitor.model.status import Rule, Status
from monitor.model.text import Text
from monitor.wording import check_finding, check_message, service_message
from monitor.wording.locations import MOST_WORDS, locations
from probes.observation import Reason
from tests.support.located import INTERNET, SJUNET, seen_from, together
from tests.support.views import SINCE, STOCKHOLM, bad, green, service, unknown

NOW = SINCE + 600


def refused() -> CheckView:
    return bad(Status.RED, Rule.RED_AFTER, reason=Reason.CONNECT_REFUSED, detail="")


def one_of(status: Status) -> CheckView:
    match status:
        case Status.RED:
            return refused()
        case Status.YELLOW:
            return bad(Status.YELLOW, Rule.YELLOW_AFTER, 1, 20, 1)
        case Status.UNKNOWN:
            return unknown(Rule.UNMEASURED)
    return green()


def whole(*places: CheckView) -> CheckView:
    return together(Status.YELLOW, places)


def said(view: CheckView) -> Text:
    found = locations(view)
    assert found is not None
    return found


def test_out_of_reach_from_one_place_and_well_from_the_other() -> None:
    """The sentence of the design, in both languages."""
    found = said(whole(seen_from(SJUNET, refused()), seen_from(INTERNET, green())))
    assert found == Text(
        sv="Nås inte från Sjunet; från internet i full drift.",
        en="Out of reach from Sjunet; from the internet in full operation.",
    )


def test_a_service_that_answers_wrongly_is_not_called_out_of_reach() -> None:
    """It is there, and not available."""
    wrong = bad(Status.RED, Rule.RED_AFTER)
    found = said(whole(seen_from(SJUNET, wrong), seen_from(INTERNET, unknown(Rule.STALE))))
    assert found == Text(
        sv="Inte tillgänglig från Sjunet; mäts inte från internet.",
        en="Not available from Sjunet; not measured from the internet.",
    )


def test_nothing_is_said_where_all_places_say_the_same() -> None:
    """Nor of a check without declared places."""
    assert (
        locations(together(Status.RED, [seen_from(one, refused()) for one in (SJUNET, INTERNET)]))
        is None
    )
    assert locations(together(Status.RED, [seen_from(SJUNET, refused())])) is None
    assert locations(refused()) is None


@pytest.mark.parametrize("number", [2, 3, 9])
def test_the_sentence_can_be_read_whatever_the_places_say(number: int) -> None:
    """At most 25 words in both languages, with long titles and many places too."""
    places = [
        Location(
            name=f"p{n}", title=Text(sv=f"Region Norr plats {n}", en=f"Region North place {n}")
        )
        for n in range(number)
    ]
    for statuses in combinations_with_replacement(Status, number):
        views = [seen_from(at, one_of(status)) for at, status in zip(places, statuses, strict=True)]
        found = locations(whole(*views))
        assert (found is None) is (len(set(statuses)) == 1)
        if found is not None:
            assert max(len(found.sv.split()), len(found.en.split())) <= MOST_WORDS
            for text in (found.sv, found.en):
                assert text[0].isupper()
                assert text.endswith(".")


def test_check_service_and_finding_say_from_where() -> None:
    """Beside the evidence of the place that speaks."""
    view = whole(seen_from(SJUNET, refused()), seen_from(INTERNET, green()))
    for text in (
        check_message(view, STOCKHOLM, now=NOW),
        check_finding(view, STOCKHOLM, now=NOW),
        service_message(service(Status.YELLOW, view), STOCKHOLM, now=NOW),
    ):
        assert "Nås inte från Sjunet; från internet i full drift." in text.sv
    claim = check_message(view, STOCKHOLM, now=NOW)
    assert "konstaterad störning och fungerar med nedsatt funktionalitet" in claim.sv


def test_red_while_one_place_is_served_is_a_risk() -> None:
    """It is not said to be gone for all."""
    view = together(Status.RED, [seen_from(SJUNET, refused()), seen_from(INTERNET, green())])
    assert "risks being unavailable" in check_message(view, STOCKHOLM, now=NOW).en
    missing = seen_from(INTERNET, unknown(Rule.UNMEASURED))
    gone = together(Status.RED, [seen_from(SJUNET, refused()), missing])
    assert "is not available" in check_message(gone, STOCKHOLM, now=NOW).en


def test_green_says_from_where_nobody_measures() -> None:
    """The check's message does, and its service's where none of its checks is measured from there."""
    place = seen_from(INTERNET, unknown(Rule.UNMEASURED))
    view = together(Status.GREEN, [seen_from(SJUNET, green()), place])
    assert "mäts inte från internet." in check_message(view, STOCKHOLM, now=NOW).sv
    told = service_message(service(Status.GREEN, view), STOCKHOLM, now=NOW)
    assert told.sv.endswith("Mäts inte från internet.")
    assert told.en.endswith("Not measured from the internet.")
    other = together(Status.GREEN, [seen_from(SJUNET, green()), seen_from(INTERNET, green())])
    both = service_message(service(Status.GREEN, view, other), STOCKHOLM, now=NOW)
    assert "internet" not in both.sv


def test_too_few_places_are_the_reason_that_nothing_is_known() -> None:
    """And the sentence after it says which of them do what."""
    place = seen_from(INTERNET, unknown(Rule.UNMEASURED))
    view = together(Status.UNKNOWN, [seen_from(SJUNET, green()), place], Rule.QUORUM)
    message = check_message(view, STOCKHOLM, now=NOW)
    assert "mäts från för få platser sedan" in message.sv
    assert "has been measured from too few places since" in message.en
    assert "Från Sjunet i full drift; mäts inte från internet." in message.sv


def test_a_place_without_a_title_is_called_by_its_name() -> None:
    """As everything else is."""
    nameless = replace(SJUNET, title=Text(sv="", en=""))
    found = said(whole(seen_from(nameless, refused()), seen_from(INTERNET, green())))
    assert "från sjunet" in found.sv
