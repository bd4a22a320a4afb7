"""Bombs and lies in content codings: unpacked to the limit and no further, cut ones found out."""

from __future__ import annotations

from probes.net.context import ProbeContext
from probes.observation import Reason
from tests.support.hostile.harness import Attack, suffer
from tests.support.servers.hostile.process import HostileServers
from tests.support.turns import Gauge

REASONS: dict[str, Reason | None] = {
    "bomb: gzip": Reason.TOO_LARGE,
    "bomb: x-gzip": Reason.TOO_LARGE,
    "bomb: deflate": Reason.TOO_LARGE,
    "bomb: raw deflate": Reason.TOO_LARGE,
    "bomb: zstd": Reason.TOO_LARGE,
    "bomb: brotli": Reason.TOO_LARGE,
    "bomb: brotli with a huge window": Reason.TOO_LARGE,
    # its first byte is that of brotli with the largest window
    "coding: gzip named br": Reason.TOO_LARGE,
    # no coding of HTTP's, or none at all: judged as it was sent
    "nested: gzip within gzip unsaid": None,
    "coding: unknown": None,
    "coding: empty": None,
    "coding: in capitals": None,
    "coding: nothing named gzip": None,
}


async def test_a_bomb_is_defused_and_a_lie_found_out(
    context: ProbeContext, attackers: HostileServers, gauge: Gauge
) -> None:
    """A gibibyte in a few kilobytes is ``too_large``; a coding that is not what it says, is cut off
    or holds another is ``protocol``.
    """
    names = attackers.named("bomb: ", "nested: ", "coding: ")
    attacks = [Attack(server=name, reason=REASONS.get(name, Reason.PROTOCOL)) for name in names]
    assert await suffer(gauge, context, attackers, attacks) == []


async def test_bombs_are_not_unpacked_for_nothing(
    context: ProbeContext, attackers: HostileServers, gauge: Gauge
) -> None:
    """With a limit of ten bytes, ten times as many bombs cost no more."""
    for name in ("bomb: gzip", "bomb: brotli", "bomb: zstd"):
        attacks = [
            Attack(
                server=name,
                reason=Reason.TOO_LARGE,
                label=f"{number}",
                settings={"max_body_bytes": 10},
            )
            for number in range(10)
        ]
        assert await suffer(gauge, context, attackers, attacks) == []
