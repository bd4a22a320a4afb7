"""A site whose /probe serves modules of a test."""

from __future__ import annotations

import asyncio
import functools
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession, web

from monitor.blackbox.prober import Prober
from monitor.blackbox.route import probe_route
from monitor.publish.web.app import BoundedRunner, Lock, application
from monitor.settings.blackbox.file import read_modules
from monitor.settings.blackbox.modules import Module
from monitor.settings.errors import ConfigurationError, Report
from tests.support.web_site import FixedSource


class Asked:
    """What /probe said."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text

    @functools.cached_property
    def samples(self) -> dict[str, float]:
        lines = [line for line in self.text.splitlines() if line and line[0] != "#"]
        pairs = [line.rpartition(" ") for line in lines]
        return {name: float(value) for name, _, value in pairs}

    @property
    def names(self) -> set[str]:
        return {name.partition("{")[0] for name in self.samples}

    def __getitem__(self, name: str) -> float:
        return self.samples.get(name, math.nan)

    @property
    def success(self) -> bool:
        return self["probe_success"] == 1


class Site:
    """Asks a served /probe."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session

    async def __call__(
        self,
        target: str | None,
        module: str | None = "m",
        scrape: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: str,
    ) -> Asked:
        asked = {"target": target, "module": module, **more}
        query = {key: value for key, value in asked.items() if value is not None}
        said = dict(headers or {})
        if scrape is not None:
            said["X-Prometheus-Scrape-Timeout-Seconds"] = scrape
        async with self._session.get("/probe", params=query, headers=said) as answer:
            return Asked(answer.status, await answer.text())


def load_modules(path: Path) -> Mapping[str, Module]:
    """The modules of a file that has no fault. Raises :class:`ConfigurationError`."""
    report = Report()
    found = read_modules(path, report)
    if report.faults:
        raise ConfigurationError(report.faults)
    return found


@asynccontextmanager
async def serve_probe(
    folder: Path,
    modules: str | None,
    *,
    at_once: int = 50,
    lock: Lock | None = None,
    targets: Sequence[str] = (),
) -> AsyncIterator[Site]:
    """A running site with the modules of a ``blackbox.yml``, or without one."""
    known = None
    if modules is not None:
        file = folder / "blackbox.yml"
        await asyncio.to_thread(file.write_text, modules)
        known = await asyncio.to_thread(load_modules, file)
    prober = Prober("driftvakt/test", at_once=at_once)
    route = probe_route(lambda: known, lambda: prober, lambda: targets)
    runner = BoundedRunner(application(FixedSource(), lock=lock, probe=route), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        async with ClientSession(f"http://127.0.0.1:{port}") as session:
            yield Site(session)
    finally:
        await runner.cleanup()
        await prober.close()
