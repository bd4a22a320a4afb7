"""Pure: summarises an hour's or a day's observations, for when they are gone.

Latencies are kept as counts in buckets whose bounds grow by a tenth each: a quantile read from
them is within 5 % of the true one, between 0.1 ms and about an hour, and two of them can be added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil, log

from monitor.model.records import Seen
from probes.observation import Cause, Grade, Reason

_GROWTH = log(1.1)
_LEAST = 100e-6
_LAST = 255
_SLOW = frozenset({Reason.TIMEOUT, Reason.CONNECT_TIMEOUT, Reason.LATENCY})
"""Failures whose time says something: a refusal is quick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollup:
    """Summarises one check over one hour or one day."""

    start: float
    """Seconds since the epoch."""
    good: int = 0
    degraded: int = 0
    failed: int = 0
    trouble: int = 0
    """Our own: no observations of the target."""
    duration_sum: float = 0.0
    """Seconds, over all latencies that count."""
    duration_max: float = 0.0
    buckets: Mapping[int, int] = field(default_factory=dict)

    @property
    def latencies(self) -> int:
        """How many latencies count."""
        return sum(self.buckets.values())

    def quantile(self, share: float) -> float | None:
        """Seconds within which ``share`` of the latencies lie; ``None`` without any."""
        rank, passed = share * self.latencies, 0
        for bucket in sorted(self.buckets):
            passed += self.buckets[bucket]
            if passed >= rank:
                return min(_middle(bucket), self.duration_max)
        return None


def rolled_up(start: float, rows: Iterable[Seen]) -> Rollup:
    """The rows of one hour or one day that begins at ``start``."""
    good = degraded = failed = trouble = 0
    total = longest = 0.0
    buckets: dict[int, int] = {}
    for seen in rows:
        if seen.cause is Cause.MONITOR:
            trouble += 1
            continue
        if seen.grade is Grade.FAILED:
            failed += 1
            if seen.reason not in _SLOW:
                continue
        elif seen.grade is Grade.DEGRADED:
            degraded += 1
        else:
            good += 1
        total += seen.duration
        longest = max(longest, seen.duration)
        bucket = _bucket(seen.duration)
        buckets[bucket] = buckets.get(bucket, 0) + 1
    return Rollup(
        start=start,
        good=good,
        degraded=degraded,
        failed=failed,
        trouble=trouble,
        duration_sum=total,
        duration_max=longest,
        buckets=buckets,
    )


def joined(start: float, parts: Iterable[Rollup]) -> Rollup:
    """All of them as one that begins at ``start``."""
    every = list(parts)
    buckets: dict[int, int] = {}
    for part in every:
        for bucket, count in part.buckets.items():
            buckets[bucket] = buckets.get(bucket, 0) + count
    return Rollup(
        start=start,
        good=sum(part.good for part in every),
        degraded=sum(part.degraded for part in every),
        failed=sum(part.failed for part in every),
        trouble=sum(part.trouble for part in every),
        duration_sum=sum(part.duration_sum for part in every),
        duration_max=max((part.duration_max for part in every), default=0.0),
        buckets=buckets,
    )


def packed_latency(rollup: Rollup) -> bytes:
    """Sum, maximum (microseconds) and buckets as numbers of 7 bits a byte."""
    out = bytearray()
    _put(out, round(rollup.duration_sum * 1e6))
    _put(out, round(rollup.duration_max * 1e6))
    for bucket in sorted(rollup.buckets):
        out.append(bucket)
        _put(out, rollup.buckets[bucket])
    return bytes(out)


def unpacked_latency(data: bytes) -> tuple[float, float, dict[int, int]]:
    """Sum and maximum in seconds, and the buckets."""
    total, at = _take(data, 0)
    longest, at = _take(data, at)
    buckets: dict[int, int] = {}
    while at < len(data):
        bucket = data[at]
        buckets[bucket], at = _take(data, at + 1)
    return total / 1e6, longest / 1e6, buckets


def _bucket(seconds: float) -> int:
    """0 up to the least; bucket n ends at the least times 1.1 ** n."""
    if seconds <= _LEAST:
        return 0
    return min(ceil(log(seconds / _LEAST) / _GROWTH), _LAST)


def _middle(bucket: int) -> float:
    return float(_LEAST * 1.1 ** (bucket - 0.5))


def _put(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _take(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
