"""Killed at any instant, a daemon has lost nothing that it told, and told all that it kept."""

from __future__ import annotations

import itertools
import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.patience import PATIENCE
from tests.system.breaking import kept
from tests.system.breaking.fickle import Fickle, fickle, hook
from tests.system.daemon.counting import Answer, CountingServer, Visit
from tests.system.daemon.forked import prepared, start
from tests.system.daemon.running import ROOT, estate, http_check, service, until, write_config

pytestmark = pytest.mark.system
SIDE_BY_SIDE = 4
LONGEST_LIFE = 1.2
REFUSED = 0.1
SERVICES = 10
UNWRITTEN = 0.5
"""Seconds before a kill within which a transition may be in the log and not yet on the disk. It is
made again then, by the next process; a receiver is never told before it is kept.
"""


class Lives:
    """One data folder, and the daemons that live and die there one after the other."""

    def __init__(self, context: ForkServerContext, folder: Path, config: dict[str, Any]) -> None:
        self._context = context
        self.data, self._log = folder / "data", folder / "log"
        self._config = write_config(folder, config)
        self.data.mkdir()
        self.kills: list[float] = []
        self._begin()

    def _begin(self) -> None:
        self._process: ForkServerProcess = start(self._context, self._config, self.data, self._log)
        self.dies_at = time.monotonic() + random.uniform(0.05, LONGEST_LIFE)

    def kill(self) -> None:
        self._process.kill()
        self._process.join(PATIENCE)
        assert self._process.exitcode == -9, f"it had ended before: {self.log()[-5:]}"
        self.kills.append(time.time())
        self._process.close()

    def kill_and_restart(self) -> None:
        self.kill()
        self._begin()

    def log(self) -> list[str]:
        return self._log.read_text("utf-8").splitlines() if self._log.exists() else []

    def statuses(self) -> set[str]:
        [environment] = json.loads((self.data / "status.json").read_bytes())["environments"]
        return {service["status"] for service in environment["services"]}

    def forgotten(self) -> list[dict[str, Any]]:
        """Transitions that the log has and the history has not."""
        known = {one["id"] for one in kept.transitions(self.data)}
        return [one for one in kept.logged(self.log()) if one["id"] not in known]

    def lost(self) -> list[dict[str, Any]]:
        """Those of them that had time to be written."""

        def excused(at: float) -> bool:
            return any(kill - UNWRITTEN <= at <= kill for kill in self.kills)

        return [
            one
            for one in self.forgotten()
            if not excused(datetime.fromisoformat(one["timestamp"]).timestamp())
        ]


class Flapping:
    """Good and broken by turns, until it is calm."""

    def __init__(self) -> None:
        self.calm = False
        self._turns = itertools.count(random.randrange(2))

    def __call__(self, _: Visit) -> Answer:
        return Answer(status=503 if next(self._turns) % 2 and not self.calm else 200)


@contextmanager
def lives(
    tmp_path: Path, server: CountingServer, receiver: Fickle
) -> Iterator[tuple[list[Lives], list[Flapping]]]:
    quick = {"interval": "100ms", "retry_interval": "100ms", "timeout": "2s"}
    context, made = prepared(), list[Lives]()
    targets: list[Flapping] = []
    for number in range(SIDE_BY_SIDE):
        services = []
        for of in range(SERVICES):
            path = f"/{number}/{of}"
            targets.append(Flapping())
            server.answers[path] = targets[-1]
            services.append(service(f"s{of}", http_check("api", server.url(path))))
        config = estate(
            *services,
            defaults={**quick, "green_after": 1, "yellow_after": 1, "red_after": 1},
            notifications=[hook(receiver, str(number))],
        )
        made.append(Lives(context, tmp_path / str(number), config))
    try:
        yield made, targets
    finally:
        for one in made:
            one.kill()


def settle(one: Lives) -> None:
    """Waits until nothing changes any more and everything is delivered."""
    until(lambda: one.statuses() == {"green"}, "it is not green again")
    until(
        lambda: not kept.unsettled(one.data),
        lambda: f"{kept.unsettled(one.data)} not delivered: {one.log()[-5:]}",
    )


def kill_often(tmp_path: Path, kills: int) -> None:
    schema = json.loads((ROOT / "monitor/publish/status.schema.json").read_bytes())
    validator = Draft202012Validator(schema)
    with (
        CountingServer() as server,
        fickle(REFUSED) as receiver,
        lives(tmp_path, server, receiver) as (made, targets),
    ):
        for _ in range(kills):
            soonest = min(made, key=lambda one: one.dies_at)
            time.sleep(max(0.0, soonest.dies_at - time.monotonic()))
            soonest.kill_and_restart()
            status = soonest.data / "status.json"
            if status.exists():
                validator.validate(json.loads(status.read_bytes()))
        for target in targets:
            target.calm = True
        receiver.refuses = 0.0
        told = forgotten = again = 0
        for number, one in enumerate(made):
            settle(one)
            taken = receiver.taken(str(number))
            kept.sound(one.data)
            kept.delivered(one.data, taken)
            assert one.lost() == []
            told += len(kept.transitions(one.data))
            forgotten += len(one.forgotten())
            again += len(taken) - len({message["id"] for message in taken})
        print(f"{told} kept, {forgotten} made anew; {receiver.refused} refused, {again} twice")
        assert told > kills
        assert receiver.refused


def test_killed_a_hundred_times(tmp_path: Path) -> None:
    """Four daemons whose services flap and whose receiver refuses every tenth message are killed a
    hundred times and started again: the history is whole and without a gap, each message arrived,
    in order for each service, and status.json is valid after each kill.
    """
    kill_often(tmp_path, 100)


@pytest.mark.slow
def test_killed_a_thousand_times(tmp_path: Path) -> None:
    """The same for longer."""
    kill_often(tmp_path, int(os.environ.get("DRIFTVAKT_SOAK_KILLS", "1000")))
