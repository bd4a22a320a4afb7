"""Export files that a window or a notice lets be late."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.judging.board import Board
from monitor.judging.file_age import excused, is_late
from monitor.model.estate import Check
from probes.http.settings import HttpSettings
from probes.observation import Cause, Grade, Observation, Reason
from tests.support.factories import make_http, make_observation
from tests.unit.judging.test_board import check
from tests.unit.judging.test_board_plans import notice, plans
from tests.unit.judging.test_board_windows import START, window
from tests.unit.plan.test_ics import EVENING, one

HOUR = 3_600.0
FILE: Check = replace(
    check(),
    settings=HttpSettings.model_validate(
        {"url": "https://export.example.se/vara.zip", "expect": {"last_modified_within": "26h"}}
    ),
)


def seen(hours: float | None, **changes: Any) -> Observation:
    """A file of that age, found too old."""
    modified = None if hours is None else START - hours * HOUR
    given: dict[str, Any] = {
        "at": START,
        "duration": 1.0,
        "grade": Grade.FAILED,
        "reason": Reason.STALE,
        "cause": Cause.TARGET,
        "detail": "last modified 30 h ago, expected within 26 h",
        "http": make_http(last_modified=modified),
    }
    return make_observation(**{**given, **changes})


def test_a_file_that_may_be_late_is_good() -> None:
    """As far as it may, and no further."""
    found = excused(seen(31.9), FILE, 6 * HOUR)
    assert (found.grade, found.reason, found.cause, found.detail) == (Grade.GOOD, None, None, "")
    assert found.http == seen(31.9).http
    for hours, delay in ((32.1, 6 * HOUR), (30, 0.0)):
        assert excused(seen(hours), FILE, delay).reason is Reason.STALE


@pytest.mark.parametrize(
    "wrong",
    [
        seen(None),
        seen(-1),
        seen(30, reason=Reason.STATUS),
    ],
)
def test_what_is_wrong_otherwise_is_not_late(wrong: Observation) -> None:
    """No time, one in the future, another fault."""
    assert excused(wrong, FILE, 100 * HOUR) is wrong


def test_a_check_without_an_age_has_nothing_to_excuse() -> None:
    assert excused(seen(30), check(), HOUR).reason is Reason.STALE


def test_of_several_addresses_all_must_be_good() -> None:
    """Each is looked at for itself."""
    late, down = seen(30), seen(None, reason=Reason.CONNECT_REFUSED, detail="refused", http=None)
    whole = replace(late, parts=(late, make_observation(at=START)))
    assert is_late(whole)
    assert excused(whole, FILE, 6 * HOUR).grade is Grade.GOOD
    worse = replace(down, parts=(late, down))
    assert is_late(worse)
    found = excused(worse, FILE, 6 * HOUR)
    assert (found.reason, [part.grade for part in found.parts]) == (
        Reason.CONNECT_REFUSED,
        [Grade.GOOD, Grade.FAILED],
    )
    assert not is_late(down)


def test_when_files_may_be_late() -> None:
    """From the start of the window until so long after its end; the most of what is allowed."""
    made = Board(
        plans(
            windows=(
                window(0, HOUR, "none", delays_files="6h", services=["ext5/expo"]),
                window(0, HOUR, "none", delays_files="9h", id="off", cancelled=True),
            ),
            notices=(notice(None, **{"until": 2 * HOUR, "from": HOUR, "delays_files": "8h"}),),
        ),
        START,
    )

    def allowed(at: float, service: str = "expo") -> float:
        return made.agenda.file_delay(START + at, "ext5", service) / HOUR

    assert [allowed(at * HOUR) for at in (-0.1, 0, 0.9, 1, 7, 10, 10.1)] == [0, 6, 6, 8, 8, 8, 0]
    assert [allowed(at * HOUR, "nll") for at in (0, 1, 10, 10.1)] == [0, 8, 8, 0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90m", 5400), ("6h", 21_600), ("2d", 172_800), ("9999d", 7_776_000), ("soon", 0), ("6", 0)],
)
def test_a_calendar_says_it_too(text: str, seconds: float) -> None:
    """At most ninety days."""
    assert one(f"{EVENING}\nX-DRIFTVAKT-DELAYS-FILES:{text}").delays_files == seconds
