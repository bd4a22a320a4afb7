"""Answers that never end: each is given up as soon as it is more than an answer can be."""

from __future__ import annotations

from probes.net.context import ProbeContext
from probes.observation import Reason
from tests.support.hostile.harness import Attack, suffer
from tests.support.servers.hostile.floods import SCRIPTS
from tests.support.servers.hostile.process import HostileServers
from tests.support.turns import Gauge

REASONS: dict[str, Reason | None] = {
    "flood: body": Reason.TOO_LARGE,
    "flood: body of a huge length": Reason.TOO_LARGE,
    "flood: chunks": Reason.TOO_LARGE,
    "flood: one huge chunk": Reason.TOO_LARGE,
    "flood: switched protocols": Reason.STATUS,
    "flood: redirect loop": Reason.REDIRECTS,
    "flood: redirect elsewhere": Reason.REDIRECTS,
    "flood: redirect ever longer": Reason.REDIRECTS,
    "flood: redirect ever longer, absolute": Reason.REDIRECTS,
    "flood: redirect with an endless body": Reason.REDIRECTS,
    # the answer itself was whole, and nothing after it is read
    "flood: answers after the answer": None,
    "flood: bytes after the answer": None,
    "flood: a body to HEAD": None,
}
SETTINGS = {"flood: a body to HEAD": {"method": "HEAD"}}


async def test_what_never_ends_is_given_up(
    context: ProbeContext, attackers: HostileServers, gauge: Gauge
) -> None:
    """A body ends at its limit, redirects at the tenth; anything else without end is no HTTP."""
    attacks = [
        Attack(
            server=name,
            reason=REASONS.get(name, Reason.PROTOCOL),
            settings=SETTINGS.get(name, {}),
            # unless it comes in one piece with the answer
            unless=Reason.PROTOCOL,
        )
        for name in SCRIPTS
    ]
    assert await suffer(gauge, context, attackers, attacks) == []


async def test_a_small_limit_ends_a_flood_as_well(
    context: ProbeContext, attackers: HostileServers, gauge: Gauge
) -> None:
    """``max_body_bytes`` is what is read, whatever the server has."""
    attacks = [
        Attack(server=name, reason=Reason.TOO_LARGE, settings={"max_body_bytes": 10})
        for name in ("flood: body", "flood: chunks", "flood: chunks of a byte")
    ]
    assert await suffer(gauge, context, attackers, attacks) == []
