"""Who is told of a transition, and how much."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.model.records import MessageKind, Outgoing
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.notify.decision import CONFIRM
from monitor.notify.message import read_message
from monitor.notify.routing import Router
from monitor.plan import EMPTY, Acknowledgement, Agenda, Silence
from tests.support.factories import NOW
from tests.support.outbox import TEXT, make_receiver, make_transition, make_watched


def told(router: Router, *steps: tuple[str, str] | dict[str, Any]) -> list[str]:
    """The kinds of message that each step causes, ``-`` for none."""
    kinds = []
    for number, step in enumerate(steps):
        given = step if isinstance(step, dict) else {"before": step[0], "after": step[1]}
        made = router.plan(make_transition(at=NOW + number, **given), TEXT, NOW + number)
        kinds.append(made[0].kind.value if made else "-")
    return kinds


def router_of(**receiver: Any) -> Router:
    return Router(make_watched(make_receiver(**receiver)))


RED = frozenset(("red",))


@pytest.mark.parametrize(
    ("on", "steps", "expected"),
    [
        ("red yellow recovery", "green-red red-green", "alarm recovery"),
        ("red", "green-red red-green", "alarm recovery"),
        ("red", "green-yellow yellow-green", "- -"),
        ("red", "green-yellow yellow-red red-yellow yellow-green", "- alarm - recovery"),
        ("red", "green-red red-yellow yellow-red red-green", "alarm - alarm recovery"),
        ("red yellow", "green-red red-yellow yellow-green", "alarm alarm recovery"),
        ("red yellow", "green-yellow yellow-red red-green", "alarm alarm recovery"),
        ("yellow", "green-yellow yellow-red red-green", "alarm alarm recovery"),
        ("yellow", "green-red red-green", "- -"),
        ("red", "green-red red-unknown unknown-red red-green", "alarm - - recovery"),
        ("red", "green-red red-unknown unknown-green", "alarm - recovery"),
        ("red unknown", "green-red red-unknown unknown-red red-green",
         "alarm unknown alarm recovery"),
        ("unknown", "green-unknown unknown-green", "unknown recovery"),
        ("recovery", "green-red red-green", "- recovery"),
        ("red", "unknown-red red-green green-unknown unknown-green", "alarm recovery - -"),
    ],
)  # fmt: skip
def test_each_way_through_the_colours(on: str, steps: str, expected: str) -> None:
    """A receiver hears of the colours it wants, of every escalation of an alarm that it has, and
    one all-clear at green."""
    ways = [(step.split("-")[0], step.split("-")[1]) for step in steps.split()]
    assert told(router_of(on=frozenset(on.split())), *ways) == expected.split()


def test_what_is_planned_is_told_only_where_asked_for() -> None:
    """A stop that a window explains is no alarm, and its end no all-clear."""
    steps: list[dict[str, Any]] = [
        {"before": "green", "after": "red", "planned": True, "window": "w"},
        {"before": "red", "after": "green", "was_planned": True, "window": "w"},
    ]
    assert told(router_of(), *steps) == ["-", "-"]
    assert told(router_of(planned=True), *steps) == ["alarm", "recovery"]
    assert told(router_of(on=frozenset(("window",))), *steps) == ["window", "window"]


def test_a_disturbance_that_outlasts_its_window_is_an_alarm() -> None:
    """The plan is over and the service still down."""
    steps: list[dict[str, Any]] = [
        {"before": "green", "after": "red", "planned": True, "window": "w"},
        {"before": "red", "after": "red", "was_planned": True, "window": "w"},
        {"before": "red", "after": "green"},
    ]
    assert told(router_of(on=RED), *steps) == ["-", "alarm", "recovery"]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({"environments": frozenset(("ext5",))}, "alarm"),
        ({"environments": frozenset(("ext6",))}, "-"),
        ({"services": frozenset(("ext5/s0",))}, "alarm"),
        ({"services": frozenset(("ext5/s1",))}, "-"),
        ({"environments": frozenset(("ext6",)), "services": frozenset(("ext5/s0",))}, "alarm"),
    ],
)
def test_only_what_it_watches(place: dict[str, Any], expected: str) -> None:
    """Environments and services name what a receiver is told of."""
    assert told(router_of(**place), ("green", "red")) == [expected]


def test_environments_transitions_are_not_told() -> None:
    """Their services' are, and name the environment."""
    router = router_of()
    assert router.plan(make_transition(service=None), TEXT, NOW) == ()  # type: ignore[arg-type]


