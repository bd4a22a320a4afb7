"""Pure: at which point of its interval each check runs, so that no host ever sees a burst.

A host's checks lie on a lattice over the shortest interval among them. The places are taken in
the order of van der Corput's sequence (0, 1/2, 1/4, 3/4, 1/8 …): N checks of one interval are never
closer than ``interval / (2 × N)``, and a check that is added after the others moves none of them.
A longer interval that is a whole multiple of the shortest has its own place on the same lattice, so
it meets nobody either; one that is no multiple is spread among those of its own length.

The lattice of each host is turned by a stable hash of the host's name, so that different hosts are
not asked in the same instant. All of this is the same after a restart.

Lengths are seconds, a phase is seconds after a whole multiple of the interval since the epoch.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from monitor.model.estate import Check, CheckId

FIRST_RUNS_WITHIN = 3.0
"""Seconds after the start in which every host has its first run (longer when there are many)."""
FIRST_RUNS_PER_SECOND = 100.0
FIRST_RUNS_APART = 0.25
"""Seconds at most between the first runs of one host's checks: nobody waits an interval for a first
colour, and no host sees more than four probes a second for it."""
_WHOLE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """When one check runs."""

    interval: float
    """Between its runs while it is settled."""
    offset: float
    """Its phase within each interval."""
    first: float
    """Seconds after the start at which it runs for the first time."""
    settled: float
    """Seconds after the start from which on it keeps to its phase: the first runs of its host
    are over, so that they never meet the second ones."""


def turn(name: str) -> float:
    """A share of a whole, in [0, 1): a stable hash of a name."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def period(check: Check) -> float:
    """Seconds between a check's runs while it is settled: its interval, and a little more than a
    promised ``min_interval`` that is as long, so that jitter on the way never breaks the promise.
    """
    if not check.promises:
        return check.interval
    promised = max(promise.seconds for promise in check.promises)
    return max(check.interval, promised + min(0.5, 0.1 * promised))


def place(number: int) -> float:
    """Van der Corput's sequence in base 2: the bits of ``number`` mirrored at the point."""
    return int(f"{number:b}"[::-1], 2) / 2 ** number.bit_length() if number else 0.0


def phases(checks: Iterable[Check]) -> Mapping[CheckId, Phase]:
    """The phase of every check, by its name. The order of the checks is their order of places."""
    hosts: dict[str, list[Check]] = {}
    number = 0
    for check in checks:
        hosts.setdefault(check.host.lower().rstrip("."), []).append(check)
        number += 1
    span = max(FIRST_RUNS_WITHIN, number / FIRST_RUNS_PER_SECOND)
    found: dict[CheckId, Phase] = {}
    for host, those in hosts.items():
        found.update(_of_host(turn(host), those, span))
    return found


def phases_beside(
    checks: Iterable[Check], staying: Mapping[CheckId, Phase]
) -> Mapping[CheckId, Phase]:
    """The phases after a change of the configuration. ``staying`` checks keep theirs. The others
    have the places that they would have after a restart, as long as all of their host's staying
    checks are at such places; else the middle of the largest gap that is left.
    """
    listed = list(checks)
    usual = phases(listed)
    first = phases(check for check in listed if check.id not in staying)
    hosts: dict[str, list[Check]] = {}
    for check in listed:
        hosts.setdefault(check.host.lower().rstrip("."), []).append(check)
    found = dict(staying)
    for those in hosts.values():
        taken = [staying[check.id] for check in those if check.id in staying]
        moved = any(
            check.id in staying and staying[check.id].offset != usual[check.id].offset
            for check in those
        )
        for check in those:
            if check.id in staying:
                continue
            phase = replace(first[check.id], offset=usual[check.id].offset)
            if moved:
                phase = replace(phase, offset=_largest_gap(taken, phase.interval))
            taken.append(phase)
            found[check.id] = phase
    return found


_POINTS = 100


def _largest_gap(taken: list[Phase], interval: float) -> float:
    """The middle of the longest time of ``interval`` in which none of ``taken`` runs."""
    points: set[float] = set()
    for phase in taken:
        runs = min(math.ceil(interval / phase.interval), _POINTS)
        points.update((phase.offset + k * phase.interval) % interval for k in range(runs))
    if not points:
        return 0.0
    ordered = sorted(points)
    ends = [*ordered[1:], ordered[0] + interval]
    begins, length = max(
        ((begin, end - begin) for begin, end in zip(ordered, ends, strict=True)),
        key=lambda gap: gap[1],
    )
    return (begins + length / 2) % interval


def _of_host(turned: float, checks: list[Check], span: float) -> Iterable[tuple[CheckId, Phase]]:
    # the shortest interval first, as it is the busiest; sorting is stable
    ordered = sorted(checks, key=period)
    base = period(ordered[0])
    apart = min(base / (2 * len(ordered)), FIRST_RUNS_APART)
    begins = turned * min(span, base)
    settled = begins + apart * len(ordered)
    on_lattice = 0
    of_length: dict[float, int] = {}
    for number, check in enumerate(ordered):
        interval = period(check)
        among = of_length[interval] = of_length.get(interval, -1) + 1
        cells = round(interval / base)
        if abs(interval - cells * base) <= _WHOLE * interval:
            within = (turned + place(on_lattice)) % 1.0
            cell = round((turned + place(among)) % 1.0 * cells - within)
            offset = (cell + within) * base
            on_lattice += 1
        else:
            offset = (turned + place(among)) % 1.0 * interval
        yield (
            check.id,
            Phase(
                interval=interval,
                offset=offset % interval,
                first=begins + number * apart,
                settled=settled,
            ),
        )
