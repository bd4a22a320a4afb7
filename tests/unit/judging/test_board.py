"""The running tally: contract, section 2, across checks, services and environments."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.judging.board import Board
from monitor.judging.persisted_state import packed_state, unpacked_state
from monitor.judging.transition_context import RECENT_KEPT
from monitor.model.estate import Check, CheckId, Environment, Estate, Service
from monitor.model.records import seen_of
from monitor.model.status import Rule, Status
from monitor.model.text import Text
from monitor.model.transition import Transition
from monitor.settings.sections import ServiceWindow
from probes.observation import Cause, Grade, HttpAnswer, Observation, Reason
from tests.support.factories import make_certificate, make_check, make_tls

START = 1_000_000.0


def estate(*services: tuple[str, tuple[Check, ...]], majority: float = 0.5) -> Estate:
    return Estate(
        environments=(
            Environment(
                name="ext5",
                title=Text(sv="EXT5", en="EXT5"),
                majority=majority,
                services=tuple(
                    Service(
                        id=f"ext5/{name}",  # type: ignore[arg-type]
                        environment="ext5",
                        name=name,
                        title=Text(sv=name, en=name),
                        checks=checks,
                    )
                    for name, checks in services
                ),
            ),
        )
    )


def check(service: str = "expo", name: str = "api", **more: object) -> Check:
    return make_check(
        id=CheckId(f"ext5/{service}/{name}"),
        environment="ext5",
        service=service,
        name=name,
        interval=10.0,
        timeout=5.0,
        **more,
    )


def good(at: float, duration: float = 0.05) -> Observation:
    return Observation(at=at, duration=duration)


def bad(at: float, cause: Cause = Cause.TARGET, detail: str = "refused") -> Observation:
    return Observation(
        at=at,
        duration=0.01,
        grade=Grade.FAILED,
        reason=Reason.CONNECT_REFUSED,
        cause=cause,
        detail=detail,
    )


def feed(board: Board, one: Check, *observations: Observation) -> list[Transition]:
    return [
        transition
        for seen in observations
        for transition in board.observe(one.id, seen, seen.at)[1]
    ]


def test_nothing_is_known_at_the_start() -> None:
    """Before the first observation all is unknown, since the start."""
    snapshot = Board(estate(("expo", (check(),))), START).snapshot(START + 1)
    view = next(snapshot.checks())
    assert (snapshot.status, view.status, view.since) == (Status.UNKNOWN, Status.UNKNOWN, START)
    assert view.last is None
    assert view.reason is None


def test_a_first_good_observation_makes_green_all_the_way_up() -> None:
    """One check, one service, one environment: one transition each."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    changed = feed(board, one, good(START + 1))
    assert [(t.service, t.before, t.after) for t in changed] == [
        ("expo", Status.UNKNOWN, Status.GREEN),
        (None, Status.UNKNOWN, Status.GREEN),
    ]
    assert board.snapshot(START + 2).status is Status.GREEN


def test_red_is_backdated_to_the_first_failure() -> None:
    """Yellow at the first failure, red at the third, both since the first."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, good(START + 1))
    changed = feed(board, one, bad(START + 10), bad(START + 15), bad(START + 20))
    assert [(t.after, t.at, t.since) for t in changed if t.service] == [
        (Status.YELLOW, START + 10, START + 10),
        (Status.RED, START + 20, START + 10),
    ]
    view = next(board.snapshot(START + 21).checks())
    assert (view.reason, view.cause) == (Reason.CONNECT_REFUSED, Cause.TARGET)
    assert (view.why.rule, view.why.consecutive, view.why.threshold) == (Rule.RED_AFTER, 3, 3)
    assert view.why.first_bad_at == START + 10
    assert view.evidence is not None


def test_a_status_with_no_change_makes_no_transition() -> None:
    """A hundred good observations are one transition."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    changed = feed(board, one, *(good(START + n) for n in range(1, 100)))
    assert len([t for t in changed if t.service]) == 1


def test_green_forgets_the_reason() -> None:
    """Recovered: no reason, no cause, no evidence."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, good(START), bad(START + 1), good(START + 2), good(START + 3))
    view = next(board.snapshot(START + 4).checks())
    assert (view.status, view.reason, view.cause, view.evidence) == (
        Status.GREEN,
        None,
        None,
        None,
    )


def test_the_all_clear_knows_how_long_it_was() -> None:
    """From the first failure, whatever the colours in between, our not knowing included."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, good(START), *(bad(START + n) for n in (1, 2, 3)))
    feed(board, one, bad(START + 4, Cause.MONITOR))
    changed = feed(board, one, good(START + 5), good(START + 6))
    assert [(t.after, t.began) for t in changed if t.service][-1] == (Status.GREEN, START + 1)
    changed = feed(board, one, bad(START + 7), good(START + 8), good(START + 9))
    assert [(t.after, t.began) for t in changed if t.service] == [
        (Status.YELLOW, None),
        (Status.GREEN, START + 7),
    ]