def test_an_all_clear_goes_to_whom_the_alarm_went_whatever_the_routing_is_now() -> None:
    """A change of the routing leaves nobody with an alarm that never ends."""
    router = router_of()
    assert told(router, ("green", "red")) == ["alarm"]
    moved = make_receiver(environments=frozenset(("ext6",)), on=frozenset(("unknown",)))
    assert router.reload(make_watched(moved), NOW) == ()
    assert told(router, ("red", "green")) == ["recovery"]


def test_an_alarm_of_a_service_that_is_watched_no_more_is_closed() -> None:
    """Its receiver is told so, once."""
    router = router_of()
    told(router, ("green", "red"))
    [closed] = router.reload(make_watched(make_receiver(), services=0), NOW + 60)
    assert closed.kind is MessageKind.RECOVERY
    assert "is watched no more" in read_message(closed).text.en
    assert router.reload(make_watched(make_receiver(), services=0), NOW + 120) == ()


def test_reminders_come_at_their_times_and_once_each() -> None:
    """However late somebody looks, one reminder is due at most; green ends them."""
    router = router_of(remind_every=3600.0)
    told(router, ("green", "red"))
    assert router.reminders(NOW + 3599) == ()
    [first] = router.reminders(NOW + 3600)
    assert router.reminders(NOW + 3601) == ()
    [third] = router.reminders(NOW + 3 * 3600 + 5)
    assert [first.kind, third.kind] == [MessageKind.REMINDER] * 2
    assert len({first.id, third.id}) == 2
    said = read_message(first).text
    assert said.en.startswith("Reminder: the disturbance goes on, after 1 hour")
    assert said.en.endswith(TEXT.en)
    told(router, ("red", "green"))
    assert router.reminders(NOW + 9 * 3600) == ()


def test_reminders_rest_while_the_state_is_unknown() -> None:
    """Nobody knows then that it still holds."""
    router = router_of(remind_every=3600.0)
    told(router, ("green", "red"), ("red", "unknown"))
    assert router.reminders(NOW + 4000) == ()
    told(router, ("unknown", "red"))
    assert len(router.reminders(NOW + 4000)) == 1


def test_a_restart_goes_on_where_it_was() -> None:
    """From the newest message of each receiver and subject: the all-clear comes, nothing twice."""
    router = router_of(on=RED, remind_every=3600.0)
    [alarm] = router.plan(make_transition(), TEXT, NOW)
    again = router_of(on=RED, remind_every=3600.0)
    again.restore([alarm])
    assert len(again.reminders(NOW + 3700)) == 1
    assert told(again, ("red", "green")) == ["recovery"]
    [recovery] = router.plan(make_transition("red", "green"), TEXT, NOW)
    last = router_of(on=RED)
    last.restore([recovery])
    assert list(last.open()) == []


@pytest.mark.parametrize("how", ["unknown meanwhile", "another process"])
def test_red_that_comes_back_by_way_of_yellow_is_no_news(how: str) -> None:
    """It was told as red, was then not known, and is seen yellow first as it fails again: whoever
    stands with the alarm is told nothing more, and gets the all-clear.
    """
    for on in (RED, RED | {"yellow"}):
        router = router_of(on=on)
        [alarm] = router.plan(make_transition(at=NOW - 9), TEXT, NOW - 9)
        if how == "another process":
            router = router_of(on=on)
            router.restore([alarm], unsure=True)
        else:
            assert told(router, ("red", "unknown")) == ["-"]
        steps = told(router, ("unknown", "yellow"), ("yellow", "red"))
        assert steps == ["-", "-"]
        assert router.confirmed(NOW + 1000) == ()
        assert told(router, ("red", "yellow")) == ["alarm" if "yellow" in on else "-"]
        assert told(router, ("yellow", "red"), ("red", "green")) == ["alarm", "recovery"]


def test_yellow_that_lasts_is_told_once_it_has() -> None:
    """What was red, then unknown, and stays yellow is better: told after a minute, once."""
    router = router_of(on=RED | {"yellow"})
    assert told(router, ("green", "red"), ("red", "unknown")) == ["alarm", "-"]
    assert told(router, ("unknown", "yellow")) == ["-"]
    assert router.confirmed(NOW + CONFIRM - 1) == ()
    [better] = router.confirmed(NOW + CONFIRM)
    assert (better.kind, read_message(better).alarm) == (MessageKind.ALARM, Status.YELLOW)
    assert router.confirmed(NOW + 9 * CONFIRM) == ()
    assert told(router, ("yellow", "red"), ("red", "green")) == ["alarm", "recovery"]


