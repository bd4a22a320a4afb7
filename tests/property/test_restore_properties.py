"""A restart at any instant: the board takes up where the process before it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.judging.board import Board
from monitor.judging.persisted_state import packed_state, unpacked_published, unpacked_state
from monitor.model.estate import CheckId, Environment, Estate, Service, ServiceId
from monitor.model.records import seen_of
from monitor.model.status import Thresholds
from monitor.model.text import Text
from monitor.model.transition import Transition
from probes.observation import Cause, Grade, Observation, Reason
from tests.support.factories import make_certificate, make_check, make_tls

START = 1_000_000.0
STEP = 2.0
CHECKS = [make_check(name, service=service, interval=10.0, timeout=5.0, thresholds=Thresholds())
          for service in ("expo", "nll") for name in ("api", "port")]  # fmt: skip
TEXT = Text(sv="x", en="x")
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


def outcome(kind: str) -> dict[str, Any]:
    match kind:
        case "failed":
            return {"grade": Grade.FAILED, "reason": Reason.RESET, "cause": Cause.TARGET}
        case "degraded":
            return {"grade": Grade.DEGRADED, "reason": Reason.EXPIRY, "cause": Cause.TARGET}
        case "ours":
            return {"grade": Grade.FAILED, "reason": Reason.DNS, "cause": Cause.MONITOR}
    return {}


KINDS = st.sampled_from(["good", "good", "failed", "failed", "degraded", "ours"])
PARTS = st.none() | st.tuples(KINDS, KINDS)
TOLD = st.tuples(st.sampled_from([check.id for check in CHECKS]), KINDS, PARTS)


def observation(at: float, kind: str, parts: tuple[str, str] | None, *, tls: bool) -> Observation:
    own: dict[str, Any] = {"at": at, "duration": 0.125, **outcome(kind)}
    if parts is not None:
        own["parts"] = tuple(
            Observation(at=at, duration=0.125, address=f"192.0.2.{number}", **outcome(one))
            for number, one in enumerate(parts)
        )
    elif tls:
        own["tls"] = make_tls(chain=(make_certificate(sha256=f"{at:.0f}"),))
    return Observation(**own)


def run(board: Board, told: Sequence[tuple[float, CheckId, Observation]]) -> list[Transition]:
    found: list[Transition] = []
    for at, check_id, seen in told:
        found += board.age(at)
        found += board.observe(check_id, seen, at).transitions
    return found


def restarted(board: Board, saved: dict[CheckId, bytes], told: Any, now: float) -> Board:
    """Another process's board: of the states as they were saved, and of what history has seen."""
    again = Board(ESTATE, now)
    checks = {check.id: check for check in CHECKS}
    states = {
        check_id: state
        for check_id, data in saved.items()
        if (state := unpacked_state(data, checks[check_id])) is not None
    }
    published = {
        subject: was
        for subject, kept in board.published()
        if (was := unpacked_published(packed_state(kept))) is not None
    }
    later = {
        check.id: [seen_of(seen) for _, check_id, seen in told if check_id == check.id]
        for check in CHECKS
    }
    changed = again.restore(states, later, published, now)
    assert changed == []
    return again


@given(
    told=st.lists(TOLD, max_size=60),
    saved_at=st.integers(0, 60),
    ended_at=st.integers(0, 60),
    tls=st.booleans(),
)
def test_a_restart_changes_nothing(
    told: list[tuple[CheckId, str, tuple[str, str] | None]],
    saved_at: int,
    ended_at: int,
    tls: bool,
) -> None:
    """Saved at one instant, ended at a later one: no transition by the restart itself, and all
    that follow are those of a board that never ended.
    """
    story = [
        (
            START + STEP * number,
            check_id,
            observation(START + STEP * number, kind, parts, tls=tls),
        )
        for number, (check_id, kind, parts) in enumerate(told)
    ]
    saved_at, ended_at = sorted((min(saved_at, len(story)), min(ended_at, len(story))))
    through, board = Board(ESTATE, START), Board(ESTATE, START)
    run(through, story[:ended_at])
    run(board, story[:saved_at])
    saved = {check.id: packed_state(board.check_state(check.id)) for check in CHECKS}
    run(board, story[saved_at:ended_at])
    now = story[ended_at - 1][0] if ended_at else START
    again = restarted(board, saved, story[:ended_at], now)
    assert again.snapshot(now).status is through.snapshot(now).status
    assert run(again, story[ended_at:]) == run(through, story[ended_at:])
    if ended_at == saved_at:
        late = story[-1][0] if story else START
        one, other = again.snapshot(late), through.snapshot(late)
        assert (one.environments, one.since) == (other.environments, other.since)