def test_our_own_trouble_is_unknown_and_counts_nothing() -> None:
    """The check becomes unknown with the reason; the window does not move."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, good(START))
    feed(board, one, bad(START + 1, Cause.MONITOR, "every canary failed"))
    view = next(board.snapshot(START + 2).checks())
    assert (view.status, view.reason, view.cause) == (
        Status.UNKNOWN,
        Reason.CONNECT_REFUSED,
        Cause.MONITOR,
    )
    assert (view.why.of, view.trouble) == (1, "every canary failed")
    feed(board, one, good(START + 3))
    assert next(board.snapshot(START + 4).checks()).status is Status.GREEN


def test_trouble_goes_on_since_it_began() -> None:
    """Ten troubled rounds are unknown since the first of them."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, good(START), *(bad(START + n, Cause.MONITOR) for n in range(1, 11)))
    assert next(board.snapshot(START + 12).checks()).since == START + 1


def test_silence_becomes_unknown() -> None:
    """Older than 3 × interval + timeout: 35 s here."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, good(START))
    assert board.age(START + 35.0) == []
    changed = board.age(START + 35.1)
    assert [(t.service, t.after, t.since) for t in changed] == [
        ("expo", Status.UNKNOWN, START + 35.0),
        (None, Status.UNKNOWN, START + 35.0),
    ]
    assert board.age(START + 50.0) == []
    assert next(board.snapshot(START + 50).checks()).cause is Cause.MONITOR


def test_a_minority_makes_the_environment_yellow() -> None:
    """One of three services red: reduced function, not an outage."""
    checks = [check(name) for name in ("a", "b", "c")]
    board = Board(estate(*((one.service, (one,)) for one in checks)), START)
    for one in checks:
        feed(board, one, good(START))
    feed(board, checks[0], *(bad(START + n) for n in (1, 2, 3)))
    snapshot = board.snapshot(START + 4)
    assert [view.status for view in snapshot.services()] == [
        Status.RED,
        Status.GREEN,
        Status.GREEN,
    ]
    assert snapshot.environments[0].status is Status.YELLOW
    feed(board, checks[1], *(bad(START + n) for n in (5, 6, 7)))
    assert board.snapshot(START + 8).status is Status.RED


def test_a_critical_check_decides_alone() -> None:
    """Red for the service though three others are green."""
    critical = check(name="api", critical=True)
    others = tuple(check(name=name) for name in ("b", "c", "d"))
    board = Board(estate(("expo", (critical, *others))), START)
    for one in (critical, *others):
        feed(board, one, good(START))
    feed(board, critical, *(bad(START + n) for n in (1, 2, 3)))
    assert next(board.snapshot(START + 4).services()).status is Status.RED


def part(at: float, address: str, *, fails: bool) -> Observation:
    if not fails:
        return Observation(at=at, duration=0.05, address=address)
    return Observation(
        at=at,
        duration=0.05,
        address=address,
        grade=Grade.FAILED,
        reason=Reason.TIMEOUT,
        cause=Cause.TARGET,
    )


def everywhere(at: float, **addresses: bool) -> Observation:
    parts = tuple(part(at, address, fails=fails) for address, fails in addresses.items())
    return Observation(at=at, duration=0.05, parts=parts)


def test_each_address_has_a_status_of_its_own() -> None:
    """One of three addresses down: the check is yellow, with that address's reason."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, *(everywhere(START + n, a=False, b=True, c=False) for n in range(3)))
    view = next(board.snapshot(START + 4).checks())
    assert [(address.address, address.status) for address in view.addresses] == [
        ("a", Status.GREEN),
        ("b", Status.RED),
        ("c", Status.GREEN),
    ]
    assert (view.status, view.reason) == (Status.YELLOW, Reason.TIMEOUT)


def test_half_of_the_addresses_are_the_majority() -> None:
    """Two of four red is red: the same rule at every level."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, *(everywhere(START + n, a=True, b=True, c=False, d=False) for n in range(3)))
    assert next(board.snapshot(START + 4).checks()).status is Status.RED


def test_an_address_that_the_name_no_longer_has_is_forgotten() -> None:
    """It takes its status with it."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, *(everywhere(START + n, a=False, b=True) for n in range(3)))
    feed(board, one, *(everywhere(START + 3 + n, a=False) for n in range(3)))
    view = next(board.snapshot(START + 9).checks())
    assert [address.address for address in view.addresses] == ["a"]
    assert view.status is Status.GREEN


