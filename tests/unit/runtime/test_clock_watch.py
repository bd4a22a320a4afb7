"""The wall clock as it is watched: set, slewed, and read by a process that had to wait."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.runtime.clock_watch import ClockWatch


class Clocks:
    """A wall clock and a monotonic one; ``waits`` pass between a reading of one and of the other."""

    def __init__(self) -> None:
        self.wall, self.mono = 1_000.0, 5.0
        self.waits: Iterator[float] = iter(())
        self.jumps: list[tuple[float, float]] = []
        self.watch = ClockWatch(
            self.clock, lambda: self.mono, lambda *jump: self.jumps.append(jump)
        )

    def clock(self) -> float:
        read = self.wall
        self.passes(next(self.waits, 0.0))
        return read

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds


def test_a_clock_that_is_set_is_noticed_by_whoever_reads_it_first() -> None:
    """Forth and back, once each, with the new time."""
    clocks = Clocks()
    clocks.passes(10)
    assert (clocks.watch.now(), clocks.jumps) == (1_010, [])
    clocks.wall += 7_200
    assert clocks.watch.now() == clocks.watch.now() == 8_210
    clocks.wall -= 3_600
    assert clocks.watch.now() == 4_610
    assert clocks.jumps == [(8_210, 7_200), (4_610, -3_600)]


def test_a_clock_that_is_slewed_is_not_set() -> None:
    """A second in each minute is what no time server does, and still no jump."""
    clocks = Clocks()
    for _ in range(60):
        clocks.passes(60)
        clocks.wall += 1
        clocks.watch.now()
    assert clocks.jumps == []


def test_a_process_that_waits_between_two_readings_sees_no_jump() -> None:
    """Five seconds without a turn of the processor are not five seconds of the clock."""
    clocks = Clocks()
    clocks.waits = iter((5.0,))
    assert clocks.watch.now() == 1_005
    assert clocks.jumps == []
