"""Servers that try to hurt whoever asks them, in a process of their own.

What an attack costs is measured in the process that is attacked, so that the attacker's own memory and
work must not be in it. ``python -m tests.support.servers.hostile.process FOLDER`` serves every script, each on a
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

from tests.support.patience import PATIENCE
from tests.support.servers.raw_server import Script, serve_raw

ROOT = Path(__file__).parents[4]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileServers:
    """Where each script is played, and the authority that signed those of TLS."""

    ports: dict[str, int]
    ca_file: Path

    def named(self, *families: str) -> list[str]:
        """The scripts whose names begin with one of these. To list them here would be to make
        them: a second's work.
        """
        found = [name for name in self.ports if name.startswith(families)]
        assert found, f"no script is of {families}"
        return found

    def url(self, name: str, path: str = "/") -> str:
        scheme = "https" if name.startswith(("tls ", "handshake: ")) else "http"
        return f"{scheme}://127.0.0.1:{self.ports[name]}{path}"


@contextmanager
def hostile_servers(folder: Path) -> Iterator[HostileServers]:
    """All of them, running; on leaving, the process has ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.servers.hostile.process", str(folder)],
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
    from tests.support.servers.hostile import bodies, codings, drips, floods, framing, tls

    plain: dict[str, Script] = {}
    for family in (
        drips,
        floods,
        framing,
        codings,
        bodies,
        tls,
    ):
        for name, script in family.SCRIPTS.items():
            assert name not in plain, f"two scripts are called {name}"
            plain[name] = script
    async with AsyncExitStack() as stack:
        ports = {}
        for name, script in plain.items():
            ports[name] = (await stack.enter_async_context(serve_raw(script))).port
        for name, (script, context) in tls.over_tls(folder).items():
            server = await stack.enter_async_context(serve_raw(script, tls=context))
            ports[name] = server.port
        for name, script in tls.by_hand(folder).items():
            ports[name] = (await stack.enter_async_context(serve_raw(script))).port
        print(json.dumps(ports), flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
