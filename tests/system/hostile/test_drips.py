"""Answers dripped byte by byte: the one deadline ends them, wherever they drip."""

from __future__ import annotations

from probes.observation import Reason
from probes.tools import Tools
from tests.servers.hostile import HostileServers
from tests.servers.hostile_drips import SCRIPTS
from tests.system.hostile.harness import Attack, suffer
from tests.turns import Gauge


async def test_whatever_drips_ends_at_the_deadline(
    tools: Tools, attackers: HostileServers, gauge: Gauge
) -> None:
    """Each byte comes in time and the whole does not: reason ``timeout``, at no cost to others."""
    attacks = [Attack(server=name, reason=Reason.TIMEOUT) for name in SCRIPTS]
    assert await suffer(gauge, tools, attackers, attacks) == []
