"""``min_interval`` is a promise to the target's owner: seen from the target, it is never broken.

Four daemons are watched at the same time, each with servers of its own.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import Running, estate, http_check, running, service, until

pytestmark = pytest.mark.system
PROMISE = 0.5
WANTED = {"two services": 10, "hanging": 5, "crowded": 3, "stalled": 4}
"""How many gaps between two probes are waited for: the promise is used, not only kept."""
DEFAULTS = {"interval": "200ms", "retry_interval": "100ms", "timeout": "5s"}


def promising(*services: dict[str, Any]) -> dict[str, Any]:
    return estate(*services, defaults=DEFAULTS, environment={"min_interval": "500ms"})


def two_services(server: CountingServer) -> dict[str, Any]:
    server.answers["/broken"] = Answer(status=503)
    return promising(
        service(
            "expo",
            http_check("api", server.url("/good")),
            http_check("broken", server.url("/broken"), address="127.0.0.1"),
        ),
        service(
            "nll",
            http_check("every", server.url("/every"), address="all"),
            {"name": "port", "kind": "tcp", "host": server.host, "port": server.port},
        ),
    )


def hanging(server: CountingServer) -> dict[str, Any]:
    server.answers["/slow"] = Answer(delay=0.7)
    server.answers["/hangs"] = Answer(delay=60.0)
    return promising(
        service("expo", http_check("slow", server.url("/slow"))),
        service(
            "nll",
            http_check("hangs", server.url("/hangs"), timeout="1200ms"),
            http_check("good", server.url("/good")),
        ),
    )


def crowded(server: CountingServer, neighbour: CountingServer) -> dict[str, Any]:
    """Another environment, of which nothing is promised, takes the places at the host."""
    neighbour.answers["/slow"] = Answer(delay=1.1)
    slow = [http_check(f"b{n}", neighbour.url("/slow")) for n in range(3)]
    config = promising(
        service("expo", *(http_check(f"c{n}", server.url("/polite")) for n in range(4)))
    )
    config["environments"].append(
        {"name": "ext6", "title": "EXT6", "services": [service("busy", *slow)]}
    )
    return {**config, "defaults": {**DEFAULTS, "host_concurrency": 2}}


def three_checks(server: CountingServer) -> dict[str, Any]:
    server.answers["/broken"] = Answer(status=503)
    paths = ["/broken", "/one", "/two"]
    return promising(service("expo", *(http_check(p[1:], server.url(p)) for p in paths)))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, CountingServer]]:
    """What each server saw."""
    with ExitStack() as stack:
        names = ("two services", "hanging", "crowded", "stalled", "neighbour")
        servers = {name: stack.enter_context(CountingServer()) for name in names}
        configs = {
            "two services": two_services(servers["two services"]),
            "hanging": hanging(servers["hanging"]),
            "crowded": crowded(servers["crowded"], servers["neighbour"]),
            "stalled": three_checks(servers["stalled"]),
        }
        folder = tmp_path_factory.mktemp("promises")
        daemons = {
            name: stack.enter_context(running(folder / name, config, started=False))
            for name, config in configs.items()
        }
        for daemon in daemons.values():
            assert daemon.url
        stall_now_and_then(
            daemons["stalled"],
            lambda: all(len(servers[name].gaps()) >= least for name, least in WANTED.items()),
        )
        for daemon in daemons.values():
            daemon.send(signal.SIGTERM)
        assert [daemon.ended() for daemon in daemons.values()] == [0] * len(daemons)
        yield servers


def stall_now_and_then(daemon: Running, enough: Callable[[], bool]) -> None:
    """Stops the process for 0.4 s and lets it run for 0.2 s, again and again."""
    begun = time.monotonic()
    stopped = False

    def turn() -> bool:
        nonlocal stopped
        if ((time.monotonic() - begun) % 0.6 > 0.2) is not stopped:
            stopped = not stopped
            daemon.send(signal.SIGSTOP if stopped else signal.SIGCONT)
        return enough()

    until(turn, "enough probes")
    daemon.send(signal.SIGCONT)


def test_one_server_never_sees_two_probes_closer_than_promised(
    seen: dict[str, CountingServer],
) -> None:
    """Two services, four checks of two kinds, one failing all the time, one pinned and one of all
    addresses: whichever comes, the one before it was min_interval ago, retries too.
    """
    server = seen["two services"]
    paths = {visit.path for visit in server.visits}
    assert paths == {"/good", "/broken", "/every", ""}, "each of them has been there"
    assert min(server.gaps()) >= PROMISE
    assert min(server.connection_gaps()) >= PROMISE


def test_a_hanging_target_is_not_hurried(seen: dict[str, CountingServer]) -> None:
    """Answers that take longer than min_interval, and some that never come: requests do not
    close up behind them.
    """
    server = seen["hanging"]
    assert min(server.gaps()) >= PROMISE


def test_waiting_for_a_place_does_not_bring_probes_together(
    seen: dict[str, CountingServer],
) -> None:
    """Probes wait for a place behind those of another environment at the same host; when places
    come free they still start min_interval apart.
    """
    server = seen["crowded"]
    assert min(server.gaps()) >= PROMISE


def test_a_stalled_monitor_keeps_its_promise(seen: dict[str, CountingServer]) -> None:
    """Stopped and continued again and again, it does not make up for lost time."""
    server = seen["stalled"]
    assert min(server.gaps()) >= PROMISE
