"""The released exporter and we probe the same local targets, with the same file."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.blackbox.exporter import exporter
from tests.support.blackbox.targets import Case, targets
from tests.support.blackbox_site import Asked, Site, serve_probe
from tests.support.daemon.running import ROOT
from tests.support.patience import PATIENCE
from tests.support.servers.ca import Authority

pytestmark = pytest.mark.system

AT_ONCE = 8
"""Probes of each at a time."""
CIPHER = "probe_tls_cipher_info"
DATES = frozenset(
    {"probe_ssl_earliest_cert_expiry", "probe_ssl_last_chain_info", "probe_tls_version_info", CIPHER}
)  # fmt: skip
CHAIN = "probe_ssl_last_chain_expiry_timestamp_seconds"
UNVERIFIED = ("wrong server name", "expired", "not yet valid", "misnamed", "untrusted")
ONLY_OURS: dict[str, frozenset[str]] = {
    **{f"{tcp}{name}": DATES for name in UNVERIFIED for tcp in ("", "tcp ")},
    "no client certificate": DATES | {CHAIN},
}
ONLY_THEIRS = {
    "untrusted, unverified": frozenset({CHAIN}),
    "tcp untrusted, unverified": frozenset({CHAIN}),
}
OTHER_SUCCESS = {"packed body"}
"""The exporter holds the pattern against the bytes as they were packed."""
REDIRECTS, LENGTH = "probe_http_redirects", "probe_http_uncompressed_body_length"
OTHER_VALUES = {
    "redirect not followed": {REDIRECTS, LENGTH},
    "redirect wanted": {REDIRECTS, LENGTH},
    "redirect loop": {REDIRECTS},
    "packed body": {LENGTH, "probe_failed_due_to_regex"},
}
ROWS = (
    "a certificate that does not verify",
    "a chain that was not verified",
    "a client certificate that is missing",
    "`probe_tls_cipher_info`",
    "a redirect that is not followed",
    "a body that comes packed without being asked for",
)
"""Every difference above, as docs/blackbox.md names it."""


async def ask(site: Site, cases: list[Case]) -> dict[str, Asked]:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(case: Case) -> Asked:
        more: dict[str, Any] = {"hostname": case.hostname} if case.hostname else {}
        async with places:
            return await site(case.target, case.module, scrape=str(PATIENCE), **more)

    answers = await asyncio.gather(*map(one, cases))
    return dict(zip([case.name for case in cases], answers, strict=True))


def differences(case: Case, theirs: Asked, ours: Asked) -> Iterator[str]:
    """What is not as the exporter has it, and in no table."""
    if (theirs.status, ours.status) != (200, 200):
        yield f"statuses {theirs.status}, {ours.status}: {theirs.text[:200]} {ours.text[:200]}"
        return
    if ours.success != case.success:
        yield f"we say {ours.success}"
    if (theirs.success == ours.success) == (case.name in OTHER_SUCCESS):
        yield f"probe_success: the exporter says {theirs.success}"
    wanted = set(ONLY_OURS.get(case.name, ()))
    if CHAIN in theirs.names:
        wanted.add(CIPHER)
    if ours.names - theirs.names != wanted:
        yield f"only ours: {sorted(ours.names - theirs.names)}"
    if theirs.names - ours.names != ONLY_THEIRS.get(case.name, frozenset()):
        yield f"only theirs: {sorted(theirs.names - ours.names)}"
    other = {
        name
        for name in theirs.samples.keys() & ours.samples.keys()
        if not (name == "probe_success" or "duration" in name or "lookup" in name)
        and not math.isclose(theirs[name], ours[name])
    }
    if other != OTHER_VALUES.get(case.name, set()):
        yield ", ".join(f"{name}: {theirs[name]}, ours {ours[name]}" for name in sorted(other))


async def test_same_success_and_same_series(tmp_path: Path, authority: Authority) -> None:
    """On more than a hundred targets; what is another on purpose is in the tables above."""
    async with targets(authority) as found:
        text = json.dumps({"modules": found.modules})
        file = tmp_path / "blackbox.yml"
        file.write_text(text)
        async with exporter(tmp_path, file) as site:
            theirs = await ask(site, found.cases)
        async with serve_probe(tmp_path, text, targets=["*"]) as site:
            ours = await ask(site, found.cases)
    assert len(theirs) == len(found.cases) >= 100
    told = {
        case.name: said
        for case in found.cases
        if (said := list(differences(case, theirs[case.name], ours[case.name])))
    }
    assert not told, json.dumps(told, indent=1)


@pytest.mark.parametrize("row", ROWS)
def test_every_difference_is_documented(row: str) -> None:
    """In the table of docs/blackbox.md."""
    lines = (ROOT / "docs" / "blackbox.md").read_text("utf-8").splitlines()
    assert any(line.startswith("|") and row in line for line in lines)
