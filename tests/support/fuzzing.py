"""Fuzzing for as long as ``DRIFTVAKT_FUZZ_SECONDS`` says, over the four paths together.

A failure prints what replays it: hypothesis's own ``@reproduce_failure`` line, and the seed of the
round (``DRIFTVAKT_FUZZ_SEED``).
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

PATHS = 4
ROUND = 50
"""Examples between two looks at the clock."""


def seconds_each() -> float:
    """Seconds for one path; a second each when nothing is said, for the ordinary test run."""
    return float(os.environ.get("DRIFTVAKT_FUZZ_SECONDS", "3")) / PATHS


def fuzz(
    strategy: SearchStrategy[bytes], check: Callable[[bytes], None], seconds: float | None = None
) -> int:
    """Rounds of examples until the time is used; how many examples there were.

    Raises what ``check`` raised for the smallest example that was found.
    """
    until = time.monotonic() + (seconds_each() if seconds is None else seconds)
    first = os.environ.get("DRIFTVAKT_FUZZ_SEED")
    tried = 0

    def counted(example: bytes) -> None:
        nonlocal tried
        tried += 1
        check(example)

    while True:
        chosen = int(first) if first else random.getrandbits(32)
        body = settings(
            max_examples=ROUND,
            deadline=None,
            database=None,
            print_blob=True,
            phases=(Phase.explicit, Phase.generate, Phase.target, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )(given(strategy)(counted))
        try:
            seed(chosen)(body)()
        except BaseException:
            print(f"to replay: DRIFTVAKT_FUZZ_SEED={chosen}, after {tried} examples")
            raise
        if first or time.monotonic() >= until:
            return tried
