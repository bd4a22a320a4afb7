"""How the history is doing, on /metrics."""

from __future__ import annotations

from monitor.history.history import Figures
from monitor.publish.metrics.self_metrics import SelfMetrics


def test_figures_are_asked_for_at_each_scrape() -> None:
    """A counter ends in ``_total``, and nothing of it is there before there is a history."""
    found = Figures(
        observations_waiting=3,
        entries_waiting=2,
        journal=7,
        observations_dropped=5,
        entries_lost=1,
        away=True,
        writes=4,
        write_seconds=0.5,
    )
    house = SelfMetrics("1.2.3")
    assert b"driftvakt_history" not in house.render_house()
    house.watch_history(lambda: found)
    lines = set(house.render_house().decode().splitlines())
    assert {
        'driftvakt_history_queue_length{kind="observation"} 3.0',
        'driftvakt_history_queue_length{kind="transition"} 2.0',
        "driftvakt_history_journal_length 7.0",
        "driftvakt_history_away 1.0",
        'driftvakt_history_dropped_total{kind="observation"} 5.0',
        'driftvakt_history_dropped_total{kind="transition"} 1.0',
        "driftvakt_history_write_seconds_count 4.0",
        "driftvakt_history_write_seconds_sum 0.5",
    } <= lines
