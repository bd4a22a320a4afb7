"""The contract's section 2, one behaviour a test.

A course of observations is written as letters, oldest first: ``.`` good, ``d`` degraded, ``F``
failed. They are ten seconds apart, the first at second 0. Statuses are written ``g``, ``y``, ``r``
and ``?``, one for each observation.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from monitor.judging import fold as folding
from monitor.judging import grade as grading
from monitor.judging import rollup
from monitor.judging import standing as standings
from monitor.judging.fold import Fold
from monitor.judging.grade import Verdict
from monitor.judging.rollup import Child
from monitor.model.status import Rule, Status, Thresholds
from probes.observation import Cause, Grade, Observation, Reason
from tests.support.folding import fold_all

GREEN, YELLOW, RED, UNKNOWN = Status.GREEN, Status.YELLOW, Status.RED, Status.UNKNOWN

STEP = 10.0
DEFAULTS = Thresholds()
VERDICTS = {
    ".": grading.GOOD,
    "d": Verdict(grade=Grade.DEGRADED, reason=Reason.LATENCY, cause=Cause.TARGET),
    "F": Verdict(grade=Grade.FAILED, reason=Reason.STATUS, cause=Cause.TARGET),
}
LETTERS = {GREEN: "g", YELLOW: "y", RED: "r", UNKNOWN: "?"}


def folded(course: str, thresholds: Thresholds = DEFAULTS, start: Fold = folding.START) -> Fold:
    seen = ((STEP * number, VERDICTS[letter]) for number, letter in enumerate(course))
    return fold_all(seen, thresholds, start)


def statuses(course: str, thresholds: Thresholds = DEFAULTS) -> str:
    return "".join(
        LETTERS[folded(course[: end + 1], thresholds).status] for end in range(len(course))
    )


def observed(
    grade: Grade = Grade.GOOD,
    duration: float = 0.1,
    reason: Reason | None = None,
    cause: Cause | None = None,
) -> Observation:
    return Observation(at=0.0, duration=duration, grade=grade, reason=reason, cause=cause)


class TestGrade:
    """Each observation is graded."""

    LIMITS = Thresholds(latency_yellow=1.0, latency_red=5.0)

    @pytest.mark.parametrize(
        ("duration", "grade"),
        [
            (0.0, Grade.GOOD),
            (0.999, Grade.GOOD),
            (1.0, Grade.DEGRADED),
            (4.999, Grade.DEGRADED),
            (5.0, Grade.FAILED),
            (60.0, Grade.FAILED),
        ],
    )
    def test_latency(self, duration: float, grade: Grade) -> None:
        """Failed if it took at least ``latency.red``, degraded if at least ``latency.yellow``."""
        assert grading.grade(observed(duration=duration), self.LIMITS).grade is grade

    def test_slowness_has_a_reason_of_its_own(self) -> None:
        """A slow answer is the target's, with reason ``latency``."""
        for duration in (2.0, 6.0):
            verdict = grading.grade(observed(duration=duration), self.LIMITS)
            assert (verdict.reason, verdict.cause) == (Reason.LATENCY, Cause.TARGET)

    def test_good_has_no_reason(self) -> None:
        """``reason`` is null while green."""
        assert grading.grade(observed(), self.LIMITS) == Verdict(grade=Grade.GOOD)

    def test_a_failure_keeps_its_reason_when_it_was_slow_too(self) -> None:
        """Failed if the probe failed, however long it took."""
        failure = observed(Grade.FAILED, 6.0, Reason.TIMEOUT, Cause.NETWORK)
        assert grading.grade(failure, self.LIMITS) == Verdict(
            grade=Grade.FAILED, reason=Reason.TIMEOUT, cause=Cause.NETWORK
        )

    def test_the_probes_own_doubt_is_degraded(self) -> None:
        """Degraded if the probe says so: a certificate inside its yellow margin."""
        expiring = observed(Grade.DEGRADED, 2.0, Reason.EXPIRY, Cause.TARGET)
        verdict = grading.grade(expiring, self.LIMITS)
        assert (verdict.grade, verdict.reason) == (Grade.DEGRADED, Reason.EXPIRY)

    def test_doubt_that_took_too_long_is_failed(self) -> None:
        """Failed if it took at least ``latency.red``, also when the probe itself only doubts."""
        verdict = grading.grade(observed(Grade.DEGRADED, 5.0, Reason.EXPIRY), self.LIMITS)
        assert (verdict.grade, verdict.reason) == (Grade.FAILED, Reason.LATENCY)

    def test_without_limits_slowness_is_not_judged(self) -> None:
        """Latency: none for ``certificate`` and ``dns``."""
        assert grading.grade(observed(duration=900.0), DEFAULTS).grade is Grade.GOOD

    def test_the_red_limit_works_without_the_yellow_one(self) -> None:
        """Each limit stands on its own."""
        only_red = Thresholds(latency_red=5.0)
        assert grading.grade(observed(duration=4.0), only_red).grade is Grade.GOOD
        assert grading.grade(observed(duration=5.0), only_red).grade is Grade.FAILED

    def test_a_failure_without_a_cause_is_the_targets(self) -> None:
        """Cause: ``target`` when the probe does not say otherwise."""
        assert grading.grade(observed(Grade.FAILED, 0.1, Reason.RESET), DEFAULTS).cause is (
            Cause.TARGET
        )


