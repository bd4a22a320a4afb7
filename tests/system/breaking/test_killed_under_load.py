"""Killed at any instant, a daemon has lost nothing that it told, and told all that it kept."""

from __future__ import annotations

import itertools
import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.support.breaking import kept
from tests.support.breaking.fickle import Fickle, fickle, hook
from tests.support.daemon.counting import Answer, CountingServer, Visit
from tests.support.daemon.forked import prepared, start
from tests.support.daemon.running import (
    POLL,
    ROOT,
    estate,
    eventually,
    http_check,
    service,
    write_config,
)
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.system
SIDE_BY_SIDE = 4
LONGEST_LIFE = 1.2
"""Seconds. Every second life is as long as it takes to tell some transitions instead: a machine on
which a start takes long kills no daemon before it has done anything.
"""
MOST_TOLD = 20
REFUSED = 0.1
SERVICES = 10


class Lives:
    """One data folder, and the daemons that live and die there one after the other."""

    def __init__(self, context: ForkServerContext, folder: Path, config: dict[str, Any]) -> None:
        self._context = context
        self.data, self._folder = folder / "data", folder
        self._config = write_config(folder, config)
        self.data.mkdir()
        self._logs: list[Path] = []
        self._begin()

    def _begin(self) -> None:
        self._logs.append(self._folder / f"log{len(self._logs)}")
        self._process: ForkServerProcess = start(
            self._context, self._config, self.data, self._logs[-1]
        )
        self._dies_at = time.monotonic() + random.uniform(0.05, LONGEST_LIFE)
        self._dies_after = random.randint(1, MOST_TOLD) if len(self._logs) % 2 else 0

    def due(self) -> bool:
        """Whether its time has come."""
        if self._dies_after:
            return len(kept.logged(self.log())) >= self._dies_after
        return time.monotonic() >= self._dies_at

    def kill(self) -> None:
        self._process.kill()
        self._process.join(PATIENCE)
        assert self._process.exitcode == -9, f"it had ended before: {self.log()[-5:]}"
        self._process.close()

    def kill_and_restart(self) -> None:
        self.kill()
        self._begin()

    def log(self) -> list[str]:
        """What the one that lives now has logged."""
        return lines(self._logs[-1])

    def statuses(self) -> set[str]:
        [environment] = json.loads((self.data / "status.json").read_bytes())["environments"]
        return {service["status"] for service in environment["services"]}

    def lost(self) -> tuple[int, list[dict[str, Any]]]:
        """How many transitions the logs have and the history has not, and those of them that it
        should have. They are kept in the order in which they are told: what was not written yet
        when a daemon was killed is the end of what that one has told, and the next one makes it
        again. The last one was not killed.
        """
        known = {one["id"] for one in kept.transitions(self.data)}
        forgotten, lost = 0, list[dict[str, Any]]()
        for path in self._logs:
            told = kept.logged(lines(path))
            missing = [one for one in told if one["id"] not in known]
            forgotten += len(missing)
            if path is self._logs[-1] or missing != told[len(told) - len(missing) :]:
                lost += missing
        return forgotten, lost


def lines(log: Path) -> list[str]:
    return log.read_text("utf-8", "replace").splitlines() if log.exists() else []


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
    quick = {"interval": "100ms", "retry_interval": "100ms", "timeout": "20s"}
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


def whole(one: Lives, receiver: Fickle, number: int) -> None:
    """Green again, nothing that was told is lost, and everything is delivered. The file and what a
    living daemon has told are no picture of one instant: this is so after a while, and then for good.
    """
    assert one.statuses() == {"green"}
    kept.delivered(one.data, receiver.taken(str(number)))
    assert one.lost()[1] == [], one.log()[-5:]


def kill_often(tmp_path: Path, kills: int) -> None:
    schema = json.loads((ROOT / "monitor/publish/status/status.schema.json").read_bytes())
    validator = Draft202012Validator(schema)
    with (
        CountingServer() as server,
        fickle(REFUSED) as receiver,
        lives(tmp_path, server, receiver) as (made, targets),
    ):
        killed = 0
        while killed < kills:
            dead = [one for one in made if one.due()]
            for one in dead:
                one.kill_and_restart()
                killed += 1
                status = one.data / "status.json"
                if status.exists():
                    validator.validate(json.loads(status.read_bytes()))
            if not dead:
                time.sleep(POLL)
        for target in targets:
            target.calm = True
        receiver.refuses = 0.0
        told = forgotten = again = 0
        for number, one in enumerate(made):
            eventually(partial(whole, one, receiver, number))
            kept.sound(one.data)
            taken = receiver.taken(str(number))
            told += len(kept.transitions(one.data))
            forgotten += one.lost()[0]
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
