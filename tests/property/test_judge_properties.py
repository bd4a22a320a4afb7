"""What holds of every course of observations, and the fold against the contract's prose.

:func:`believed` is section 2 of the contract written down slowly: at each observation it looks
back over the whole list. It shares no line with :mod:`monitor.judging.fold`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from monitor.judging import fold as folding
from monitor.judging import grade as grading
from monitor.judging import rollup
from monitor.judging.fold import Fold
from monitor.judging.grade import Verdict
from monitor.judging.rollup import Child
from monitor.model.status import Status, Thresholds
from probes.observation import Cause, Grade, Reason
from tests.support.folding import fold_all

calm = settings(deadline=None)
"""A busy machine is no fault of the rules."""

GOOD, DEGRADED, FAILED = "good", "degraded", "failed"

VERDICTS = {
    GOOD: grading.GOOD,
    DEGRADED: Verdict(grade=Grade.DEGRADED, reason=Reason.LATENCY, cause=Cause.TARGET),
    FAILED: Verdict(grade=Grade.FAILED, reason=Reason.STATUS, cause=Cause.TARGET),
}

Course = list[tuple[float, str]]

shares = st.sampled_from([0.05, 0.1, 0.2, 0.25, 0.28, 0.5, 0.56, 0.6, 0.7, 0.9, 1.0])
thresholds = st.builds(
    Thresholds,
    yellow_after=st.integers(1, 5),
    red_after=st.integers(1, 6),
    green_after=st.integers(1, 5),
    degraded_after=st.integers(1, 5),
    window_size=st.integers(1, 25),
    window_yellow=shares,
    window_red=shares,
)
grades = st.lists(st.sampled_from([GOOD, GOOD, DEGRADED, FAILED]), max_size=60)
steps = st.sampled_from([5.0, 30.0, 4000.0])


@st.composite
def courses(draw: st.DrawFn) -> Course:
    """Grades with the instants that they were observed at, gaps and all."""
    at = 1_800_000_000.0
    course: Course = []
    for grade in draw(grades):
        at += draw(steps)
        course.append((at, grade))
    return course


def verdicts(course: Iterable[tuple[float, str]]) -> list[tuple[float, Verdict]]:
    return [(at, VERDICTS[grade]) for at, grade in course]


def folds(course: Course, limits: Thresholds) -> list[Fold]:
    """The state after each observation, the state before the first one in front."""
    states = [folding.START]
    for at, verdict in verdicts(course):
        states.append(folding.observe(states[-1], at, verdict, limits))
    return states


# --- The contract, slowly -----------------------------------------------------------------------


def last(course: Sequence[tuple[float, str]], number: int, among: set[str]) -> bool:
    """Whether the last ``number`` observations are there and are all ``among``."""
    newest = course[-number:] if number else []
    return len(newest) == number and all(grade in among for _, grade in newest)


def run_began(course: Sequence[tuple[float, str]], among: set[str]) -> float:
    """The first observation of the run, at the end of the list, of grades ``among``."""
    began = course[-1][0]
    for at, grade in reversed(course):
        if grade not in among:
            break
        began = at
    return began


def share_reached(course: Sequence[tuple[float, str]], limits: Thresholds, share: float) -> bool:
    """The share of failed ones among the last ``window.size``, at least half a window there."""
    there = [grade for _, grade in course[-limits.window_size :]]
    if len(there) < limits.window_size / 2:
        return False
    return there.count(FAILED) / len(there) >= share


def first_failure_in_window(course: Sequence[tuple[float, str]], limits: Thresholds) -> float:
    return next(at for at, grade in course[-limits.window_size :] if grade == FAILED)


def says(course: Course, limits: Thresholds) -> tuple[Status, float | None]:
    """What the observations say when nothing was believed before, and since when."""
    newest_failed = course[-1][1] == FAILED
    if last(course, limits.red_after, {FAILED}):
        return Status.RED, run_began(course, {FAILED})
    if newest_failed and share_reached(course, limits, limits.window_red):
        return Status.RED, first_failure_in_window(course, limits)
    if last(course, limits.yellow_after, {FAILED}):
        return Status.YELLOW, run_began(course, {FAILED})
    if last(course, limits.degraded_after, {DEGRADED, FAILED}):
        return Status.YELLOW, run_began(course, {DEGRADED, FAILED})
    if share_reached(course, limits, limits.window_yellow):
        return Status.YELLOW, first_failure_in_window(course, limits)
    if newest_failed:
        return Status.UNKNOWN, None
    return Status.GREEN, run_began(course, {GOOD, DEGRADED})


def believed(course: Course, limits: Thresholds) -> list[tuple[Status, float | None]]:
    """The status after each observation, with its since."""
    order = [Status.GREEN, Status.YELLOW, Status.RED]
    status: Status = Status.UNKNOWN
    since: float | None = None
    history: list[tuple[Status, float | None]] = []
    for end in range(1, len(course) + 1):
        seen = course[:end]
        said, said_since = says(seen, limits)
        if said is Status.UNKNOWN:
            pass  # a failure that is not enough for a colour changes nothing
        elif status is Status.UNKNOWN or order.index(said) > order.index(status):
            status, since = said, said_since
        elif status is Status.RED and said is not Status.RED:
            if last(seen, limits.green_after, {GOOD, DEGRADED}):
                if said is Status.GREEN and last(seen, limits.green_after, {GOOD}):
                    status, since = Status.GREEN, run_began(seen, {GOOD})
                else:
                    status, since = Status.YELLOW, run_began(seen, {GOOD, DEGRADED})
        elif status is Status.YELLOW and said is Status.GREEN:  # noqa: SIM102 (a row a rule)
            if last(seen, limits.green_after, {GOOD}):
                status, since = Status.GREEN, run_began(seen, {GOOD})
        history.append((status, since))
    return history


@settings(calm, max_examples=600)
@given(course=courses(), limits=thresholds)
def test_the_fold_is_the_contract(course: Course, limits: Thresholds) -> None:
    """The fold's status and since are the contract's, after every single observation."""
    ours = [(fold.status, fold.since) for fold in folds(course, limits)[1:]]
    assert ours == believed(course, limits)


@calm
@given(course=courses(), limits=thresholds)
def test_the_fold_counts_what_is_there(course: Course, limits: Thresholds) -> None:
    """The window's numbers and the runs are those of the list itself."""
    for end, fold in enumerate(folds(course, limits)):
        there = course[:end][-limits.window_size :]
        failed_at = tuple(at for at, grade in there if grade == FAILED)
        recent = fold.recent
        assert (recent.seen, recent.failed) == (len(there), len(failed_at))
        assert recent.failed_at == failed_at
        if end:
            assert last(course[:end], recent.failed_run.length, {FAILED})
            assert not last(course[:end], recent.failed_run.length + 1, {FAILED})


