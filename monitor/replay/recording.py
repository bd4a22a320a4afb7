"""What the replay reads: anything that has kept observations and transitions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeAlias

from monitor.model.records import Seen
from monitor.model.transition import Transition

Block: TypeAlias = bytes | Sequence[Seen]
"""Observations of one check, oldest first: as :func:`monitor.history.codec.blocks.pack` makes them, or
as they are.
"""


class Recording(Protocol):
    """Instants are seconds since the epoch."""

    def checks(self) -> Iterable[str]:
        """The ids of all checks that something was kept of."""

    def blocks(self, check_id: str, since: float, until: float) -> Iterator[Block]:
        """What a check saw from ``since`` on and before ``until``, oldest first. A packed block
        may hold more than that.
        """

    def transitions(self, since: float, until: float) -> Iterable[Transition]:
        """What was published, oldest first."""

    def newest_before(self, subject: str, at: float) -> Transition | None:
        """The last transition of ``ENV/SERVICE`` before ``at``."""
