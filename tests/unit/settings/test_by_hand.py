"""What people send without an editor: what is taken, what is refused and in which words."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.model.estate import Estate
from monitor.model.status import Status
from monitor.plan import Acknowledgement, Impact, Notice, Planned, Silence, Window
from monitor.settings.by_hand import (
    MODELS,
    ByHandError,
    RunByHand,
    Written,
    check_names,
    plan_of,
    read_by_hand,
)
from tests.support.factories import NOW, make_snapshot, make_view

STOCKHOLM = ZoneInfo("Europe/Stockholm")
ESTATE: Estate = make_snapshot(make_view()).estate
WORK = {"title": "Databasbyte", "impact": "outage"}
ACK = {"service": "ext5/expo", "because": "omstart"}
SILENT = {"environments": ["ext5"], "because": "prov"}


def planned(kind: str, sent: dict[str, Any], ended_at: float | None = None) -> Planned:
    written = Written(kind=kind, id="x", author="anna", at=NOW, ended_at=ended_at)
    return plan_of(read_by_hand(MODELS[kind], sent), written, ESTATE)


def test_each_kind_is_planned_as_it_is_written() -> None:
    """Times are local, a duration counts from the start, and the author stays with it."""
    window = planned("windows", {**WORK, "start": "2026-11-24T20:00", "for": "2h"})
    assert isinstance(window, Window)
    assert (window.starts, window.ends) == (
        datetime.fromisoformat("2026-11-24T20:00"),
        datetime.fromisoformat("2026-11-24T22:00"),
    )
    assert (window.impact, window.author, window.cancelled) == (Impact.OUTAGE, "anna", False)
    notice = planned("notices", {"message": "Vi vet", "status": "yellow", "for": "1h"})
    assert isinstance(notice, Notice)
    assert (notice.status, notice.begins, notice.ends) == (Status.YELLOW, NOW, NOW + 3600)
    acknowledged = planned("acknowledgements", ACK)
    assert isinstance(acknowledged, Acknowledgement)
    assert acknowledged.covers("ext5", "expo")
    assert not acknowledged.covers("ext5", "other")
    assert acknowledged.active(NOW + 1e9)
    silence = planned("silences", {**SILENT, "until": "2026-11-24T22:00+01:00"})
    assert isinstance(silence, Silence)
    assert silence.ends == datetime(2026, 11, 24, 22, tzinfo=STOCKHOLM).timestamp()


def test_what_was_ended_ends_there_and_what_had_not_begun_is_cancelled() -> None:
    """Whoever reads it again finds the same."""
    silence = planned("silences", {**SILENT, "for": "1h"}, ended_at=NOW + 60)
    assert isinstance(silence, Silence)
    assert silence.ends == NOW + 60
    window = planned("windows", {**WORK, "start": "2026-11-30T20:00", "for": "2h"}, NOW + 60)
    assert isinstance(window, Window)
    assert window.cancelled
    assert window.ends == datetime.fromisoformat("2026-11-30T22:00")


@pytest.mark.parametrize(
    ("kind", "sent", "said"),
    [
        ("windows", {**WORK}, "until: is missing"),
        ("windows", {**WORK, "for": "2h", "until": "2026-11-24T22:00"}, "one of them"),
        ("windows", {**WORK, "until": "2026-11-22T22:00"}, "until: must be after"),
        ("windows", {**WORK, "start": "2026-11-25T22:00", "until": "2026-11-24T22:00"}, "until: "),
        ("windows", {**WORK, "start": "1001-01-01T00:00", "for": "2h"}, "start: "),
        ("windows", {**WORK, "start": "2026-11-20T00:00", "for": "9w"}, "start: is over"),
        ("windows", {**WORK, "start": "2027-11-20T00:00", "for": "9w"}, "until: must be after"),
        ("windows", {**WORK, "until": "2999-01-01T00:00"}, "until: must be within a year"),
        ("windows", {**WORK, "for": "520w"}, "within a year"),
        ("windows", {**WORK, "impact": "total", "for": "2h"}, "impact: "),
        ("windows", {"impact": "none", "for": "2h"}, "title: "),
        ("notices", {"message": "  ", "for": "2h"}, "message: must not be empty"),
        ("notices", {"message": "x" * 2_001, "for": "2h"}, "message: "),
        ("notices", {"message": "x", "status": "unknown", "for": "2h"}, "status: "),
        ("notices", {"message": "x", "from": "0001-01-01T00:00", "for": "1h"}, "from: "),
        ("acknowledgements", {"service": "ext5", "because": "x"}, "write ENV/SERVICE"),
        ("acknowledgements", {"service": "ext5/expo"}, "because: "),
        ("silences", {**SILENT}, "until: is missing"),
        ("silences", {"because": "x", "for": "1h"}, "services: name"),
        ("silences", {**SILENT, "environments": [], "for": "1h"}, "environments: "),
        ("silences", {**SILENT, "becuase": "x"}, 'unknown key - did you mean "because"?'),
        ("silences", {**SILENT, "id": "Å b", "for": "1h"}, "id: "),
        ("silences", {**SILENT, "id": "x" * 65, "for": "1h"}, "id: "),
        ("silences", [], ""),
        ("silences", None, ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(kind: str, sent: Any, said: str) -> None:
    """The key, and what to do."""
    with pytest.raises(ByHandError) as refused:
        planned(kind, sent)
    assert said in str(refused.value)


def test_text_is_made_fit_for_a_line() -> None:
    """Control characters and breaks are not kept; what looks like HTML is text."""
    notice = planned("notices", {"message": "a\x1b[31m\n<b>&\u202e", "for": "1h"})
    assert isinstance(notice, Notice)
    assert not set(notice.message.sv) & {"\x1b", "\n", "\u202e"}
    assert "<b>&" in notice.message.sv


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"service": "ext5/exop"}, 'ext5/exop is not watched - did you mean "ext5/expo"?'),
        (
            {"check": "ext5/expo/apu"},
            'ext5/expo/apu is not watched - did you mean "ext5/expo/api"?',
        ),
    ],
)
def test_what_is_not_watched_has_a_nearest_name(sent: dict[str, str], said: str) -> None:
    """Of a service and of a check."""
    with pytest.raises(ByHandError, match=r"is not watched") as refused:
        check_names(read_by_hand(RunByHand, sent), ESTATE)
    assert said in str(refused.value)
    silence = {**SILENT, "environments": ["ext55"], "for": "1h"}
    with pytest.raises(ByHandError, match=r'^environment: ext55 .*"ext5"'):
        check_names(read_by_hand(MODELS["silences"], silence), ESTATE)