# --- One property at a time ---------------------------------------------------------------------


@calm
@given(course=courses(), limits=thresholds)
def test_worse_is_believed_at_once(course: Course, limits: Thresholds) -> None:
    """No status is ever better than what the newest observations say by themselves."""
    for end, fold in enumerate(folds(course, limits)[1:], start=1):
        said, _ = says(course[:end], limits)
        if said is not Status.UNKNOWN:
            assert fold.status.severity >= said.severity


@calm
@given(course=courses(), limits=thresholds)
def test_red_needs_its_failures(course: Course, limits: Thresholds) -> None:
    """Nothing turns red without ``red_after`` failures in a row or the window's share."""
    for end, (before, after) in enumerate(pairwise(folds(course, limits)), start=1):
        if after.status is Status.RED and before.status is not Status.RED:
            seen = course[:end]
            by_share = seen[-1][1] == FAILED and share_reached(seen, limits, limits.window_red)
            assert by_share or last(seen, limits.red_after, {FAILED})


@calm
@given(course=courses(), limits=thresholds)
def test_never_green_while_the_newest_failed(course: Course, limits: Thresholds) -> None:
    """With ``yellow_after`` 1 never green on a failure; with any other it never *turns* green."""
    at_once = replace(limits, yellow_after=1)
    for (_, grade), fold in zip(course, folds(course, at_once)[1:], strict=True):
        assert grade != FAILED or fold.status in (Status.YELLOW, Status.RED)
    for (_, grade), (before, after) in zip(course, pairwise(folds(course, limits)), strict=True):
        if after.status is Status.GREEN and before.status is not Status.GREEN:
            assert grade != FAILED


@calm
@given(course=courses(), limits=thresholds)
def test_improvement_needs_green_after(course: Course, limits: Thresholds) -> None:
    """Out of red none of the last ``green_after`` failed; into green they were all good."""
    for end, (before, after) in enumerate(pairwise(folds(course, limits)), start=1):
        better = after.status.severity < before.status.severity
        if better and before.status is Status.RED:
            assert last(course[:end], limits.green_after, {GOOD, DEGRADED})
        if better and after.status is Status.GREEN and before.status is not Status.UNKNOWN:
            assert last(course[:end], limits.green_after, {GOOD})


@calm
@given(course=courses(), limits=thresholds)
def test_green_comes_in_the_end(course: Course, limits: Thresholds) -> None:
    """However bad it was, a full window of good ones and ``green_after`` make it green."""
    end = course[-1][0] if course else 0.0
    enough = limits.window_size + limits.green_after
    healed = course + [(end + 30.0 * number, GOOD) for number in range(1, enough + 1)]
    fold = fold_all(verdicts(healed), limits)
    assert fold.status is Status.GREEN
    assert not folding.unsettled(fold, limits)


