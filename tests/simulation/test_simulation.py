"""Worlds that break, by the hundred: issue 4, point 6."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.beside import SEEDS, Beside
from tests.simulation.story import Violation
from tests.simulation.world import run

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(900)
def test_no_world_breaks_a_promise(beside: Beside) -> None:
    """Outages, stalls, jumps of the clock, restarts and windows: what is published is what the
    reference says, and nothing is lost, invented, starved, or left at the end.
    """
    found = beside.found()
    assert found.worlds == SEEDS
    # the worlds are worth something: things did happen in them
    assert found.probes > 50 * SEEDS
    assert found.transitions > 5 * SEEDS
    assert found.restarted > SEEDS / 10


@pytest.mark.timeout(900)
def test_a_day_takes_seconds(beside: Beside) -> None:
    """Twenty checks every thirty seconds for a day: sixty thousand probes, all of them judged."""
    day = beside.found().day
    assert day.seconds == 86_400
    assert day.probes > 40_000
    assert day.processor < 90  # it takes about 50


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
    monkeypatch.setattr("monitor.daemon.Daemon._announce", lambda self, transitions: None)
    with pytest.raises(Violation) as broken:
        run(5)
    lines = str(broken.value).splitlines()
    assert lines[-1] == "to replay: python -m tests.simulation 5"
    assert "WRONG: told []" in lines[-2]
    assert len(lines) > 5
