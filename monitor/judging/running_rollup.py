"""Pure: the roll-up of many children, kept up to date child by child.

:func:`monitor.judging.rollup.roll_up` walks all children. Where one of thousands has changed, that walk is
the whole cost of the change; the counts here give the same status without it.
"""

from __future__ import annotations

from fractions import Fraction

from monitor.model.status import Status


class RunningRollup:
    """How much weight of which status there is among the children.

    Gives what :func:`monitor.judging.rollup.roll_up` gives of the same children, whatever their order.
    """

    __slots__ = ("_critical_red", "_numbers", "_red", "_weights")

    def __init__(self) -> None:
        self._numbers = dict.fromkeys(Status, 0)
        self._critical_red = 0
        self._weights: dict[float, int] = {}
        """How many children have a weight; ``_red``: how many of them are red."""
        self._red: dict[float, int] = {}

    def __len__(self) -> int:
        return sum(self._numbers.values())

    def add(self, status: Status, weight: float, critical: bool) -> None:
        """One child more."""
        self._count(status, weight, critical, 1)

    def remove(self, status: Status, weight: float, critical: bool) -> None:
        """One child less; it must have been added with these values."""
        self._count(status, weight, critical, -1)

    def status(self, majority: float) -> Status:
        """Of all children together; of none, nothing is known."""
        numbers = self._numbers
        if numbers[Status.RED]:
            if self._critical_red:
                return Status.RED
            total = _total(self._weights)
            share_is_red = total > 0 and _total(self._red) / total >= majority
            return Status.RED if share_is_red else Status.YELLOW
        if numbers[Status.YELLOW]:
            return Status.YELLOW
        if numbers[Status.UNKNOWN] or not numbers[Status.GREEN]:
            return Status.UNKNOWN
        return Status.GREEN

    def _count(self, status: Status, weight: float, critical: bool, by: int) -> None:
        self._numbers[status] += by
        _shift(self._weights, weight, by)
        if status is Status.RED:
            _shift(self._red, weight, by)
            self._critical_red += by if critical else 0


def _shift(counts: dict[float, int], weight: float, by: int) -> None:
    number = counts.get(weight, 0) + by
    if number:
        counts[weight] = number
    else:
        counts.pop(weight, None)


def _total(counts: dict[float, int]) -> float:
    """The exact sum, rounded once, as ``math.fsum`` has it of the single weights."""
    if len(counts) == 1:
        [(weight, number)] = counts.items()
        return weight * number
    return float(sum(Fraction(weight) * number for weight, number in counts.items()))