@calm
@given(course=courses(), limits=thresholds)
def test_since_is_an_observation_that_was_made(course: Course, limits: Thresholds) -> None:
    """``since`` is the instant of an observation, and stays as long as the status does."""
    instants = {at for at, _ in course}
    for before, after in pairwise(folds(course, limits)):
        if after.status is not Status.UNKNOWN:
            assert after.since in instants
        if after.status is before.status:
            assert after.since == before.since


@calm
@given(course=courses(), limits=thresholds)
def test_unsettled_by_its_definition(course: Course, limits: Thresholds) -> None:
    """A failure seen and not red is unsettled; red is, exactly when the newest did not fail."""
    for (_, grade), fold in zip(course, folds(course, limits)[1:], strict=True):
        if fold.status is Status.RED:
            assert folding.unsettled(fold, limits) is (grade != FAILED)
        elif grade == FAILED:
            assert folding.unsettled(fold, limits)
        elif fold.status is Status.GREEN:
            assert not folding.unsettled(fold, limits)


@calm
@given(course=courses(), limits=thresholds, cut=st.integers(0, 60))
def test_a_batch_is_one_by_one(course: Course, limits: Thresholds, cut: int) -> None:
    """The fold over a batch equals the fold one by one, wherever the batch is cut."""
    seen = verdicts(course)
    first = fold_all(seen[:cut], limits)
    assert fold_all(seen[cut:], limits, first) == folds(course, limits)[-1]
    assert fold_all(seen, limits) == folds(course, limits)[-1]


@calm
@given(course=courses(), limits=thresholds)
def test_replay_gives_the_same_transitions(course: Course, limits: Thresholds) -> None:
    """Replaying the same observations gives the same transitions."""

    def transitions() -> list[tuple[Status, Status, float | None]]:
        states = folds(course, limits)
        return [
            (before.status, after.status, after.since)
            for before, after in pairwise(states)
            if before.status is not after.status
        ]

    assert transitions() == transitions()


@calm
@given(before=thresholds, after=thresholds, course=courses(), more=courses())
def test_thresholds_may_change_between_observations(
    before: Thresholds, after: Thresholds, course: Course, more: Course
) -> None:
    """After a reload the window is consistent: one instant for each failure in it."""
    fold = fold_all(verdicts(course), before)
    for at, verdict in verdicts(more):
        fold = folding.observe(fold, at + 1e6, verdict, after)
        recent = fold.recent
        assert len(recent.failed_at) == recent.failed <= recent.seen <= after.window_size


# --- Roll-up ------------------------------------------------------------------------------------

children = st.lists(
    st.builds(
        Child,
        status=st.sampled_from(Status),
        weight=st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.5, 0.6, 1.0, 2.0, 3.0]),
        critical=st.booleans(),
    ),
    max_size=12,
)
majorities = st.sampled_from([0.1, 0.3, 0.5, 0.56, 2 / 3, 1.0])


@calm
@given(services=children, majority=majorities, data=st.data())
@example(
    services=[
        Child(status=Status.RED, weight=0.1),
        Child(status=Status.RED, weight=0.5),
        Child(status=Status.GREEN, weight=0.6),
    ],
    majority=0.5,
    data=None,
)
def test_a_permutation_never_changes_an_environment(
    services: list[Child], majority: float, data: st.DataObject | None
) -> None:
    """The order of the services is not a reason for a status."""
    orders = [services[::-1]]
    if data is not None:
        orders.append(data.draw(st.permutations(services)))
    for order in orders:
        assert rollup.roll_up(order, majority) is rollup.roll_up(services, majority)


@calm
@given(services=children, majority=majorities)
def test_unknown_never_rolls_up_to_green(services: list[Child], majority: float) -> None:
    """Green is said only of a whole whose every part is green."""
    green = rollup.roll_up(services, majority) is Status.GREEN
    assert green == (bool(services) and all(each.status is Status.GREEN for each in services))


@calm
@given(services=children, majority=majorities)
def test_the_whole_is_never_worse_than_its_worst_part(
    services: list[Child], majority: float
) -> None:
    """... and a red part always shows: as red or as yellow."""
    assume(services)
    whole = rollup.roll_up(services, majority)
    assert whole.severity <= max(each.status.severity for each in services)
    if any(each.status is Status.RED for each in services):
        assert whole in (Status.RED, Status.YELLOW)


@calm
@given(services=children, majority=majorities, index=st.integers(0, 11))
def test_a_part_that_gets_worse_never_helps(
    services: list[Child], majority: float, index: int
) -> None:
    """Turning one part red makes the whole no better."""
    assume(index < len(services))
    worse = list(services)
    worse[index] = replace(services[index], status=Status.RED)
    assert rollup.roll_up(worse, majority).severity >= rollup.roll_up(services, majority).severity
