"""Many worlds, in as many processes as there are processors."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.story import Violation
from tests.simulation.world import Outcome, run

AT_A_TIME = 20


def try_all(seeds: Sequence[int]) -> list[Outcome]:
    """Lives through the worlds of ``seeds``. Raises :class:`Violation` with those that broke."""
    parts = [seeds[start : start + AT_A_TIME] for start in range(0, len(seeds), AT_A_TIME)]
    # spawned, not forked: whoever calls may have threads
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=context) as pool:
        tried = [one for part in pool.map(_some, parts) for one in part]
    broken = [one for one in tried if isinstance(one, str)]
    if broken:
        lasts = ["\n".join(one.splitlines()[-2:]) for one in broken]
        head = f"{len(broken)} of {len(tried)} worlds broke"
        raise Violation("\n\n".join([*lasts[:20], broken[0], head]))
    return [one for one in tried if isinstance(one, Outcome)]


def _some(seeds: Sequence[int]) -> list[Outcome | str]:
    found: list[Outcome | str] = []
    for seed in seeds:
        try:
            found.append(run(seed))
        except Violation as violation:
            found.append(str(violation))
    return found
