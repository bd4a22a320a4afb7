"""What happens to service windows, as events and in words."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from monitor.judging.board import Board
from monitor.model.estate import CheckId, ServiceId
from monitor.plan import Happening, WindowEvent, WindowNews, agenda_of, run_over
from monitor.wording import window_message
from tests.unit.judging.test_board import good
from tests.unit.judging.test_board_windows import START, board, fail, planned, window

STOCKHOLM = ZoneInfo("Europe/Stockholm")
DAY = 86_400.0


class Watch:
    """A board, and the events of it."""

    def __init__(self, *windows: Any) -> None:
        self.board = board(*windows)
        self.news = WindowNews(self.board.agenda, START)

    def at(self, at: float) -> list[str]:
        self.board.age(START + at)
        found = self.news.look(self.board.agenda, self.board.under_way(), START + at)
        return [f"{one.what} {one.at - START:g}" for one in found]

    def good(self, *ats: float) -> None:
        for at in ats:
            self.board.observe(CheckId("ext5/expo/api"), good(START + at), START + at)


def test_windows_begin_and_end_once() -> None:
    """At their own instants, however late the look; cancelled ones do neither."""
    watch = Watch(
        window(10, 60), window(20, 30, "none", id="n"), window(5, 70, id="c", cancelled=True)
    )
    assert watch.at(9) == []
    assert watch.at(11) == ["begins 10"]
    assert watch.at(65) == ["begins 20", "ends 30", "ends 60"]
    assert watch.at(100) == []


def test_a_clock_set_back_tells_nothing_twice() -> None:
    """Until the clock has come so far again."""
    watch = Watch(window(10, 60))
    assert watch.at(11) == ["begins 10"]
    assert watch.at(5) == []
    assert watch.at(12) == ["begins 10"]


def test_green_again_before_the_end_says_that_testing_may_resume() -> None:
    """Once, and only after the work has stopped the service; the status stays planned."""
    watch = Watch(window(10, 600))
    assert watch.at(11) == ["begins 10"]
    assert watch.at(12) == []
    fail(watch.board, 20, 21, 22)
    assert watch.at(23) == []
    watch.good(30, 31)
    assert watch.at(32) == ["may_resume 32"]
    assert watch.at(33) == []
    [view] = watch.board.snapshot(START + 33).services()
    assert view.planned
    fail(watch.board, 40, 41, 42)
    watch.good(50, 51)
    assert watch.at(52) == ["may_resume 52"], "also of what was over between two looks"
    fail(watch.board, 60, 61, 62)
    watch.at(63)
    watch.good(70, 71)
    assert watch.at(72) == ["may_resume 72"]


def test_a_window_without_a_stop_says_nothing_of_resuming() -> None:
    """Nor does what is green after the end of one."""
    watch = Watch(window(10, 600, "disturbance"))
    watch.at(11)
    fail(watch.board, 20, 21, 22)
    watch.at(23)
    watch.good(30, 31)
    assert watch.at(32) == []
    stop = Watch(window(10, 60))
    stop.at(11)
    fail(stop.board, 20, 21, 22)
    stop.at(23)
    stop.good(61, 62)
    assert stop.at(63) == ["ends 60"]


def changed(before: tuple[Any, ...], after: tuple[Any, ...], at: float = 0.0) -> list[WindowEvent]:
    news = WindowNews(agenda_of(planned(*before), START), START + at)
    return news.look(agenda_of(planned(*after), START), (), START + at)


def test_a_moved_window_is_told_with_what_it_was() -> None:
    """Its words are those of the agency: *ändrad tid*."""
    [event] = changed((window(DAY, DAY + 60),), (window(2 * DAY, 2 * DAY + 60),))
    assert (event.what, event.was) == (Happening.MOVED, (START + DAY, START + DAY + 60))
    assert event.occurrence.start == START + 2 * DAY
    said = window_message(event, STOCKHOLM)
    assert said.sv.startswith("Ändrad tid: servicefönstret x är nu ")
    assert "given earlier as" in said.en


def test_a_cancelled_window_is_told_whether_it_was_marked_or_taken_away() -> None:
    """One that is over is no news."""
    was = window(DAY, DAY + 60)
    for after in ((window(DAY, DAY + 60, cancelled=True),), ()):
        [event] = changed((was,), after)
        assert event.what is Happening.CANCELLED
        assert window_message(event, STOCKHOLM).sv.endswith("är inställt.")
    assert changed((was,), (), at=DAY + 60) == []


def test_a_series_that_is_moved_is_one_event() -> None:
    """And one time of it that is left out is that one."""
    daily = {"rrule": "FREQ=DAILY;COUNT=30"}
    [event] = changed((window(DAY, DAY + 60, **daily),), (window(DAY + 60, DAY + 120, **daily),))
    assert event.occurrence.start == START + DAY
    third = "2026-11-28"
    [out] = changed(
        (window(DAY, DAY + 60, **daily),), (window(DAY, DAY + 60, **daily, exdates=[third]),)
    )
    assert (out.what, out.occurrence.start) == (Happening.CANCELLED, START + 3 * DAY)


def test_a_window_that_is_learned_of_late_begins_then() -> None:
    """It is under way already when a calendar or a new configuration brings it."""
    [event] = changed((), (window(-60, 60),))
    assert (event.what, event.at) == (Happening.BEGINS, START)
    assert changed((window(-60, 60),), (window(-60, 60, message="m"),)) == []


def test_what_is_only_found_to_be_further_ahead_is_no_news() -> None:
    """The agenda is made anew every day."""
    estate = planned(window(DAY, DAY + 60, rrule="FREQ=DAILY"))
    news = WindowNews(agenda_of(estate, START), START)
    found = news.look(agenda_of(estate, START + DAY), (), START + DAY)
    assert [one.what for one in found] == [Happening.BEGINS]


def test_a_window_that_has_run_over() -> None:
    """Of a recurring one the last time that has ended."""
    made = Board(planned(window(0, 60, rrule="FREQ=DAILY")), START)
    service = ServiceId("ext5/expo")
    event = run_over(made.agenda, "w", service, START + DAY + 61)
    assert event is not None
    assert (event.what, event.occurrence.start) == (Happening.RUN_OVER, START + DAY)
    assert "men störningen i ext5/expo kvarstår" in window_message(event, STOCKHOLM).sv
    assert run_over(made.agenda, "gone", service, START + 61) is None


def test_every_event_has_words_in_both_languages() -> None:
    """What begins says what it means, and what its author wrote."""
    one = agenda_of(planned(window(0, 60, message="Vi byter.")), START).occurrences[0]
    for what in Happening:
        said = window_message(
            WindowEvent(at=START, what=what, occurrence=one, service=ServiceId("ext5/expo")),
            STOCKHOLM,
        )
        assert said.sv != said.en
        assert "x" in said.sv
    begun = window_message(WindowEvent(at=START, what=Happening.BEGINS, occurrence=one), STOCKHOLM)
    assert begun.en.endswith("A planned outage. Vi byter.")
