"""Reload after reload under load: no probe is lost or doubled, no promise broken, nothing kept."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from monitor.configuration.files import ConfigFiles
from monitor.configuration.loader import load
from monitor.runtime.daemon import Daemon
from tests.support.daemon.counting import CountingServer
from tests.support.daemon.reloading import reloaded, rename_into
from tests.support.daemon.running import (
    POLL,
    Running,
    estate,
    http_check,
    run_for,
    running,
    service,
    until,
    write_config,
)
from tests.support.patience import PATIENCE
from tests.support.turns import PROCESSOR, Watch

pytestmark = pytest.mark.system

STAY = 40
INTERVAL = 2.0
"""Seconds. A run may be late by nearly as much, and still it is known which one it is."""
RELOADS = 50
HELD = 0.1
"""Seconds of the processor that one turn of the loop may take; half of them on a machine at rest."""
DEFAULTS = {"interval": "2s", "retry_interval": "2s", "timeout": "20s", "host_concurrency": 50}


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
        until(lambda: fewest(server) >= 2, "two runs of each")
        begun = time.time()
        for number in range(1, RELOADS + 1):
            said = reloaded(daemon, config(server, number))
            assert said["checks"]["kept"] + said["checks"]["judged_anew"] >= STAY
            run_for(0.15)
        ended = time.time()
        known = fewest(server)
        until(lambda: fewest(server) >= known + 2, "two more runs of each")
        check_phases(server, begun, ended)


def walls(server: CountingServer, n: int) -> list[float]:
    """When that one of the checks that stay came, by the wall clock."""
    return sorted(visit.wall for visit in list(server.visits) if visit.path == f"/s{n}")


def fewest(server: CountingServer) -> int:
    """The number of visits of the check that came least often."""
    return min(len(walls(server, n)) for n in range(STAY))


def phase(visits: list[float]) -> float:
    """The visit after which the others are the least late: that is the grid's offset, whichever
    of them a busy machine held up.
    """
    return min(visits, key=lambda first: sum((at - first + 0.01) % INTERVAL for at in visits))


def check_phases(server: CountingServer, begun: float, ended: float) -> None:
    """Of each check that stayed: which points of its grid were met, from the server's sight."""
    late: list[float] = []
    for n in range(STAY):
        _first, *rest = walls(server, n)  # that one is at once, wherever the grid is
        offset = phase(rest)
        # a point is never met early, and on a busy machine it may be met late
        points = Counter(int((at - offset + 0.1) // INTERVAL) for at in rest)
        doubled = [point for point, count in points.items() if count > 1]
        assert not doubled, f"s{n} was probed twice in one interval"
        assert set(points) == set(range(min(points), max(points) + 1)), f"s{n} was left out"
        assert len(points) >= int((ended - begun) / INTERVAL) - 1
        late.append(min((at - offset + 0.1) % INTERVAL - 0.1 for at in rest[-4:]))
    late.sort()
    assert late[len(late) // 2] < INTERVAL / 8, "the phases are as before"


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
            until(lambda: len(server.gaps()) >= 10, "the promise is used, not only kept")
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


async def test_a_large_configuration_does_not_stop_the_loop(tmp_path: Path) -> None:
    """Two thousand checks are read anew while another is probed: no turn of the event loop takes
    long, and the probes go on.
    """
    asyncio.get_running_loop().set_debug(False)  # which takes time of its own
    gc.collect()
    gc.freeze()  # the objects of a large test run are none of the daemon's
    with CountingServer() as server:

        def large(number: int) -> dict[str, Any]:
            slow = {"interval": "600s", "timeout": "2s"}
            rest = [http_check(f"r{n}", server.url(f"/r{n}")) for n in range(2000 + number)]
            quick = http_check("quick", server.url("/quick"), interval="200ms", timeout="60s")
            idle = {"name": "ext9", "services": [service("idle", *rest, min_interval="60s")]}
            more = {"listen": "127.0.0.1:0", "data_dir": str(tmp_path / "data")}
            told = estate(service("expo", quick), defaults=slow, **more)
            told["environments"].append(idle)
            return told

        path = write_config(tmp_path, large(0))
        origin = ConfigFiles(path, lambda: load(path, {}))
        async with Daemon(origin.read().estate, origin=origin) as daemon:
            await visits(server, 3)
            rename_into(path, json.dumps(large(5)))
            seen = len(server.arrivals("/quick"))
            async with Watch(PROCESSOR) as watch:
                outcome = await daemon.reload("a test")
                assert outcome.changes is not None, outcome
            await visits(server, seen + 2)
        assert len(outcome.changes.added) == 5
        assert watch.turns > 0
        assert watch.worst < HELD


async def visits(server: CountingServer, number: int) -> None:
    """Waits until the quick check has been there so often."""
    async with asyncio.timeout(PATIENCE):
        while len(server.arrivals("/quick")) < number:  # noqa: ASYNC110 - they are threads
            await asyncio.sleep(POLL)
