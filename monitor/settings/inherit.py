"""Inheritance: ``defaults``, then the environment, the service, the check; the nearest wins.

``latency`` and ``window`` are inherited key by key. A kind's own defaults hold only where the
operator set nothing at any level.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import Any

from monitor.model.estate import Promise
from monitor.model.status import Thresholds
from monitor.settings.errors import Mark, Path, Report
from monitor.settings.models import Latency, Tuning, WindowThresholds
from monitor.settings.yaml_tree import Mapping, Node
from probes.kind import Kind

_NESTED = {
    "latency": ("latency_yellow", "latency_red"),
    "window": ("window_size", "window_yellow", "window_red"),
}
_TUNING = frozenset(Tuning.model_fields)

BUILT_IN: dict[str, Any] = {
    "retry_interval": 5.0,
    "timeout": 10.0,
    "yellow_after": 1,
    "red_after": 3,
    "green_after": 2,
    "window_size": 20,
    "window_yellow": 0.25,
    "window_red": 0.6,
    "majority": 0.5,
    "host_concurrency": 8,
    "locations": None,
}
"""The contract's defaults, section 2; those that a kind chooses apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueOrigin:
    """Where a value was set."""

    mark: Mark
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What holds for a check of one kind: every value filled in. Lengths are seconds."""

    interval: float
    """Never shorter than the longest promise."""
    retry_interval: float
    """Never longer than the interval, never shorter than the longest promise."""
    timeout: float
    thresholds: Thresholds
    """What it takes to be yellow, red and green again."""
    majority: float
    host_concurrency: int
    locations: tuple[str, ...] | None
    """Names; ``None``: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """What holds at one level: flat values, and where each was set."""

    values: MappingType[str, Any] = field(default_factory=dict)
    origins: MappingType[str, ValueOrigin] = field(default_factory=dict)
    promises: tuple[Promise, ...] = ()
    _tuned: dict[str, Tuned] = field(default_factory=dict, init=False, repr=False, compare=False)
    """By kind: thousands of checks say nothing of their own, and share what holds for them."""

    def below(
        self, tuning: Tuning | None, node: Node, path: Path, promise: Promise | None = None
    ) -> Inherited:
        """What holds one level down, where ``tuning`` was set."""
        said = dict(_flat(tuning)) if tuning is not None else {}
        if not said and promise is None:
            return self
        return Inherited(
            values={**self.values, **said},
            origins={**self.origins, **{key: _origin(key, node, path) for key in said}},
            promises=(*self.promises, promise) if promise is not None else self.promises,
        )

    def get(self, key: str, kind: Kind | None = None) -> Any:
        """The value that holds: an operator's, else the kind's, else the built-in one."""
        if key in self.values:
            return self.values[key]
        if key in BUILT_IN:
            return BUILT_IN[key]
        if kind is None:
            raise KeyError(key)
        if key.startswith("latency_"):
            return kind.latency[key == "latency_red"] if kind.latency is not None else None
        return getattr(kind, key)

    def tuned(self, kind: Kind, report: Report) -> Tuned:
        """What holds for checks of ``kind``. Reports a red threshold that is stricter than the
        yellow one.
        """
        known = self._tuned.get(kind.name)
        if known is None:
            self._check(kind, report)
            known = self._tuned[kind.name] = self._resolved(kind)
        return known

    def _resolved(self, kind: Kind) -> Tuned:
        interval: float = self.get("interval", kind)
        promised = [promise.seconds for promise in self.promises]
        keys = (
            "yellow_after", "red_after", "green_after", "degraded_after",
            "window_size", "window_yellow", "window_red", "latency_yellow", "latency_red",
        )  # fmt: skip
        return Tuned(
            interval=max([interval, *promised]),
            retry_interval=max([min(self.get("retry_interval"), interval), *promised]),
            timeout=self.get("timeout"),
            thresholds=Thresholds(**{key: self.get(key, kind) for key in keys}),
            majority=self.get("majority"),
            host_concurrency=self.get("host_concurrency"),
            locations=tuple(said) if (said := self.get("locations")) is not None else None,
        )

    def _check(self, kind: Kind, report: Report) -> None:
        for pair, unit in (("latency", "s"), ("window", "")):
            yellow, red = self.get(f"{pair}_yellow", kind), self.get(f"{pair}_red", kind)
            if yellow is None or red is None or red >= yellow:
                continue
            # blame what was set; with both set, red, unless yellow is the nearer one
            set_by = [
                origin
                for key in (f"{pair}_red", f"{pair}_yellow")
                if (origin := self.origins.get(key)) is not None
            ]
            blamed = max(set_by, key=lambda origin: len(origin.path))
            report.fault(
                blamed.mark,
                blamed.path,
                f"{pair}.red ({red:g}{unit}) is less than {pair}.yellow ({yellow:g}{unit})",
            )


def _flat(tuning: Tuning) -> Iterator[tuple[str, Any]]:
    for key in tuning.model_fields_set & _TUNING:
        value = getattr(tuning, key)
        if key not in _NESTED:
            yield key, value
        elif isinstance(value, Latency | WindowThresholds):
            for inner in value.model_fields_set:
                yield f"{key}_{inner}", getattr(value, inner)
        else:  # `latency: none`
            for flat in _NESTED[key]:
                yield flat, None


def _origin(flat: str, node: Node, path: Path) -> ValueOrigin:
    """Where a flat key stands: ``latency_red`` at ``latency.red``."""
    mark = node.mark
    outer, _, inner = flat.partition("_")
    steps = (outer, inner) if outer in _NESTED else (flat,)
    for step in steps:
        if not isinstance(node, Mapping) or step not in node.entries:
            break
        path, node = (*path, step), node.entries[step]
        mark = node.mark
    return ValueOrigin(mark=mark, path=path)
