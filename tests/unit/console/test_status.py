"""The table of statuses."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from monitor.console.document_rows import NotAStatusDocumentError, document_status
from monitor.console.status import status_table, status_table_from_json
from monitor.judging.snapshot import Snapshot
from monitor.model.status import Rule, Status
from monitor.model.text import Text
from monitor.publish.status.renderer import render_status_body
from probes.observation import Grade
from tests.support import views
from tests.support.plain_text import lines

NLL = Text(sv="Läkemedelslistan [NLL]", en="Medication list [NLL]")


@pytest.fixture
def snapshot() -> Snapshot:
    """EXT5 with one service red and one green; EXT6 with nothing measured yet."""
    red = views.service(Status.RED, views.bad(Status.RED, Rule.RED_AFTER), views.green("port"))
    green = views.service(Status.GREEN, views.green(), name="nll", title=NLL)
    unknown = views.service(Status.UNKNOWN, views.unknown(Rule.UNMEASURED))
    return views.snapshot(
        Status.YELLOW,
        views.environment(Status.YELLOW, red, green),
        views.environment(Status.UNKNOWN, unknown, name="ext6", title="EXT6"),
    )


@pytest.fixture
async def document(snapshot: Snapshot) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(await render_status_body(snapshot, version="1"))
    return decoded


def test_each_environment_service_and_check_has_its_line(snapshot: Snapshot) -> None:
    """In the order of the configuration, indented by level, with the colour as a word."""
    said = [" ".join(line.split()) for line in lines(status_table(snapshot, "en"))]
    assert said == [
        "",
        "Service Status Since Latency What we see",
        "─" * 158,
        "EXT5 ▲ yellow 14:02:00 disturbance",
        "Dispensing (EXPO) ■ red 14:02:00 200 ms not available",
        "api ■ red 14:02:00 200 ms The answer had the wrong status code (HTTP 503, expected 2xx)",
        "port ● green 14:02:00 41 ms",
        "Medication list [NLL] ● green 14:02:00 41 ms in full operation",
        "api ● green 14:02:00 41 ms",
        "",
        "EXT6 ○ unknown 14:02:00 unknown",
        "Dispensing (EXPO) ○ unknown 14:02:00 – unknown",
        "api ○ unknown 14:02:00 – No measurement yet",
        "",
    ]


def test_swedish_is_swedish(snapshot: Snapshot) -> None:
    """Heads, colours, reasons, and the time with full stops."""
    text = "\n".join(lines(status_table(snapshot, "sv")))
    for word in ("Tjänst", "Sedan", "Svarstid", "▲ gul", "■ röd", "● grön", "○ okänd", "14.02.00"):
        assert word in text
    assert "Svaret hade fel statuskod (HTTP 503, väntat 2xx)" in text


@pytest.mark.parametrize(("detail", "checks"), [("services", 0), ("trouble", 2), ("checks", 4)])
def test_detail_says_which_checks_have_a_line(snapshot: Snapshot, detail: Any, checks: int) -> None:
    """None, those that are not green, or all."""
    said = lines(status_table(snapshot, "en", detail=detail))
    assert len([line for line in said if line.startswith("     ")]) == checks


def test_messages_are_full_sentences_for_services_in_trouble(snapshot: Snapshot) -> None:
    text = " ".join(" ".join(lines(status_table(snapshot, "en", messages=True))).split())
    assert "where the latest 3 measurements failed" in text
    assert "in full operation" in text


def test_the_latency_column_can_be_left_out(snapshot: Snapshot) -> None:
    text = "\n".join(lines(status_table(snapshot, "en", latency=False)))
    assert "Latency" not in text
    assert "41 ms" not in text


def test_a_reason_from_outside_is_no_markup(snapshot: Snapshot) -> None:
    """Square brackets, escape codes and line breaks of a server change nothing but their cell."""
    check = views.bad(
        Status.RED, Rule.RED_AFTER, detail="[bold red]x[/] [link=http://a]y \x1b[2J\nz"
    )
    shown = views.snapshot(
        Status.RED, views.environment(Status.RED, views.service(Status.RED, check))
    )
    text = "\n".join(lines(status_table(shown, "en")))
    assert "[bold red]x[/] [link=http://a]y" in text
    assert "\x1b" not in text
    assert snapshot is not shown


def test_a_status_of_another_day_shows_its_date(snapshot: Snapshot) -> None:
    tomorrow = replace(snapshot, at=snapshot.at + 86_400)
    assert "2026-11-23 14:02:00" in "\n".join(lines(status_table(tomorrow, "en")))


def test_planned_trouble_says_so() -> None:
    service = views.service(
        Status.RED, views.bad(Status.RED, Rule.RED_AFTER), planned=True, declared=Status.RED
    )
    shown = views.snapshot(Status.RED, views.environment(Status.RED, service))
    assert "not available (planned)" in "\n".join(lines(status_table(shown, "en")))


@pytest.mark.parametrize("width", [20, 40, 80, 120, 200])
def test_every_width_fits(snapshot: Snapshot, width: int) -> None:
    """No line is wider than the terminal."""
    shown = lines(status_table(snapshot, "sv", messages=True), width)
    assert max(map(len, shown)) <= width


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_document_gives_the_same_table(
    snapshot: Snapshot, document: dict[str, Any], language: str
) -> None:
    """But for the evidence of a check's reason, which the status file has in its messages."""
    here = [
        line.replace(f" (HTTP 503, {'väntat' if language == 'sv' else 'expected'} 2xx)", "")
        for line in lines(status_table(snapshot, language))
    ]
    there = lines(status_table_from_json(document, language, messages=False))
    assert there[: len(here) - 1] == here[:-1]