def test_unchanged_views_are_the_same_objects() -> None:
    """Renderers keep what they made of a view for as long as it is the same."""
    one, two = check(name="a"), check(name="b")
    board = Board(estate(("expo", (one, two))), START)
    feed(board, one, good(START))
    feed(board, two, good(START))
    before = list(board.snapshot(START + 1).checks())
    feed(board, one, good(START + 2))
    after = list(board.snapshot(START + 3).checks())
    assert before[0] is not after[0]
    assert before[1] is after[1]


def showing(at: float, letter: str) -> Observation:
    """A good answer of a server with that certificate."""
    tls = make_tls(chain=(make_certificate(sha256=letter * 64),))
    return replace(good(at), tls=tls)


def test_a_changed_certificate_is_told_and_shown() -> None:
    """Once, with the window that announced it; it changes no status."""
    window = ServiceWindow.model_validate(
        {
            "id": "cert",
            "title": "Certifikatbyte",
            "impact": "none",
            "start": "1970-01-12T13:46:00Z",
            "end": "1970-01-12T13:47:00Z",
            "changes_certificates": True,
        }
    )
    one = check()
    watched = replace(estate(("expo", (one,))), later={"service_windows": [window]})
    board = Board(watched, START)
    outcomes = [
        board.observe(one.id, showing(START + n, letter), START + n)
        for n, letter in enumerate("aabb")
    ]
    [change] = [change for told in outcomes for change in told.certificates.changes]
    assert (change.at, change.announced) == (START + 2, "cert")
    assert [len(told.transitions) for told in outcomes] == [2, 0, 0, 0]
    view = next(board.snapshot(START + 4).checks())
    assert view.status is Status.GREEN
    assert view.changed is view.newest_change is change


def test_each_address_shows_how_its_certificate_came() -> None:
    """And the check itself the newest of them."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    for at, letters in ((0, "aa"), (10, "ba"), (20, "bb")):
        parts = tuple(
            replace(showing(START + at, letter), address=address)
            for address, letter in zip("xy", letters, strict=True)
        )
        feed(board, one, Observation(at=START + at, duration=0.05, parts=parts))
    view = next(board.snapshot(START + 21).checks())
    assert [part.changed.at for part in view.addresses if part.changed] == [START + 10, START + 20]
    assert view.changed is not None
    assert view.newest_change is not None
    assert (view.changed.at, view.newest_change.at) == (START + 20, START + 10)


def test_a_held_check_says_so_until_it_is_measured() -> None:
    """Its view is made anew, and its status becomes unknown when it is stale: never green."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, good(START))
    before = next(board.snapshot(START + 1).checks())
    board.hold(one.id, START + 100)
    view = next(board.snapshot(START + 2).checks())
    assert view is not before
    assert (view.status, view.held_until) == (Status.GREEN, START + 100)
    board.hold(one.id, START + 100)
    assert next(board.snapshot(START + 3).checks()) is view
    board.age(START + 50)
    assert next(board.snapshot(START + 50).checks()).status is Status.UNKNOWN
    feed(board, one, good(START + 101))
    assert next(board.snapshot(START + 102).checks()).held_until is None


def test_a_case_holds_what_decided() -> None:
    """The newest failure, whatever came after it, and the window's observations, oldest first."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, *(good(START + n) for n in range(30)), bad(START + 40), good(START + 50))
    case = board.transition_context(one.id, START + 50)
    assert case.seen is not None
    assert case.seen.at == START + 40
    assert [each.at for each in case.recent] == [
        *(START + n for n in range(12, 30)),
        START + 40,
        START + 50,
    ]
    assert (case.recent[-2].verdict.grade, case.recent[-2].detail) == (Grade.FAILED, "refused")
    assert (case.service.en, case.view.check) == ("expo", one)


def test_what_servers_answer_is_in_no_state() -> None:
    """Only what is needed to judge on outlives the process; the newest observations do."""
    one = check()
    answer = HttpAnswer(500, (1, 1), "No", ((b"X", b"v4lue"),), False, b"b0dy", False, None)
    part = replace(bad(START + 1), address="192.0.2.1", answer=answer)
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, replace(bad(START + 1), answer=answer, parts=(part,)))
    saved = packed_state(board.check_state(one.id))
    assert b"v4lue" not in saved
    assert b"b0dy" not in saved
    state = unpacked_state(saved, one)
    assert state is not None
    again = Board(estate(("expo", (one,))), START)
    again.restore({one.id: state}, {one.id: [seen_of(bad(START + 2))]}, {}, START + 2)
    recent = again.transition_context(one.id, START + 2).recent
    assert [each.at for each in recent] == [START + 1, START + 2]
    assert recent[0] == board.transition_context(one.id, START + 1).recent[0]


def test_a_case_of_a_check_that_is_not_there() -> None:
    """Is a fault of ours."""
    with pytest.raises(KeyError):
        Board(estate(("expo", (check(),))), START).transition_context(
            CheckId("ext5/expo/none"), START
        )


def test_our_own_trouble_decides_nothing() -> None:
    """It is no observation of the target."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, bad(START + 1), bad(START + 2, Cause.MONITOR))
    assert [each.at for each in board.transition_context(one.id, START + 2).recent] == [START + 1]


