"""JSON that is dear to read: deep, wide, with numbers that no machine holds."""

from __future__ import annotations

from typing import Any

from probes.net.context import ProbeContext
from probes.observation import Reason
from tests.support.hostile.harness import Attack, suffer
from tests.support.servers.hostile.process import HostileServers
from tests.support.turns import Gauge

GOOD_WITH_A = {
    "json: 1,000 deep",
    "json: a fraction of 100,000 digits",
    "json: the same key twice",
    "json: one text of 900,000 characters",
    "json: escapes",
}


def expecting(**rule: Any) -> dict[str, Any]:
    return {"expect": {"jsonpath": [rule]}}


async def test_no_json_hurts(
    context: ProbeContext, attackers: HostileServers, gauge: Gauge
) -> None:
    """Whatever is no JSON, or too much of it, is reason ``jsonpath``."""
    settings = expecting(path="$.a", exists=True)
    attacks = [
        Attack(
            server=name,
            reason=None if name in GOOD_WITH_A else Reason.JSONPATH,
            settings=settings,
        )
        for name in attackers.named("json: ")
    ]
    assert await suffer(gauge, context, attackers, attacks) == []


async def test_no_query_hurts(
    context: ProbeContext, attackers: HostileServers, gauge: Gauge
) -> None:
    """Queries that descend, filter, compare and match meet each document within the bounds."""
    rules = [
        expecting(path="$..zzz", exists=True),
        expecting(path="$..[?@..zzz]", exists=True),
        expecting(path="$.a", at_least=1e308),
        expecting(path="$.a", matches="(a*)*b$"),
        expecting(path="$[?match(@, '(a|aa)+b')]", exists=True),
    ]
    attacks = [
        Attack(server=name, reason=Reason.JSONPATH, label=f"{number}", settings=rule)
        for number, rule in enumerate(rules)
        for name in attackers.named("json: ")
    ]
    assert await suffer(gauge, context, attackers, attacks) == []


async def test_no_pattern_backtracks(
    context: ProbeContext, attackers: HostileServers, gauge: Gauge
) -> None:
    """Patterns that hang a backtracking engine meet a million letters made for them, in time."""
    patterns = [
        "(a*)*$x",
        "(a|aa)+[x]$",
        "^(a+)+x",
        "(.*)*x(.*)*y",
        "([a-z]+)*[0-9]",
        "(a?){100}a{100}x",
        r"(ab|a|b|ba)*\d",
    ]
    attacks = [
        Attack(
            server=name,
            reason=Reason.BODY,
            label=pattern,
            settings={"expect": {"body_matches": [pattern]}},
        )
        for name in attackers.named("pattern: ")
        for pattern in patterns
    ]
    attacks += [
        Attack(
            server="pattern: in a header",
            reason=Reason.HEADER,
            label=f"{pattern} in a header",
            settings={"expect": {"headers": {"X": pattern}}},
        )
        for pattern in patterns
    ]
    assert await suffer(gauge, context, attackers, attacks) == []
