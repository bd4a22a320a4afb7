"""The front page of two hundred services: issue 5, point 5."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.page import config, measure
from tests.system.daemon.counting import CountingServer
from tests.system.daemon.running import running, until

pytestmark = pytest.mark.system
SERVICES = 200


def test_two_hundred_services_are_light_and_soon_there(tmp_path: Path) -> None:
    """Under 100 kB, and the first byte within 20 ms; of three rounds the best counts, for other
    tests may be at work. Measured: 3 ms and 5 kB (``python -m tests.benchmarks.page``).
    """
    with CountingServer() as server, running(tmp_path, config(SERVICES, server)) as daemon:
        until(lambda: len(server.visits) > SERVICES / 10, "nothing is measured", 20)
        rounds = [measure(daemon, 10) for _ in range(3)]
    assert max(one.sent for one in rounds) < 100_000
    assert min(one.median for one in rounds) < 0.020