def test_a_stale_document_shows_no_colour(snapshot: Snapshot, document: dict[str, Any]) -> None:
    """Unknown is never shown as green: what is old is the last that was known."""
    late = snapshot.at + 3600
    text = "\n".join(lines(status_table_from_json(document, "en", now=late)))
    assert "● green" not in text
    assert "■ red" not in text
    assert "last known: in full operation" in text
    assert "out of date" in text
    assert document_status(document, late) is Status.UNKNOWN


def test_a_fresh_document_says_of_when_it_is(snapshot: Snapshot, document: dict[str, Any]) -> None:
    text = "\n".join(lines(status_table_from_json(document, "sv", now=snapshot.at + 1)))
    assert "Läget 14.12.00" in text
    assert document_status(document, snapshot.at + 1) is Status.YELLOW


def test_a_reason_of_a_newer_monitor_is_shown_as_it_is(document: dict[str, Any]) -> None:
    document["environments"][0]["services"][0]["checks"][0]["reason"] = "quantum"
    assert "quantum" in "\n".join(lines(status_table_from_json(document, "en")))


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"generated_at": 5},
        {"generated_at": "yesterday"},
        {"generated_at": "2026-11-23T13:02:11.120Z"},
        {"generated_at": "2026-11-23T13:02:11.120Z", "environments": 5},
        {"generated_at": "2026-11-23T13:02:11.120Z", "environments": [5]},
        {"generated_at": "2026-11-23T13:02:11.120Z", "environments": [{"name": "x"}]},
    ],
)
def test_what_is_no_status_document_is_refused(broken: dict[str, Any]) -> None:
    """With one exception and a text, whatever is wrong with it."""
    with pytest.raises(NotAStatusDocumentError, match="not a status document of this version"):
        status_table_from_json(broken, "en")


def test_a_colour_is_never_alone(snapshot: Snapshot) -> None:
    """With colours off, shape and word still tell the statuses apart."""
    console = Console(width=120, color_system=None)
    with console.capture() as captured:
        console.print(status_table(snapshot, "en"))
    text = captured.get()
    assert {"●", "▲", "■", "○"} <= set(text)


def test_a_check_that_answers_again_says_so() -> None:
    """While yellow only waits for more good measurements, its old reason is called old."""
    check = views.bad(Status.YELLOW, Rule.WINDOW, last_grade=Grade.GOOD)
    shown = views.snapshot(
        Status.YELLOW, views.environment(Status.YELLOW, views.service(Status.YELLOW, check))
    )
    text = "\n".join(lines(status_table(shown, "en")))
    assert "Answers well again. Before that: the answer had the wrong status code" in text


async def test_without_checks_a_service_says_its_reason_itself(
    snapshot: Snapshot, document: dict[str, Any]
) -> None:
    """From a snapshot and from a document."""
    for table in (
        status_table(snapshot, "en", detail="services"),
        status_table_from_json(document, "en", detail="services", messages=False),
    ):
        assert "not available: the answer had the wrong status code" in "\n".join(lines(table))
