"""Pure: what people wrote, as it is kept and as it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import ceil, floor
from typing import Any

import orjson

from monitor.model.estate import Estate
from monitor.model.records import ByHandRow
from monitor.model.timestamps import iso_timestamp
from monitor.plan import Planned, Window
from monitor.settings.by_hand import MODELS, Written, plan_of, read_by_hand


def plan_of_row(row: ByHandRow, estate: Estate) -> Planned:
    """What the row plans. Raises :class:`~monitor.settings.by_hand.ByHandError`; ``KeyError`` and
    ``ValueError`` for a row that nobody of ours has written.
    """
    document = orjson.loads(row.document)
    ended = document.pop("ended_at", None)
    sent = read_by_hand(MODELS[row.kind], document)
    written = Written(
        kind=row.kind, id=row.id, author=row.author, at=row.written_at, ended_at=ended
    )
    return plan_of(sent, written, estate)


def fixed(row: ByHandRow, plan: Planned) -> ByHandRow:
    """The row with its instants spelled out: when it is read again, no time has passed."""
    document = orjson.loads(row.document)
    begins = {"windows": "start", "notices": "from"}.get(row.kind)
    if begins is not None and begins not in document:
        document[begins] = _spelled(floor(row.written_at))
    if isinstance(plan, Window):
        ends: float | None = plan.ends.replace(tzinfo=plan.zone).timestamp()
    else:
        ends = plan.ends
    if document.pop("for", None) is not None and ends is not None:
        ends = float(ceil(ends))
        document["until"] = _spelled(ends)
    return replace(row, ends_at=ends, document=orjson.dumps(document).decode())


def ended(row: ByHandRow, now: float) -> ByHandRow:
    """The row, over."""
    document = {**orjson.loads(row.document), "ended_at": now}
    return replace(row, ends_at=now, document=orjson.dumps(document).decode())


def lives(row: ByHandRow, now: float) -> bool:
    """Whether it has not ended."""
    return row.ends_at is None or now < row.ends_at


def row_value(row: ByHandRow) -> dict[str, Any]:
    """The row as the API tells it."""
    document = orjson.loads(row.document)
    document.pop("ended_at", None)
    ends = None if row.ends_at is None else iso_timestamp(row.ends_at)
    written = {"author": row.author, "written_at": iso_timestamp(row.written_at), "ends_at": ends}
    return {**document, "id": row.id, **written}


def _spelled(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
