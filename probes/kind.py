"""What a kind of probe is: its settings, its probe, and defaults that suit it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from probes.net.context import ProbeContext
from probes.settings import ProbeSettings

if TYPE_CHECKING:
    from probes.observation import Observation

Probe: TypeAlias = "Callable[[], Awaitable[Observation]]"
"""A prepared measurement. Expected failures are values; only cancellation is raised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A way to measure: its settings, its probe, and defaults that suit it."""

    name: str
    settings: type[ProbeSettings]
    prepare: Callable[[Any, float, ProbeContext], Probe]
    """Makes a probe of settings, the total timeout in seconds and what probes share."""
    interval: float = 30.0
    degraded_after: int = 3
    latency: tuple[float, float] | None = (1.0, 5.0)
    """Default thresholds in seconds, yellow and red; ``None``: slowness is not judged."""