def test_a_large_window_is_not_remembered_whole() -> None:
    """Memory is bounded, a check's window may be a thousand."""
    thresholds = replace(check().thresholds, window_size=1000)
    one = check(thresholds=thresholds)
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, *(good(START + n) for n in range(300)))
    assert len(board.transition_context(one.id, START + 300).recent) == RECENT_KEPT


def test_what_becomes_stale_together_is_told_once() -> None:
    """Three of four checks are red and fall silent: the service was never yellow in between."""
    checks = tuple(check(name=name) for name in ("a", "b", "c", "d"))
    board = Board(estate(("expo", checks)), START)
    for one in checks[:3]:
        feed(board, one, *(bad(START + at) for at in (1, 2, 3)))
    feed(board, checks[3], good(START + 3))
    changed = board.age(START + 3600)
    assert [(t.service, t.before, t.after) for t in changed] == [
        ("expo", Status.RED, Status.UNKNOWN),
        (None, Status.RED, Status.UNKNOWN),
    ]


def test_an_environment_is_told_once_of_services_that_change_together() -> None:
    """Two red services of two fall silent: the environment goes from red to unknown."""
    one, other = check("expo"), check("vara")
    board = Board(estate(("expo", (one,)), ("vara", (other,))), START)
    for each in (one, other):
        feed(board, each, *(bad(START + at) for at in (1, 2, 3)))
    changed = board.age(START + 3600)
    whole = [(t.before, t.after) for t in changed if t.service is None]
    assert whole == [(Status.RED, Status.UNKNOWN)]
    assert len(changed) == 3


def test_a_clock_that_was_wrong_makes_nothing_stale_for_long() -> None:
    """What was stale an hour ahead is fresh when the clock has been set right again."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, good(START + 1))
    assert [t.after for t in board.age(START + 3600)] == [Status.UNKNOWN] * 2
    assert [t.after for t in board.age(START + 3)] == [Status.GREEN] * 2


def test_a_clock_that_is_set_ages_nothing() -> None:
    """Two hours forth in an instant are no two hours without a measurement; from then on the time
    for which a measurement holds runs anew.
    """
    one = check()
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, good(START + 1))
    board.clock_set(START + 7202)
    assert board.age(START + 7202) == []
    assert board.age(START + 7202 + one.stale_after) == []
    assert [t.after for t in board.age(START + 7203 + one.stale_after)] == [Status.UNKNOWN] * 2


def test_what_a_set_clock_makes_count_again_is_published_beside_what_is_seen() -> None:
    """A check that was stale, and an observation that began before the clock was set and comes after
    it: one change of their environment, and nothing is stale.
    """
    one, other = check("expo"), check("vara")
    board = Board(estate(("expo", (one,)), ("vara", (other,))), START)
    feed(board, one, good(START + 1))
    feed(board, other, good(START + 3599))
    assert [t.service for t in board.age(START + 3600)] == ["expo", None]
    board.clock_set(START + 10_800)
    assert board.pending
    board.take(other.id, good(START + 3600), START + 10_800)
    changed = board.publish(START + 10_800)
    assert [(t.service, t.after) for t in changed] == [("expo", Status.GREEN), (None, Status.GREEN)]


def test_a_state_is_as_old_as_the_newest_thing_in_it() -> None:
    """Also when the clock was set back before our own trouble began."""
    one = check()
    board = Board(estate(("expo", (one,))), START)
    feed(board, one, good(START + 3600))
    board.observe(one.id, bad(START + 1, Cause.MONITOR), START + 1)
    assert board.check_state(one.id).at == START + 1
