"""What is tracked of one check: its fold, its addresses' folds, and the view made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache

from monitor.judging import fold as folding
from monitor.judging import grade, part_rollup
from monitor.judging import standing as standing_rules
from monitor.judging.check_facts import address_views, quantiles, shown_change, why
from monitor.judging.fold import Fold
from monitor.judging.grade import Verdict
from monitor.judging.newest import Latencies, Newest
from monitor.judging.part_rollup import Part
from monitor.judging.persisted_state import (
    AddressState,
    AnyCheckState,
    CheckState,
    identity,
    placed,
)
from monitor.judging.snapshot import CheckView
from monitor.judging.standing import Standing
from monitor.judging.transition_context import RECENT_KEPT, TransitionContext
from monitor.model import certificate_changes
from monitor.model.certificate_changes import Known, News
from monitor.model.estate import Check
from monitor.model.records import Seen, observation_of
from monitor.model.status import Rule, Status
from monitor.model.text import Text
from probes.observation import Cause, Grade, Observation

LATENCIES_KEPT = 128
"""Newest latencies that the quantiles are taken of."""


@lru_cache(maxsize=1)
def _unmeasured(started_at: float) -> Standing:
    """The standing that all checks begin with."""
    return standing_rules.standing(folding.START, started_at, 0.0, started_at)


class CheckTracker:
    """Tracks one check."""

    __slots__ = (
        "certificates", "check", "clock_set_at", "elsewhere", "evidence", "fold", "held_until", "last",
        "latencies", "parts", "place", "recent", "retired", "standing", "started_at", "verdict",
        "view",
    )  # fmt: skip

    def __init__(self, check: Check, started_at: float) -> None:
        self.check = check
        self.place = 0
        """Its number among the board's rows."""
        self.elsewhere = False
        """Whether others measure it: what we put off makes no difference to them."""
        self.started_at = started_at
        self.fold: Fold = folding.START
        self.parts: dict[str, tuple[Fold, Observation | None]] = {}
        self.last: Observation | None = None
        self.verdict: Verdict | None = None
        self.evidence: Observation | None = None
        self.latencies = Latencies(LATENCIES_KEPT)
        self.recent = Newest(min(check.thresholds.window_size, RECENT_KEPT))
        self.certificates: Known = certificate_changes.NOTHING_KNOWN
        self.held_until: float | None = None
        self.retired = ""
        """The version package that it belonged to and that is retired: it must fail now."""
        self.standing: Standing = _unmeasured(started_at)
        self.view: CheckView | None = None
        self.clock_set_at = float("-inf")
        """When the wall clock was last set, as it has said since."""

    @property
    def rows(self) -> tuple[CheckTracker, ...]:
        """What is tracked of it place by place: itself, where no locations are declared."""
        return (self,)

    def row(self, location: str | None = None) -> CheckTracker:
        """What is tracked of it at a location; at our own without one. Raises ``KeyError`` for one
        that it is not measured from.
        """
        if location is not None and location != self.check.location:
            raise KeyError(location)
        return self

    @property
    def untouched(self) -> bool:
        """Whether nothing was observed yet."""
        return self.last is None and self.fold.trouble is None

    def retire(self, package: str) -> bool:
        """It belongs to ``package``, which is retired; to none that is, when empty. Whether that is
        new.
        """
        if package == self.retired:
            return False
        self.retired = package
        self.view = None
        return True

    def observe(self, observation: Observation) -> Verdict:
        """Folds one observation in; gives what it is worth."""
        thresholds = self.check.thresholds
        verdict = grade.grade(observation, thresholds)
        self.view = None
        self.held_until = None
        if verdict.cause is Cause.MONITOR and verdict.grade is not Grade.GOOD:
            self.fold = folding.trouble(self.fold, observation)
            return verdict
        if observation.parts:
            self._observe_parts(observation)
        elif self.parts:
            # the name could not be looked up: that is so for each address known
            for address, (fold, _) in self.parts.items():
                seen = folding.observe(fold, observation.at, verdict, thresholds)
                self.parts[address] = seen, observation
        self.fold = folding.observe(self.fold, observation.at, verdict, thresholds)
        self.last = observation
        self.verdict = verdict
        self.recent.add(
            observation.at, observation.duration, verdict, observation.detail, observation.address
        )
        if verdict.grade is not Grade.GOOD:
            self.evidence = observation
        if observation.grade is not Grade.FAILED:
            self.latencies.add(observation.duration)
        return verdict

    def state(self) -> CheckState:
        """Everything that must outlive the process. What servers have answered is not in it:
        evidence of a transition is kept with the transition.
        """
        known = self.certificates
        return CheckState(
            of=identity(self.check),
            fold=self.fold,
            standing=self.standing,
            started_at=self.started_at,
            parts=tuple(
                AddressState(address=address, fold=fold, last=_without_answer(last))
                for address, (fold, last) in self.parts.items()
            ),
            last=_without_answer(self.last),
            verdict=self.verdict,
            evidence=_without_answer(self.evidence),
            latencies=tuple(self.latencies),
            recent=tuple(self.recent),
            placed=placed(known),
            remembered=known.remembered,
            newest=known.newest,
            alternating=known.alternating,
        )

    def restore(self, state: AnyCheckState | None, later: Iterable[Seen]) -> None:
        """Takes up where an earlier process ended: its last state, and what it saw after that,
        oldest first.
        """
        newest = 0.0
        if isinstance(state, CheckState):  # that of a check of one place: there is no other for it
            self.fold, self.standing = state.fold, state.standing
            self.started_at = state.started_at
            self.parts = {part.address: (part.fold, part.last) for part in state.parts}
            self.last, self.verdict, self.evidence = state.last, state.verdict, state.evidence
            for seconds in state.latencies:
                self.latencies.add(seconds)
            for one in state.recent:
                self.recent.add(*one)
            self.certificates = state.known
            newest = state.at
        for seen in later:
            if seen.at > newest:
                self._refold(observation_of(seen))
        self.view = None

    def _refold(self, observation: Observation) -> None:
        """Observes what history kept; facts that it does not keep stay as they were known."""
        before = self.last
        self.observe(observation)
        self.standing = self.stand(observation.at)
        if before is not None and self.last is observation:
            self.last = replace(observation, http=before.http, tls=before.tls, dns=before.dns)

    def adopt(self, check: Check) -> None:
        """It is weighed by other numbers from the next observation on."""
        if check.thresholds.window_size != self.check.thresholds.window_size:
            kept = min(check.thresholds.window_size, RECENT_KEPT)
            self.recent = Newest(kept, self.recent)
        self.check = check
        self.view = None

    def certify(self, observation: Observation, announced: Callable[[], str | None]) -> News:
        """Whether another certificate than before is there; to be called after :meth:`observe`.
        ``announced`` gives the window that announces it.
        """
        if not observation.parts and self.check.settings.probes_each_address():
            return certificate_changes.NOTHING  # nobody knows of which address it is
        self.certificates, news = certificate_changes.observe_certificate(
            self.certificates, observation, announced
        )
        return news

    def hold(self, until: float) -> None:
        """Nothing will be measured until then, because the server has asked for it."""
        if self.held_until != until:
            self.held_until = until
            self.view = None

    def _observe_parts(self, observation: Observation) -> None:
        """Each address has a fold of its own; one that the name no longer has is forgotten."""
        thresholds = self.check.thresholds
        parts: dict[str, tuple[Fold, Observation | None]] = {}
        for part in observation.parts:
            address = part.address or ""
            fold, _ = self.parts.get(address, (folding.START, None))
            verdict = grade.grade(part, thresholds)
            if verdict.cause is Cause.MONITOR and verdict.grade is not Grade.GOOD:
                parts[address] = folding.trouble(fold, part), part
            else:
                parts[address] = folding.observe(fold, part.at, verdict, thresholds), part
        self.parts = parts

    def stand(self, now: float, row: CheckTracker | None = None) -> Standing:
        """The check's status at ``now``; the one ``row`` to be looked at can only be itself."""
        own = standing_rules.standing(self.fold, now, self._holds(self.fold), self.started_at)
        if not self.parts or own.rule in (Rule.MONITOR, Rule.STALE, Rule.UNMEASURED):
            return own
        parts = list(map(Part, self._part_standings(now)))
        return part_rollup.stand_by_addresses(parts, self.check.majority, self.standing)

    def stood(self, standing: Standing) -> Standing:
        """Its status when our own location stands so."""
        return standing

    def _part_standings(self, now: float) -> list[Standing]:
        return [
            standing_rules.standing(fold, now, self._holds(fold), self.started_at)
            for fold, _ in self.parts.values()
        ]

    def stale(self, now: float) -> bool:
        """Whether the newest observation no longer says how things are."""
        return self.fold.at is not None and now - self.fold.at > self._holds(self.fold)

    def stale_from(self) -> float:
        """The instant after which :meth:`stale` holds unless it is observed again."""
        return (self.fold.at or 0.0) + self._holds(self.fold)

    def _holds(self, fold: Fold) -> float:
        """Seconds for which what was seen counts. How old it was when the clock was set, the clock
        does not tell: it counts from there on.
        """
        if fold.at is None:
            return self.check.stale_after
        return self.check.stale_after + max(0.0, self.clock_set_at - fold.at)

    def unsettled(self) -> bool:
        thresholds = self.check.thresholds
        if self.parts:
            return any(folding.unsettled(fold, thresholds) for fold, _ in self.parts.values())
        return folding.unsettled(self.fold, thresholds)

    def transition_context(self, now: float, environment: Text, service: Text) -> TransitionContext:
        """What a transition's evidence is made of; the texts are titles."""
        return TransitionContext(
            environment=environment,
            service=service,
            view=self.look(now),
            seen=self.evidence if self.evidence is not None else self.last,
            location=self.check.location,
            recent=tuple(self.recent),
        )

    def look(self, now: float) -> CheckView:
        """The view, the same object as long as nothing has changed."""
        if self.view is None:
            self.view = self._view(now)
        return self.view

    def _view(self, now: float) -> CheckView:
        standing, fold = self.standing, self.fold
        colour = standing.status in (Status.YELLOW, Status.RED)
        return CheckView(
            check=self.check,
            status=standing.status,
            since=standing.since if standing.since is not None else self.started_at,
            reason=standing.reason,
            cause=standing.cause,
            why=why(standing, fold.recent, self.check.thresholds),
            last=self.last,
            last_grade=self.verdict.grade if self.verdict else None,
            last_reason=self.verdict.reason if self.verdict else None,
            trouble=fold.trouble.detail if fold.trouble is not None else "",
            failed_share=fold.recent.failed_share,
            latency=quantiles(self.latencies),
            addresses=address_views(self.parts, self._part_standings(now), self.certificates),
            evidence=self.evidence if colour else None,
            changed=shown_change(self.certificates, self.last),
            newest_change=self.certificates.newest,
            held_until=self.held_until,
            retired=self.retired,
        )


def _without_answer(seen: Observation | None) -> Observation | None:
    """The observation without the bytes of its answer, its parts' too."""
    if seen is None or (seen.answer is None and not seen.parts):
        return seen
    parts = tuple(part for each in seen.parts if (part := _without_answer(each)) is not None)
    return replace(seen, answer=None, parts=parts)
