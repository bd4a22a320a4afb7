"""Invariants of when probes begin: promises, places, wishes to be left alone, nobody starved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from monitor.model.estate import Check
from probes.observation import Observation
from tests.simulation.network import Truth
from tests.simulation.script import Script
from tests.simulation.story import Story

NEAR = 1e-3
"""Seconds that are nothing: timers go by whole milliseconds."""
LATE = 0.05
CANARIES = 15.0
"""Seconds at most that two rounds of canaries take."""


@dataclass(frozen=True, kw_only=True)
class _Wish:
    at: float
    much: bool
    seconds: float

    def ends(self, check: Check) -> float:
        if self.much:
            return self.at + self.seconds
        return self.at + min(self.seconds, max(60.0, 2 * check.interval), 300.0)


class Manners:
    """Of one life of the daemon. Instants are the timer's."""

    def __init__(self, script: Script, story: Story, started: float) -> None:
        self._story = story
        self._started = started
        self.checks = {check.id: check for check in script.estate.checks()}
        self._most = script.estate.max_in_flight
        self._begun: dict[str, float] = {}
        self._arrived: dict[tuple[str, str, int], float] = {}
        self._wishes: dict[tuple[str, int], dict[bool, _Wish]] = defaultdict(dict)
        self._wished: dict[tuple[str, int], float] = defaultdict(lambda: float("-inf"))
        """Until when anybody may stay away."""
        self._soon: dict[str, float] = {}
        """By when an unsettled check has to be probed again."""
        self._flying: dict[str, str] = {}
        self.stalls: list[tuple[float, float]] = []
        self.jumps: list[float] = []
        self._slack = {check.id: self._patience(check) for check in self.checks.values()}

    def _patience(self, check: Check) -> float:
        """Seconds between two probes of a check that are too long whatever else there is to do."""
        promised = max((promise.seconds for promise in check.promises), default=0.0)
        others = self.checks.values()
        queue = 0.0
        if promised:
            queue += sum(one.timeout + 1.1 * promised + 1 for one in others if one.promises)
        if self._most < len(self.checks) or any(one.host_concurrency < 8 for one in others):
            queue += sum(one.timeout for one in others) * 2
        return 2 * max(check.interval, 1.1 * promised) + check.timeout + queue + CANARIES + 5

    def _crowded(self, check: Check) -> bool:
        return bool(
            check.promises
            or self._most < len(self.checks)
            or any(one.host_concurrency < 8 for one in self.checks.values())
        )

    def disturbed(self, since: float, until: float) -> bool:
        """Whether we ourselves were out of order in between, or the clock was."""
        return any(begin <= until and end >= since for begin, end in self.stalls) or any(
            since <= at <= until for at in self.jumps
        )

    def stalled(self, since: float, until: float) -> float:
        return sum(max(0.0, min(end, until) - max(begin, since)) for begin, end in self.stalls)

    def begins(self, name: str, truth: Truth) -> None:
        check = self.checks.get(name)  # type: ignore[call-overload]
        if check is None:
            return  # a canary
        story, now = self._story, truth.begun
        story.insist(name not in self._flying, f"{name} overlaps itself")
        self._flying[name] = check.host
        story.insist(len(self._flying) <= self._most, f"{len(self._flying)} probes in flight")
        least = min(one.host_concurrency for one in self.checks.values() if one.host == check.host)
        at_host = sum(host == check.host for host in self._flying.values())
        story.insist(at_host <= least, f"{at_host} probes at {check.host}")
        for promise in check.promises:
            key = promise.scope, check.host, check.port
            before = self._arrived.get(key, float("-inf"))
            gap = truth.arrived - before
            story.insist(gap >= promise.seconds - NEAR, f"{name}: {gap:.3f} s after the last one")
            self._arrived[key] = max(before, truth.arrived)
        for wish in self._wishes[check.host, check.port].values():
            left = wish.ends(check) - now
            story.insist(left < NEAR, f"{name} disturbs a server that asked for {left:.1f} s more")
        last = self._begun.get(name)
        if last is not None and not self._crowded(check) and not self.disturbed(last - 1, now):
            gap = min(check.retry_interval, check.interval / 2)
            story.insist(now - last >= gap - LATE, f"{name}: again after {now - last:.3f} s")
        self._in_time(check, now)
        self._begun[name] = now
        self._soon.pop(name, None)

    def ended(self, name: str) -> None:
        self._flying.pop(name, None)

    def looked(self, now: float) -> None:
        """Time has passed: is anybody forgotten?"""
        for check in self.checks.values():
            self._in_time(check, now - LATE)

    def _in_time(self, check: Check, now: float) -> None:
        if (
            check.id in self._flying
            and check.id in self._begun
            and now < self._begun[check.id] + check.timeout
        ):
            return
        since = max(self._begun.get(check.id, self._started), self._wished[check.host, check.port])
        patience = self._slack[check.id]
        if now - since > patience:
            patience += self.stalled(since, now)
            patience += (check.interval + 2) * sum(since <= at <= now for at in self.jumps)
            self._story.insist(now - since <= patience, f"{check.id} starves: {now - since:.1f} s")
        by = self._soon.get(check.id)
        if by is not None and now > by + LATE:
            begun = self._begun.get(check.id, self._started)
            held = self._wished[check.host, check.port] >= begun
            if not held and not self.disturbed(begun, now):
                self._story.wrong(f"{check.id} is unsettled and waits {now - by:.3f} s too long")
            del self._soon[check.id]

    def observed(self, check: Check, seen: Observation, unsettled: bool, now: float) -> None:
        http = seen.http
        if http is not None and http.status in (429, 503):
            much = http.status == 429
            seconds = http.retry_after or 0.0
            if much:
                seconds = min(max(seconds, check.interval), max(3600.0, check.interval))
            if seconds:
                wish = _Wish(at=now, much=much, seconds=seconds)
                place = check.host, check.port
                self._wishes[place][much] = wish
                self._wished[place] = max(
                    self._wished[place], *(wish.ends(one) for one in self._at(place))
                )
        if unsettled and not self._crowded(check):
            self._soon[check.id] = max(self._begun[check.id] + check.retry_interval, now)

    def _at(self, place: tuple[str, int]) -> Iterable[Check]:
        return [one for one in self.checks.values() if (one.host, one.port) == place]
