"""Servers that try to hurt whoever asks them, in a process of their own.

What an attack costs is measured in the process that is attacked, so that the attacker's own memory and
work must not be in it. ``python -m tests.servers.hostile FOLDER`` serves every script, each on a
port of its own, until its standard input ends: it never outlives the tests.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.patience import PATIENCE
from tests.servers.raw_server import Script, serve_raw

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileServers:
    """Where each script is played, and the authority that signed those of TLS."""

    ports: dict[str, int]
    ca_file: Path

    def url(self, name: str, path: str = "/") -> str:
        scheme = "https" if name.startswith(("tls ", "handshake: ")) else "http"
        return f"{scheme}://127.0.0.1:{self.ports[name]}{path}"


@contextmanager
def hostile_servers(folder: Path) -> Iterator[HostileServers]:
    """All of them, running; on leaving, the process has ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.servers.hostile", str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        assert said, "the hostile servers did not start"
        yield HostileServers(ports=json.loads(said), ca_file=folder / "ca.pem")
    finally:
        process.stdin.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


async def _serve(folder: Path) -> None:
    from tests.servers import (
        hostile_bodies,
        hostile_codings,
        hostile_drips,
        hostile_floods,
        hostile_framing,
        hostile_tls,
    )

    plain: dict[str, Script] = {}
    for family in (
        hostile_drips,
        hostile_floods,
        hostile_framing,
        hostile_codings,
        hostile_bodies,
        hostile_tls,
    ):
        for name, script in family.SCRIPTS.items():
            assert name not in plain, f"two scripts are called {name}"
            plain[name] = script
    async with AsyncExitStack() as stack:
        ports = {}
        for name, script in plain.items():
            ports[name] = (await stack.enter_async_context(serve_raw(script))).port
        for name, (script, context) in hostile_tls.over_tls(folder).items():
            server = await stack.enter_async_context(serve_raw(script, tls=context))
            ports[name] = server.port
        for name, script in hostile_tls.by_hand(folder).items():
            ports[name] = (await stack.enter_async_context(serve_raw(script))).port
        print(json.dumps(ports), flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
