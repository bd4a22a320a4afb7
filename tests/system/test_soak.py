"""Hours in minutes: nothing grows, whatever the servers do. Run by ``make soak``."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.breaking.kept import rows, sound
from tests.support.daemon.running import Running, estate, http_check, running, service
from tests.support.servers.ca import Authority
from tests.support.servers.http_server import serve_http
from tests.support.servers.raw_server import close_at_once, reset, serve_raw, silence

pytestmark = [pytest.mark.system, pytest.mark.slow]

WARM_UP = float(os.environ.get("DRIFTVAKT_SOAK_WARM_UP", "60"))
LENGTH = float(os.environ.get("DRIFTVAKT_SOAK_SECONDS", "540"))
EACH = 7
"""Checks of each target, five times a second: about 200 probes a second in all."""


def descriptors(daemon: Running) -> int:
    return len(list(Path(f"/proc/{daemon.pid}/fd").iterdir()))


def threads(daemon: Running) -> int:
    return len(list(Path(f"/proc/{daemon.pid}/task").iterdir()))


def resident(daemon: Running) -> float:
    """MiB."""
    pages = int(Path(f"/proc/{daemon.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def test_nothing_grows(tmp_path: Path, authority: Authority) -> None:
    """Good, untrusted, refused, reset, closed and silent targets: no more memory, no more
    descriptors, threads or probes under way after the first minute; and all that was seen is kept.
    """
    context = authority.server_context(authority.valid)
    trust = {"ca_file": str(authority.ca_file)}
    async with AsyncExitStack() as stack:
        plain = await stack.enter_async_context(serve_http())
        secure = await stack.enter_async_context(serve_http(tls=context))
        for server in (plain, secure):
            server.answer("/", body=b"x" * 2000)
        broken = [
            await stack.enter_async_context(serve_raw(script))
            for script in (silence, close_at_once, reset)
        ]
        targets: dict[str, dict[str, Any]] = {
            "plain": {"url": plain.url()},
            "secure": {"url": secure.url(), "tls": trust},
            "untrusted": {"url": secure.url()},
            "refused": {"url": "http://127.0.0.1:1/"},
            **{
                name: {"url": server.url()}
                for name, server in zip(("silent", "closed", "reset"), broken, strict=True)
            },
        }
        config = estate(
            *(
                service(name, *(http_check(f"c{n}", **target) for n in range(EACH)))
                for name, target in targets.items()
            ),
            defaults={"interval": "200ms", "retry_interval": "200ms", "timeout": "300ms"},
        )
        daemon = stack.enter_context(running(tmp_path, config, started=False))
        await asyncio.to_thread(daemon.event, "started")
        await asyncio.sleep(WARM_UP)
        before, threads_before = resident(daemon), threads(daemon)
        held = []
        for _ in range(int(LENGTH)):
            await asyncio.sleep(1.0)
            plain.arrivals.clear()
            secure.arrivals.clear()
            held.append(descriptors(daemon))
        after, threads_after = resident(daemon), threads(daemon)
        scrape = await asyncio.to_thread(daemon.metrics)
        assert await asyncio.to_thread(daemon.stop) == 0
    sound(tmp_path / "data")
    [seen] = rows(
        tmp_path / "data",
        "SELECT (SELECT count(*) FROM observation) + (SELECT coalesce(sum(count), 0) FROM block) AS n",
    )
    rate = seen["n"] / (WARM_UP + LENGTH)
    print(f"memory {before:.1f} → {after:.1f} MiB, descriptors {held[0]} → {held[-1]}")
    print(f"threads {threads_before} → {threads_after}, {rate:.0f} observations kept a second")
    assert rate > 100
    assert threads_after <= threads_before + 2
    assert after - before < 4.0
    half = len(held) // 2
    assert max(held[half:]) <= max(held[:half]) + 10
    assert scrape.one("driftvakt_probes_in_flight") <= EACH * len(targets)
    assert scrape.one("driftvakt_history_dropped_total", kind="observation") == 0
