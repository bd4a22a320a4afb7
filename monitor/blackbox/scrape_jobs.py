"""A ``prometheus.yml`` → what its jobs ask the exporter's ``/probe`` for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from monitor.blackbox.reading import composed
from monitor.blackbox.relabel import Rule, relabelled
from monitor.settings_faults import Mark, Report
from monitor.settings_faults import Path as Steps
from monitor.settings_source import Mapping, Node, Scalar, Sequence
from monitor.settings_validate import Validator
from probes.settings import Strict

USUAL_INTERVAL = 60.0
USUAL_TIMEOUT = 10.0
_UNITS = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
_PART = re.compile(r"([0-9]+)(ms|[ywdhms])")
_DISCOVERY = ("_sd_configs", "scrape_config_files")


class StaticConfig(Strict):
    """One of ``static_configs``."""

    targets: list[str] = Field(default_factory=list)
    labels: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One target that is asked for."""

    job: str
    target: str
    module: str
    hostname: str
    instance: str
    interval: float
    timeout: float
    mark: Mark
    """Where its targets stand."""
    path: Steps


def read_jobs(path: Path, report: Report) -> list[Wanted]:
    """Every target of every job that uses ``/probe``; the other jobs are none of ours."""
    tree = composed(path, report)
    if tree is None:
        return []
    reader = _Reader(Validator(path.parent.absolute(), report), report)
    general = tree.entries.get("global")
    interval = reader.seconds(general, "scrape_interval", ("global",), USUAL_INTERVAL)
    timeout = reader.seconds(general, "scrape_timeout", ("global",), USUAL_TIMEOUT)
    if "scrape_config_files" in tree.entries:
        report.warn(tree.keys["scrape_config_files"], ("scrape_config_files",), "is not followed")
    jobs = tree.entries.get("scrape_configs")
    found: list[Wanted] = []
    for index, job in enumerate(jobs.items if isinstance(jobs, Sequence) else ()):
        if isinstance(job, Mapping) and _text(job, "metrics_path").rstrip("/").endswith("/probe"):
            found += reader.job(job, ("scrape_configs", index), interval, timeout)
    if not found and not report.faults:
        mark = jobs.mark if jobs is not None else tree.mark
        report.fault(
            mark, ("scrape_configs",), "no job has static targets and metrics_path: /probe"
        )
    return found


@dataclass(slots=True)
class _Reader:
    validator: Validator
    report: Report

    def job(self, job: Mapping, path: Steps, interval: float, timeout: float) -> list[Wanted]:
        interval = self.seconds(job, "scrape_interval", path, interval)
        timeout = self.seconds(job, "scrape_timeout", path, timeout)
        for key in job.entries:
            if key.endswith(_DISCOVERY):
                said = (
                    "only static_configs are imported: see docs/discovery.md for lists of targets"
                )
                self.report.fault(job.keys[key], (*path, key), said)
            elif key == "metric_relabel_configs":
                self.report.warn(job.keys[key], (*path, key), "is left out")
        rules = self.items(Rule, job, path, "relabel_configs")
        first = {
            f"__param_{name}": _first(value)
            for name, value in _entries(job.entries.get("params")).items()
        }
        name = _text(job, "job_name")
        statics = job.entries.get("static_configs")
        found = []
        for index, static in enumerate(self.items(StaticConfig, job, path, "static_configs")):
            assert isinstance(statics, Sequence)  # noqa: S101 - it has items
            mark, here = statics.items[index].mark, (*path, "static_configs", index)
            for target in static.targets:
                before = {"job": name, **first, **static.labels, "__address__": target}
                labels = relabelled(before, rules)
                if labels is None:
                    continue  # dropped
                asked = labels.get("__param_target", "")
                if not asked:
                    said = "no rule of relabel_configs makes __param_target of it"
                    self.report.fault(mark, here, said)
                    break
                found.append(
                    Wanted(
                        job=labels.get("job") or name,
                        target=asked,
                        module=labels.get("__param_module") or "http_2xx",
                        hostname=labels.get("__param_hostname", ""),
                        instance=labels.get("instance") or asked,
                        interval=interval,
                        timeout=timeout,
                        mark=mark,
                        path=here,
                    )
                )
        return found

    def items(self, model: type[Any], job: Mapping, path: Steps, key: str) -> list[Any]:
        node = job.entries.get(key)
        if node is None:
            return []
        if not isinstance(node, Sequence):
            self.report.fault(node.mark, (*path, key), "must be a list")
            return []
        found = [
            self.validator.model(model, item, (*path, key, index))
            for index, item in enumerate(node.items)
        ]
        return found if None not in found else []

    def seconds(self, node: Node | None, key: str, path: Steps, usual: float) -> float:
        text = _text(node, key)
        if not text:
            return usual
        if not re.fullmatch(f"(?:{_PART.pattern})+", text):
            assert isinstance(node, Mapping)  # noqa: S101 - it has the key
            self.report.fault(node.entries[key].mark, (*path, key), f"{text!r} is not a duration")
            return usual
        return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def _entries(node: Node | None) -> dict[str, Node]:
    return node.entries if isinstance(node, Mapping) else {}


def _text(node: Node | None, key: str) -> str:
    found = _entries(node).get(key)
    return found.text if isinstance(found, Scalar) else ""


def _first(node: Node) -> str:
    if isinstance(node, Sequence):
        return _first(node.items[0]) if node.items else ""
    return node.text if isinstance(node, Scalar) else ""
