"""``driftvakt import blackbox``: modules and the jobs that use them → a configuration of ours."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from monitor.blackbox.as_checks import CannotBeCheckedError, as_check
from monitor.blackbox.scrape_jobs import ScrapeTarget, read_jobs
from monitor.settings.blackbox.file import read_modules
from monitor.settings.blackbox.modules import Module
from monitor.settings.errors import ConfigurationError, Fault, Report

LEFT_FOR_THE_WAY = 0.5
"""Seconds of a scrape's time that the exporter leaves for its answer."""
_HEAD = """# Made by `driftvakt import blackbox` of {modules} and {targets}.
# A service for each job, a check for each target. `driftvakt check` says what would run.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A configuration, and what did not get into it."""

    text: str
    checks: int
    warnings: tuple[Fault, ...]


def import_blackbox(
    modules: Path, targets: Path, *, environment: str = "blackbox", skip: bool = False
) -> Imported:
    """Raises :class:`ConfigurationError` with every fault; with ``skip``, modules and jobs with a fault
    and what our kinds cannot ask for are left out and warned of instead.
    """
    report, told = Report(), Report()
    known = read_modules(modules, told if skip else report)
    services: dict[str, list[dict[str, Any]]] = {}
    for wanted in read_jobs(targets, report, told if skip else None):
        try:
            check = _check(wanted, known)
        except CannotBeCheckedError as error:
            (told if skip else report).fault(wanted.mark, wanted.path, f"{wanted.target}: {error}")
            continue
        services.setdefault(wanted.job, []).append(check)
    if not services and not report.faults:
        report.faults.extend(told.faults)
        report.faults.append(Fault(str(targets), 1, 1, "", "nothing is left to import"))
    if report.faults:
        raise ConfigurationError(report.faults)
    document = {
        "environments": [{"name": environment, "services": _named(services)}],
    }
    written = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 1_000_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(document, written)
    head = _HEAD.format(modules=modules.name, targets=targets.name)
    return Imported(
        text=head + written.getvalue(),
        checks=sum(map(len, services.values())),
        warnings=tuple(sorted({*report.warnings, *told.warnings, *told.faults})),
    )


def _check(wanted: ScrapeTarget, known: dict[str, Module]) -> dict[str, Any]:
    module = known.get(wanted.module)
    if module is None:
        raise CannotBeCheckedError(f"the module {wanted.module} is not there, or has a fault")
    allowed = wanted.timeout - LEFT_FOR_THE_WAY
    timeout = allowed if allowed > 0 else wanted.timeout
    if module.timeout:
        timeout = min(timeout, module.timeout)
    return {
        "name": wanted.instance,
        **as_check(module, wanted.target, wanted.hostname),
        "interval": _duration(wanted.interval),
        "timeout": _duration(timeout),
    }


def _named(services: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    taken: set[str] = set()
    found = []
    for job, checks in services.items():
        name = _unique(job, taken)
        names: set[str] = set()
        listed = [{**check, "name": _unique(check["name"], names)} for check in checks]
        title = {} if name == job else {"title": job.replace("${", "$${")}
        found.append({"name": name, **title, "checks": listed})
    return found


def _unique(text: str, taken: set[str]) -> str:
    """A name of a configuration, near to the text and unlike any other."""
    plain = re.sub(r"^[a-z]+://", "", text.lower())
    plain = re.sub(r"[^a-z0-9_]+", "-", re.split(r"[?#]", plain.rpartition("@")[2])[0])
    plain = plain.strip("-_")[:80].strip("-_") or "target"
    name, number = plain, 2
    while name in taken:
        name, number = f"{plain}-{number}", number + 1
    taken.add(name)
    return name


def _duration(seconds: float) -> str:
    return f"{round(seconds, 3):g}s" if seconds < 1000 else f"{seconds:.0f}s"
