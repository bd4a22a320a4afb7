"""Answers dripped byte by byte: the one deadline ends them, wherever they drip."""

from __future__ import annotations

from probes.net.context import ProbeContext
from probes.observation import Reason
from tests.support.hostile.harness import Attack, suffer
from tests.support.servers.hostile.drips import SCRIPTS
from tests.support.servers.hostile.process import HostileServers
from tests.support.turns import Gauge


async def test_whatever_drips_ends_at_the_deadline(
    context: ProbeContext, attackers: HostileServers, gauge: Gauge
) -> None:
    """Each byte comes in time and the whole does not: reason ``timeout``, at no cost to others."""
    attacks = [Attack(server=name, reason=Reason.TIMEOUT) for name in SCRIPTS]
    assert await suffer(gauge, context, attackers, attacks) == []