class TestWorse:
    """Worse is believed at once."""

    def test_red_after(self) -> None:
        """Red when the last ``red_after`` observations all failed."""
        assert statuses("..FFFF") == "ggyyrr"
        assert folded("..FFF").rule is Rule.RED_AFTER

    def test_a_good_one_between_starts_the_count_again(self) -> None:
        """The *last* ``red_after`` observations, without a gap."""
        assert statuses("FF.FF.") == "yyyyyy"

    def test_a_degraded_one_is_not_a_failure(self) -> None:
        """Red asks for failed ones; degraded ones never make red."""
        assert "r" not in statuses("FFdFFd" + "d" * 30, replace(DEFAULTS, window_red=1.0))

    def test_yellow_after(self) -> None:
        """Yellow when the last ``yellow_after`` observations all failed."""
        assert statuses(".F") == "gy"
        assert statuses("....FF", replace(DEFAULTS, yellow_after=2)) == "gggggy"

    def test_red_may_come_before_yellow(self) -> None:
        """Red when the last ``red_after`` failed, even where ``yellow_after`` is larger."""
        assert statuses("..FF", replace(DEFAULTS, yellow_after=5, red_after=2)) == "gggr"

    def test_degraded_after(self) -> None:
        """Yellow when the last ``degraded_after`` are all degraded or failed."""
        assert statuses("..ddd") == "ggggy"
        assert folded("..ddd").rule is Rule.DEGRADED_AFTER
        assert statuses(".dFd", replace(DEFAULTS, yellow_after=9)) == "gggy"

    def test_one_is_enough_for_a_certificate(self) -> None:
        """``degraded_after`` is 1 for ``certificate``."""
        assert statuses(".d", replace(DEFAULTS, degraded_after=1)) == "gy"

    def test_slow_for_long_is_never_red(self) -> None:
        """Degraded alone is yellow, however long."""
        assert set(statuses("d" * 50)[2:]) == {"y"}


class TestWindow:
    """The share of failed ones among the last ``window.size``."""

    FEW = replace(DEFAULTS, yellow_after=99, red_after=99, degraded_after=99, window_size=10)

    def test_yellow_share(self) -> None:
        """Yellow when the share is at least ``window.yellow``: 3 of 10 here, not 2."""
        assert folded("F...F.....", self.FEW).status is GREEN
        assert folded("F...F....F", self.FEW).status is YELLOW
        assert folded("F...F....F", self.FEW).rule is Rule.WINDOW

    def test_red_share(self) -> None:
        """Red when the newest one failed and the share is at least ``window.red``: 6 of 10."""
        assert folded("F.F.F.F.FF", self.FEW).status is RED
        assert folded("..F.F.F.FF", self.FEW).status is YELLOW

    def test_red_share_needs_the_newest_to_have_failed(self) -> None:
        """Red by share only when the newest one failed."""
        course = "FFFFFF" + "." * 4
        assert folded(course, replace(self.FEW, green_after=1)).status is YELLOW

    def test_exactly_half_a_window_is_enough(self) -> None:
        """With at least ``window.size`` / 2 observations there: 10 of 20, not 9."""
        few = replace(self.FEW, window_size=20)
        assert folded("FFFFFFFFF", few).status is UNKNOWN
        assert folded("FFFFFFFFFF", few).status is RED

    def test_half_of_an_odd_window_is_rounded_up(self) -> None:
        """At least 2.5 of 5 observations are 3."""
        few = replace(self.FEW, window_size=5)
        assert folded(".F", few).status is GREEN
        assert folded(".FF", few).status is RED

    def test_the_oldest_leaves_the_window(self) -> None:
        """Only the last ``window.size`` count."""
        fold = folded("FFF" + "." * 8, self.FEW).recent
        assert (fold.failed, fold.seen, fold.failed_at) == (2, 10, (10.0, 20.0))

    def test_a_share_is_met_exactly(self) -> None:
        """At least: 14 of 25 is a share of 0.56, and no rounding takes it away."""
        exact = replace(DEFAULTS, red_after=99, window_size=25, window_red=0.56)
        assert folded("." * 11 + "F" * 14, exact).status is RED
        assert folded("." * 12 + "F" * 13, exact).status is YELLOW

    def test_a_smaller_window_forgets_what_lies_outside_it(self) -> None:
        """After a change of configuration the share and its first failure are the new window's."""
        before = folded("FFFFFFFF..", self.FEW)
        after = folding.observe(before, 100.0, VERDICTS["F"], replace(self.FEW, window_size=4))
        assert (after.recent.failed, after.recent.seen, after.recent.failed_at) == (
            2,
            4,
            (70.0, 100.0),
        )


