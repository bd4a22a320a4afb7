"""The schedule as a target sees it: the grid, the retries, the bound on a host, and how soon red
is believed. One daemon, watched until it has done all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from statistics import median

import pytest

from monitor.configuration.loader import load
from monitor.model.estate import CheckId
from monitor.scheduling.phase import phases
from tests.support.daemon.counting import Answer, CountingServer, Visit
from tests.support.daemon.running import Running, estate, http_check, running, service, until

pytestmark = pytest.mark.system
INTERVAL = 0.5
NEAR = 0.1
"""Seconds from the grid that the soonest of some runs may lie."""
RUNS = 12
CROWD = 12


@dataclass
class Seen:
    """What the targets saw, and what the daemon said."""

    steady: CountingServer
    crowded: CountingServer
    daemon: Running
    well: int
    """How often ``/breaks`` was asked before it began to fail."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with CountingServer() as steady, CountingServer("127.0.0.2") as crowded:
        crowded.answers |= {f"/slow{n}": Answer(delay=0.25) for n in range(CROWD)}
        steady.answers["/fails"] = Answer(status=503)
        # red takes nine failures: long enough to see the retries
        fails = http_check(
            "fails", steady.url("/fails"), interval="3s", retry_interval="250ms", red_after=9
        )
        breaks = http_check("breaks", steady.url("/breaks"), interval="1s", retry_interval="200ms")
        crowd = [
            http_check(f"c{n}", crowded.url(f"/slow{n}"), interval="1s", host_concurrency=3)
            for n in range(CROWD)
        ]
        config = estate(
            service("steady", http_check("api", steady.url("/grid"), interval="500ms")),
            service("failing", fails),
            service("breaking", breaks),
            service("crowd", *crowd),
            defaults={"timeout": "20s"},
        )
        with running(tmp_path_factory.mktemp("schedule"), config) as daemon:
            daemon.event("transition", service="breaking", to="green")
            well = 0

            def broken(_: Visit) -> Answer:
                nonlocal well
                if not well:
                    well = len(steady.arrivals("/breaks")) - 1
                return Answer(status=503)

            steady.answers["/breaks"] = broken
            daemon.event("transition", service="breaking", to="red")
            until(lambda: len(steady.arrivals("/grid")) > RUNS, "enough runs")
            until(lambda: len(steady.arrivals("/fails")) > 12, "retries, and runs after them")
            until(lambda: len(crowded.visits) >= 3 * CROWD, "three rounds of the crowd")
            assert daemon.stop() == 0
            yield Seen(steady, crowded, daemon, well)


def test_runs_lie_on_the_grid(seen: Seen) -> None:
    """A check of every 500 ms comes at its own phase of each half second, and never drifts: the
    soonest of the first runs and the soonest of the last ones are as near, and none comes early.
    """
    checks = load(seen.daemon.folder / "driftvakt.yaml", {}).estate.checks()
    offset = phases(checks)[CheckId("ext5/steady/api")].offset
    walls = sorted(visit.wall for visit in seen.steady.visits if visit.path == "/grid")
    _first, *rest = walls  # the first run is at once, wherever the grid is
    late = [(wall - offset + 0.02) % INTERVAL - 0.02 for wall in rest]
    assert min(late[: RUNS // 2]) <= NEAR, late
    assert min(late[-RUNS // 2 :]) <= NEAR, late


def test_a_failure_is_confirmed_at_the_retry_interval(seen: Seen) -> None:
    """Eight retries after the first failure, each a twelfth of the interval later; once it is red,
    the interval again. Of two measures in one run: how busy the machine is changes both.
    """
    gaps = seen.steady.gaps("/fails")
    retries, after = gaps[:8], gaps[8:]
    assert min(retries) >= 0.25 - NEAR, retries
    # the first of them may meet the grid soon
    assert 3 * median(retries) < min(after[1:]), gaps


def test_a_host_sees_no_more_at_a_time_than_allowed(seen: Seen) -> None:
    """Twelve checks of one host, three places: never more than three requests wait for their
    answer, all twelve have been there, and the waiting is nobody's latency.
    """
    assert seen.crowded.most_at_once == 3
    assert len({visit.path for visit in seen.crowded.visits}) == CROWD
    latencies = [seen.daemon.check(f"crowd/c{n}")["latency_ms"]["p50"] for n in range(CROWD)]
    # who had to wait for one round of others would have taken two
    assert median(latencies) < 2 * 250


def test_red_is_believed_at_the_third_failure(seen: Seen) -> None:
    """Not sooner, and not later; and the record says that it was so since the first of them."""
    walls = sorted(visit.wall for visit in seen.steady.visits if visit.path == "/breaks")
    failed = walls[seen.well :]
    told = seen.daemon.events("transition", service="breaking")
    assert [event["to"] for event in told] == ["green", "yellow", "red"]
    at = datetime.fromisoformat(told[-1]["timestamp"]).timestamp()
    assert len([wall for wall in failed if wall <= at]) == 3
    assert seen.daemon.check("breaking/breaks")["why"]["consecutive"] >= 3
