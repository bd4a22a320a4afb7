"""Pure: what people say of a service while it is disturbed: that somebody is at it, or that nobody need be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from monitor.plan.windows import PlanScope

Of = TypeVar("Of", bound="Said")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(PlanScope):
    """Instants are seconds since the epoch; the end is not in it."""

    id: str
    because: str
    author: str
    written_at: float
    ends: float | None
    """``None``: it ends when its service is green."""

    def active(self, at: float) -> bool:
        return self.ends is None or at < self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement(Said):
    """Somebody knows of a service's disturbance: no reminders of it are sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence(Said):
    """No messages of what it covers are sent; nothing else is another."""


def covering(some: Iterable[Of], services: Iterable[tuple[str, str]], at: float) -> dict[str, Of]:
    """Of what is active ``at`` an instant the first that covers each of ``services`` (environment,
    name), by ``ENV/SERVICE``.
    """
    environments: dict[str, Of] = {}
    named: dict[str, Of] = {}
    for one in some:
        if one.active(at):
            for environment in one.environments:
                environments.setdefault(environment, one)
            for service in one.services:
                named.setdefault(service, one)
    if not environments and not named:
        return {}
    found = {}
    for environment, name in services:
        one_of = named.get(f"{environment}/{name}") or environments.get(environment)
        if one_of is not None:
            found[f"{environment}/{name}"] = one_of
    return found
