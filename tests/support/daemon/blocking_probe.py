"""A plug-in of the worst kind: its probe keeps the event loop busy. Installed by :func:`install`."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from probes.kind import Kind
from probes.net.context import ProbeContext
from probes.observation import Observation
from probes.settings import Duration, ProbeSettings


class BlockingSettings(ProbeSettings):
    block_for: Duration
    while_exists: str
    """A file: where it is gone, nothing is blocked any more."""

    def target(self) -> str:
        return "nothing but our own processor"

    def endpoint(self) -> tuple[str, int]:
        return "ourselves", 1


def prepare(
    settings: BlockingSettings, timeout: float, context: ProbeContext
) -> Callable[[], Awaitable[Observation]]:
    file = Path(settings.while_exists)

    def spin() -> None:
        begun = time.perf_counter()
        while time.perf_counter() < begun + settings.block_for and file.exists():
            pass

    async def block() -> Observation:
        at = context.clock()
        spin()
        return Observation(at=at, duration=0.001)

    return block


KIND = Kind(name="blocking", settings=BlockingSettings, prepare=prepare, latency=None)


def install(folder: Path) -> dict[str, str]:
    """Installs the plug-in in ``folder``; gives the environment variables that make it found."""
    metadata = folder / "driftvakt_blocking-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: x\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[driftvakt.probes]\nblocking = tests.support.daemon.blocking_probe:KIND\n"
    )
    return {"PYTHONPATH": str(folder)}
