"""Sees all that one life of the daemon does, and holds it against the reference and the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from monitor.model.estate import Check
from monitor.model.transition import Transition
from monitor.scheduling.load_shedding import PAUSES
from probes.observation import Observation
from tests.simulation.manners import Manners
from tests.simulation.network import Network, Truth
from tests.simulation.reference import Reference, graded
from tests.simulation.script import CANARY_HOST, Script
from tests.simulation.story import Story
from tests.simulation.virtual import Clock, Loop

if TYPE_CHECKING:
    from monitor.judging.board import Board
    from monitor.judging.grade import Verdict
    from monitor.judging.staleness import Excused
    from monitor.model.certificate_changes import News

TICK = 1.0
STATUS_EVERY = 5.0
LATE = 0.05
MANY = 50
"""Checks from which on not everything is held against the reference at every single observation."""
CANARY_DECIDES = frozenset({"dns", "connect_timeout"})


class Witness:
    """Of one life. ``reference`` may be that of the life before, when its memory was kept."""

    def __init__(
        self,
        script: Script,
        story: Story,
        network: Network,
        clock: Clock,
        loop: Loop,
        reference: Reference | None,
    ) -> None:
        self._story = story
        self._network = network
        self._clock = clock
        self._loop = loop
        self._canaries = [
            (canary.settings.endpoint()[1], canary) for canary in script.estate.canaries
        ]
        self.reference = reference or Reference(
            script.parts(), script.rules(), script.plans, clock()
        )
        self.manners = Manners(script, story, loop.time())
        self._many = len(self.manners.checks) > MANY
        self.probes = 0
        self.transitions = 0
        self.compared = 0
        self._board: Board | None = None
        self._pending: float | None = None
        """Since when there is something seen that is not published."""
        self._told_in: dict[str, int] = {}
        """The turn of the loop in which something was last told of each subject."""
        self._ticked: float | None = None
        self._ticks = 0
        self._written: float | None = None
        self._writing = False
        self._sheds = False
        """Whether stalls have had it render less often."""
        self._writings = 0
        self._to_hear: list[tuple[str, str, str]] = []
        self._heard: list[tuple[str, str, str]] = []
        self._counted: Counter[tuple[str, str, str]] = Counter()
        self._leaf: dict[str, str] = {}
        self._renewed: list[str] = []
        self._told_renewed: list[str] = []
        self.announced: Callable[[Sequence[Transition]], None] = lambda changes: None
        network.begun = self._begins
        network.ended = self.manners.ended

    def attach(self, board: Board) -> None:
        """From now on all that is done to the board is seen."""
        self._board = board
        take, publish, age, clock_set = board.take, board.publish, board.age, board.clock_set

        def took(check_id: str, observation: Observation, now: float) -> tuple[Verdict, News]:
            self.hears()
            found = take(check_id, observation, now)  # type: ignore[arg-type]
            self._observed(check_id, observation, now)
            if not board.pending:
                if self._many:
                    self._compare_one(check_id)
                else:
                    self._compare([], now)
            elif self._pending is None:
                self._pending = self._loop.time()
            return found

        def published(now: float) -> list[Transition]:
            if not board.pending:
                return publish(now)
            self.hears()
            changes = publish(now)
            self._published(changes, now)
            return changes

        def aged(now: float, excused: Excused) -> list[Transition]:
            changes = age(now, excused)
            self._aged(changes, now)
            return changes

        def set_(now: float) -> None:
            clock_set(now)
            self.reference.clock_set(now)

        setattr(board, "clock_set", set_)  # noqa: B010
        setattr(board, "take", took)  # noqa: B010 - seen from outside, unlike a subclass
        setattr(board, "publish", published)  # noqa: B010
        setattr(board, "age", aged)  # noqa: B010

    # what the daemon does

    def _begins(self, check: str, truth: Truth) -> None:
        self._story.say(f"probe {check}: {truth.outcome} {truth.latency:.6f}")
        self.manners.begins(check, truth)

    def _observed(self, check_id: str, seen: Observation, now: float) -> None:
        self.probes += 1
        reference = self.reference
        reference.observed(check_id, seen, now)
        grade = graded(seen, reference.checks[check_id].rules.thresholds)
        reason = seen.reason.value if seen.reason is not None else ""
        self._story.say(f"seen {check_id}: {grade} {reason} {seen.duration:.6f}")
        self._attributed(check_id, seen, grade)
        self._certified(check_id, seen)
        check = self._check(check_id)
        self.manners.observed(check, seen, reference.unsettled(check_id), self._loop.time())

    def _published(self, changes: list[Transition], now: float) -> None:
        """What was seen in one turn of the loop is told before any time has passed."""
        taken, timer = self._pending, self._loop.time()
        self._pending = None
        if taken is not None:
            late = timer - taken - self.manners.stalled(taken, timer)
            self._story.insist(late <= 0, f"what was seen is told {late:.3f} s later")
        self._compare(changes, now)

    def _aged(self, changes: list[Transition], now: float) -> None:
        self.hears()
        timer = self._loop.time()
        self._story.insist(self._pending is None, "what was seen has waited for time to pass")
        self._in_time("tick", self._ticked, TICK)
        self._ticked = timer
        self.reference.ticked(now)
        self._ticks += 1
        if changes or not self._many or self._ticks % 5 == 0:
            self._compare(changes, now, looks_only=True)
        self.manners.looked(timer)

    def ends(self) -> None:
        """A life ends; until now it has looked what time alone changes."""
        self._in_time("tick", self._ticked, TICK)

    def restored(self, changes: list[Transition], now: float) -> None:
        """The daemon has taken up what an earlier life knew; of its clock it knows nothing."""
        self.reference.clock_set(float("-inf"))
        self.reference.ticked(now)
        self._compare(changes, now)

    def logged(self, event: Mapping[str, Any]) -> None:
        """A line of the log."""
        match event["event"]:
            case "transition":
                subject = event["environment"]
                if event["service"] is not None:
                    subject += "/" + event["service"]
                self._heard.append((subject, event["from"], event["to"]))
            case "certificate_changed":
                self._told_renewed.append(event["check"])
            case "shedding":
                self._sheds = True
            case "probe_broke":
                check = event["check"]
                broken = self._network.met[check].outcome == "broken"
                self._story.insist(broken, f"{check} broke: {event.get('exc_info')}")
            case "started" | "stopped" | "held_back":
                return
        self._story.say(f"log: {event['event']}")

    # is it right?

    def _compare(self, changes: list[Transition], now: float, *, looks_only: bool = False) -> None:
        """Everything published is what the reference would publish; what is new is told. When
        only time has passed, and changed nothing, every fifth look is enough.
        """
        story, reference = self._story, self.reference
        told = [(_subject(one), one.before.value, one.after.value, one.planned) for one in changes]
        expected = [
            (one.subject, one.before, one.after, one.planned) for one in reference.changes(now)
        ]
        for change in told:
            story.say(f"transition {change}")
            if self._told_in.get(change[0]) == self._loop.turn:
                story.wrong(f"of {change[0]} something was told that was so at no instant")
            self._told_in[change[0]] = self._loop.turn
        if sorted(told) != sorted(expected):
            story.wrong(f"transitions {told}, the reference has {expected}")
        for one in changes:
            story.insist(one.since <= max(now, self._clock.latest), f"{one} is of the future")
        self.transitions += len(changes)
        self.announced(changes)
        self._to_hear += [(subject, before, after) for subject, before, after, _ in told]
        for subject, before, after, _ in told:
            if "/" in subject and before != after:
                self._counted[subject, before, after] += 1
        self.compared += 1
        if changes or expected or not looks_only or self.compared % 5 == 0:
            self._compare_all(now)

    def _compare_one(self, check: str) -> None:
        assert self._board is not None
        status = self._board.check_state(check).standing.status.value  # type: ignore[arg-type]
        should = self.reference.check(check)
        self._story.insist(status == should, f"{check} is {status} and should be {should}")

    def _compare_all(self, now: float) -> None:
        story, reference = self._story, self.reference
        assert self._board is not None
        snapshot = self._board.snapshot(now)
        for environment in snapshot.environments:
            view = environment.status.value, environment.planned
            if view != reference.published[environment.environment.name]:
                story.wrong(
                    f"{environment.environment.name} is {view}, not as {reference.published}"
                )
            for service in environment.services:
                shown = service.status.value, service.planned
                if shown != reference.published[service.service.id]:
                    story.wrong(f"{service.service.id} is {shown}, not as {reference.published}")
        for check in snapshot.checks():
            name, status = check.check.id, check.status.value
            if status != (should := reference.check(name)):
                story.wrong(f"{name} is {status} and should be {should}")
            if status in ("yellow", "red") and check.cause is not None and check.cause == "monitor":
                story.wrong(f"{name} is {status} for our own trouble")
            if check.since > max(now, self._clock.latest):
                story.wrong(f"{name} is {status} since {check.since - now:.3f} s ahead")

    def hears(self) -> None:
        """Everything that has changed until now has been told, once, in order."""
        self._story.insist(
            self._heard == self._to_hear, f"told {self._heard}, changed {self._to_hear}"
        )
        self._story.insist(
            self._renewed == self._told_renewed,
            f"certificates told {self._told_renewed}, changed {self._renewed}",
        )
        for one in (self._heard, self._to_hear, self._renewed, self._told_renewed):
            one.clear()

    def _attributed(self, check: str, seen: Observation, grade: str) -> None:
        """Our trouble is never the target's, nor the target's ours."""
        truth, now = self._network.met[check], self._loop.time()
        limits = self.reference.checks[check].rules.thresholds
        timeout = self.reference.checks[check].rules.timeout
        slow = min(timeout, limits.latency_yellow or timeout)
        stalled = self.manners.stalled(truth.begun, now) > 0
        bad = truth.outcome != "good" or truth.latency >= slow
        if grade in ("degraded", "failed"):
            if not bad:
                self._story.wrong(f"{check} is blamed and did nothing: {seen}")
            if truth.ours and self._canaries and self._ours_since(truth.begun, now):
                self._story.wrong(f"{check} is blamed for our own network: {seen}")
        elif grade == "ours":
            excused = (
                truth.ours
                or stalled
                or truth.outcome in ("broken", "too_many")
                or self._canaries_ailing(truth.begun, now)
            )
            self._story.insist(excused, f"{check} is excused without cause: {seen}")
        elif bad and not (truth.latency - slow < 1e-9 and truth.outcome == "good"):
            self._story.wrong(f"{check} is called good: {truth}")

    def _ours_since(self, begun: float, now: float) -> bool:
        return any(
            start <= begun and now < end for start, end in self._network.spans("network", "*")
        )

    def _canaries_ailing(self, begun: float, now: float) -> bool:
        spans = self._network.spans("network", "*") + self._network.spans("outage", CANARY_HOST)
        return any(start <= now and end >= begun - 1 for start, end in spans)

    def _certified(self, check: str, seen: Observation) -> None:
        leaf = seen.tls.leaf if seen.tls is not None else None
        if leaf is None:
            return
        before = self._leaf.get(check)
        self._leaf[check] = leaf.sha256
        if before is not None and before != leaf.sha256:
            self._renewed.append(check)

    def knew(self, leaves: Mapping[str, str]) -> None:
        """Certificates that the life before knew, and this one was told of."""
        self._leaf.update(leaves)

    def leaves(self) -> dict[str, str]:
        return dict(self._leaf)

    # what others read

    def writes(self, body: bytes) -> None:
        """The status file is about to be written."""
        if not self._writing:  # otherwise the disk was slow, and the daemon ends
            every = STATUS_EVERY + (PAUSES[-1] if self._sheds else 0.0)
            self._in_time("status file", self._written, every)
        self._writing = True
        self._writings += 1
        if self._many and self._writings % 5:
            return
        value = orjson.loads(body)
        reference = self.reference
        for environment in value["environments"]:
            name = environment["name"]
            shown = environment["status"], environment["planned"]
            if shown != reference.published[name]:
                self._story.wrong(f"status.json has {name} {shown}")
            for service in environment["services"]:
                shown = service["status"], service["planned"]
                if shown != reference.published[f"{name}/{service['name']}"]:
                    self._story.wrong(f"status.json has {name}/{service['name']} {shown}")
                for check in service["checks"]:
                    full = f"{name}/{service['name']}/{check['name']}"
                    if check["status"] != reference.check(full):
                        self._story.wrong(f"status.json has {full} {check['status']}")

    def _in_time(self, what: str, before: float | None, every: float) -> None:
        if before is not None:
            now = self._loop.time()
            late = now - before - every - self.manners.stalled(before, now)
            self._story.insist(late < LATE, f"the {what} is {late:.3f} s late")

    def written(self) -> None:
        self._writing = False
        self._written = self._loop.time()

    def read(self, exposition: str) -> None:
        """The metrics say the same."""
        wanted: dict[str, str] = {}
        reference = self.reference
        for check in reference.checks:
            places = reference.checks[check].rules.places
            wanted |= {f"{check}/{one.id}": reference.at(check, one.id) for one in places}
            if not places:
                wanted[f"{check}/{self._check(check).location}"] = reference.check(check)
        wanted |= {name: status for name, (status, _) in reference.published.items()}
        found: dict[str, str] = {}
        counted: Counter[tuple[str, str, str]] = Counter()
        for name, labels, value in _samples(exposition):
            if name in (
                "driftvakt_check_status", "driftvakt_service_status", "driftvakt_environment_status",
            ):  # fmt: skip
                keys = ("environment", "service", "check", "location")
                of = [labels[key] for key in keys if key in labels]
                if value == 1:
                    found["/".join(of)] = labels["status"]
            elif name == "driftvakt_transitions_total" and value:
                service = f"{labels['environment']}/{labels['service']}"
                counted[service, labels["from"], labels["to"]] += int(value)
        self._story.insist(found == wanted, f"metrics say {found}, not {wanted}")
        self._story.insist(
            counted == self._counted, f"metrics count {counted}, not {self._counted}"
        )

    def _check(self, name: str) -> Check:
        return self.manners.checks[name]  # type: ignore[index]


def _subject(transition: Transition) -> str:
    if transition.service is None:
        return transition.environment
    return f"{transition.environment}/{transition.service}"


def _samples(exposition: str) -> list[tuple[str, dict[str, str], float]]:
    """Samples with labels that hold neither commas nor quotes."""
    found = []
    for line in exposition.splitlines():
        if line.startswith("driftvakt_") and "{" in line:
            name, _, rest = line.partition("{")
            inner, _, value = rest.rpartition("} ")
            labels = dict(part.split("=", 1) for part in inner.split(","))
            found.append((name, {k: v.strip('"') for k, v in labels.items()}, float(value)))
    return found