class TestBetter:
    """Better needs ``green_after`` observations in a row."""

    def test_red_to_green(self) -> None:
        """None of them failed to leave red, all of them good to become green."""
        assert statuses("FFF..") == "yyrrg"

    def test_yellow_to_green(self) -> None:
        """All of them good to leave yellow for green."""
        assert statuses("F..") == "yyg"
        assert statuses("F.d.d..") == "yyyyyyg"

    def test_green_after_counts_without_a_gap(self) -> None:
        """A failure among them starts the count again."""
        assert statuses("FFF.F.F..") == "yyrrrrrrg"

    def test_one_is_enough_when_so_configured(self) -> None:
        """``green_after`` 1: the first good one is believed."""
        assert statuses("FFF.F.", replace(DEFAULTS, green_after=1)) == "yyrgyg"

    @pytest.mark.parametrize("mix", ["d.", ".d", "dd"])
    def test_red_and_then_a_mix_is_yellow(self, mix: str) -> None:
        """A red check whose last ``green_after`` are a mix becomes yellow, not green."""
        fold = folded("FFF" + mix)
        assert (fold.status, fold.since) == (YELLOW, 30.0)
        assert folded("FFF" + mix + "..").status is GREEN

    def test_the_share_keeps_yellow(self) -> None:
        """Yellow stays while the window's share still says yellow."""
        keep = replace(DEFAULTS, window_size=8)
        assert statuses("..F.F....", keep) == "ggyyyyyyy"
        assert statuses("..F.F.....", keep) == "ggyyyyyyyy"
        assert statuses("..F.F......", keep) == "ggyyyyyyyyg"

    def test_red_by_share_recovers_by_way_of_yellow(self) -> None:
        """To leave red none may have failed; the share then still says yellow."""
        by_share = replace(DEFAULTS, red_after=99, window_size=4)
        assert statuses("..FFF.....", by_share) == "ggyyrryygg"
        assert folded("..FFF..", by_share).rule is Rule.WINDOW

    def test_yellow_red_yellow(self) -> None:
        """Worse at once, also on the way to better."""
        assert statuses("FFFd.FFF") == "yyrryyyr"


class TestSince:
    """``since`` is backdated to the first observation of the run that led to the status."""

    def test_red_is_since_the_first_failure(self) -> None:
        """The first failure, not the third."""
        assert folded("..FFF").since == 20.0

    def test_yellow_by_failures(self) -> None:
        """The first failure of the run."""
        assert folded("..FF", replace(DEFAULTS, yellow_after=2)).since == 20.0

    def test_yellow_by_slowness(self) -> None:
        """The first degraded one of the run."""
        assert folded("..ddd").since == 20.0

    def test_by_share(self) -> None:
        """The first failure in the window."""
        few = replace(DEFAULTS, yellow_after=99, red_after=99, window_size=10)
        assert folded(".F....F..F", few).since == 10.0
        assert folded("F........F..F...F", few).since == 90.0

    def test_green_is_since_the_first_good_one(self) -> None:
        """The first good one of the run, not the one that it was believed at."""
        assert folded("FFF..").since == 30.0
        assert folded("...").since == 0.0

    def test_yellow_after_red_is_since_the_first_that_did_not_fail(self) -> None:
        """The run that led out of red."""
        assert folded("FFFd.").since == 30.0

    def test_a_status_that_stays_keeps_it(self) -> None:
        """Another rule may come to hold; the status is the same, and since the same."""
        fold = folded("..dddF")
        assert (fold.status, fold.rule, fold.since) == (YELLOW, Rule.YELLOW_AFTER, 20.0)

    def test_red_after_slowness_is_since_the_first_failure(self) -> None:
        """Yellow was since the first slow one, red is since the first failure."""
        assert folded("..dddFFF").since == 50.0


