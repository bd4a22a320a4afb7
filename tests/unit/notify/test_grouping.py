"""Which messages go together, and when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from monitor.model.records import MessageKind
from monitor.notify.grouping import RecentSends, Waiting, collect
from tests.support.outbox import make_message, make_outgoing, make_receiver

RECOVERY = MessageKind.RECOVERY


def waiting(
    ats: Iterable[float], kind: MessageKind = MessageKind.ALARM, environment: str = "ext5"
) -> list[Waiting]:
    return [
        Waiting.since(at, make_outgoing(make_message(0, f"s{n}", kind, environment=environment)))
        for n, at in enumerate(ats)
    ]


def sizes(
    heads: list[Waiting], now: float, recent: RecentSends | None = None, **receiver: Any
) -> Any:
    made = make_receiver(**{"group_wait": 10.0, "flood": 5, **receiver})
    batches, again = collect(heads, made, recent or RecentSends(), now)
    return [len(batch) for batch in batches], again


def test_a_single_alarm_waits_for_company_and_goes_alone() -> None:
    """It is held group_wait, no longer."""
    assert sizes(waiting([0.0]), 9.9) == ([], 10.0)
    assert sizes(waiting([0.0]), 10.0) == ([1], None)
    assert sizes(waiting([0.0]), 0.0, group_wait=0.0) == ([1], None)


def test_fewer_than_a_flood_go_each_alone() -> None:
    """Four alarms are four messages, five are one."""
    assert sizes(waiting([0.0] * 4), 10.0) == ([1, 1, 1, 1], None)
    assert sizes(waiting([0.0] * 5), 10.0) == ([5], None)
    assert sizes(waiting([0.0] * 200), 0.0, group_wait=0.0) == ([200], None)


def test_a_flood_that_grows_is_waited_for_a_little() -> None:
    """Until nothing new comes for half a group_wait, at most four of them."""
    growing = waiting([0.0, 3.0, 6.0, 7.0, 8.0])
    assert sizes(growing, 10.0) == ([], 13.0)
    assert sizes(growing, 13.0) == ([5], None)
    endless = waiting(float(n) for n in range(40))
    assert sizes(endless, 39.5) == ([], 40.0)
    assert sizes(endless, 40.0) == ([40], None)


def test_environments_and_kinds_are_told_apart() -> None:
    """An all-clear is never in one message with an alarm, nor ext5 with ext6."""
    heads = [
        *waiting([0.0] * 5),
        *waiting([0.0] * 6, RECOVERY),
        *waiting([0.0] * 7, environment="ext6"),
    ]
    assert sorted(sizes(heads, 10.0)[0]) == [5, 6, 7]


def test_a_flood_that_builds_up_slowly_is_collected_once_a_minute() -> None:
    """After five messages within two minutes the rest goes as one a minute, until it calms down."""
    recent = RecentSends()
    for at in (0.0, 20.0, 40.0, 60.0, 80.0):
        recent.sent(("ext5", MessageKind.ALARM), 1, at)
    heads = waiting([85.0, 95.0])
    assert sizes(heads, 110.0, recent) == ([], 140.0)
    assert sizes(waiting([85.0], RECOVERY), 110.0, recent) == ([1], None)
    assert sizes(heads, 140.0, recent) == ([1, 1], None)  # the first ones are two minutes old
    recent.sent(("ext5", MessageKind.ALARM), 200, 140.0)
    assert sizes(waiting([150.0, 160.0]), 170.0, recent) == ([], 200.0)
    assert sizes(waiting([150.0, 160.0]), 200.0, recent) == ([2], None)
    assert sizes(waiting([300.0]), 310.0, recent) == ([1], None)


def test_an_alertmanager_is_sent_all_at_once() -> None:
    """It groups by itself."""
    heads = [*waiting([0.0] * 3), *waiting([0.0], RECOVERY, "ext6")]
    assert sizes(heads, 0.0, kind="alertmanager") == ([4], None)
    assert sizes([], 0.0, kind="alertmanager") == ([], None)
