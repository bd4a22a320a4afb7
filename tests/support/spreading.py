"""In which order tests are run, and by whom: so that all processors have something to do to the end.

Most tests wait for servers and programs. Those of the simulation take a processor and wait for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import groupby, islice
from typing import TypeVar

from xdist.scheduler import LoadFileScheduling

T = TypeVar("T")
WORLDS = "tests/simulation/"
WAITS = "tests/system/"


class ByFile(LoadFileScheduling):  # type: ignore[misc] # xdist carries no types
    """A worker gets a file at a time, and of the simulation a test: they share nothing."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of_work(nodeid)


def unit_of_work(nodeid: str) -> str:
    """Gives the name of what a worker does without another."""
    return nodeid if nodeid.startswith(WORLDS) else nodeid.partition("::")[0]


def spread(tests: Sequence[T], nodeid: Callable[[T], str]) -> list[T]:
    """Gives the same tests, with some worlds before each file that waits, so that none of the
    workers is left alone with all of them at the end.
    """
    worlds = [one for one in tests if nodeid(one).startswith(WORLDS)]
    others = [one for one in tests if not nodeid(one).startswith(WORLDS)]
    files = [list(some) for _, some in groupby(others, lambda one: unit_of_work(nodeid(one)))]
    waits = [nodeid(some[0]).startswith(WAITS) for some in files]
    each = math.ceil(len(worlds) / max(1, sum(waits)))
    left, found = iter(worlds), list[T]()
    for some, waiting in zip(files, waits, strict=True):
        found += [*islice(left, each if waiting else 0), *some]
    return [*found, *left]
