"""Sentences that can be read: at most 25 words, whatever is the matter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest

from monitor.model.status import Rule, Status
from monitor.model.text import Text
from monitor.wording import (
    check_finding,
    check_message,
    environment_message,
    overall_message,
    service_message,
    transition_message,
)
from monitor.wording.details_sv import PHRASES
from probes.observation import Cause, Reason
from tests.support.views import (
    EXPO,
    SINCE,
    STOCKHOLM,
    bad,
    environment,
    green,
    service,
    snapshot,
    transition,
    unknown,
)

LONGEST = 25
EXT5 = Text(sv="EXT5", en="EXT5")
DAYS = (SINCE + 600, SINCE + 3 * 86_400, SINCE + 30 * 86_400)
"""Read on the same day, within the week and later."""
RULES = (
    (Status.RED, Rule.RED_AFTER),
    (Status.RED, Rule.WINDOW),
    (Status.YELLOW, Rule.WINDOW),
    (Status.YELLOW, Rule.YELLOW_AFTER),
    (Status.YELLOW, Rule.DEGRADED_AFTER),
    (Status.YELLOW, Rule.GREEN_AFTER),
)
_END = re.compile(r"(?<!kl)[.!?] (?=[A-ZÅÄÖ0-9])")
_ASIDE = re.compile(r" \([^()]* [^()]*\)")


def sentences(text: Text) -> Iterator[str]:
    """Each sentence of both languages, without asides: evidence is as long as it is."""
    for said in (text.sv, text.en):
        yield from _END.split(_ASIDE.sub("", said))


def messages(now: float, reason: Reason, cause: Cause) -> Iterator[Text]:
    for (status, rule), failures in product(RULES, (1, 3)):
        check = bad(status, rule, failures, 20, failures, reason=reason, cause=cause)
        yield check_message(check, STOCKHOLM, EXPO, EXT5, now=now)
        yield check_finding(check, STOCKHOLM, now=now)
        for view in (
            service(status, check),
            service(status, check, green("port")),
            service(Status.RED, check, declared=Status.RED, planned=True),
        ):
            yield service_message(view, STOCKHOLM, EXT5, now=now)
            whole = environment(status, view, service(Status.GREEN, green(), name="nll"))
            yield environment_message(whole, STOCKHOLM, now=now)
            yield overall_message(snapshot(status, whole, whole))
            for before in Status:
                yield transition_message(transition(before, status), snapshot(status, whole))
    ours = unknown(Rule.MONITOR, reason=reason, cause=cause)
    yield check_message(ours, STOCKHOLM, EXPO, EXT5, now=now)
    yield service_message(service(Status.UNKNOWN, ours), STOCKHOLM, EXT5, now=now)


@pytest.mark.parametrize("now", DAYS)
@pytest.mark.parametrize("reason", Reason)
def test_no_sentence_has_more_than_25_words(now: float, reason: Reason) -> None:
    """Of a check, a service, an environment, everything and a change; each rule and cause."""
    for cause in Cause:
        for message in messages(now, reason, cause):
            for said in sentences(message):
                assert len(said.split()) <= LONGEST, said


def test_no_detail_has_more_than_25_words() -> None:
    """In either language."""
    for english, swedish in PHRASES:
        for clause in (*english.split(": "), *swedish.split(": ")):
            assert len(clause.split()) <= LONGEST, clause


def test_a_date_is_told_once() -> None:
    """Today has none, a day of this week is its name, and nothing says a day twice."""
    view = service(Status.RED, bad(Status.RED, Rule.RED_AFTER))
    today, week, later = (service_message(view, STOCKHOLM, EXT5, now=now).sv for now in DAYS)
    assert " sedan 14.02. " in today
    assert " sedan måndag 14.02. " in week
    assert " sedan 23 november 14.02. " in later
    assert all(said.count("14.02") == 1 for said in (today, week, later))
