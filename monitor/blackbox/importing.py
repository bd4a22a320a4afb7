"""Modules and the jobs of a ``prometheus.yml`` that probe by them → a configuration of ours.

Jobs of the usual shape are understood: ``metrics_path: /probe``, targets in ``static_configs``, and
the relabelling of the exporter's README. What is not carried over is told, never left out in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from monitor.blackbox.asking import ask
from monitor.blackbox.modules import Module
from monitor.settings_faults import Report
from monitor.settings_source import Mapping as MappingNode
from monitor.settings_source import Node, Sequence
from monitor.settings_validate import Validator
from probes.certificate_settings import CertificateSettings
from probes.dns_settings import DnsSettings
from probes.http_settings import HttpSettings
from probes.settings import PositiveDuration, ProbeSettings

DEFAULT_INTERVAL, DEFAULT_TIMEOUT = 60.0, 10.0
"""Seconds: Prometheus' own, where the file says nothing."""
_OWN = (
    "url", "method", "headers", "body", "body_file", "follow_redirects", "ip_version", "basic_auth",
    "bearer_token_file", "proxy_url", "host", "port", "record", "resolver", "tls",
)  # fmt: skip
_EXPECT = ("status", "headers", "body_matches", "body_not_matches")
_LEFT_OUT = ("fail_if_ssl", "fail_if_not_ssl", "valid_http_versions")


