"""Whoever reads status.json reads a whole one, whatever happens to the writer."""

from __future__ import annotations

import itertools
import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.support.daemon.counting import Answer, CountingServer, Visit
from tests.support.daemon.forked import prepared, start
from tests.support.daemon.running import ROOT, estate, http_check, leftovers, service, write_config
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.system
KILLS = 50
SIDE_BY_SIDE = 3
LONGEST_LIFE = 2.0
ONE_IN = 10
"""Of the different bodies read, one in so many is held against the schema too."""


def flapping() -> Any:
    """Good and broken by turns."""
    turn = itertools.count()

    def script(_: Visit) -> Answer:
        return Answer(status=503 if next(turn) % 2 else 200)

    return script


def restless(server: CountingServer) -> dict[str, Any]:
    """Services that change with every probe, so that the file is written all the time."""
    services = []
    for number in range(6):
        server.answers[f"/{number}"] = flapping()
        services.append(service(f"s{number}", http_check("api", server.url(f"/{number}"))))
    quick = {"interval": "100ms", "retry_interval": "100ms", "timeout": "20s"}
    return estate(*services, defaults={**quick, "green_after": 1, "yellow_after": 1})


class Folder:
    """A data folder, the daemon that writes there, and what its reader has seen."""

    def __init__(self, context: ForkServerContext, config: Path, data: Path) -> None:
        self._context, self._config, self._data = context, config, data
        data.mkdir()
        self.newest = b""
        self.bodies = 0
        self._begin()

    def _begin(self) -> None:
        self.process: ForkServerProcess = start(self._context, self._config, self._data)
        self._dies_at = time.monotonic() + random.uniform(0.02, LONGEST_LIFE)
        self._seen = self.bodies
        # a machine on which a start takes long kills no daemon before it has done anything
        self._writes = random.random() < 0.5

    def due(self) -> bool:
        """Whether its time has come; of every second one, once it has written something."""
        if self._writes and self.bodies == self._seen:
            self._dies_at = time.monotonic() + random.uniform(0.02, LONGEST_LIFE)
            return False
        return time.monotonic() >= self._dies_at

    def kill(self) -> None:
        self.process.kill()
        self.process.join(PATIENCE)
        assert self.process.exitcode == -9, "it had ended before it was killed"
        self.process.close()

    def kill_and_restart(self) -> None:
        self.kill()
        self._begin()

    def read(self) -> bytes | None:
        """The body when it is another than before. Once there is a file, there always is one."""
        try:
            body = (self._data / "status.json").read_bytes()
        except FileNotFoundError:
            assert not self.newest, "the file was there, and is gone"
            return None
        if body == self.newest:
            return None
        self.newest = body
        self.bodies += 1
        return body

    def leftovers(self) -> set[str]:
        return leftovers(self._data)


@contextmanager
def folders(tmp_path: Path) -> Iterator[list[Folder]]:
    with CountingServer() as server:
        config = write_config(tmp_path, restless(server))
        context = prepared()
        made = [Folder(context, config, tmp_path / f"data{n}") for n in range(SIDE_BY_SIDE)]
        try:
            yield made
        finally:
            for folder in made:
                folder.kill()


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    """Daemons that write all the time are killed 50 times with SIGKILL at random instants and
    started again, while a reader reads their files in a tight loop.
    """
    schema = json.loads((ROOT / "monitor/publish/status/status.schema.json").read_bytes())
    validator = Draft202012Validator(schema)
    kills = bodies = 0
    with folders(tmp_path) as watched:
        while kills < KILLS:
            for folder in watched:
                body = folder.read()
                if body is not None:
                    bodies += 1
                    document = json.loads(body)
                    assert document["schema_version"] == 1
                    assert document["environments"]
                    if bodies % ONE_IN == 0:
                        validator.validate(document)
                if folder.due():
                    folder.kill_and_restart()
                    kills += 1
        assert all(folder.bodies > KILLS / SIDE_BY_SIDE / 4 for folder in watched)
        for folder in watched:
            # a killed writer leaves its temporary file, and the next one clears it away
            assert len(folder.leftovers()) <= 1, folder.leftovers()
            validator.validate(json.loads(folder.newest))
