"""An outage of the database: its pauses, and what of it is news."""

from __future__ import annotations

from monitor.history.errors import HistoryTroubleError, RefusedError
from monitor.history.outage import Outage


def test_attempts_back_off_to_five_seconds_until_the_database_is_back() -> None:
    """Half a second first; the next outage begins with that again."""
    now = 100.0
    outage = Outage(lambda: now, lambda: now)
    pauses = []
    for _ in range(6):
        outage.failed(HistoryTroubleError("away"))
        pauses.append(outage.remaining())
        now += outage.remaining()
    assert pauses == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert (outage.since, outage.why) == (100.0, "away")
    assert outage.end() == sum(pauses)
    assert (outage.lasts, outage.remaining()) == (False, 0.0)
    outage.failed(HistoryTroubleError("away"))
    assert outage.remaining() == 0.5


def test_only_a_refusal_is_news_while_an_outage_lasts() -> None:
    """It is tried again after a minute, for somebody has to mend something."""
    outage = Outage(lambda: 0.0, lambda: 0.0)
    away, refused = HistoryTroubleError("away"), RefusedError("too new")
    assert outage.is_news(away)
    outage.failed(away)
    assert not outage.is_news(HistoryTroubleError("another"))
    assert outage.is_news(refused)
    outage.failed(refused)
    assert outage.remaining() == 60.0
    assert not outage.is_news(refused)
