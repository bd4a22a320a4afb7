"""Pure: who is told of what, as the configuration has it. Frozen values; lengths are seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """One entry of ``notifications``. Its address may hold credentials and is never shown."""

    name: str
    kind: str
    """``alertmanager``, ``webhook`` or ``apprise``."""
    url: str | None = field(default=None, repr=False)
    url_file: Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_file: Path | None = None
    on: frozenset[str] = frozenset(("red", "yellow", "recovery"))
    environments: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    """``ENV/SERVICE``. With no environment and no service named it is told of all."""
    planned: bool = False
    """Whether it is told of what a service window explains."""
    remind_every: float | None = None
    group_wait: float = 0.0
    """How long a message is held, so that others of its environment can join it."""
    flood: int = 5
    """From this number on, the messages of one environment are told as one."""

    @property
    def groups(self) -> bool:
        """An Alertmanager groups by itself: what it is sent is never held back."""
        return self.kind != "alertmanager"

    def covers(self, environment: str, service: str) -> bool:
        """Whether it is told of ``service`` (its own name) of ``environment``."""
        if not self.environments and not self.services:
            return True
        return environment in self.environments or f"{environment}/{service}" in self.services
