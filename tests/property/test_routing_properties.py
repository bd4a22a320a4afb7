"""Whatever happens to a service: everybody alarmed gets one all-clear, in order, nothing twice."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.model.receiver import Receiver
from monitor.model.records import MessageKind, Outgoing
from monitor.model.status import Status
from monitor.model.transition import Transition
from monitor.notify.message import read_message
from monitor.notify.routing import Router
from tests.support.factories import NOW
from tests.support.outbox import TEXT, make_receiver, make_transition, make_watched

WORDS = ("red", "yellow", "recovery", "unknown", "window")
COLOURS = [status.value for status in Status]


@st.composite
def stories(draw: st.DrawFn) -> list[Transition]:
    """Transitions of one service that follow each other, planned or not."""
    status, planned = "unknown", False
    story = []
    steps = draw(st.lists(st.tuples(st.sampled_from(COLOURS), st.booleans()), max_size=25))
    for number, (after, explained) in enumerate(steps):
        now_planned = explained and after in ("yellow", "red")
        if (after, now_planned) == (status, planned):
            continue
        story.append(
            make_transition(
                status, after, at=NOW + number, planned=now_planned, was_planned=planned,
                window="w" if now_planned or planned else None,
            )
        )  # fmt: skip
        status, planned = after, now_planned
    return story


receivers = st.builds(
    lambda on, planned: make_receiver(on=frozenset(on), planned=planned),
    st.sets(st.sampled_from(WORDS), min_size=1),
    st.booleans(),
)


def outcome(router: Router, story: list[Transition]) -> list[tuple[Transition, Outgoing]]:
    return [
        (transition, made)
        for transition in story
        for made in router.plan(transition, TEXT, transition.at)
    ]


@given(stories(), receivers)
def test_each_alarm_gets_one_all_clear(story: list[Transition], receiver: Receiver) -> None:
    """Between two greens: an alarm is followed by an all-clear at the next green, at no other time
    is there one but for those who asked for recoveries alone."""
    told = outcome(Router(make_watched(receiver)), story)
    alarmed = False
    kinds = {transition.at: made.kind for transition, made in told}
    for transition in story:
        kind = kinds.get(transition.at)
        if transition.after is Status.GREEN:
            if alarmed:
                assert kind is MessageKind.RECOVERY
            elif receiver.on & {"red", "yellow"}:
                assert kind in (None, MessageKind.WINDOW)
            alarmed = False
        else:
            assert kind is not MessageKind.RECOVERY
            alarmed = alarmed or kind in (MessageKind.ALARM, MessageKind.UNKNOWN)


@given(stories(), receivers)
def test_nothing_unwanted_nothing_twice(story: list[Transition], receiver: Receiver) -> None:
    """Ids differ; a first alarm has a colour that is wanted; what is planned alarms only those
    who asked."""
    told = outcome(Router(make_watched(receiver)), story)
    assert len({made.id for _, made in told}) == len(told)
    assert [made.created_at for _, made in told] == sorted(made.created_at for _, made in told)
    open_before = False
    for transition, made in told:
        if made.kind is MessageKind.ALARM:
            assert receiver.planned or not transition.planned
            assert open_before or transition.after.value in receiver.on
        open_before = read_message(made).alarm is not None


@given(stories(), receivers)
def test_every_wanted_worsening_is_an_alarm(story: list[Transition], receiver: Receiver) -> None:
    """Nobody who asked for red misses one, but for red that was told and has since been unknown: it
    is not told again, and yellow only once it has lasted.
    """
    told = {t.at: made for t, made in outcome(Router(make_watched(receiver)), story)}
    alarm: Status | None = None
    doubted = False
    for transition in story:
        made = told.get(transition.at)
        wanted = transition.after.value in receiver.on and transition.worsening
        explained = transition.planned and not receiver.planned
        doubted = doubted or transition.after is Status.UNKNOWN
        known = doubted and alarm in (transition.after, Status.RED)
        if wanted and not explained and transition.before is not Status.UNKNOWN and not known:
            assert made is not None
            assert made.kind is MessageKind.ALARM
        if made is not None:
            alarm = read_message(made).alarm
            doubted = doubted and made.kind is not MessageKind.ALARM


@given(stories(), receivers, st.data())
def test_a_restart_changes_nothing(
    story: list[Transition], receiver: Receiver, data: st.DataObject
) -> None:
    """Restored from its newest message, a router says what the one before would have said; but where
    that was in doubt whether what it had told is so again, which no message says.
    """
    whole = outcome(Router(make_watched(receiver)), story)
    at, before = data.draw(st.integers(0, len(story))), Router(make_watched(receiver))
    first = outcome(before, story[:at])
    assume(not any(one.unsure and one.troubled_at is not None for *_, one in before.open()))
    second = Router(make_watched(receiver))
    second.restore([made for _, made in first[-1:]])
    assert [*first, *outcome(second, story[at:])] == whole


def test_a_restart_while_nothing_is_known_makes_no_message_of_what_may_pass() -> None:
    """Red was told and unknown was not: yellow is held as by a process that has seen all of it."""
    colours = ("unknown", "green", "red", "unknown", "yellow")
    story = [
        make_transition(before, after, at=NOW + number)
        for number, (before, after) in enumerate(pairwise(colours))
    ]
    receiver = make_receiver(on=frozenset(("red", "yellow")))
    whole = outcome(Router(make_watched(receiver)), story)
    second = Router(make_watched(receiver))
    second.restore([whole[-1][1]])
    assert [read_message(made).after for _, made in whole] == [Status.RED]
    assert outcome(second, story[3:]) == []
