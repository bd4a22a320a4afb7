from __future__ import annotations

from monitor.scheduling.interval_stretch import Stretching


def stretched(factor: float) -> Stretching:
    """One check, whose last run was due at 100."""
    found = Stretching()
    found.began("c", 100.0)
    found.factor = factor
    return found


def test_everything_is_in_time_as_configured() -> None:
    """Nothing is put off."""
    assert stretched(1.0).until("c", 130.0) == 130.0


def test_what_is_due_is_put_off() -> None:
    """From the last run on, by the factor; and then it is due."""
    found = stretched(4.0)
    assert found.until("c", 130.0) == 220.0
    assert found.puts_off("c")
    assert found.until("c", 220.0) == 220.0


def test_another_factor_counts_for_what_was_put_off() -> None:
    """A larger one puts it off further, from the same run on; a smaller one no more."""
    found = stretched(2.0)
    assert found.until("c", 130.0) == 160.0
    found.factor = 3.0
    assert found.until("c", 160.0) == 190.0
    found.factor = 1.5
    assert found.until("c", 190.0) == 190.0


def test_retries_are_stretched_too() -> None:
    """One that is moved forward is put off by its own, shorter gap."""
    found = stretched(4.0)
    found.until("c", 130.0)
    found.sooner("c")
    assert found.until("c", 105.0) == 120.0


def test_a_check_that_never_ran_runs() -> None:
    """Whatever the factor."""
    found = stretched(16.0)
    assert found.until("new", 130.0) == 130.0


def test_it_is_active_until_all_that_was_put_off_has_run() -> None:
    """Also when nothing is stretched any more."""
    found = stretched(2.0)
    found.until("c", 130.0)
    found.factor = 1.0
    assert found.active
    found.began("c", 160.0)
    assert not found.active
