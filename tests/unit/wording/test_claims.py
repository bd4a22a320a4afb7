"""Short ways of wording what thousands of services say."""

from __future__ import annotations

from itertools import product

import pytest

from monitor.model.status import Rule, Status
from monitor.model.text import Text
from monitor.wording.claims import Claim, check_claim, service_claim
from monitor.wording.grammar import LISTED, enumeration
from probes.observation import Reason
from tests.support.views import bad, service

RULES = (Rule.RED_AFTER, Rule.WINDOW)
REASONS = (Reason.CONNECT_REFUSED, Reason.LATENCY)


@pytest.mark.parametrize(("rule", "reason"), list(product(RULES, REASONS)))
def test_one_check_claims_what_two_of_its_kind_do(rule: Rule, reason: Reason) -> None:
    """A service of a single check is gone, or at risk, as its check is."""
    one = bad(Status.RED, rule, reason=reason)
    claim = service_claim(service(Status.RED, one))
    assert claim is service_claim(service(Status.RED, one, one))
    assert claim is check_claim(one)
    assert claim in (Claim.GONE, Claim.RISK)


@pytest.mark.parametrize("number", [1, 2, LISTED, LISTED + 1, LISTED + 2, 1000])
def test_names_that_are_not_listed_need_not_be_given(number: int) -> None:
    """The first few and the number say the same as all of them."""
    names = [Text(sv=f"sv{n}", en=f"en{n}") for n in range(number)]
    assert enumeration(names[: LISTED + 1], number) == enumeration(names)