class _Lax(BaseModel):
    """Other programs' keys are none of ours."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Relabel(_Lax):
    source_labels: list[str] = Field(default_factory=list)
    target_label: str = ""
    replacement: str = "$1"
    regex: str = "(.*)"
    action: str = "replace"


class _Static(_Lax):
    targets: list[str] = Field(default_factory=list)
    labels: dict[str, str] = Field(default_factory=dict)


class _Job(_Lax):
    job_name: str
    metrics_path: str = "/metrics"
    params: dict[str, list[str]] = Field(default_factory=dict)
    scrape_interval: PositiveDuration | None = None
    scrape_timeout: PositiveDuration | None = None
    static_configs: list[_Static] = Field(default_factory=list)
    relabel_configs: list[_Relabel] = Field(default_factory=list)


class _Global(_Lax):
    scrape_interval: PositiveDuration = DEFAULT_INTERVAL
    scrape_timeout: PositiveDuration = DEFAULT_TIMEOUT


class _Prometheus(_Lax):
    global_: Annotated[_Global, Field(alias="global")] = _Global()
    scrape_configs: list[_Job] = Field(default_factory=list)


@dataclass(slots=True)
class Imported:
    """A configuration as plain values, and what a person has to look at."""

    document: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def imported(
    modules: Mapping[str, Module],
    node: Node,
    report: Report,
    *,
    environment: str = "imported",
) -> Imported | None:
    """One environment with a service a job and a check a target; ``None`` after reporting why not.
    ``node`` is the tree of the ``prometheus.yml``.
    """
    found = Validator(Path(), report).model(_Prometheus, node, ())
    if found is None:
        return None
    result = Imported({})
    services = []
    names = _Names()
    for place, job in enumerate(found.scrape_configs):
        if not job.metrics_path.rstrip("/").endswith("/probe"):
            continue
        here = _node(node, "scrape_configs", place)
        module = _module(job, modules, here, place, report)
        _refuse_discovery(here, place, report)
        _refuse_relabelling(job, here, place, report)
        if module is None:
            continue
        checks = list(_checks(job, module, found.global_, here, place, report, result))
        if checks:
            service = {"name": names.take(job.job_name), "title": job.job_name}
            services.append({**service, "checks": checks})
            for key in _LEFT_OUT:
                if getattr(module.http, key, None):
                    result.notes.append(f"{job.job_name}: {key} is not carried over")
    if not services and not report.faults:
        report.fault(node.mark, ("scrape_configs",), "no job has metrics_path: /probe")
    if report.faults:
        return None
    named = {"name": environment, "title": environment, "services": services}
    result.document = {"environments": [named]}
    return result


def _node(node: Node, *steps: str | int) -> Node:
    """What stands there, or the nearest above it."""
    for step in steps:
        if isinstance(node, MappingNode) and isinstance(step, str) and step in node.entries:
            node = node.entries[step]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            break
    return node


def _module(
    job: _Job, modules: Mapping[str, Module], here: Node, place: int, report: Report
) -> Module | None:
    path = ("scrape_configs", place, "params", "module")
    named = job.params.get("module", ["http_2xx"])
    module = modules.get(named[0]) if len(named) == 1 else None
    if module is None:
        shown = ", ".join(named) or "none"
        report.fault(_node(here, "params", "module").mark, path, f"there is no module {shown}")
    return module


def _refuse_discovery(here: Node, place: int, report: Report) -> None:
    if not isinstance(here, MappingNode):
        return
    for key in here.entries:
        if key.endswith("_sd_configs"):
            report.fault(
                here.keys[key],
                ("scrape_configs", place, key),
                "is not supported: write the targets into static_configs, or use our discovery",
            )


def _refuse_relabelling(job: _Job, here: Node, place: int, report: Report) -> None:
    """But for that which leads the question to the exporter, and what copies labels."""
    for number, one in enumerate(job.relabel_configs):
        copies = one.action == "replace" and one.regex in ("(.*)", "(.+)", ".*")
        usual = (
            copies and one.replacement in ("$1", "${1}") and one.target_label != "__param_module"
        )
        if usual and one.target_label == "__param_target":
            usual = one.source_labels == ["__address__"]
        if not (usual or (copies and one.target_label == "__address__")):
            report.fault(
                _node(here, "relabel_configs", number).mark,
                ("scrape_configs", place, "relabel_configs", number),
                "is not understood: only the exporter's usual relabelling is",
            )


def _checks(
    job: _Job,
    module: Module,
    general: _Global,
    here: Node,
    place: int,
    report: Report,
    result: Imported,
) -> Iterator[dict[str, Any]]:
    names = _Names()
    interval = job.scrape_interval or general.scrape_interval
    timeout = min(
        module.timeout or DEFAULT_TIMEOUT, job.scrape_timeout or general.scrape_timeout, interval
    )
    for group, static in enumerate(job.static_configs):
        if static.labels:
            shown = ", ".join(f"{key}={value}" for key, value in static.labels.items())
            result.notes.append(f"{job.job_name}: the labels {shown} are not carried over")
        for number, target in enumerate(static.targets):
            try:
                asked = ask(module, target)
            except ValueError as error:
                steps = ("static_configs", group, "targets", number)
                mark = _node(here, *steps).mark
                report.fault(mark, ("scrape_configs", place, *steps), str(error))
                continue
            yield {
                "name": names.take(re.sub(r"^https?://", "", target)),
                "kind": asked.kind,
                **_settings(asked.settings),
                "interval": _duration(interval),
                "timeout": _duration(timeout),
            }


def _settings(settings: ProbeSettings) -> dict[str, Any]:
    """What is not a default. How long certificates are valid is judged by our own defaults."""
    every = settings.model_dump(mode="json", exclude_defaults=True)
    kept = {key: every[key] for key in _OWN if key in every}
    if isinstance(settings, (HttpSettings, CertificateSettings, DnsSettings)) and "expect" in every:
        expect = {key: every["expect"][key] for key in _EXPECT if key in every["expect"]}
        if "status" in expect:
            expect["status"] = [int(one) if one.isdigit() else one for one in expect["status"]]
        if expect:
            kept["expect"] = expect
    return kept


def _duration(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms" if seconds % 1 else f"{round(seconds)}s"


class _Names:
    """Names of ours out of any text, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, text: str) -> str:
        plain = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")[:50] or "target"
        name, number = plain, 1
        while name in self._taken:
            number += 1
            name = f"{plain}-{number}"
        self._taken.add(name)
        return name
