"""A record in memory, as the replay reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import floor

from monitor.history.codec.blocks import pack
from monitor.model.records import Seen
from monitor.model.transition import Transition
from monitor.replay.recording import Block

HOUR = 3600


class Recorded:
    """Packs every hour but a check's newest, as the history does."""

    def __init__(
        self, seen: Mapping[str, Sequence[Seen]], transitions: Iterable[Transition] = ()
    ) -> None:
        self._hours = {check: _hours(rows) for check, rows in seen.items()}
        self._transitions = list(transitions)

    def checks(self) -> list[str]:
        return list(self._hours)

    def blocks(self, check_id: str, since: float, until: float) -> Iterator[Block]:
        for begin, block in self._hours.get(check_id, ()):
            if since - HOUR < begin < until:
                if isinstance(block, bytes):
                    yield block
                else:
                    yield [row for row in block if since <= row.at < until]

    def transitions(self, since: float, until: float) -> list[Transition]:
        return [one for one in self._transitions if since <= one.at < until]

    def newest_before(self, subject: str, at: float) -> Transition | None:
        found = [
            one
            for one in self._transitions
            if one.at < at and f"{one.environment}/{one.service}" == subject
        ]
        return found[-1] if found else None


def _hours(rows: Sequence[Seen]) -> list[tuple[int, Block]]:
    hours: dict[int, list[Seen]] = {}
    for row in rows:
        hours.setdefault(floor(row.at / HOUR) * HOUR, []).append(row)
    newest = max(hours, default=0)
    return [(hour, seen if hour == newest else pack(seen)) for hour, seen in hours.items()]
