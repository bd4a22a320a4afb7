"""Version packages and notices on the board: what they change of a status, and what they do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from monitor.judging.board import Board
from monitor.judging.tracked_estate import TrackedEstate
from monitor.model.diff import difference
from monitor.model.estate import Check, CheckId, Estate
from monitor.model.status import Status
from monitor.model.transition import Transition
from monitor.settings.sections import NoticeSettings, UpgradeSettings
from monitor.wording import (
    check_message,
    environment_message,
    service_message,
    transition_message,
    upgrade_message,
)
from tests.unit.judging.test_board import bad, estate, good
from tests.unit.judging.test_board_windows import ALWAYS_FRESH, START, told, window, written

STOCKHOLM = ZoneInfo("Europe/Stockholm")
MIDNIGHT = datetime(2026, 11, 27, tzinfo=STOCKHOLM).timestamp() - START
"""The first moment of the date below, in seconds after :data:`START`."""


def named(name: str) -> Check:
    return replace(
        ALWAYS_FRESH, name=name, id=CheckId(f"ext5/{ALWAYS_FRESH.service}/{name}"), weight=1.0
    )


def package(**more: Any) -> UpgradeSettings:
    given = {
        "package": "16.1",
        "retires": "2026-11-27",
        "absent_after_retirement": ["ext5/expo/v16"],
    }
    return UpgradeSettings.model_validate(given | more)


def notice(status: str | None = "red", /, **more: Any) -> NoticeSettings:
    for key in ("from", "until", "updated"):
        if key in more:
            more[key] = written(START + more[key])
    given = {"id": "n", "message": {"sv": "Kabelbrott.", "en": "A cable is cut."}}
    return NoticeSettings.model_validate(given | ({"status": status} if status else {}) | more)


def plans(
    *checks: str,
    upgrades: tuple[UpgradeSettings, ...] = (),
    notices: tuple[NoticeSettings, ...] = (),
    windows: tuple[Any, ...] = (),
) -> Estate:
    made = estate(("expo", tuple(named(name) for name in checks or ("api",))))
    later = {"upgrades": upgrades, "notices": notices, "service_windows": windows}
    return replace(made, timezone=STOCKHOLM, later=later)


def see(made: Board, name: str, at: float, *, fine: bool) -> list[Transition]:
    seen = good(START + at) if fine else bad(START + at)
    return made.observe(CheckId(f"ext5/expo/{name}"), seen, START + at).transitions


def both(made: Board, at: float, *, old_answers: bool) -> list[Transition]:
    """Three rounds of measurements."""
    return [
        change
        for second in (0, 1, 2)
        for change in (
            *see(made, "v17", at + second, fine=True),
            *see(made, "v16", at + second, fine=old_answers),
        )
    ]


def test_what_is_retired_and_answers_is_a_finding_and_no_outage() -> None:
    """From the first moment of its date, local time; nothing changes colour."""
    made = Board(plans("v17", "v16", upgrades=(package(),)), START)
    both(made, 1, old_answers=True)
    made.age(START + MIDNIGHT - 1)
    [before] = made.snapshot(START + MIDNIGHT - 1).upgrades
    assert (before.retired, before.days_left, before.answering) == (False, 1, ())
    assert made.age(START + MIDNIGHT) == []
    [after] = made.snapshot(START + MIDNIGHT).upgrades
    assert (after.retired, after.days_left) == (True, 0)
    assert after.answering == ("ext5/expo/v16",)
    [view] = made.snapshot(START + MIDNIGHT).services()
    assert view.status is Status.GREEN
    said = check_message(view.checks[1], STOCKHOLM)
    assert said.sv.endswith("Versionspaket 16.1 har utgått och ska inte svara längre.")


def test_what_is_retired_and_fails_is_no_outage() -> None:
    """It does what it must: no transition, no finding, and the service is green."""
    made = Board(plans("v17", "v16", upgrades=(package(),)), START)
    both(made, 1, old_answers=True)
    made.age(START + MIDNIGHT)
    assert both(made, MIDNIGHT + 10, old_answers=False) == []
    snapshot = made.snapshot(START + MIDNIGHT + 12)
    [view] = snapshot.services()
    assert (view.status, view.measured) == (Status.GREEN, Status.GREEN)
    assert view.checks[1].status is Status.RED
    assert snapshot.upgrades[0].answering == ()
    said = check_message(view.checks[1], STOCKHOLM)
    assert said.en.endswith("This is expected: version package 16.1 is retired.")


def test_what_fails_before_its_date_is_an_outage_until_then() -> None:
    """It was switched off too early: from its date on that is as it should be."""
    made = Board(plans("v17", "v16", upgrades=(package(),)), START)
    both(made, 1, old_answers=False)
    [view] = made.snapshot(START + 3).services()
    assert view.status is Status.RED
    assert told(made.age(START + MIDNIGHT + 1)) == [("red", "green", False, MIDNIGHT)]


def test_the_new_version_failing_is_an_outage_as_ever() -> None:
    """Only what is retired is left out."""
    made = Board(plans("v17", "v16", upgrades=(package(),)), START)
    both(made, 1, old_answers=True)
    made.age(START + MIDNIGHT)
    changes = [
        change for at in (10, 11, 12) for change in see(made, "v17", MIDNIGHT + at, fine=False)
    ]
    assert [(one.before, one.after, one.check) for one in changes if one.service][-1] == (
        Status.YELLOW,
        Status.RED,
        "v17",
    )


def test_a_service_of_which_all_is_retired_is_unknown_and_leaves_the_environment_alone() -> None:
    """There is nothing to know of it any more, and it says so."""
    sections = plans("api", upgrades=(package(absent_after_retirement=["ext5/nll/api"]),))
    other = replace(named("api"), service="nll", id=CheckId("ext5/nll/api"))
    both_services = estate(("expo", (named("api"),)), ("nll", (other,)))
    made = Board(replace(both_services, timezone=STOCKHOLM, later=sections.later), START)
    made.observe(CheckId("ext5/expo/api"), good(START + 1), START + 1)
    made.observe(CheckId("ext5/nll/api"), good(START + 1), START + 1)
    made.age(START + MIDNIGHT)
    snapshot = made.snapshot(START + MIDNIGHT)
    expo, nll = snapshot.services()
    assert (expo.status, nll.status) == (Status.GREEN, Status.UNKNOWN)
    assert snapshot.environments[0].status is Status.GREEN
    said = service_message(nll, STOCKHOLM)
    assert "Its checks belong to version package 16.1, which is retired." in said.en
    assert "full" in environment_message(snapshot.environments[0], STOCKHOLM).en


def test_an_upgrade_without_a_date_retires_nothing() -> None:
    """It is told, and that is all."""
    made = Board(plans("v17", "v16", upgrades=(package(retires=None),)), START)
    both(made, 1, old_answers=True)
    made.age(START + 400 * 86_400)
    [view] = made.snapshot(START + 400 * 86_400).upgrades
    assert (view.retired, view.days_left, view.answering) == (False, None, ())


def test_the_countdown_in_words() -> None:
    """Days are those of the calendar, a moved date is called out, and both languages say it."""
    moved = package(replaced_by="17.1", was=["2026-10-30", "2026-11-27"])
    made = Board(plans("v17", "v16", upgrades=(moved,)), START)
    both(made, 1, old_answers=True)

    def said(at: float) -> Any:
        made.age(START + at)
        return upgrade_message(made.snapshot(START + at).upgrades[0])

    assert said(MIDNIGHT - 3 * 86_400).sv == (
        "Versionspaket 16.1 utgår om 3 dagar, fredag 27 november 2026. OBS! NYTT DATUM! Tidigare"
        " angivet: 30 oktober 2026. Det ersätts av 17.1."
    )
    assert said(MIDNIGHT - 1).en.startswith("Version package 16.1 is retired in 1 day, on Friday")
    assert said(MIDNIGHT + 86_399).sv.startswith("Versionspaket 16.1 utgår idag, fredag")
    assert said(MIDNIGHT + 86_400).en == (
        "Version package 16.1 was retired 1 day ago, on Friday 27 November 2026. NOTE! NEW DATE!"
        " Given earlier: 30 October 2026. It is replaced by 17.1. It should not answer any more,"
        " but this does: ext5/expo/v16."
    )


def test_a_notice_worsens_what_it_concerns_while_it_is_active() -> None:
    """From its first moment to its last; then the measurements count again."""
    made = Board(plans(notices=(notice("red", **{"from": 60, "until": 120}),)), START)
    see(made, "api", 1, fine=True)
    assert made.age(START + 59) == []
    [change, above] = made.age(START + 61)
    assert told([change]) == [("green", "red", False, 60)]
    assert (change.check, change.reason, change.worsening) == (None, None, True)
    assert (above.service, above.after, above.check) == (None, Status.RED, None)
    snapshot = made.snapshot(START + 61)
    [view] = snapshot.services()
    assert (view.status, view.measured, view.declared) == (Status.RED, Status.GREEN, Status.GREEN)
    assert not view.planned
    assert "Enligt ett driftmeddelande" in transition_message(change, snapshot).sv
    assert "Kabelbrott." in service_message(view, STOCKHOLM).sv
    assert told(made.age(START + 120)) == [("red", "green", False, 120)]
    assert made.snapshot(START + 120).notices == ()


def test_a_green_notice_betters_nothing() -> None:
    """Nor does one that says no status."""
    for status in ("green", None):
        made = Board(plans(notices=(notice(status),)), START)
        for at in (1, 2, 3):
            see(made, "api", at, fine=False)
        [view] = made.snapshot(START + 3).services()
        assert view.status is Status.RED
        assert made.snapshot(START + 3).notices[0].notice.message.en == "A cable is cut."


def test_a_notice_of_another_service_changes_nothing() -> None:
    """Its scope is its own."""
    sections = plans(notices=(notice(services=["ext5/nll"]),))
    other = replace(named("api"), service="nll", id=CheckId("ext5/nll/api"))
    services = estate(("expo", (named("api"),)), ("nll", (other,)))
    made = Board(replace(services, later=sections.later), START)
    made.observe(CheckId("ext5/expo/api"), good(START + 1), START + 1)
    made.observe(CheckId("ext5/nll/api"), good(START + 1), START + 1)
    assert [view.status for view in made.snapshot(START + 2).services()] == [
        Status.GREEN,
        Status.RED,
    ]


def test_a_notice_that_says_worse_than_the_window_is_not_planned() -> None:
    """A window explains what it declares, and no more."""
    disturbed = window(-60, 600, "disturbance")
    for status, expected in (("red", (Status.RED, False)), ("yellow", (Status.YELLOW, True))):
        made = Board(plans(notices=(notice(status),), windows=(disturbed,)), START)
        see(made, "api", 1, fine=True)
        [view] = made.snapshot(START + 1).services()
        assert (view.status, view.planned) == expected


def test_a_notice_that_a_new_configuration_brings_is_news() -> None:
    """Unlike what else a changed configuration changes."""
    before, after = plans(), plans(notices=(notice(),))
    made = Board(before, START)
    see(made, "api", 1, fine=True)
    changes = made.adopt(TrackedEstate(after, START + 5), difference(before, after), START + 5)
    assert told(changes) == [("green", "red", False, 5)]
    assert not any(one.reconfigured for one in changes)


def test_checks_stay_retired_in_a_new_configuration() -> None:
    """Their states go on, and so does that they count for nothing."""
    before = plans("v17", "v16", upgrades=(package(),))
    after = plans("v17", "v16", upgrades=(package(message="m"),))
    made = Board(before, START)
    both(made, 1, old_answers=False)
    made.age(START + MIDNIGHT)
    now = START + MIDNIGHT + 5
    assert made.adopt(TrackedEstate(after, now), difference(before, after), now) == []
    [view] = made.snapshot(now).services()
    assert (view.status, view.checks[1].status) == (Status.GREEN, Status.RED)
    assert view.checks[1].retired == "16.1"
    moved = plans("v17", "v16", upgrades=(package(retires="2027-01-01"),))
    changes = made.adopt(TrackedEstate(moved, now), difference(after, moved), now)
    assert told(changes)[0][:2] == ("green", "red")


SPANS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 20), st.sampled_from(["green", "yellow", "red"])),
    max_size=4,
)


@given(spans=SPANS, windows=SPANS, down=st.tuples(st.integers(0, 40), st.integers(0, 40)))
def test_a_notice_never_betters(
    spans: list[tuple[int, int, str]],
    windows: list[tuple[int, int, str]],
    down: tuple[int, int],
) -> None:
    """At every minute the published status is the worst of the three, by the naive way."""
    impacts = {"green": "none", "yellow": "disturbance", "red": "outage"}
    written_down = plans(
        notices=tuple(
            notice(status, **{"id": f"n{number}", "from": 60 * at, "until": 60 * (at + length)})
            for number, (at, length, status) in enumerate(spans)
        ),
        windows=tuple(
            window(60 * at, 60 * (at + length), impacts[status], id=f"w{number}")
            for number, (at, length, status) in enumerate(windows)
        ),
    )
    made = Board(written_down, START)
    for minute in range(52):
        at = 60 * minute
        made.age(START + at)
        fails = down[0] <= minute < down[0] + down[1]
        for second in (1, 2, 3):
            see(made, "api", at + second, fine=not fails)

        def worst(given: list[tuple[int, int, str]], minute: int = minute) -> Status:
            found = [
                Status(one) for start, length, one in given if start <= minute < start + length
            ]
            return max(found, key=lambda one: one.severity, default=Status.GREEN)

        measured = Status.RED if fails else Status.GREEN
        said = max(measured, worst(spans), key=lambda one: one.severity)
        declared = worst(windows)
        [view] = made.snapshot(START + at + 3).services()
        assert view.status is max(said, declared, key=lambda one: one.severity)
        assert view.measured is measured
        assert view.planned == (declared is not Status.GREEN and said.severity <= declared.severity)


def test_times_with_an_offset_are_those() -> None:
    """And those without one are local."""
    local = NoticeSettings.model_validate({"id": "a", "message": "m", "from": "2026-11-27T00:00"})
    offset = NoticeSettings.model_validate({"id": "b", "message": "m", "from": "2026-11-26T23:00Z"})
    made = Board(plans(notices=(local, offset)), START)
    one, other = made.snapshot(START).agenda.notices
    assert one.begins == other.begins == START + MIDNIGHT
    assert datetime.fromtimestamp(START + MIDNIGHT, UTC).hour == 23
