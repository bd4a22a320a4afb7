"""A ``prometheus.yml`` → what its jobs ask the exporter's ``/probe`` for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from monitor.blackbox.relabel import RelabelRule, relabelled
from monitor.configuration.discovery.store import files, read_files
from monitor.configuration.discovery.targets import DiscoveryError
from monitor.configuration.discovery.targets import read_targets as read_groups
from monitor.settings.blackbox.file import composed
from monitor.settings.blackbox.values import GoModel, GoText
from monitor.settings.discovery import FILE_PATTERN
from monitor.settings.errors import Mark, Report
from monitor.settings.errors import Path as Steps
from monitor.settings.go_yaml import nothing
from monitor.settings.validate import Validator
from monitor.settings.yaml_tree import Mapping, Node, Scalar, Sequence

USUAL_INTERVAL = 60.0
USUAL_TIMEOUT = 10.0
_UNITS = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
_PART = re.compile(r"([0-9]+)(ms|[ywdhms])")
_DISCOVERY = ("_sd_configs", "scrape_config_files")
MOST_FOUND = 100_000
"""Targets of the files of one job."""


class StaticConfig(GoModel):
    """One of ``static_configs``."""

    targets: list[GoText] = Field(default_factory=list)
    labels: dict[str, GoText] = Field(default_factory=dict)


class FileSd(GoModel):
    """One of ``file_sd_configs``."""

    files: list[GoText] = Field(default_factory=list)
    refresh_interval: GoText = ""


@dataclass(frozen=True, slots=True)
class _Listed:
    """A target as somebody lists it, and where."""

    target: str
    labels: MappingType[str, str]
    mark: Mark
    path: Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeTarget:
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


def read_jobs(path: Path, report: Report, told: Report | None = None) -> list[ScrapeTarget]:
    """Every target of every job that uses ``/probe``; the other jobs are none of ours.

    Faults of a job go to ``told`` where it is given: such a job is left out, or what is at fault in it.
    """
    tree = composed(path, report)
    if tree is None:
        return []
    of_jobs = report if told is None else told
    reader = _Reader(Validator(path.parent.absolute(), of_jobs), of_jobs)
    general = tree.entries.get("global")
    interval = reader.seconds(general, "scrape_interval", ("global",), USUAL_INTERVAL)
    timeout = reader.seconds(general, "scrape_timeout", ("global",), USUAL_TIMEOUT)
    if "scrape_config_files" in tree.entries:
        report.warn(tree.keys["scrape_config_files"], ("scrape_config_files",), "is not followed")
    jobs = tree.entries.get("scrape_configs")
    found: list[ScrapeTarget] = []
    for index, job in enumerate(jobs.items if isinstance(jobs, Sequence) else ()):
        if isinstance(job, Mapping) and _text(job, "metrics_path").rstrip("/").endswith("/probe"):
            found += reader.job(job, ("scrape_configs", index), interval, timeout)
    if not found and not report.faults and not of_jobs.faults:
        mark = jobs.mark if jobs is not None else tree.mark
        report.fault(mark, ("scrape_configs",), "no job has targets and metrics_path: /probe")
    return found


@dataclass(slots=True)
class _Reader:
    validator: Validator
    report: Report

    def job(self, job: Mapping, path: Steps, interval: float, timeout: float) -> list[ScrapeTarget]:
        interval = self.seconds(job, "scrape_interval", path, interval)
        timeout = self.seconds(job, "scrape_timeout", path, timeout)
        for key in job.entries:
            if key.endswith(_DISCOVERY) and key != "file_sd_configs":
                said = (
                    "only static_configs and file_sd_configs are imported: see docs/discovery.md for"
                    " lists of targets"
                )
                self.report.fault(job.keys[key], (*path, key), said)
            elif key == "metric_relabel_configs":
                self.report.warn(job.keys[key], (*path, key), "is left out")
        rules = self.items(RelabelRule, job, path, "relabel_configs")
        if rules is None:
            return []  # without a rule its targets would be others
        first = {
            f"__param_{name}": _first(value)
            for name, value in _entries(job.entries.get("params")).items()
        }
        name = _text(job, "job_name")
        found: list[ScrapeTarget] = []
        for one in (*self.statics(job, path), *self.files(job, path)):
            before = {"job": name, **first, **one.labels, "__address__": one.target}
            labels = relabelled(before, rules)
            if labels is None:
                continue  # dropped
            asked = labels.get("__param_target", "")
            if not asked:
                said = "no rule of relabel_configs makes __param_target of it"
                self.report.fault(one.mark, one.path, said)
                return found
            found.append(
                ScrapeTarget(
                    job=labels.get("job") or name,
                    target=asked,
                    module=labels.get("__param_module") or "http_2xx",
                    hostname=labels.get("__param_hostname", ""),
                    instance=labels.get("instance") or asked,
                    interval=interval,
                    timeout=timeout,
                    mark=one.mark,
                    path=one.path,
                )
            )
        return found

    def statics(self, job: Mapping, path: Steps) -> Iterator[_Listed]:
        """The targets that are written."""
        statics = job.entries.get("static_configs")
        read = self.items(StaticConfig, job, path, "static_configs", some=True)
        for index, static in enumerate(read or ()):
            if static is not None:
                assert isinstance(statics, Sequence)  # noqa: S101 - it has items
                here = (*path, "static_configs", index)
                for target in static.targets:
                    yield _Listed(target, static.labels, statics.items[index].mark, here)

    def files(self, job: Mapping, path: Steps) -> Iterator[_Listed]:
        """The targets that are in files now."""
        node = job.entries.get("file_sd_configs")
        read = self.items(FileSd, job, path, "file_sd_configs", some=True)
        for index, one in enumerate(read or ()):
            if one is None:
                continue
            assert isinstance(node, Sequence)  # noqa: S101 - it has items
            mark, here = node.items[index].mark, (*path, "file_sd_configs", index, "files")
            for pattern in one.files:
                try:
                    if not re.fullmatch(FILE_PATTERN[1:-1], pattern):
                        raise DiscoveryError("it is not the path of a .json, .yml or .yaml file")
                    paths = self.validator.folder / pattern
                    if not files(paths):
                        self.report.warn(mark, here, f"{pattern}: there is no such file")
                    for target in read_groups(read_files(paths), MOST_FOUND):
                        yield _Listed(target.target, target.labels, mark, here)
                except DiscoveryError as error:
                    self.report.fault(mark, here, f"{pattern}: {error}")

    def items(
        self, model: type[Any], job: Mapping, path: Steps, key: str, *, some: bool = False
    ) -> list[Any] | None:
        """Of a list; ``None`` where one is at fault, or in its place where ``some`` will do."""
        node = job.entries.get(key)
        if nothing(node):
            return []
        if not isinstance(node, Sequence):
            assert node is not None  # noqa: S101 - it is something
            self.report.fault(node.mark, (*path, key), "must be a list")
            return None
        found = [
            self.validator.model(model, item, (*path, key, index))
            for index, item in enumerate(node.items)
        ]
        return found if some or None not in found else None

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
