"""What every test may use: real servers, and the rule that CI skips nothing."""

from __future__ import annotations

import asyncio.constants
import gc
import os
import sys
from collections.abc import AsyncIterator, Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import Scheduling

from probes.net.context import ProbeContext
from tests.support.servers.blackhole import blackhole as make_blackhole
from tests.support.servers.blackhole import closed_port as make_closed_port
from tests.support.servers.ca import Authority
from tests.support.servers.dns_server import DnsServer, serve_dns
from tests.support.servers.http_server import HttpServer, serve_http
from tests.support.servers.programs import HOW_TO_INSTALL, skips_are_failures
from tests.support.spreading import ByFile, spread

# the program is started some hundred times: it is compiled once, whatever the environment says
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# what commands print is as wide as they like, whatever terminal the tests are started in
os.environ.pop("COLUMNS", None)
sys.dont_write_bytecode = False
# how long an example takes says how busy the machine is
settings.register_profile("driftvakt", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("driftvakt")
# asyncio's debug mode notes of each task and callback where it was made: ten frames of each are a
# third of what all tests cost, and the nearest one says it
vars(asyncio.constants)["DEBUG_STACK_DEPTH"] = 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """Who gives the workers what is next."""
    return ByFile(config, log) if config.option.dist == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """While some workers wait for servers, others have something to do."""
    items[:] = spread(items, lambda one: one.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What the tests are made of stays until the end: searching all of it for cycles again and
    again would be a quarter of what they cost.
    """
    gc.collect()
    gc.freeze()


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not report.skipped or hasattr(report, "wasxfail") or not skips_are_failures():
        return
    why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = (
        f"{why}\nNothing may be skipped here. To install what is missing: {HOW_TO_INSTALL}"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skipped test fails where nothing may be skipped."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """So does a skipped file."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Certificates of every kind."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
async def context() -> AsyncIterator[ProbeContext]:
    """What probes share, closed at the test's end."""
    async with ProbeContext() as made:
        yield made


@pytest.fixture
async def http_server() -> AsyncIterator[HttpServer]:
    """A plain HTTP server."""
    async with serve_http() as server:
        yield server


@pytest.fixture
async def https_server(authority: Authority) -> AsyncIterator[HttpServer]:
    """An HTTP server over TLS with a valid certificate."""
    async with serve_http(tls=authority.server_context(authority.valid)) as server:
        yield server


@pytest.fixture
async def dns_server() -> AsyncIterator[DnsServer]:
    """A name server on 127.0.0.1."""
    async with serve_dns() as server:
        yield server


@pytest.fixture
def blackhole() -> Iterator[tuple[str, int]]:
    """An address and port where connecting hangs."""
    with make_blackhole() as address:
        yield address


@pytest.fixture
def closed_port() -> Iterator[tuple[str, int]]:
    """An address and port that refuse."""
    with make_closed_port() as address:
        yield address
