"""Pure: observations in columns, as they are packed. No object is made for one that nobody asks for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from monitor.history.codec.varint import Column
from monitor.model.records import Seen
from probes.observation import Cause, Grade, Phases, Reason

TICKS: Final = 1 << 22
"""Instants are counted in these, a second."""
MICRO: Final = 1e6
COARSE: Final = 10
"""Microseconds that phases are counted in."""
PROCESSING: Final = 3
"""The phase that is kept as what it differs from the rest of the duration."""
_NO_PHASES: Final = Phases()


class Kind(NamedTuple):
    """What is the same in many observations."""

    grade: Grade
    reason: Reason | None
    cause: Cause | None
    address: str | None
    status: int | None
    detail: str
    phases: int
    """Which there are: bit 0 for ``resolve`` to bit 4 for ``transfer``."""


class ObservationColumns:
    """Observations in columns. Numbers are worked out when they are asked for."""

    __slots__ = ("_counts", "_durations", "_first", "_phases", "_steps", "kind", "kinds", "parts")

    def __init__(
        self,
        *,
        kinds: list[Kind],
        kind: Sequence[int],
        first: int,
        steps: tuple[int, Column],
        durations: Column,
        phases: list[Column],
        counts: Column,
        parts: ObservationColumns | None,
    ) -> None:
        self.kinds = kinds
        self.kind = kind
        """The index of each one's kind; ``bytes`` when there are at most 256."""
        self.parts = parts
        """All parts of all of them, one after the other."""
        self._first = first
        self._steps = steps
        self._durations = durations
        self._phases = phases
        self._counts = counts

    def __len__(self) -> int:
        return len(self.kind)

    def ats(self) -> list[float]:
        """When each probe began."""
        step, apart = self._steps
        step += apart.base
        ticks = accumulate((step + above for above in apart.above()), initial=self._first)
        return [tick / TICKS for tick in ticks]

    @property
    def first_at(self) -> float:
        return self._first / TICKS

    @property
    def last_at(self) -> float:
        step, apart = self._steps
        return (self._first + (step + apart.base) * apart.count + sum(apart.above())) / TICKS

    def longest_step(self) -> float:
        """The most seconds from one probe's beginning to the next one's; 0 for a single one."""
        step, apart = self._steps
        if not apart.count:
            return 0.0
        return (step + apart.base + max(apart.above())) / TICKS

    def shortest_step(self) -> float:
        """The least; below 0 where the clock was set back."""
        step, apart = self._steps
        return (step + apart.base) / TICKS if apart.count else 0.0

    def durations(self) -> list[float]:
        return [micro / MICRO for micro in self._durations.numbers()]

    def longest(self) -> float:
        """The longest duration."""
        found = self._durations
        return (found.base + max(found.above())) / MICRO if found.count else 0.0

    @property
    def last_duration(self) -> float:
        found = self._durations
        return (found.base + found.above()[-1]) / MICRO

    def part_counts(self) -> list[int]:
        """How many parts each has."""
        return self._counts.numbers() if self.parts is not None else [0] * len(self)

    def phases(self) -> list[Phases]:
        masks = [kind.phases for kind in self.kinds]
        values = [iter(column.numbers()) for column in self._phases]
        found = []
        for index, duration in zip(self.kind, self._durations.numbers(), strict=True):
            mask = masks[index]
            known = [
                next(column) * COARSE if mask >> number & 1 else None
                for number, column in enumerate(values)
            ]
            gap = known[PROCESSING] if mask else None
            if gap is not None:
                known[PROCESSING] = 0
                rest = duration - sum(value for value in known if value is not None)
                known[PROCESSING] = max(0, rest + gap)
            found.append(_phases(known) if mask else _NO_PHASES)
        return found


def _phases(micro: Sequence[int | None]) -> Phases:
    resolve, connect, tls, processing, transfer = (
        None if value is None else value / MICRO for value in micro
    )
    return Phases(
        resolve=resolve, connect=connect, tls=tls, processing=processing, transfer=transfer
    )


def observations_of(table: ObservationColumns) -> list[Seen]:
    """The observations of a table, made anew."""
    parts = iter(observations_of(table.parts)) if table.parts is not None else iter(())
    kinds = table.kinds
    found = []
    for index, at, duration, phases, count in zip(
        table.kind,
        table.ats() if len(table) else (),
        table.durations(),
        table.phases(),
        table.part_counts(),
        strict=True,
    ):
        kind = kinds[index]
        own = tuple(next(parts) for _ in range(count)) if count else ()
        found.append(
            Seen(
                at,
                duration,
                kind.grade,
                kind.reason,
                kind.cause,
                phases,
                kind.address,
                kind.status,
                kind.detail,
                own,
            )
        )
    return found
