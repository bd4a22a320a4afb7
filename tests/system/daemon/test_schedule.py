"""The schedule as a target sees it: the grid, the retries, the bound on a host, and how soon red
is believed. One daemon, watched for 8 s.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from monitor.estate import CheckId
from monitor.phases import phases
from monitor.settings import load
from tests.system.daemon.counting import Answer, CountingServer
from tests.system.daemon.running import Running, estate, http_check, run_for, running, service

pytestmark = pytest.mark.system
SECONDS = 8.0
INTERVAL = 0.5
NEAR = 0.1
"""Seconds from the grid that a run may lie."""
CROWD = 12


@dataclass
class Seen:
    """What the targets saw, and what the daemon said."""

    steady: CountingServer
    crowded: CountingServer
    daemon: Running
    broke_at: float
    """The monotonic clock's reading when ``/breaks`` began to fail."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with CountingServer() as steady, CountingServer("127.0.0.2") as crowded:
        crowded.answers["/slow"] = Answer(delay=0.25)
        steady.answers["/fails"] = Answer(status=503)
        # red takes nine failures: long enough to see the retries
        fails = http_check(
            "fails", steady.url("/fails"), interval="3s", retry_interval="250ms", red_after=9
        )
        breaks = http_check("breaks", steady.url("/breaks"), interval="1s", retry_interval="200ms")
        crowd = [
            http_check(f"c{n}", crowded.url("/slow"), interval="1s", host_concurrency=3)
            for n in range(CROWD)
        ]
        config = estate(
            service("steady", http_check("api", steady.url("/grid"), interval="500ms")),
            service("failing", fails),
            service("breaking", breaks),
            service("crowd", *crowd),
            defaults={"timeout": "2s"},
        )
        with running(tmp_path_factory.mktemp("schedule"), config) as daemon:
            run_for(SECONDS / 2)
            steady.answers["/breaks"] = Answer(status=503)
            broke_at = time.monotonic()
            run_for(SECONDS / 2)
            assert daemon.stop() == 0
            yield Seen(steady, crowded, daemon, broke_at)


def test_runs_lie_on_the_grid(seen: Seen) -> None:
    """A check of every 500 ms comes at its own phase of each half second, and never drifts."""
    checks = load(seen.daemon.folder / "driftvakt.yaml", {}).estate.checks()
    offset = phases(checks)[CheckId("ext5/steady/api")].offset
    walls = sorted(visit.wall for visit in seen.steady.visits if visit.path == "/grid")
    _first, *rest = walls  # the first run is at once, wherever the grid is
    assert len(rest) >= SECONDS / INTERVAL - 2
    beside = [(wall - offset + INTERVAL / 2) % INTERVAL - INTERVAL / 2 for wall in rest]
    assert max(abs(distance) for distance in beside) <= NEAR
    assert max(seen.steady.gaps("/grid")[1:]) <= INTERVAL + 2 * NEAR, "no run was left out"


def test_a_failure_is_confirmed_at_the_retry_interval(seen: Seen) -> None:
    """Eight retries after the first failure, 250 ms apart; once it is red, the interval again."""
    gaps = seen.steady.gaps("/fails")
    retries, after = gaps[:8], gaps[8:]
    assert all(abs(gap - 0.25) <= NEAR for gap in retries), retries
    # the first of them may meet the grid soon
    assert all(gap > 0.5 for gap in after[1:]), after
    assert len(after) > 1 or after[0] > 0.5, after


def test_a_host_sees_no_more_at_a_time_than_allowed(seen: Seen) -> None:
    """Twelve checks of one host, three places: never more than three requests wait for their
    answer, all twelve have been there, and the waiting is nobody's latency.
    """
    assert seen.crowded.most_at_once == 3
    assert len(seen.crowded.visits) >= 2 * CROWD
    latencies = [seen.daemon.check(f"crowd/c{n}")["latency_ms"]["p99"] for n in range(CROWD)]
    assert max(latencies) < 250 + 150


def test_red_is_believed_within_a_second_of_the_first_failure(seen: Seen) -> None:
    """Three failures: the first at most an interval after the target broke, the others
    retry_interval apart; and the record says that it was so since the first of them.
    """
    failed = [at for at in seen.steady.arrivals("/breaks") if at >= seen.broke_at]
    assert failed[0] - seen.broke_at <= 1.0 + NEAR
    assert failed[2] - failed[0] <= 2 * (0.2 + NEAR)
    told = seen.daemon.events("transition", service="breaking")
    assert [event["to"] for event in told] == ["green", "yellow", "red"]
    assert seen.daemon.check("breaking/breaks")["why"]["consecutive"] >= 3
