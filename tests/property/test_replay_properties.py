"""The record judged again gives what the board gave when it watched."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.history.codec.blocks import columns_of
from monitor.judging import fold as folding
from monitor.judging import grade, standing
from monitor.judging.board import Board
from monitor.judging.check_tracker import CheckTracker
from monitor.judging.grade import GOOD
from monitor.model.estate import CheckId, Environment, Estate, Location, Service, ServiceId
from monitor.model.records import Seen, seen_of
from monitor.model.status import Thresholds
from monitor.model.text import Text
from monitor.model.transition import Transition
from monitor.replay.engine import Replay
from monitor.replay.judging import Judging, advance, settled
from monitor.settings.sections import ServiceWindow
from probes.observation import Cause, Grade, Observation, Reason
from tests.support.factories import make_check
from tests.support.recorded import Recorded

START = 1_795_438_800.0
TEXT = Text(sv="x", en="x")
THRESHOLDS = Thresholds(latency_yellow=1.0, latency_red=2.0, window_size=8)
CHECKS = [
    make_check(name, service=service, interval=600.0, timeout=10.0, thresholds=THRESHOLDS)
    for service in ("expo", "nll")
    for name in ("api", "port")
]
ESTATE = Estate(
    environments=(
        Environment(
            name="ext5",
            title=TEXT,
            services=tuple(
                Service(
                    id=ServiceId(f"ext5/{name}"),
                    environment="ext5",
                    name=name,
                    title=TEXT,
                    checks=tuple(check for check in CHECKS if check.service == name),
                )
                for name in ("expo", "nll")
            ),
        ),
    )
)
WINDOW = ServiceWindow.model_validate(
    {
        "id": "w",
        "title": {"sv": "x", "en": "x"},
        "impact": "outage",
        "start": "2026-11-23T16:00:00+01:00",
        "end": "2026-11-23T20:30:00+01:00",
        "rrule": "FREQ=DAILY",
        "services": ["ext5/expo"],
    }
)
PLANNED = replace(ESTATE, later={"service_windows": [WINDOW]})

KINDS = st.sampled_from(["good"] * 9 + ["failed", "failed", "degraded", "ours", "slow", "late"])
# a check, how often it says the same, what, and the eighths of a second until the next of it
TOLD = st.tuples(
    st.sampled_from(CHECKS),
    st.integers(1, 12),
    KINDS,
    st.none() | st.tuples(KINDS, KINDS),
    st.sampled_from([8, 4_797, 4_801, 15_000, 40_000]),
)


def outcome(kind: str) -> dict[str, Any]:
    match kind:
        case "failed":
            return {"grade": Grade.FAILED, "reason": Reason.RESET, "cause": Cause.TARGET}
        case "degraded":
            return {"grade": Grade.DEGRADED, "reason": Reason.EXPIRY, "cause": Cause.TARGET}
        case "ours":
            return {"grade": Grade.FAILED, "reason": Reason.DNS, "cause": Cause.MONITOR}
        case "slow":
            return {"duration": 1.5}
        case "late":
            return {"duration": 8.0}
    return {}


def observation(at: float, kind: str, parts: tuple[str, str] | None) -> Observation:
    own: dict[str, Any] = {"at": at, "duration": 0.125, **outcome(kind)}
    if parts is not None:
        own["parts"] = tuple(
            Observation(
                **{"at": at, "duration": 0.125, "address": f"192.0.2.{number}", **outcome(one)}
            )
            for number, one in enumerate(parts)
        )
    return Observation(**own)


def story(told: list[Any]) -> dict[CheckId, list[Observation]]:
    """Every check's observations, each begun after the one before was over."""
    found: dict[CheckId, list[Observation]] = {check.id: [] for check in CHECKS}
    free = {check.id: START + 0.125 * number for number, check in enumerate(CHECKS)}
    for check, times, kind, parts, gap in told:
        for _ in range(times):
            seen = observation(free[check.id], kind, parts)
            found[check.id].append(seen)
            free[check.id] += max(gap / 8, seen.duration)
    return found


def stale_at(at: float, after: float) -> float:
    stale = at + after
    while stale - at <= after:
        stale = math.nextafter(stale, math.inf)
    return stale


