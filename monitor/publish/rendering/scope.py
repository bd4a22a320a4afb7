"""Pure: what a reader has asked for with ``?env=`` and ``?service=``."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from monitor.judging.snapshot import Snapshot

_NAME = r"[a-z0-9][a-z0-9_-]*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One environment, one service (``ENV/SERVICE``) of it, or everything."""

    environment: str | None = None
    service: str | None = None

    def touches(self, environments: AbstractSet[str], services: AbstractSet[str]) -> bool:
        """Whether a window or notice of these concerns anything asked for. Of none: of all."""
        if not environments and not services:
            return True
        if self.service is not None:
            return self.service in services or self.service.partition("/")[0] in environments
        if self.environment is not None:
            owners = {service.partition("/")[0] for service in services}
            return self.environment in environments or self.environment in owners
        return True


def read_scope(environment: str | None, service: str | None) -> Scope:
    """Raises ``ValueError``, with a sentence for the reader, for what names nothing."""
    if environment is not None and not re.fullmatch(_NAME, environment):
        raise ValueError("env must be the name of an environment")
    if service is None:
        return Scope(environment=environment)
    if environment is not None and "/" not in service:
        service = f"{environment}/{service}"
    if not re.fullmatch(f"{_NAME}/{_NAME}", service):
        raise ValueError("service must be ENV/SERVICE")
    owner = service.partition("/")[0]
    if environment not in (None, owner):
        raise ValueError("service must be one of the environment env")
    return Scope(environment=owner, service=service)


def only(snapshot: Snapshot, environment: str) -> Snapshot:
    """What concerns one environment alone. Raises ``KeyError`` for an unknown one."""
    scope = Scope(environment=environment)
    views = tuple(one for one in snapshot.environments if one.environment.name == environment)
    if not views:
        raise KeyError(environment)
    planned = tuple(
        one
        for one in snapshot.agenda.occurrences
        if scope.touches(one.window.environments, one.window.services)
    )
    return replace(
        snapshot,
        environments=views,
        agenda=replace(snapshot.agenda, occurrences=planned),
        upgrades=tuple(
            replace(
                one, upgrade=replace(one.upgrade, absent=_below(environment, one.upgrade.absent))
            )
            for one in snapshot.upgrades
        ),
        stated={
            subject: view
            for subject, view in snapshot.stated.items()
            if subject.partition("/")[0] == environment
        },
    )


def _below(environment: str, checks: AbstractSet[str]) -> frozenset[str]:
    return frozenset(one for one in checks if one.partition("/")[0] == environment)
