"""The released exporter and we probe the same local targets, with the same file."""

from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path

import pytest

from tests.servers.ca import Authority
from tests.system.blackbox.exporter import exporter
from tests.system.blackbox.targets import Case, targets
from tests.unit.blackbox.probing import Asked, Site, serve_probe

pytestmark = pytest.mark.system

CONNECTIONS = 8
"""Probes of each at a time."""


async def ask(site: Site, cases: list[Case]) -> dict[str, Asked]:
    places = asyncio.Semaphore(CONNECTIONS)

    async def one(case: Case) -> Asked:
        more = {"hostname": case.hostname} if case.hostname else {}
        async with places:
            return await site(case.target, case.module, scrape="10", **more)

    return dict(
        zip([case.name for case in cases], await asyncio.gather(*map(one, cases)), strict=True)
    )


async def test_same_success_and_same_series(tmp_path: Path, authority: Authority) -> None:
    async with targets(authority) as found:
        text = json.dumps({"modules": found.modules})
        file = tmp_path / "blackbox.yml"
        file.write_text(text)
        async with exporter(tmp_path, file) as theirs, serve_probe(tmp_path, text) as ours:
            said_t = await ask(theirs, found.cases)
            said_o = await ask(ours, found.cases)
    print(len(found.cases), "cases")
    for case in found.cases:
        t, o = said_t[case.name], said_o[case.name]
        out = []
        if (t.status, o.status) != (200, 200):
            out.append(f"status {t.status} {o.status} {t.text[:200]} {o.text[:200]}")
        if t.success != case.success or o.success != case.success:
            out.append(f"success wanted {case.success} theirs {t.success} ours {o.success}")
        if t.names - o.names or o.names - t.names:
            out.append(f"theirs {sorted(t.names - o.names)} ours {sorted(o.names - t.names)}")
        for n in sorted(t.samples.keys() & o.samples.keys()):
            if "duration" in n or "lookup" in n or n == "probe_success":
                continue
            if not math.isclose(t.samples[n], o.samples[n]):
                out.append(f"{n} {t.samples[n]} {o.samples[n]}")
        if out:
            print(case.name, "|", "; ".join(out))
