"""Pure: an hour of one check's observations as few bytes, and back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any

from monitor.record import Seen
from probes.observation import Cause, Grade, Phases, Reason


def pack(rows: Sequence[Seen]) -> bytes:
    """Times to the microsecond."""
    return zlib.compress(json.dumps(_columns(rows), separators=(",", ":")).encode(), 6)


def _micro(value: float | None) -> int | None:
    return None if value is None else round(value * 1e6)


def _columns(rows: Sequence[Seen]) -> list[object]:
    return [
        [_micro(r.at) for r in rows],
        [_micro(r.duration) for r in rows],
        [r.grade.value for r in rows],
        [r.reason for r in rows],
        [r.cause for r in rows],
        [_micro(r.phases.resolve) for r in rows],
        [_micro(r.phases.connect) for r in rows],
        [_micro(r.phases.tls) for r in rows],
        [_micro(r.phases.processing) for r in rows],
        [_micro(r.phases.transfer) for r in rows],
        [r.address for r in rows],
        [r.status for r in rows],
        [r.detail for r in rows],
        [_columns(r.parts) if r.parts else None for r in rows],
    ]


def unpack(data: bytes) -> list[Seen]:
    """What was packed."""
    return _rows(json.loads(zlib.decompress(data)))


def _rows(columns: list[list[object]]) -> list[Seen]:
    return [_row(*values) for values in zip(*columns, strict=True)]


def _row(*v: Any) -> Seen:
    def seconds(x: object) -> float | None:
        return x / 1e6 if isinstance(x, int) else None

    return Seen(
        seconds(v[0]) or 0.0,
        seconds(v[1]) or 0.0,
        Grade(v[2]),
        Reason(v[3]) if v[3] else None,
        Cause(v[4]) if v[4] else None,
        Phases(
            resolve=seconds(v[5]),
            connect=seconds(v[6]),
            tls=seconds(v[7]),
            processing=seconds(v[8]),
            transfer=seconds(v[9]),
        ),
        v[10] if isinstance(v[10], str) else None,
        v[11] if isinstance(v[11], int) else None,
        str(v[12]),
        tuple(_rows(v[13])) if isinstance(v[13], list) else (),
    )