class TestUnknown:
    """Unknown before the first observation, when stale, and with our own trouble."""

    STALE_AFTER = 100.0

    def standing(self, fold: Fold, now: float) -> standings.Standing:
        return standings.standing(fold, now, self.STALE_AFTER, started_at=-5.0)

    def test_before_the_first_observation(self) -> None:
        """Unknown before the first observation, since the watch began."""
        assert self.standing(folding.START, 0.0) == standings.Standing(
            status=UNKNOWN, rule=Rule.UNMEASURED, since=-5.0, reason=None, cause=None
        )

    def test_the_first_observation_decides(self) -> None:
        """From unknown any status is believed at once."""
        assert (statuses("."), statuses("d"), statuses("F")) == ("g", "g", "y")

    def test_a_first_failure_that_is_not_enough_for_yellow(self) -> None:
        """... is not enough for green either."""
        patient = replace(DEFAULTS, yellow_after=2)
        assert statuses("FF", patient) == "?y"
        assert statuses("F.", patient) == "?g"
        assert folded("FF", patient).since == 0.0

    def test_stale(self) -> None:
        """Unknown when the newest is *older* than 3 × interval + timeout."""
        fold = folded("..")
        assert self.standing(fold, 10.0 + self.STALE_AFTER).status is GREEN
        stale = self.standing(fold, 10.5 + self.STALE_AFTER)
        assert (stale.status, stale.rule, stale.since) == (UNKNOWN, Rule.STALE, 110.0)
        assert stale.cause is Cause.MONITOR

    def test_after_a_gap_the_fold_goes_on(self) -> None:
        """A check's status is a fold over its observations; a gap is not one of them."""
        fold = folding.observe(folded("FF"), 9000.0, VERDICTS["F"], DEFAULTS)
        assert (fold.status, fold.since) == (RED, 0.0)

    def test_our_own_trouble_is_no_observation_of_the_target(self) -> None:
        """The check becomes unknown, with the reason; the fold behind it stays as it was."""
        green = folded("....")
        ours = Observation(
            at=40.0,
            duration=0.0,
            grade=Grade.FAILED,
            reason=Reason.TLS_CLIENT_EXPIRED,
            cause=Cause.MONITOR,
        )
        fold = folding.trouble(folding.trouble(green, ours), replace(ours, at=50.0))
        assert self.standing(fold, 60.0) == standings.Standing(
            status=UNKNOWN,
            rule=Rule.MONITOR,
            since=40.0,
            reason=Reason.TLS_CLIENT_EXPIRED,
            cause=Cause.MONITOR,
        )
        assert (fold.status, fold.recent.failed, fold.at) == (GREEN, 0, 30.0)

    def test_the_next_observation_ends_our_trouble(self) -> None:
        """What was known before goes on: two failures before and one after are three in a row."""
        ours = observed(Grade.FAILED, 0.0, Reason.INTERNAL, Cause.MONITOR)
        fold = folding.observe(folding.trouble(folded("FF"), ours), 40.0, VERDICTS["F"], DEFAULTS)
        assert self.standing(fold, 41.0).status is RED

    def test_a_colour_has_its_reason_also_after_a_good_one(self) -> None:
        """``reason`` holds as long as the status does, and is null while green."""
        assert self.standing(folded("FFF."), 31.0).reason is Reason.STATUS
        assert self.standing(folded("FFF.."), 41.0).reason is None
        assert self.standing(folded("..d"), 21.0).reason is None


