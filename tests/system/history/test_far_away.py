"""A PostgreSQL that is far away: a restart at size asks little, and forgets nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.history.compaction import IDLE, Upkeep
from monitor.model.status import Status
from tests.benchmarks.restoring import INTERVAL, NOW, estate_of, far, lived, restarted
from tests.support.servers.far_away import far_away
from tests.support.servers.postgres import Postgres

pytestmark = pytest.mark.system

HANDFUL = 12
"""Round trips beside those of connecting."""


async def test_a_restart_asks_as_little_of_ten_thousand_checks_as_of_a_hundred(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same number of round trips, whatever is watched; and within three intervals nothing has
    changed, after them all is unknown.
    """
    monkeypatch.setattr(Upkeep, "piece", lambda _: IDLE)
    asked = {}
    with far_away(postgres.port) as way:
        for number in (0, 120, 10_000):
            folder = tmp_path / str(number)
            estate, store = estate_of(number), postgres.make()
            await lived(estate, store, folder)
            by_way = far(store, way, postgres)
            found = await restarted(estate, by_way, folder, way)
            assert found.restored
            assert found.changes == []
            asked[number] = found.round_trips
            late = await restarted(estate, by_way, folder, way, NOW + 5 * INTERVAL)
            services = [one for one in late.changes if one.service is not None]
            assert len(services) == number // 2
            assert {one.after for one in services} <= {Status.UNKNOWN}
    assert asked[120] == asked[10_000], asked
    assert asked[120] - asked[0] <= HANDFUL, asked
