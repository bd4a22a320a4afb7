"""Pure: how a check stands that is measured in parts, each with a fold and a standing of its own: the
addresses of its name, or the locations that it is measured from.

One part speaks for the whole: the worst of those that made it what it is. Addresses roll up by the
rule of all levels (:mod:`monitor.judging.rollup`); locations too, but for two things. One of which nothing is
known says nothing about the target: it is left out as long as the others hold more than half of the
weight and no critical one is missing. And red from one of two places is *reduced function*, since
who is at the other one is served: red needs more than the majority, or all that are known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum, isclose
from typing import NamedTuple

from monitor.judging import rollup
from monitor.judging.rollup import Child
from monitor.judging.standing import Standing
from monitor.model.status import Rule, Status

_TELLS = (Rule.UNMEASURED, Rule.STALE, Rule.MONITOR)
"""Why nothing is known of a part, the most telling last."""


class Part(NamedTuple):
    """How one part stands."""

    standing: Standing
    weight: float = 1.0
    critical: bool = False

    @property
    def known(self) -> bool:
        """Whether anything is known of it."""
        return self.standing.status is not Status.UNKNOWN


def stand_by_addresses(parts: Sequence[Part], majority: float, before: Standing) -> Standing:
    """How a check stands by its addresses that stood as ``before``."""
    status = rollup.roll_up(map(_child, parts), majority)
    deciding = [one for one in parts if one.standing.status.severity >= status.severity]
    return _as(_worst(deciding or parts).standing, status, before)


def stand_by_locations(parts: Sequence[Part], majority: float, before: Standing) -> Standing:
    """How a check stands by its locations that stood as ``before``."""
    said = parts[speaking(parts)].standing
    known = [one for one in parts if one.known]
    if not known:
        return _as(said, Status.UNKNOWN, before)
    missing = [one for one in parts if not one.known]
    if missing and not _enough(known, missing):
        gone = max((one.standing for one in missing), key=lambda one: one.since or 0.0)
        return _as(gone, Status.UNKNOWN, before, Rule.QUORUM)
    return _as(said, _of_locations(known, majority), before)


def speaking(parts: Sequence[Part]) -> int:
    """The number of the location that speaks for all: the worst of those of which something is
    known, or the one that has most to tell of why nothing is.
    """
    known = [one for one in parts if one.known]
    if known:
        return parts.index(_worst(known))
    return parts.index(max(parts, key=lambda one: _TELLS.index(one.standing.rule)))


def _of_locations(known: Sequence[Part], majority: float) -> Status:
    red = fsum(one.weight for one in known if one.standing.status is Status.RED)
    share = red / fsum(one.weight for one in known)
    if isclose(share, majority) and not isclose(share, 1):
        majority = 1.0  # half of the places is not most of them
    return rollup.roll_up(map(_child, known), majority)


def _enough(known: Iterable[Part], missing: Sequence[Part]) -> bool:
    knows, misses = fsum(one.weight for one in known), fsum(one.weight for one in missing)
    most = knows > misses and not isclose(knows, misses)
    return most and not any(one.critical for one in missing)


def _worst(parts: Iterable[Part]) -> Part:
    return max(parts, key=lambda one: (one.standing.status.severity, one.critical, one.weight))


def _child(part: Part) -> Child:
    return Child(status=part.standing.status, weight=part.weight, critical=part.critical)


def _as(part: Standing, status: Status, before: Standing, rule: Rule | None = None) -> Standing:
    """A whole of this status, for which ``part`` speaks."""
    green = status is Status.GREEN
    return Standing(
        status=status,
        rule=rule or part.rule,
        since=before.since if before.status is status else part.since,
        reason=None if green else part.reason,
        cause=None if green else part.cause,
    )
