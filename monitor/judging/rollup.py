"""Pure: the status of a whole, made of its parts. Contract, section 2."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum

from monitor.model.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One part of a roll-up."""

    status: Status
    weight: float = 1.0
    critical: bool = False


def roll_up(children: Iterable[Child], majority: float = 0.5) -> Status:
    """The status of a whole: the same rule at every level. Of nothing, nothing is known.

    Red if a critical child is red or the red share of weight is at least ``majority``; otherwise
    yellow if any child is red or yellow; otherwise unknown if any is unknown; otherwise green.
    """
    weights: list[float] = []
    red: list[float] = []
    some_yellow = some_unknown = False
    for child in children:
        weights.append(child.weight)
        if child.status is Status.RED:
            if child.critical:
                return Status.RED
            red.append(child.weight)
        elif child.status is Status.YELLOW:
            some_yellow = True
        elif child.status is Status.UNKNOWN:
            some_unknown = True
    if not weights:
        return Status.UNKNOWN
    if red:
        # exact sums: the order of the children must not decide
        total = fsum(weights)
        return Status.RED if total > 0 and fsum(red) / total >= majority else Status.YELLOW
    if some_yellow:
        return Status.YELLOW
    return Status.UNKNOWN if some_unknown else Status.GREEN


def worse(one: Status, other: Status) -> Status:
    """The one with the higher severity."""
    return one if one.severity >= other.severity else other


def published(measured: Status, declared: Status) -> tuple[Status, bool]:
    """What is published of a service: the worse of what is measured and what an active service
    window declares; and whether the window explains it, so that it is planned.
    """
    explained = declared is not Status.GREEN and measured.severity <= declared.severity
    return worse(measured, declared), explained
