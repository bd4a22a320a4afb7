"""Reload after reload under load: no probe is lost or doubled, no promise broken, nothing kept."""

from __future__ import annotations

import json
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.system.daemon.counting import CountingServer
from tests.system.daemon.reloading import reloaded, rename_into
from tests.system.daemon.running import Running, estate, http_check, run_for, running, service

pytestmark = pytest.mark.system

STAY = 40
INTERVAL = 1.0
RELOADS = 50
DEFAULTS = {"interval": "1s", "retry_interval": "1s", "timeout": "2s", "host_concurrency": 50}


def config(server: CountingServer, number: int = 0) -> dict[str, Any]:
    """Forty checks that are the same in all of them, ten that come and go, and one whose target
    is another each time; one service is weighed otherwise now and then.
    """
    stay = [http_check(f"s{n}", server.url(f"/s{n}")) for n in range(STAY)]
    come = [http_check(f"c{n}", server.url(f"/c{n}")) for n in range(number % 10)]
    moves = http_check("moves", server.url(f"/m{number}"))
    more = {"yellow_after": 1 + number % 3, "red_after": 50}
    return estate(service("stay", *stay, **more), service("come", moves, *come), defaults=DEFAULTS)


def test_fifty_reloads_lose_no_probe_and_double_none(tmp_path: Path) -> None:
    """Every check that stays is probed once an interval, on the phase that it has had from the
    beginning, however often the configuration is read anew meanwhile.
    """
    with CountingServer() as server, running(tmp_path, config(server)) as daemon:
        run_for(4.0)
        begun = time.time()
        for number in range(1, RELOADS + 1):
            said = reloaded(daemon, config(server, number))
            assert said["checks"]["kept"] + said["checks"]["judged_anew"] >= STAY
            run_for(0.15)
        took = time.time() - begun
        run_for(1.2)
        check_phases(server, begun, took)


def phase(visits: list[float]) -> float:
    """The visit after which the others are the least late: that is the grid's offset, whichever
    of them a busy machine held up.
    """
    return min(visits, key=lambda first: sum((at - first + 0.01) % INTERVAL for at in visits))


def check_phases(server: CountingServer, begun: float, took: float) -> None:
    """Of each check that stayed: which points of its grid were met, from the server's sight."""
    late: list[float] = []
    for n in range(STAY):
        visits = [v.wall for v in list(server.visits) if v.path == f"/s{n}"]
        offset = phase([at for at in visits if at < begun])
        during = [at for at in visits if begun - 0.4 <= at < begun + took]
        # a point is never met early, and on a busy machine it may be met late
        points = Counter(int((at - offset + 0.1) // INTERVAL) for at in during)
        doubled = [point for point, count in points.items() if count > 1]
        assert not doubled, f"s{n} was probed twice in one interval"
        assert set(points) == set(range(min(points), max(points) + 1)), f"s{n} was left out"
        assert len(points) >= int(took) - 1
        late += [(at - offset + 0.3) % INTERVAL - 0.3 for at in during]
    late.sort()
    assert late[len(late) // 2] < 0.05, "the phases are as before"


def test_a_promise_is_kept_across_reloads(tmp_path: Path) -> None:
    """``min_interval: 500ms`` over the whole environment, whose checks change, come and go, and
    which gets another name in between: the server never sees two probes closer.
    """
    with CountingServer() as server:

        def promising(number: int) -> dict[str, Any]:
            checks = [http_check(f"a{n}", server.url(f"/{n}")) for n in range(3 + number % 3)]
            checks[2]["timeout"] = f"{1 + number}s"
            fast = {"interval": "700ms", "retry_interval": "200ms"}
            told = estate(
                service("expo", *checks), defaults=fast, environment={"min_interval": "500ms"}
            )
            told["environments"][0]["name"] = f"ext{number // 8 % 2}"
            return told

        with running(tmp_path, promising(0)) as daemon:
            run_for(1.5)
            for number in range(1, 25):
                reloaded(daemon, promising(number))
                run_for(0.3)
        assert len(server.gaps()) >= 10
        assert min(server.gaps()) >= 0.5


def memory(daemon: Running) -> float:
    """Resident, in MiB."""
    status = Path(f"/proc/{daemon.pid}/smaps_rollup").read_text()
    [line] = [one for one in status.splitlines() if one.startswith("Rss:")]
    return int(line.split()[1]) / 1024


def test_a_hundred_reloads_keep_nothing(tmp_path: Path) -> None:
    """Memory, threads and descriptors after a hundred reloads are those after thirty."""
    with CountingServer() as server:

        def many(number: int) -> dict[str, Any]:
            slow = {"interval": "300s", "timeout": "2s"}
            checks = [http_check(f"a{n}", server.url(f"/{n}")) for n in range(200)]
            checks += [http_check(f"n{number}-{n}", server.url(f"/{n}")) for n in range(50)]
            return estate(service("expo", *checks), defaults=slow)

        with running(tmp_path, many(0)) as daemon:
            used: list[tuple[float, int, int]] = []
            for number in range(1, 101):
                reloaded(daemon, many(number))
                daemon.get("/metrics")
                if number in (30, 100):
                    run_for(0.5)
                    process = Path(f"/proc/{daemon.pid}")
                    threads = len(list((process / "task").iterdir()))
                    files = len(list((process / "fd").iterdir()))
                    used.append((memory(daemon), threads, files))
            before, after = used
            assert after[0] < before[0] + 8, used
            assert after[1] <= before[1] + 2, used
            assert after[2] <= before[2] + 3, used


def test_a_large_configuration_does_not_stop_the_loop(tmp_path: Path) -> None:
    """Two thousand checks are read anew while others are probed: the event loop goes on, and no
    probe is late for it.
    """
    with CountingServer() as server:

        def large(number: int) -> dict[str, Any]:
            slow = {"interval": "600s", "timeout": "2s"}
            rest = [http_check(f"r{n}", server.url(f"/r{n}")) for n in range(2000 + number)]
            quick = http_check("quick", server.url("/quick"), interval="200ms")
            idle = {"name": "ext9", "services": [service("idle", *rest, min_interval="60s")]}
            told = estate(service("expo", quick), defaults=slow)
            told["environments"].append(idle)
            return told

        with running(tmp_path, large(0)) as daemon:
            run_for(2.0)
            seen = len(server.arrivals("/quick"))
            begun = time.monotonic()
            rename_into(tmp_path / "driftvakt.yaml", json.dumps(large(5)))
            said = reloaded(daemon)
            took = time.monotonic() - begun
            assert said["checks"]["added"] + said["checks"]["kept"] >= 2005
            arrivals = [at for at in server.arrivals("/quick") if at >= begun]
            gaps = [later - sooner for sooner, later in pairwise(arrivals)]
            assert len(server.arrivals("/quick")) - seen >= int(took / 0.2) - 2
            assert max(gaps, default=0.0) < 0.2 + 0.25, "the loop was held up"
