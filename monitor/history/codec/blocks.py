"""Pure: an hour of one check's observations as few bytes, and back.

Observations are packed by columns, and what is the same in many of them (grade, reason, cause,
address, HTTP status, detail, which phases there are) is one *kind*, said once. Instants are kept
as they are (to 2⁻²² s, which is what a float has in these years), durations to the microsecond
below, phases to 5 µs; ``processing`` is kept as what it differs from the rest of the duration.
Packing again what was unpacked loses nothing more.

    blob    version, zlib(table)
    table   rows, kinds (JSON), kind of each, instants, durations, phases, parts (a table of their own)

:func:`columns` reads without making an object an observation: the replay reads millions.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Sequence
from itertools import chain, pairwise
from statistics import median_low
from typing import Final

from monitor.history.codec.columns import (
    COARSE,
    MICRO,
    PROCESSING,
    TICKS,
    Kind,
    ObservationColumns,
    observations_of,
)
from monitor.history.codec.varint import EMPTY, Column, PackingError, VarintReader, Writer
from monitor.model.records import Seen
from probes.observation import Cause, Grade, Phases, Reason

__all__ = [
    "Kind",
    "ObservationColumns",
    "PackingError",
    "columns",
    "columns_of",
    "observations_of",
    "pack",
    "unpack",
]

VERSION = 1
MAX_ROWS = 1_000_000
MAX_BYTES = 64 * 1024 * 1024
"""Of one table, unpacked."""
MAX_DEPTH = 3
"""Observations have parts; parts of parts are not made by any probe yet."""
_LEVEL = 9
_PHASES = 5
_ALL_PHASES = (1 << _PHASES) - 1
_GRADES: Final = {grade.value: grade for grade in Grade}
_REASONS: Final = {reason.value: reason for reason in Reason}
_CAUSES: Final = {cause.value: cause for cause in Cause}


def pack(rows: Sequence[Seen]) -> bytes:
    """Raises ``ValueError`` for what cannot be packed: too much, or numbers out of all bounds."""
    return bytes([VERSION]) + zlib.compress(_table(rows), _LEVEL)


def columns_of(rows: Sequence[Seen]) -> ObservationColumns:
    """What :func:`columns` gives of them once they are packed. Raises as :func:`pack` does."""
    return _read(VarintReader(_table(rows)), 0)


def unpack(data: bytes) -> list[Seen]:
    """What was packed. Raises :class:`PackingError` for anything else."""
    return observations_of(columns(data))


def columns(data: bytes) -> ObservationColumns:
    """What was packed, in columns. Raises :class:`PackingError` for anything else."""
    if not data or data[0] != VERSION:
        raise PackingError("it is of another version" if data else "there is nothing")
    inflating = zlib.decompressobj()
    try:
        table = inflating.decompress(data[1:], MAX_BYTES)
    except zlib.error as error:
        raise PackingError(f"it cannot be decompressed: {error}") from None
    if not inflating.eof or inflating.unused_data:
        raise PackingError("it is cut short, or more than can be")
    reader = VarintReader(table)
    found = _read(reader, 0)
    reader.end()
    return found


def _table(rows: Sequence[Seen]) -> bytes:
    if len(rows) > MAX_ROWS:
        raise ValueError(f"{len(rows)} observations at once, {MAX_ROWS} at most")
    writer = Writer()
    try:
        _write(writer, rows, 0)
    except OverflowError as error:
        raise ValueError(str(error)) from None
    return bytes(writer.data)


def _micro(seconds: float) -> int:
    """Whole microseconds, rounded down: what is below a threshold stays below it. (A nanosecond
    is forgiven, because 0.000007 * 1e6 is less than 7.)
    """
    return math.floor(seconds * MICRO + 1e-3)


def _measured(phases: Phases) -> tuple[float | None, ...]:
    return phases.resolve, phases.connect, phases.tls, phases.processing, phases.transfer


def _write(writer: Writer, rows: Sequence[Seen], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError("parts of parts of parts cannot be packed")
    writer.natural(len(rows))
    if not rows:
        return
    kinds: dict[Kind, int] = {}
    kind: list[int] = []
    durations: list[int] = []
    phases: tuple[list[int], ...] = ([], [], [], [], [])
    for row in rows:
        known = _measured(row.phases)
        mask = sum(1 << number for number, value in enumerate(known) if value is not None)
        own = Kind(row.grade, row.reason, row.cause, row.address, row.status, row.detail, mask)
        kind.append(kinds.setdefault(own, len(kinds)))
        duration = _micro(row.duration)
        durations.append(duration)
        coarse = [None if v is None else round(v * MICRO / COARSE) for v in known]
        processing = known[PROCESSING]
        if processing is not None:
            coarse[PROCESSING] = None
            rest = duration - sum(v * COARSE for v in coarse if v is not None)
            coarse[PROCESSING] = round((processing * MICRO - rest) / COARSE)
        for column, value in zip(phases, coarse, strict=True):
            if value is not None:
                column.append(value)
    writer.text(json.dumps(list(kinds), separators=(",", ":")).encode())
    if len(kinds) > 1:
        writer.column(kind)
    ticks = [round(row.at * TICKS) for row in rows]
    steps = [after - before for before, after in pairwise(ticks)]
    step = median_low(steps) if steps else 0
    writer.whole(ticks[0])
    writer.whole(step)
    writer.column([one - step for one in steps])
    writer.column(durations)
    for column in phases:
        writer.natural(len(column))
        writer.column(column)
    parts = list(chain.from_iterable(row.parts for row in rows))
    writer.natural(1 if parts else 0)
    if parts:
        writer.column([len(row.parts) for row in rows])
        _write(writer, parts, depth + 1)


def _read(reader: VarintReader, depth: int) -> ObservationColumns:
    if depth > MAX_DEPTH:
        raise PackingError("its parts have parts without end")
    count = reader.natural()
    if count > MAX_ROWS * (depth + 1):
        raise PackingError(f"{count} observations")
    if not count:
        return ObservationColumns(
            kinds=[], kind=b"", first=0, steps=(0, EMPTY), durations=EMPTY, phases=[],
            counts=EMPTY, parts=None,
        )  # fmt: skip
    kinds = _kinds(reader.text())
    kind: Sequence[int] = bytes(count)
    if len(kinds) > 1:
        read = reader.column(count)
        kind = read.numbers() if read.base or len(kinds) > 256 else read.above()
        if min(kind) < 0 or max(kind) >= len(kinds):
            raise PackingError("a kind that it does not have")
        if len(kinds) <= 256 and not isinstance(kind, bytes):
            kind = bytes(kind)
    first = reader.whole()
    step = reader.whole()
    steps = reader.column(count - 1)
    durations = reader.column(count)
    phases = [reader.column(_bounded(reader.natural(), count)) for _ in range(_PHASES)]
    _check_phases(kinds, kind, phases)
    counts, parts = EMPTY, None
    if _bounded(reader.natural(), 1):
        counts = reader.column(count)
        parts = _read(reader, depth + 1)
        numbers = counts.numbers()
        if min(numbers) < 0 or sum(numbers) != len(parts):
            raise PackingError("its parts are not as many as it says")
    return ObservationColumns(
        kinds=kinds, kind=kind, first=first, steps=(step, steps), durations=durations,
        phases=phases, counts=counts, parts=parts,
    )  # fmt: skip


def _bounded(number: int, most: int) -> int:
    if number > most:
        raise PackingError(f"{number} where {most} is the most")
    return number


def _check_phases(kinds: list[Kind], kind: Sequence[int], phases: list[Column]) -> None:
    """There must be a number for each phase that the kinds tell of."""
    if len(kinds) == 1:
        mask = kinds[0].phases
        expected = [len(kind) * (mask >> number & 1) for number in range(_PHASES)]
    else:
        of_kind = [0] * len(kinds)
        for index in kind:
            of_kind[index] += 1
        expected = [
            sum(many for one, many in zip(kinds, of_kind, strict=True) if one.phases >> number & 1)
            for number in range(_PHASES)
        ]
    if [column.count for column in phases] != expected:
        raise PackingError("its phases are not as many as it says")


def _kinds(text: bytes) -> list[Kind]:
    try:
        read = json.loads(text)
        kinds = [_kind(*one) for one in read]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise PackingError("its kinds are not understood") from None
    if not kinds:
        raise PackingError("it has no kinds")
    return kinds


def _kind(
    grade: str,
    reason: str | None,
    cause: str | None,
    address: str | None,
    status: int | None,
    detail: object,
    phases: object,
) -> Kind:
    """Raises ``KeyError`` or ``TypeError`` for what it does not know."""
    for value, wanted in ((address, str), (status, int)):
        if value is not None and type(value) is not wanted:
            raise TypeError
    if type(detail) is not str or type(phases) is not int or not 0 <= phases <= _ALL_PHASES:
        raise TypeError
    return Kind(
        _GRADES[grade],
        None if reason is None else _REASONS[reason],
        None if cause is None else _CAUSES[cause],
        address,
        status,
        detail,
        phases,
    )
