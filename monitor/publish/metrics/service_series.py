"""All series of the services but the histograms, and of the environments."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any, NamedTuple

from monitor.judging.snapshot import EnvironmentView, ServiceView
from monitor.model.status import Status
from monitor.model.time_in_status import WINDOWS, Availability
from monitor.model.transition import Transition
from monitor.publish.metrics import families as f
from monitor.publish.metrics.columns import FamilyColumn, Rows, counts, measures, state_sets
from monitor.publish.metrics.exposition import numbers

_CHANGES = {change: place for place, change in enumerate(permutations(Status, 2))}
_NEVER = (0,) * len(_CHANGES)
_FROM_TO = tuple(f'{before}",to="{after}"}} ' for before, after in _CHANGES)
_RATIOS = tuple(
    f'window="{window}",counting="{counting}"'
    for window in WINDOWS
    for counting in ("all", "unplanned")
)
_WINDOWS = tuple(f'window="{window}"' for window in WINDOWS)


class Changes:
    """How often a service's published status has changed, and when it last did."""

    __slots__ = ("at", "counts")

    def __init__(self) -> None:
        self.counts = _NEVER
        """By the change, in the order of its lines."""
        self.at: float | None = None
        """Seconds since the epoch."""

    def count(self, transition: Transition) -> None:
        place = _CHANGES[transition.before, transition.after]
        counts = self.counts
        self.counts = (*counts[:place], counts[place] + 1, *counts[place + 1 :])
        self.at = transition.at


class Told(NamedTuple):
    """What is told of a service."""

    view: ServiceView
    changes: Changes | None
    """``None`` when there were none."""
    availability: Availability


def service_columns(services: Rows[Told]) -> Sequence[FamilyColumn[Any]]:
    """The families in their order. The counters exist from the first rendering, at 0."""
    return (
        FamilyColumn(
            f.SERVICE_STATUS, services, lambda some: [x.view.status for x in some], state_sets
        ),
        FamilyColumn(f.SERVICE_SEVERITY, services, _severities, counts),
        FamilyColumn(
            f.SERVICE_PLANNED, services, lambda some: [int(x.view.planned) for x in some], counts
        ),
        FamilyColumn(f.TRANSITIONS, services, _transitions, _changed, together=64),
        FamilyColumn(f.LAST_TRANSITION, services, _changed_at, measures),
        FamilyColumn(f.AVAILABILITY, services, _availability, _ratios, together=128, dear=True),
        FamilyColumn(f.AVAILABILITY_UNKNOWN, services, _availability, _unknown, dear=True),
    )


def _severities(services: Sequence[Told]) -> list[int]:
    return [one.view.status.severity for one in services]


def _transitions(services: Sequence[Told]) -> list[tuple[int, ...]]:
    return [_NEVER if one.changes is None else one.changes.counts for one in services]


def _changed(name: str, labels: Sequence[str], values: Sequence[tuple[int, ...]]) -> str:
    ends = {each: _change_ends(each) for each in set(values)}
    return "".join(
        [f'{name}{{{at},from="'.join(ends[each]) for at, each in zip(labels, values, strict=True)]
    )


def _change_ends(counted: tuple[int, ...]) -> list[str]:
    """What stands between the beginnings of the lines."""
    ends = [f"{change}{number}\n" for change, number in zip(_FROM_TO, counted, strict=True)]
    return ["", *ends]


def _changed_at(services: Sequence[Told]) -> list[float]:
    return [
        x.view.since if x.changes is None or x.changes.at is None else x.changes.at
        for x in services
    ]


def _availability(services: Sequence[Told]) -> list[Availability]:
    return [one.availability for one in services]


def _ratios(name: str, labels: Sequence[str], values: Sequence[Availability]) -> str:
    ratios: list[float | None] = []
    for one in values:
        for shares in one.windows:
            ratio = shares.ratio
            ratios += ratio, shares.unplanned_ratio if shares.planned_red else ratio
    return _shares(name, labels, _RATIOS, ratios)


def _unknown(name: str, labels: Sequence[str], values: Sequence[Availability]) -> str:
    unknown = [shares.unknown_ratio for one in values for shares in one.windows]
    return _shares(name, labels, _WINDOWS, unknown)


def _shares(
    name: str, labels: Sequence[str], of: Sequence[str], values: Sequence[float | None]
) -> str:
    """A line a service and window; a ratio of nothing is absent."""
    texts = iter(numbers(values))
    return "".join(
        [
            f"{name}{{{at},{each}}} {text}\n"
            for at in labels
            for each, text in zip(of, texts)  # noqa: B905 - as many texts as there are windows
            if text is not None
        ]
    )


def environment_column(environments: Rows[EnvironmentView]) -> FamilyColumn[EnvironmentView]:
    """Their published status."""
    return FamilyColumn(
        f.ENVIRONMENT_STATUS, environments, lambda some: [x.status for x in some], state_sets
    )