def test_red_long_after_yellow_is_told() -> None:
    """Whoever wants red alone hears of it again when it was yellow for more than a minute."""
    router = router_of(on=RED)
    assert told(router, ("green", "red"), ("red", "unknown")) == ["alarm", "-"]
    assert told(router, ("unknown", "yellow")) == ["-"]
    later = make_transition("yellow", "red", at=NOW + CONFIRM)
    assert len(router.plan(later, TEXT, NOW + CONFIRM)) == 1


def test_worse_than_was_told_is_told_at_once() -> None:
    """Yellow was told, then nobody knew: red is news whenever it comes, and so is green."""
    router = router_of(on=RED | {"yellow"})
    assert told(router, ("green", "yellow"), ("yellow", "unknown")) == ["alarm", "-"]
    assert told(router, ("unknown", "yellow"), ("yellow", "red")) == ["-", "alarm"]
    assert told(router, ("red", "unknown"), ("unknown", "yellow")) == ["-", "-"]
    assert told(router, ("yellow", "green")) == ["recovery"]
    assert router.confirmed(NOW + 9 * CONFIRM) == ()


def test_a_message_survives_the_outbox() -> None:
    """What is read is what was written."""
    router = router_of()
    [made] = router.plan(make_transition(planned=False, window="w", began=NOW - 5), TEXT, NOW)
    message = read_message(made)
    assert message.payload() == made.payload
    assert (message.subject, message.after, message.alarm) == ("ext5/s0", Status.RED, Status.RED)
    assert message.service_title == Text(sv="Receptexpedition (S0)", en="Dispensing (S0)")
    assert made.id == f"{make_transition().id}-hook"


def test_a_row_that_is_none_of_ours_is_named() -> None:
    """A damaged row stops nothing, and its id is told."""
    bad = Outgoing(
        id="x1", notification="hook", subject="ext5/s0", kind=MessageKind.ALARM, created_at=NOW,
        payload=b"{}",
    )  # fmt: skip
    with pytest.raises(ValueError, match="x1 cannot be read"):
        read_message(bad)
    router = router_of()
    router.restore([bad])
    assert list(router.open()) == []


def said(kind: type[Acknowledgement | Silence], ends: float) -> Agenda:
    one = kind(
        id="x",
        because="x",
        author="anna",
        written_at=NOW,
        ends=ends,
        services=frozenset({"ext5/s0"}),
    )
    if isinstance(one, Silence):
        return replace(EMPTY, silences=(one,))
    return replace(EMPTY, acknowledgements=(one,))


def test_what_is_acknowledged_is_not_reminded_of_and_told_in_all_else() -> None:
    """Worse and the all-clear; when it ends sooner, reminders go on."""
    counted: list[str] = []
    router = router_of(remind_every=60.0, on=frozenset(("yellow", "red")))
    router.silenced = counted.append
    router.agenda = lambda: said(Acknowledgement, NOW + 200.0)
    assert told(router, ("green", "yellow")) == ["alarm"]
    assert router.reminders(NOW + 70.0) == ()
    assert told(router, ("yellow", "red")) == ["alarm"]
    assert router.reminders(NOW + 130.0) == ()
    [reminder] = router.reminders(NOW + 250.0)
    assert reminder.kind is MessageKind.REMINDER
    assert told(router, ("red", "green")) == ["recovery"]
    assert counted == ["hook", "hook"]


def test_what_is_silenced_is_counted_and_told_after_its_end() -> None:
    """The alarm that was swallowed, once; an all-clear where an alarm was told; nothing where none was."""
    counted: list[str] = []
    router = router_of()
    router.silenced = counted.append
    router.agenda = lambda: said(Silence, NOW + 100.0)
    assert told(router, ("green", "red")) == ["-"]
    assert counted == ["hook"]
    after = {"before": Status.UNKNOWN, "after": Status.RED}
    for expected in (1, 0):
        made = router.plan(make_transition(at=NOW + 200.0, **after), TEXT, NOW + 200.0)
        assert len(made) == expected
    router.agenda = lambda: said(Silence, NOW + 400.0)
    back = make_transition(before="red", after="green", at=NOW + 300.0)
    assert router.plan(back, TEXT, NOW + 300.0) == ()
    stands = {"before": Status.UNKNOWN, "after": Status.GREEN}
    [recovery] = router.plan(make_transition(at=NOW + 500.0, **stands), TEXT, NOW + 500.0)
    assert recovery.kind is MessageKind.RECOVERY
    assert router.plan(make_transition(at=NOW + 501.0, **stands), TEXT, NOW + 501.0) == ()