def watched(estate: Estate, seen: dict[CheckId, list[Observation]]) -> list[Transition]:
    """What a board tells that sees each of them the moment it is over, and looks at the clock
    whenever something may have become stale or a service window begins or ends.
    """
    board = Board(estate, START)
    after = {check.id: check.stale_after for check in estate.checks()}
    every = sorted(
        (one.at + one.duration, number, check_id, one)
        for number, check_id in enumerate(seen)
        for one in seen[check_id]
    ) if any(seen.values()) else []  # fmt: skip
    looks = sorted({stale_at(one.at, after[check_id]) for _, _, check_id, one in every})
    found: list[Transition] = []

    def look(until: float) -> None:
        while True:
            stale = looks[0] if looks else math.inf
            now = min(stale, board.next_plan())
            if now > until:
                break
            if now == stale:
                looks.pop(0)
            found.extend(board.age(now))

    for now, _, check_id, one in every:
        look(now)
        found += board.observe(check_id, one, now).transitions
    if every:
        look(every[-1][0])
    return found


def kept(seen: dict[CheckId, list[Observation]]) -> dict[str, list[Seen]]:
    return {check_id: [seen_of(one) for one in every] for check_id, every in seen.items()}


@settings(deadline=None, max_examples=60)
@given(told=st.lists(TOLD, max_size=30), planned=st.booleans())
@example(told=[(CHECKS[0], 12, "good", None, 4_797), (CHECKS[0], 3, "failed", None, 40)],
         planned=True)  # fmt: skip
def test_the_replay_tells_what_the_board_told(told: list[Any], planned: bool) -> None:
    """The same transitions at the same instants, for any story: with outages, slow answers, gaps,
    addresses, our own trouble and service windows.
    """
    estate = PLANNED if planned else ESTATE
    seen = story(told)
    replay = Replay(estate, Recorded(kept(seen)), START, START + 30 * 86_400)
    assert list(replay.transitions()) == watched(estate, seen)


HERE, FAR = (Location(name=name, title=TEXT) for name in ("internet", "sjunet"))
PLACES = st.sampled_from([(HERE,), (HERE, FAR), (FAR,), (FAR, replace(HERE, weight=2.0)),
                          (replace(HERE, weight=9.0), replace(FAR, critical=True))])  # fmt: skip


def located(places: tuple[Location, ...]) -> Estate:
    """The same, each check measured from these places, of which ours may be one."""
    own = HERE.name if any(one.name == HERE.name for one in places) else places[0].name
    [environment] = ESTATE.environments
    services = (
        replace(
            service,
            checks=tuple(replace(one, locations=places, location=own) for one in service.checks),
        )
        for service in environment.services
    )
    return replace(ESTATE, environments=(replace(environment, services=tuple(services)),))


@settings(deadline=None, max_examples=60)
@given(told=st.lists(TOLD, max_size=30), places=PLACES)
def test_the_replay_knows_locations(told: list[Any], places: tuple[Location, ...]) -> None:
    """What was recorded is what we saw from here; the others count as missing then and now."""
    estate, seen = located(places), story(told)
    replay = Replay(estate, Recorded(kept(seen)), START, START + 30 * 86_400)
    assert list(replay.transitions()) == watched(estate, seen)


@settings(deadline=None, max_examples=60)
@given(
    before=st.lists(st.sampled_from(["good"] * 5 + ["failed"]), max_size=30),
    count=st.integers(1, 50),
    after=st.lists(KINDS, max_size=30),
)
def test_many_good_ones_at_once_are_as_many_one_by_one(
    before: list[str], count: int, after: list[str]
) -> None:
    """What is skipped leaves the very fold that the judge would have made."""
    fold = folding.START
    at = START
    for kind in before:
        at += 1
        verdict = grade.grade(observation(at, kind, None), THRESHOLDS)
        fold = folding.observe(fold, at, verdict, THRESHOLDS)
    if not settled(fold, THRESHOLDS.window_size):
        return
    slow = fold
    for number in range(1, count + 1):
        slow = folding.observe(slow, at + number, GOOD, THRESHOLDS)
        assert standing.standing(slow, at + number, 600, START) == standing.standing(
            fold, at, 600, START
        )
    assert advance(fold, count, at + count, THRESHOLDS.window_size) == slow


@settings(deadline=None, max_examples=60)
@given(told=st.lists(TOLD.map(lambda told: (CHECKS[0], *told[1:])), max_size=20))
def test_a_block_gives_the_fold_of_each_one_by_one(told: list[Any]) -> None:
    """Whatever a block holds, the check's state after it is that of its row, told one by one."""
    every = story(told)[CHECKS[0].id]
    judging, row = Judging(CHECKS[0], START), CheckTracker(CHECKS[0], START)
    for begin in range(0, len(every), 30):
        block = every[begin : begin + 30]
        list(judging.take(columns_of([seen_of(one) for one in block])))
        for one in block:
            row.observe(one)
        mine, theirs = judging.row.fold, row.fold
        # trouble is kept with the whole observation, of which the replay knows less
        assert replace(mine, trouble=None) == replace(theirs, trouble=None)
        assert (mine.trouble is None) == (theirs.trouble is None)
