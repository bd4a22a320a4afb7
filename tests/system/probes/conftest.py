"""Probes run in asyncio's own loop and in uvloop, which the daemon uses. What several files share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from probes.net.context import ProbeContext
from tests.support.probes.oauth2 import Time
from tests.support.probes.revocation import Asker
from tests.support.servers.ca import Authority
from tests.support.servers.chains import Chains
from tests.support.servers.http_server import HttpServer
from tests.support.servers.revocation_server import Office
from tests.support.servers.token_server import TokenServer, serve_tokens


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def tokens() -> AsyncIterator[TokenServer]:
    """A token service."""
    async with serve_tokens() as server:
        yield server


@pytest.fixture
def timer() -> Time:
    """Of :func:`moved`."""
    return Time()


@pytest.fixture
async def moved(timer: Time) -> AsyncIterator[ProbeContext]:
    """A context whose timer a test can move on."""
    async with ProbeContext(timer=timer) as made:
        yield made


@pytest.fixture(scope="module")
def chains(tmp_path_factory: pytest.TempPathFactory) -> Chains:
    return Chains(tmp_path_factory.mktemp("revocation"))


@pytest.fixture
async def office(chains: Chains, http_server: HttpServer) -> Office:
    """The root's own office."""
    return Office(http_server, chains.root)


@pytest.fixture
def ask(context: ProbeContext, authority: Authority, chains: Chains) -> Asker:
    return Asker(context, authority, chains)
