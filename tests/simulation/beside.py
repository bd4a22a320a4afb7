"""Many worlds in processes of their own, that give way to the tests beside them.

Most tests of the suite wait for servers and clocks: beside them two thousand worlds cost no time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from tests.support.patience import PATIENCE

ROOT = Path(__file__).parents[2]
SEEDS = int(os.environ.get("DRIFTVAKT_SIMULATION_SEEDS", "200"))
"""How many worlds; CI asks for more than ``make test`` does."""


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a day of twenty checks was."""

    seconds: float
    probes: int
    processor: float
    """Seconds of processor time that it took: whoever else is busy is no matter."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What all worlds together were."""

    worlds: int
    probes: int
    transitions: int
    restarted: int
    """Worlds with more than one life."""
    day: Day


class Beside:
    """The processes, from :meth:`start` to :meth:`end`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._output: IO[str] | None = None

    def start(self, output: IO[str]) -> None:
        self._output = output
        command = [sys.executable, "-m", "tests.simulation", "--seeds", str(SEEDS), "--beside"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=output, text=True, start_new_session=True
        )

    def found(self) -> Found:
        """Waits for all of them. Fails with the stories of those that broke."""
        if self._process is None or self._output is None:
            raise RuntimeError("nothing was started")
        code = self._process.wait()
        self._output.seek(0)
        told = self._output.read()
        if code:
            pytest.fail(told, pytrace=False)
        value = json.loads(told.splitlines()[-1])
        return Found(**{**value, "day": Day(**value["day"])})

    def end(self) -> None:
        """Whatever they are at."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, 15)
            self._process.wait(PATIENCE)
        if self._output is not None:
            self._output.close()