class TestUnsettled:
    """While a check is unsettled it runs at ``retry_interval``."""

    @pytest.mark.parametrize(
        ("course", "unsettled"),
        [
            ("...", False),
            (".F", True),
            (".FF", True),
            (".FFF", False),
            (".FFFF", False),
            (".FFF.", True),
            (".FFFd", True),
            (".FFF..", False),
            (".F.", True),
            (".F..", False),
            (".Fd", True),
            (".Fdd", False),
            (".Fdd.", True),
            ("..ddd", False),
        ],
    )
    def test_course(self, course: str, unsettled: bool) -> None:
        """A failure seen but not red yet, or red with a good one seen but not recovered."""
        thresholds = replace(DEFAULTS, degraded_after=9) if "Fdd" in course else DEFAULTS
        assert folding.unsettled(folded(course, thresholds), thresholds) is unsettled

    def test_a_failure_that_is_not_yellow_yet(self) -> None:
        """A failure seen but not red yet, whatever the colour."""
        patient = replace(DEFAULTS, yellow_after=2)
        assert folding.unsettled(folded("F", patient), patient)
        assert folding.unsettled(folded("..F", patient), patient)
        assert not folding.unsettled(folded("..F.", patient), patient)

    def test_yellow_by_share_alone_is_settled(self) -> None:
        """Nothing is in the air once the newest ones are good: the polite interval again."""
        keep = replace(DEFAULTS, window_size=8)
        assert folding.unsettled(folded("..F.F.", keep), keep)
        assert not folding.unsettled(folded("..F.F..", keep), keep)

    def test_unmeasured_is_settled(self) -> None:
        """Before the first observation there is nothing to confirm."""
        assert not folding.unsettled(folding.START, DEFAULTS)


def child(status: Status, weight: float = 1.0, *, critical: bool = False) -> Child:
    return Child(status=status, weight=weight, critical=critical)


class TestRollUp:
    """The same rule at every level."""

    @pytest.mark.parametrize(
        ("children", "whole"),
        [
            ("g", "g"),
            ("y", "y"),
            ("r", "r"),
            ("?", "?"),
            ("gg", "g"),
            ("gy", "y"),
            ("ggr", "y"),
            ("gr", "r"),
            ("g?", "?"),
            ("y?", "y"),
            ("??r", "y"),
            ("?r", "r"),
            ("yyr", "y"),
        ],
    )
    def test_equal_children(self, children: str, whole: str) -> None:
        """Red from half of them, else yellow if any is, else unknown if any is, else green."""
        by_letter = {letter: status for status, letter in LETTERS.items()}
        parts = [child(by_letter[letter]) for letter in children]
        assert LETTERS[rollup.roll_up(parts)] == whole

    def test_of_nothing_nothing_is_known(self) -> None:
        """Unknown is never shown as green."""
        assert rollup.roll_up([]) is UNKNOWN

    def test_critical(self) -> None:
        """Red if a ``critical`` child is red, however light."""
        assert rollup.roll_up([child(RED, 0.1, critical=True), child(GREEN, 9.0)]) is RED

    def test_critical_yellow_is_yellow(self) -> None:
        """Critical says something of red alone."""
        assert rollup.roll_up([child(YELLOW, critical=True), child(GREEN)]) is YELLOW

    def test_weight(self) -> None:
        """Red if the red share of *weight* is at least ``majority``."""
        assert rollup.roll_up([child(RED, 3.0), child(GREEN), child(GREEN)]) is RED
        assert rollup.roll_up([child(RED), child(GREEN, 3.0)]) is YELLOW

    def test_majority(self) -> None:
        """``majority`` is met exactly, and may be set."""
        parts = [child(RED), child(RED), child(GREEN)]
        assert rollup.roll_up(parts, majority=2 / 3) is RED
        assert rollup.roll_up(parts, majority=0.7) is YELLOW
        fourteen = [child(RED)] * 14 + [child(GREEN)] * 11
        assert rollup.roll_up(fourteen, majority=0.56) is RED

    def test_the_order_of_fractional_weights_does_not_decide(self) -> None:
        """A sum of tenths is the same from both ends."""
        parts = [child(RED, 0.1), child(RED, 0.5), child(GREEN, 0.6)]
        for order in permutations(parts):
            assert rollup.roll_up(order) is RED

    def test_without_weight_red_is_yellow(self) -> None:
        """Children of weight 0 are seen, and have no share."""
        assert rollup.roll_up([child(RED, 0.0), child(RED, 0.0)]) is YELLOW
        assert rollup.roll_up([child(RED, 0.0), child(GREEN)]) is YELLOW

    def test_worse(self) -> None:
        """The worse of two: green, unknown, yellow, red."""
        order = [GREEN, UNKNOWN, YELLOW, RED]
        assert [status.severity for status in order] == [0, 1, 2, 3]
        for number, one in enumerate(order):
            for other in order[number:]:
                assert rollup.worse(one, other) is rollup.worse(other, one) is other
