"""``driftvakt probe``: one probe now."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import completion
from monitor.cli.options import (
    ConfigOption,
    JsonOption,
    fail,
    load_or_exit,
    print_json,
    show,
    warn,
)

if TYPE_CHECKING:
    from monitor.judging.grade import Verdict
    from monitor.model.estate import Check, Estate
    from monitor.model.status import Thresholds
    from probes.observation import Observation
    from probes.settings import ProbeSettings

AD_HOC_TIMEOUT = 10.0
"""Seconds for the probe of an address that no configuration has."""


def probe(
    what: Annotated[
        str,
        typer.Argument(
            metavar="ENV/SERVICE/CHECK|URL",
            help="A check of the configuration, or any address.",
            autocompletion=completion.checks,
        ),
    ],
    config: ConfigOption,
    as_json: JsonOption = False,
) -> None:
    """Probe once, now: phases, certificates and the grade. Exit 0 good, 1 not, 2 usage."""
    import asyncio

    from monitor.console.probe import probe_report
    from monitor.console.probe_json import probe_json
    from monitor.support import logging_setup
    from monitor.support.redaction import secrets_of
    from probes.observation import Grade

    is_url = what.startswith(("http://", "https://"))
    # no name has these signs: what to write does not depend on whether there is a configuration
    if not is_url and re.fullmatch(r"[^/]*[.:][^/]*(/.*)?|localhost(/.*)?", what):
        fail(
            f"there is no check {what}: of an address write the scheme too, as in"
            f" https://{what} or http://{what}"
        )
    loaded = None if is_url else load_or_exit(config)
    if loaded is not None:
        warn(loaded.warnings)
    estate = loaded.estate if loaded is not None else None
    try:
        plan = ad_hoc_plan(what) if estate is None else check_plan(what, estate)
    except ValueError as error:
        fail(str(error))
    logging_setup.set_up("auto", "error", secrets_of(estate) if estate else ())
    observation, verdict = asyncio.run(probe_once(plan))
    if as_json:
        measured = probe_json(observation, verdict)
        print_json({"check": plan.name, "kind": plan.kind, **measured})
    else:
        show(probe_report(plan.name, plan.settings, observation, verdict))
    raise typer.Exit(0 if verdict.grade is Grade.GOOD else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePlan:
    """What is probed, and what grades its result."""

    name: str
    kind: str
    settings: ProbeSettings
    timeout: float
    """Seconds in all."""
    thresholds: Thresholds
    user_agent: str


def check_plan(name: str, estate: Estate) -> ProbePlan:
    """The plan for the check of that name. Raises ``ValueError`` that says what to do."""
    import difflib

    checks: dict[str, Check] = {str(check.id): check for check in estate.checks()}
    if name not in checks:
        near = difflib.get_close_matches(name, list(checks), n=3, cutoff=0.5)
        hint = f" - did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(f"there is no check {name}{hint}")
    check = checks[name]
    return ProbePlan(
        name=check.id,
        kind=check.kind,
        settings=check.settings,
        timeout=check.timeout,
        thresholds=check.thresholds,
        user_agent=estate.user_agent,
    )


def ad_hoc_plan(url: str) -> ProbePlan:
    """The plan for an address that no configuration has. Raises ``ValueError`` that says what to do."""
    from pydantic import ValidationError

    from monitor.model.status import Thresholds
    from probes.http.settings import HttpSettings
    from probes.kinds import load_kinds

    kind = load_kinds()["http"]
    try:
        settings = HttpSettings(url=url)
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"]) from None
    yellow, red = kind.latency or (None, None)
    return ProbePlan(
        name=settings.target(),
        kind=kind.name,
        settings=settings,
        timeout=AD_HOC_TIMEOUT,
        thresholds=Thresholds(latency_yellow=yellow, latency_red=red),
        user_agent=os.environ.get("DRIFTVAKT_USER_AGENT", "driftvakt"),
    )


async def probe_once(plan: ProbePlan) -> tuple[Observation, Verdict]:
    """Probe once; give the observation and its grade."""
    from monitor.judging.grade import grade
    from probes.kinds import load_kinds
    from probes.net.context import ProbeContext

    async with ProbeContext(user_agent=plan.user_agent) as context:
        prepare = load_kinds()[plan.kind].prepare
        observation = await prepare(plan.settings, plan.timeout, context)()
    return observation, grade(observation, plan.thresholds)
