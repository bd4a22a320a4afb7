"""Worlds that break, by the hundred: issue 4, point 6."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.runtime.transition_dispatcher import TransitionDispatcher
from tests.simulation.script import WHOLE_DAY, Script, Size, Trouble, write
from tests.simulation.story import Violation
from tests.simulation.world import run

ROOT = Path(__file__).parents[2]


SEEDS = int(os.environ.get("DRIFTVAKT_SIMULATION_SEEDS", "200"))
"""How many worlds; CI asks for more than ``make test`` does."""
SLICE = 50
"""Worlds that one test lives through."""


def test_a_day_takes_seconds() -> None:
    """Twenty checks every thirty seconds for a day: sixty thousand probes, all of them judged."""
    begun = time.thread_time()
    day = run(1, WHOLE_DAY)
    assert day.seconds == 86_400
    assert day.probes > 40_000
    assert time.thread_time() - begun < 250  # it takes about 50, and more where a core is shared


@pytest.mark.parametrize("first", range(0, SEEDS, SLICE))
def test_no_world_breaks_a_promise(first: int) -> None:
    """Outages, stalls, jumps of the clock, restarts and windows: what is published is what the
    reference says, and nothing is lost, invented, starved, or left at the end.
    """
    found = [run(seed) for seed in range(first, min(first + SLICE, SEEDS))]
    # the worlds are worth something: things did happen in them
    assert sum(one.probes for one in found) > 50 * len(found)
    assert sum(one.transitions for one in found) > 5 * len(found)
    assert sum(one.lives > 1 for one in found) > len(found) / 10


def digest_elsewhere(seed: int, hash_seed: str) -> str:
    """The digest of a world in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.simulation", str(seed), "--quiet"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.partition("digest='")[2].partition("'")[0]


@pytest.mark.parametrize("seed", [3, 17])
def test_the_same_seed_is_the_same_story(seed: int) -> None:
    """Line by line, in this process and in others, whatever their hashes of strings."""
    found = {run(seed).digest, run(seed).digest}
    found |= {digest_elsewhere(seed, hash_seed) for hash_seed in ("0", "12345")}
    assert len(found) == 1
    assert run(seed + 1).digest not in found


def test_a_broken_promise_tells_how_to_replay_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the story, what is wrong, and the command."""
    monkeypatch.setattr(TransitionDispatcher, "dispatch", lambda self, transitions: None)
    with pytest.raises(Violation) as broken:
        run(5)
    lines = str(broken.value).splitlines()
    assert lines[-1] == "to replay: python -m tests.simulation 5"
    assert "WRONG: told []" in lines[-2]
    assert len(lines) > 5


@pytest.mark.parametrize("reason", ["refuses", "takes it all the same"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_database_that_is_away_for_ten_minutes_loses_nothing(
    seed: int, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue 4, point 1: probing and publishing go on; all that happened is in the history and
    delivered afterwards. ``takes it all the same``: the disk is full, each writing is taken back.
    """
    size = Size(seconds=(1200.0, 1200.0), long=0.0, keeps=1.0, busy=2.0)
    away = Trouble(kind="database", start=120.0, end=720.0, reason=reason, value=1.0)

    def written(seed: int, size: Size) -> Script:
        script = write(seed, size)
        troubles = [one for one in script.troubles if one.kind != "database"]
        return replace(script, events=(), troubles=(*troubles, away))

    monkeypatch.setattr("tests.simulation.world.write", written)
    told: list[str] = []
    assert run(seed, size, told.append).transitions > 10
    during = [
        line for line in told if " transition (" in line and 120 < float(line.split()[0]) < 720
    ]
    assert during
    assert any("history_back" in line for line in told)
