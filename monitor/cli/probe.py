"""``driftvakt probe``: one probe now."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from rich.console import RenderableType

from monitor.console.probe import probe_report
from monitor.console.probe_json import probe_json
from monitor.judging import grade
from monitor.model.estate import Check, Estate
from monitor.model.status import Thresholds
from probes.http.settings import HttpSettings
from probes.kinds import load_kinds
from probes.net.context import ProbeContext
from probes.observation import Grade
from probes.settings import ProbeSettings

AD_HOC_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What to probe, and what its result is judged by."""

    name: str
    kind: str
    settings: ProbeSettings
    timeout: float
    thresholds: Thresholds
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReport:
    good: bool
    document: dict[str, Any]
    shown: RenderableType


def choose_check(what: str, estate: Estate | None) -> Chosen:
    """The check of that name, or an address as it is. Raises ``ValueError`` that says what to do."""
    if estate is None:
        return _ad_hoc(what)
    checks = {check.id: check for check in estate.checks()}
    found: Check | None = checks.get(what)  # type: ignore[call-overload]
    if found is None:
        near = difflib.get_close_matches(what, list(checks), n=3, cutoff=0.5)
        hint = f" - did you mean {' or '.join(near)}?" if near else ""
        if re.fullmatch(r"[^/]*[.:][^/]*(/.*)?", what):
            hint = f": of an address write the scheme too, as in https://{what}"
        raise ValueError(f"there is no check {what}{hint}")
    return Chosen(
        name=found.id,
        kind=found.kind,
        settings=found.settings,
        timeout=found.timeout,
        thresholds=found.thresholds,
        user_agent=estate.user_agent,
    )


def _ad_hoc(url: str) -> Chosen:
    kind = load_kinds()["http"]
    try:
        settings = HttpSettings(url=url)
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"]) from None
    yellow, red = kind.latency or (None, None)
    return Chosen(
        name=settings.target(),
        kind=kind.name,
        settings=settings,
        timeout=AD_HOC_TIMEOUT,
        thresholds=Thresholds(latency_yellow=yellow, latency_red=red),
        user_agent=os.environ.get("DRIFTVAKT_USER_AGENT", "driftvakt"),
    )


async def take(chosen: Chosen) -> ProbeReport:
    """One probe, graded."""
    async with ProbeContext(user_agent=chosen.user_agent) as tools:
        prepare = load_kinds()[chosen.kind].prepare
        observation = await prepare(chosen.settings, chosen.timeout, tools)()
    verdict = grade.grade(observation, chosen.thresholds)
    return ProbeReport(
        good=verdict.grade is Grade.GOOD,
        document={"check": chosen.name, "kind": chosen.kind, **probe_json(observation, verdict)},
        shown=probe_report(chosen.name, chosen.settings, observation, verdict),
    )
