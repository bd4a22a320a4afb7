"""Two tests at a time, but for those that measure time: they have the machine to themselves.

Most tests wait for servers and clocks. ``make test`` runs two lanes (pytest-xdist), file by file. A
test that measures how long something takes, or promises that it is soon done, waits until the other
lane's test has ended, and the other lane waits for it.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ALONE = (
    "tests/system/breaking/test_killed_under_load.py",
    "tests/system/breaking/test_locked_database.py",
    "tests/system/daemon/test_min_interval.py",
    "tests/system/daemon/test_own_trouble.py",
    "tests/system/daemon/test_page_speed.py",
    "tests/system/daemon/test_politeness.py",
    "tests/system/daemon/test_reload_load.py",
    "tests/system/daemon/test_schedule.py",
    "tests/system/hostile/",
    "tests/system/probes/test_arrivals.py",
    "tests/system/test_measured.py",
    "tests/unit/test_ics.py",
)
"""Files, and folders of files, whose tests measure time."""
WAITING = ("test_no_world_breaks_a_promise", "test_a_day_takes_seconds")
"""They only wait for processes that give way to everybody."""


def measures(test: str) -> bool:
    """Whether the test of that node id wants the machine for itself."""
    return test.startswith(ALONE)


@contextmanager
def lane(test: str) -> Iterator[None]:
    """For as long as a test runs. Without lanes there is nothing to wait for."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None or test.partition("::")[2].startswith(WAITING):
        yield
        return
    folder = Path(tempfile.gettempdir()) / f"driftvakt-lanes-{run}"
    folder.mkdir(exist_ok=True)
    with (folder / "next").open("w") as turnstile, (folder / "road").open("w") as road:
        # whoever waits for the road to be empty keeps others from entering it
        fcntl.flock(turnstile, fcntl.LOCK_EX)
        alone = measures(test)
        fcntl.flock(road, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        if not alone:
            fcntl.flock(turnstile, fcntl.LOCK_UN)
        yield
