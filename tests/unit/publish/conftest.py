"""What the tests of publishing share."""

from __future__ import annotations

import pytest

from monitor.judging.snapshot import Snapshot
from monitor.publish.metrics.metrics import Metrics
from tests.support.exposition_reader import Scrape, Scraper


@pytest.fixture
async def metrics() -> Metrics:
    return Metrics("1.2.3")


@pytest.fixture
def scrape(metrics: Metrics) -> Scraper:
    async def of(snapshot: Snapshot) -> Scrape:
        return Scrape((await metrics.render(snapshot)).plain())

    return of
