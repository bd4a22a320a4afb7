"""The attackers, once for all tests; and both loops, as for the other tests of probes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping

import pytest
import uvloop

from tests.support.servers.hostile.process import HostileServers, hostile_servers
from tests.support.turns import PROCESSOR, WALL, Gauge


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(params=["processor", pytest.param("clock", marks=pytest.mark.slow)])
def gauge(request: pytest.FixtureRequest) -> Gauge:
    """What time is measured with: by a clock in ``make soak`` only."""
    return PROCESSOR if request.param == "processor" else WALL


@pytest.fixture(scope="session")
def attackers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileServers]:
    """Where to be attacked."""
    if sys.platform != "linux":
        pytest.skip("what an attack costs is read from Linux's /proc")
    with hostile_servers(tmp_path_factory.mktemp("hostile")) as servers:
        yield servers
