"""The daemon, with a heartbeat in its loop that tells how long it was held, and by what.

``python -m tests.benchmarks.growth_daemon FILE run …``: the arguments after the file are the
daemon's own. A line a second: the monotonic clock, the longest hold in CPU seconds, the longest lag.
With ``GROWTH_WHO=FILE2`` a thread looks where the loop is whenever it is held, and counts the places.

A hold is the lag of a heartbeat, as far as the process had the processor in that time: what other
programs on the core took is no fault of ours.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from monitor.entry import main
from monitor.scheduling.fitness import LoopLag

_BEAT = 0.005
_HELD = 0.015
_DEPTH = 7


class _Meter:
    def __init__(self, file: Path) -> None:
        self._out = file.open("a", buffering=1)
        self._hold = self._lag = 0.0
        self._told = time.monotonic()
        self.due = 0.0
        self.used = 0.0

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.due, self.used = self._loop.time() + _BEAT, time.process_time()
        self._loop.call_at(self.due, self._beat)

    def _beat(self) -> None:
        now, used = self._loop.time(), time.process_time()
        lag = max(0.0, now - self.due)
        self._lag = max(self._lag, lag)
        self._hold = max(self._hold, min(lag, used - self.used))
        if time.monotonic() - self._told >= 1.0:
            self._told = time.monotonic()
            self._out.write(f"{self._told:.3f} {self._hold:.5f} {self._lag:.5f}\n")
            self._hold = self._lag = 0.0
        self.due, self.used = now + _BEAT, used
        self._loop.call_at(self.due, self._beat)


def _place(frame: FrameType | None) -> str:
    """The innermost of our functions that are at work, innermost last."""
    found: list[str] = []
    while frame is not None and len(found) < _DEPTH:
        code = frame.f_code
        found.append(f"{Path(code.co_filename).name}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return " < ".join(found)


def _watch(meter: _Meter, file: Path) -> None:
    """Counts where the loop is while it is held, a look every five milliseconds."""
    places: Counter[str] = Counter()
    loop_thread = threading.main_thread().ident
    assert loop_thread is not None
    told = time.monotonic()
    while True:
        time.sleep(_BEAT)
        late = time.monotonic() - meter.due  # uvloop's clock is the same one, to the millisecond
        if meter.due and late > _HELD and time.process_time() - meter.used > _HELD:
            places[_place(sys._current_frames().get(loop_thread))] += 1
        if time.monotonic() - told > 5.0:
            told = time.monotonic()
            lines = [f"{count:6} {place}" for place, count in places.most_common(60)]
            file.write_text("\n".join(lines) + "\n")


def measured(file: Path) -> None:
    """From the moment at which the daemon itself begins to measure its lag."""
    meter = _Meter(file)
    begin = LoopLag.start

    def start(self: LoopLag) -> None:
        begin(self)
        meter.start()
        if who := os.environ.get("GROWTH_WHO"):
            threading.Thread(target=_watch, args=(meter, Path(who)), daemon=True).start()

    LoopLag.start = start  # type: ignore[method-assign]


if __name__ == "__main__":
    measured(Path(sys.argv[1]))
    del sys.argv[1]
    main()
