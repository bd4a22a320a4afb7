"""Fair to its targets: ``Retry-After`` is honoured, a host never sees a burst, and everybody is told
who asks. One daemon, counted by its servers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pytest

from tests.support.daemon.counting import Answer, CountingServer, Script, Visit
from tests.support.daemon.running import Running, estate, http_check, running, service, until

pytestmark = pytest.mark.system
HELD = 4
"""Seconds that a server asks for."""
SPREAD = 10
INTERVAL = 1.0
KEY = "hemlighet-77"
EXACT = 0.02
"""Seconds that the kernel's stamps may be beside the truth."""
ON_ITS_WAY = 1.0
"""Seconds after which nobody arrives any more who was on the way when the server asked for quiet."""


@dataclass
class Seen:
    """What the servers saw, and what the daemon said."""

    limited: CountingServer
    down: CountingServer
    spread: CountingServer
    daemon: Running


def once(status: int, after: int) -> Script:
    """The ``after``-th request is asked to come back later; the others are answered well."""
    asked = 0

    def script(visit: Visit) -> Answer:
        nonlocal asked
        asked += 1
        if asked != after:
            return Answer()
        return Answer(status=status, headers=(f"Retry-After: {HELD}",))

    return script


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with (
        CountingServer() as limited,
        CountingServer("127.0.0.2") as down,
        CountingServer("127.0.0.3") as spread,
    ):
        limited.answers["/limited"] = once(429, after=3)
        down.answers["/down"] = once(503, after=3)
        config = estate(
            service(
                "limited",
                http_check("limited", limited.url("/limited"), timeout="1500ms"),
                http_check("neighbour", limited.url("/neighbour"), timeout="1500ms"),
                {
                    "name": "port",
                    "kind": "tcp",
                    "host": limited.host,
                    "port": limited.port,
                    "timeout": "1500ms",
                },
            ),
            service(
                "down",
                http_check(
                    "down", down.url("/down"), retry_interval="100ms", headers={"X-Api-Key": KEY}
                ),
            ),
            service(
                "spread",
                *(http_check(f"c{n}", spread.url(f"/{n}"), interval="1s") for n in range(SPREAD)),
            ),
            defaults={"interval": "300ms", "retry_interval": "300ms", "timeout": "10s"},
            user_agent="driftvakt/{version} (+mailto:drift@example.se)",
        )
        with running(tmp_path_factory.mktemp("polite"), config) as daemon:
            daemon.event("held_back", check="ext5/limited/limited")
            until(lambda: told_unknown(daemon), "unknown while it is held back")
            daemon.event("held_back", check="ext5/down/down")
            until(lambda: len(after_the_hold(limited)) >= 6, "they come again")
            until(lambda: len(down.arrivals("/down")) > 4, "it is asked again")
            until(lambda: fewest(spread) >= 6, "six runs of each")
            until(
                lambda: daemon.events("transition", service="limited")[-1]["to"] == "green",
                "green again",
            )
            yield Seen(limited, down, spread, daemon)
            assert daemon.stop() == 0


def after_the_hold(limited: CountingServer) -> list[float]:
    """Who came after the server had asked for quiet, but for those that were on their way."""
    asked = limited.arrivals("/limited")
    if len(asked) < 3:
        return []
    return [at for at in limited.arrivals() if at > asked[2] + ON_ITS_WAY]


def fewest(spread: CountingServer) -> int:
    return min(len(spread.arrivals(f"/{n}")) for n in range(SPREAD))


def told_unknown(daemon: Running) -> bool:
    """The one that was told at once, with the reason in words, and its neighbour once it is stale
    (after 2.4 s).
    """
    limited = daemon.check("limited/limited")
    if limited["status"] != "unknown":
        return False
    assert (limited["reason"], limited["cause"]) == ("status", "monitor")
    said = limited["message"]["en"]
    assert "the server asks us to slow down (HTTP 429, Retry-After 4 s)" in said
    assert "because the server asked for it" in said
    stale = {"check": "neighbour", "status": "unknown"}
    return daemon.metrics().one("driftvakt_check_status", **stale) == 1


def test_nobody_comes_while_the_server_asks_for_it(seen: Seen) -> None:
    """After 429 and Retry-After no check of that host and port, of whatever kind, comes sooner."""
    arrivals = seen.limited.arrivals()
    asked = seen.limited.arrivals("/limited")[2]
    assert seen.limited.arrivals("/limited")[3] - asked >= HELD - EXACT
    assert min(after_the_hold(seen.limited)) - asked >= HELD - EXACT
    assert len([at for at in arrivals if at <= asked]) >= 4, "they had come often before"


def test_runs_that_were_left_out_are_counted(seen: Seen) -> None:
    missed = seen.daemon.metrics().one("driftvakt_schedule_missed_total", kind="retry_after")
    assert missed >= 3 * (HELD / 0.3) / 4


def test_it_is_never_the_target_s_trouble(seen: Seen) -> None:
    """Unknown and green again; no yellow, no red, and no failure counted."""
    told = [event["to"] for event in seen.daemon.events("transition", service="limited")]
    assert set(told) == {"green", "unknown"}
    assert told[-1] == "green"
    failures = seen.daemon.metrics().all("driftvakt_probe_failures_total", service="limited")
    assert failures == []


def test_a_503_is_the_target_s_and_honoured(seen: Seen) -> None:
    """No retry comes sooner than it says."""
    asked, following = seen.down.arrivals("/down")[2:4]
    assert following - asked >= HELD - EXACT
    told = [event["to"] for event in seen.daemon.events("transition", service="down")]
    assert told[:2] == ["green", "yellow"]
    [failed] = seen.daemon.metrics().all("driftvakt_probe_failures_total", service="down")
    assert failed[1] == 1


def test_a_host_never_sees_a_burst(seen: Seen) -> None:
    """Ten checks of a second each have places of their own in it, none nearer to another than half
    a tenth. A run may be late on a busy machine: the place is where the soonest of them came.
    """
    begun = min(visit.wall for visit in seen.spread.visits)
    places = []
    for n in range(SPREAD):
        walls = [visit.wall for visit in seen.spread.visits if visit.path == f"/{n}"]
        grid = sorted((wall - begun) % INTERVAL for wall in walls[1:])
        # the soonest is the one that the others follow: they lie on a circle
        places.append(min(grid, key=lambda first: sum((at - first) % INTERVAL for at in grid)))
    places.sort()
    apart = [(b - a) % INTERVAL for a, b in pairwise([*places, places[0] + INTERVAL])]
    bound = INTERVAL / (2 * SPREAD)
    assert len([gap for gap in apart if gap >= bound - EXACT]) >= SPREAD - 2, apart


def test_everybody_is_told_who_asks(seen: Seen) -> None:
    heads = [visit.head for visit in seen.spread.visits if visit.head]
    assert heads
    assert all(b"(+mailto:drift@example.se)" in head for head in heads)


def test_what_is_unwise_is_logged_once(seen: Seen) -> None:
    """At the start, with its place, and without the secret that it is about."""
    [told] = seen.daemon.events("configuration_warning")
    assert told["level"] == "warning"
    assert "checks[0].headers.X-Api-Key: a secret stands in the file" in told["message"]
    assert KEY not in seen.daemon.log
