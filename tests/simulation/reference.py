"""The reference: contract, section 2, in the most naive way.

It keeps every observation, looks at lists of them, and shares nothing with ``monitor.judging.fold`` but
the values that it is given. Statuses are plain words.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from monitor.model.status import Thresholds
from probes.observation import Observation

WORSE = ["green", "unknown", "yellow", "red"]
"""The later the worse."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A service window, at one of its times, as instants since the epoch."""

    start: float
    end: float
    declares: str
    services: frozenset[str]
    """``ENV/SERVICE``; empty: all."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A check, a service or an environment, for whoever rolls it up."""

    id: str
    weight: float = 1.0
    critical: bool = False
    majority: float = 0.5
    children: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What is to be known of one check."""

    thresholds: Thresholds
    interval: float
    timeout: float
    places: tuple[Part, ...] = ()
    """The locations that it is measured from, where any are declared."""
    here: str = ""
    """Which of them is ours: nothing is known of the others."""


def graded(seen: Observation, rules: Thresholds) -> str:
    """``good``, ``degraded``, ``failed``, or ``ours``."""
    if seen.grade.value != "good" and seen.cause is not None and seen.cause.value == "monitor":
        return "ours"
    red, yellow = rules.latency_red, rules.latency_yellow
    if seen.grade.value == "failed" or (red is not None and seen.duration >= red):
        return "failed"
    if seen.grade.value == "degraded" or (yellow is not None and seen.duration >= yellow):
        return "degraded"
    return "good"


def last(grades: Sequence[str], number: int, among: tuple[str, ...]) -> bool:
    """Whether there are ``number`` of them and the last ones are all ``among`` those."""
    return len(grades) >= number and all(one in among for one in grades[-number:])


def says(grades: Sequence[str], rules: Thresholds) -> str:
    """What the rules say of the observations, whatever was believed before."""
    window = grades[-rules.window_size :]
    enough = len(window) >= rules.window_size / 2
    share = window.count("failed") / len(window)
    if last(grades, rules.red_after, ("failed",)):
        return "red"
    if grades[-1] == "failed" and enough and share >= rules.window_red:
        return "red"
    if last(grades, rules.yellow_after, ("failed",)):
        return "yellow"
    if last(grades, rules.degraded_after, ("failed", "degraded")):
        return "yellow"
    if enough and share >= rules.window_yellow:
        return "yellow"
    return "green"


def believed(
    grades: Sequence[str], rules: Thresholds, before: str = "unknown", known: int = 0
) -> str:
    """Worse at once, better after ``green_after`` in a row. The first ``known`` of the
    observations have led to ``before`` already.
    """
    status = before
    for number in range(known + 1, len(grades) + 1):
        # the rules look back at a window and some more at most
        so_far = grades[max(0, number - 100) : number]
        raw = says(so_far, rules)
        none_failed = last(so_far, rules.green_after, ("good", "degraded"))
        all_good = last(so_far, rules.green_after, ("good",))
        if status == "unknown":
            if raw != "green" or so_far[-1] != "failed":
                status = raw
        elif WORSE.index(raw) > WORSE.index(status):
            status = raw
        elif status == "red" and raw != "red" and none_failed:
            status = "green" if all_good and raw == "green" else "yellow"
        elif status == "yellow" and raw == "green" and all_good:
            status = "green"
    return status


def rolled_up(children: Sequence[tuple[Part, str]], majority: float) -> str:
    if any(part.critical and status == "red" for part, status in children):
        return "red"
    total = sum(part.weight for part, _ in children)
    red = sum(part.weight for part, status in children if status == "red")
    statuses = [status for _, status in children]
    if red and red / total >= majority:
        return "red"
    if "red" in statuses or "yellow" in statuses:
        return "yellow"
    return "unknown" if "unknown" in statuses or not statuses else "green"


def at_places(places: Sequence[tuple[Part, str]]) -> str:
    """As rolled up, but that those of which nothing is known are left out while the others hold more
    than half and none of the critical is missing, and that half is not most.
    """
    known = [(part, status) for part, status in places if status != "unknown"]
    missing = [part for part, status in places if status == "unknown"]
    weighs = sum(part.weight for part, _ in known)
    if not known or any(part.critical for part in missing):
        return "unknown"
    if missing and weighs <= sum(part.weight for part in missing):
        return "unknown"
    red = [part for part, status in known if status == "red"]
    if any(part.critical for part in red) or sum(part.weight for part in red) > weighs / 2:
        return "red"
    return "green" if all(status == "green" for _, status in known) else "yellow"


@dataclass(frozen=True, kw_only=True)
class Change:
    """A published status changing, or what explains it."""

    at: float
    subject: str
    before: str
    after: str
    planned: bool


@dataclass(kw_only=True)
class _Memory:
    rules: Rules
    seen: list[Observation] = field(default_factory=list)
    grades: list[str] = field(default_factory=list)
    """Of those that were of the target."""
    at: float | None = None
    """When the newest of those was made."""
    ours: bool = False
    """Whether the newest of all was our own trouble."""
    counted: int = 0
    status: str = "unknown"
    looked_at: float = 0.0
    """Time passes for a check when somebody looks: at each observation, and at every tick."""


class Reference:
    """What should be published."""

    def __init__(
        self,
        environments: Sequence[Part],
        rules: dict[str, Rules],
        plans: Sequence[Plan],
        now: float,
    ) -> None:
        self.environments = environments
        self.plans = plans
        self.checks = {name: _Memory(rules=one, looked_at=now) for name, one in rules.items()}
        self.planned_at = now
        self.clock_set_at = float("-inf")
        self.published = self.now()

    def observed(self, check: str, seen: Observation, now: float) -> None:
        memory = self.checks[check]
        memory.seen.append(seen)
        memory.looked_at = now
        grade = graded(seen, memory.rules.thresholds)
        memory.ours = grade == "ours"
        if not memory.ours:
            memory.grades.append(grade)
            memory.at = seen.at

    def begin(self, subjects: Collection[str], now: float) -> None:
        """Of these nothing was ever published."""
        rules = {name: memory.rules for name, memory in self.checks.items()}
        fresh = Reference(self.environments, rules, self.plans, now)
        self.published |= {name: fresh.published[name] for name in subjects}

    def ticked(self, now: float) -> None:
        for memory in self.checks.values():
            memory.looked_at = now
        self.planned_at = now

    def clock_set(self, now: float) -> None:
        self.clock_set_at = now
        for memory in self.checks.values():
            memory.looked_at = now

    def measured(self, check: str) -> str:
        """A check's status, our own trouble and staleness left aside."""
        memory = self.checks[check]
        if memory.counted < len(memory.grades):
            memory.status = believed(
                memory.grades, memory.rules.thresholds, memory.status, memory.counted
            )
            memory.counted = len(memory.grades)
        return memory.status

    def check(self, name: str) -> str:
        """A check's status, by all its locations."""
        rules = self.checks[name].rules
        if not rules.places:
            return self.from_here(name)
        return at_places([(one, self.at(name, one.id)) for one in rules.places])

    def at(self, name: str, place: str) -> str:
        """Its status at one of its locations."""
        return self.from_here(name) if place == self.checks[name].rules.here else "unknown"

    def from_here(self, name: str) -> str:
        """Its status by what is measured here."""
        memory = self.checks[name]
        if memory.ours or memory.at is None:
            return "unknown"
        rules = memory.rules
        if (
            memory.looked_at - max(memory.at, self.clock_set_at)
            > 3 * rules.interval + rules.timeout
        ):
            return "unknown"
        return self.measured(name)

    def declared(self, service: str) -> str:
        found = [
            plan.declares
            for plan in self.plans
            if plan.start <= self.planned_at < plan.end
            and (not plan.services or service in plan.services)
        ]
        return max(found, key=WORSE.index, default="green")

    def now(self) -> dict[str, tuple[str, bool]]:
        """What should be published of each service and environment, and whether it is planned."""
        found: dict[str, tuple[str, bool]] = {}
        for environment in self.environments:
            published: list[tuple[Part, str]] = []
            without_plans: list[tuple[Part, str]] = []
            for service in environment.children:
                measured = rolled_up(
                    [(check, self.check(check.id)) for check in service.children], service.majority
                )
                declared = self.declared(service.id)
                status = max(measured, declared, key=WORSE.index)
                planned = declared != "green" and WORSE.index(measured) <= WORSE.index(declared)
                found[service.id] = status, planned
                published.append((service, status))
                without_plans.append((service, "green" if planned else status))
            status = rolled_up(published, environment.majority)
            otherwise = rolled_up(without_plans, environment.majority)
            better = WORSE.index(otherwise) < WORSE.index(status)
            found[environment.id] = status, better
        return found

    def changes(self, now: float) -> list[Change]:
        """What has changed since the last time that this was asked."""
        before, self.published = self.published, self.now()
        return [
            Change(
                at=now, subject=subject, before=before[subject][0], after=after[0], planned=after[1]
            )
            for subject, after in self.published.items()
            if before[subject] != after
        ]

    def unsettled(self, check: str) -> bool:
        """A failure seen but not red yet, or red with a good observation seen."""
        memory = self.checks[check]
        if memory.ours or not memory.grades:
            return False
        failed = memory.grades[-1] == "failed"
        return failed != (self.measured(check) == "red")

    def anew(self) -> None:
        """Works everything out again from the first observation on: memory must not have helped.

        Raises ``AssertionError`` when it did.
        """
        for name, memory in self.checks.items():
            status = self.measured(name)
            rules = memory.rules.thresholds
            grades = [one for seen in memory.seen if (one := graded(seen, rules)) != "ours"]
            assert believed(grades, rules) == status, name
