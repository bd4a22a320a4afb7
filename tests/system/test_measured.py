"""Each phase of a probe is what the server knows it to be: its delays are scripted by the name asked
for, and it notes its own instants on the clock that all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import statistics
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from probes.http import probe as http
from probes.http.settings import HttpSettings
from probes.net.context import ProbeContext
from probes.net.resolver import Found
from probes.observation import Observation
from tests.benchmarks.delayed import Served, server_context
from tests.benchmarks.scripted_names import DOMAIN, Script
from tests.support.servers.ca import Authority

pytestmark = [pytest.mark.system, pytest.mark.slow]  # a measurement, for a machine at rest

ROOT = Path(__file__).parents[2]
PROBES = 60
RATE = 20.0
GOAL = 0.001
"""Seconds that the median error of a phase may have, beside what the machine itself is late by."""


@dataclass(frozen=True, slots=True)
class Server:
    """A delayed server in a process of its own."""

    plain: int
    tls: int
    told: dict[str, Served]
    """By name, once it has ended."""

    def url(self, name: str, *, tls: bool) -> str:
        return f"https://{name}:{self.tls}/" if tls else f"http://{name}:{self.plain}/"


@asynccontextmanager
async def delayed(certificate: Path, file: Path) -> AsyncIterator[Server]:
    with (
        socket.create_server(("127.0.0.1", 0)) as plain,
        socket.create_server(("127.0.0.1", 0)) as tls,
    ):
        server = Server(plain.getsockname()[1], tls.getsockname()[1], {})
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.benchmarks.delayed", str(file)),
            *(f"--plain={plain.fileno()}", f"--tls={tls.fileno()}", f"--certificate={certificate}"),
            pass_fds=[plain.fileno(), tls.fileno()],
            cwd=ROOT,
        )
        try:
            yield server
        finally:
            process.terminate()
            await process.wait()
    server.told.update(read(file))


def read(file: Path) -> dict[str, Served]:
    every = [Served(**json.loads(line)) for line in file.read_text().splitlines()]
    return {served.name: served for served in every}


class SlowNames:
    """A resolver that takes its time as the name says, and notes how much it was."""

    def __init__(self) -> None:
        self.took: dict[str, float] = {}

    async def resolve(self, host: str, family: socket.AddressFamily) -> Found:
        begun = time.perf_counter()
        await asyncio.sleep(Script.asked_by(host).resolve)
        self.took[host] = time.perf_counter() - begun
        return Found(("127.0.0.1",))

    async def close(self) -> None:
        """Nothing is held."""


@contextmanager
def lag() -> Iterator[list[float]]:
    """How late the running loop hears of what happens outside of it, in seconds."""
    found: list[float] = []
    loop = asyncio.get_running_loop()
    stop = threading.Event()

    def note(at: float) -> None:
        found.append(time.perf_counter() - at)

    def knock() -> None:
        while not stop.wait(0.01):
            loop.call_soon_threadsafe(note, time.perf_counter())

    knocking = threading.Thread(target=knock)
    knocking.start()
    try:
        yield found
    finally:
        stop.set()
        knocking.join()


async def cryptography(certificate: Path, ca_file: Path) -> float:
    """Seconds that a client's side of one handshake takes here with no network, at the pace of the
    probes: a processor that has done something else meanwhile is slower.
    """
    client_context = ssl.create_default_context(cafile=str(ca_file))
    tls_context = server_context(certificate)
    spent = []
    for _ in range(15):
        await asyncio.sleep(1 / RATE)
        to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = tls_context.wrap_bio(to_server, to_client, server_side=True)
        begun = time.perf_counter()
        client = client_context.wrap_bio(to_client, to_server, server_hostname=f"x.{DOMAIN}")
        with pytest.raises(ssl.SSLWantReadError):
            client.do_handshake()
        asked = time.perf_counter()
        with pytest.raises(ssl.SSLWantReadError):
            server.do_handshake()
        answered = time.perf_counter()
        client.do_handshake()
        spent.append(time.perf_counter() - answered + asked - begun)
    return statistics.median(spent)


@dataclass(slots=True)
class Errors:
    """Reported minus true, in seconds, by phase."""

    resolve: list[float] = field(default_factory=list)
    connect: list[float] = field(default_factory=list)
    tls: list[float] = field(default_factory=list)
    processing: list[float] = field(default_factory=list)
    transfer: list[float] = field(default_factory=list)

    def add(self, seen: Observation, true: Served, resolved: float) -> None:
        phases = seen.phases
        assert seen.reason is None, seen.detail
        assert phases.resolve is not None
        assert phases.connect is not None
        assert phases.processing is not None
        assert phases.transfer is not None
        assert (phases.tls is not None) == bool(true.hello)
        self.resolve.append(phases.resolve - resolved)
        self.connect.append(phases.connect)  # the kernel accepts at once
        if phases.tls is not None:
            self.tls.append(phases.tls - (true.flight - true.hello))
        self.processing.append(phases.processing - (true.first - true.request))
        self.transfer.append(phases.transfer - (true.last - true.first))


async def test_the_error_of_every_phase_is_below_a_millisecond_at_the_median(
    authority: Authority, tmp_path: Path
) -> None:
    """At 20 probes a second, plain and TLS in turn, with delays of 0 to 200 ms in every phase but
    connect: no phase holds another's time, a delay of the server, or more than a millisecond of ours
    (for TLS, beside our own cryptography; on a busy machine, beside the lag that the loop has).
    """
    asyncio.get_running_loop().set_debug(False)  # which takes time of its own
    pair = authority.issue(f"*.{DOMAIN}")
    certificate = tmp_path / "delayed.pem"
    certificate.write_bytes(pair.cert_file.read_bytes() + pair.key_file.read_bytes())
    names = SlowNames()
    seen: dict[str, Observation] = {}

    async with ProbeContext(resolver=names) as context:

        async def probe(server: Server, number: int, *, tls: bool) -> None:
            name = Script.turn(number // 2).name(number)
            settings: dict[str, Any] = {"url": server.url(name, tls=tls)}
            if tls:
                settings["tls"] = {"ca_file": str(authority.ca_file)}
            parsed = HttpSettings.model_validate(settings)
            seen[name] = await http.prepare(parsed, 5.0, context)()

        async with delayed(certificate, tmp_path / "served.txt") as server:
            await probe(server, PROBES, tls=False)  # the server has started
            await probe(server, PROBES + 1, tls=True)
            seen.clear()
            with lag() as lags:
                async with asyncio.TaskGroup() as group:
                    for number in range(PROBES):
                        group.create_task(probe(server, number, tls=bool(number % 2)))
                        await asyncio.sleep(1 / RATE)

    errors = Errors()
    for name, observation in seen.items():
        errors.add(observation, server.told[name], names.took[name])
    late = 3 * statistics.median(lags)
    own = await cryptography(certificate, authority.ca_file)
    medians = {phase: statistics.median(getattr(errors, phase)) for phase in Errors.__slots__}
    assert len(errors.connect) == PROBES
    for phase, median in medians.items():
        allowed = GOAL + late + (own if phase == "tls" else 0.0)
        assert -GOAL - late < median < allowed, (phase, medians, late, own)
