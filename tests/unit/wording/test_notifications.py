"""Headings, floods, reminders and the test message, in both languages."""

from __future__ import annotations

from monitor.model.status import Status
from monitor.model.text import Text
from monitor.wording.notifications import (
    flood,
    flood_heading,
    message_heading,
    no_longer_watched,
    reminder,
    trial,
)
from probes.observation import Reason
from tests.support.views import EXPO

EXT5 = Text(sv="EXT5", en="EXT5")
SINCE = Text(sv="måndag kl. 14.02", en="Monday at 14:02")


def test_a_heading_says_colour_service_and_environment() -> None:
    """On one line, whatever a title holds; planned and reminders say so."""
    assert message_heading(Status.RED, EXPO, EXT5) == Text(
        sv="RÖD: Receptexpedition (EXPO), EXT5: inte tillgänglig",
        en="RED: Dispensing (EXPO), EXT5: not available",
    )
    said = message_heading(
        Status.YELLOW, Text(sv="A\nB", en="A\r\nB"), EXT5, planned=True, reminds=True
    )
    assert said == Text(
        sv="Påminnelse: GUL: A B, EXT5: störning (planerat)",
        en="Reminder: YELLOW: A B, EXT5: disturbance (planned)",
    )


def test_a_flood_names_environment_number_services_and_reasons() -> None:
    """The first twenty by name, reasons by how many have them."""
    names = [Text(sv=f"T{n}", en=f"S{n}") for n in range(22)]
    statuses = {Status.YELLOW: 2, Status.RED: 20}
    reasons = {Reason.DNS: 1, Reason.CONNECT_REFUSED: 21}
    assert flood_heading(EXT5, statuses, reminds=False) == Text(
        sv="EXT5: 22 tjänster, 20 röda och 2 gula", en="EXT5: 22 services, 20 red and 2 yellow"
    )
    said = flood(EXT5, statuses, names, reasons, SINCE)
    first = "I testmiljön EXT5 har 22 tjänster ändrat status sedan måndag kl. 14.02:"
    assert said.sv.split("\n\n") == [
        f"{first} 20 röda och 2 gula.",
        f"Tjänster: {', '.join(f'T{n}' for n in range(20))} och 2 till.",
        "Orsaker: anslutningen nekades (21), namnuppslagningen misslyckades (1).",
    ]
    assert said.en.split("\n\n")[1:] == [
        f"Services: {', '.join(f'S{n}' for n in range(20))} and 2 more.",
        "Reasons: the connection was refused (21), name resolution failed (1).",
    ]


def test_a_flood_counts_what_is_planned_apart() -> None:
    """Of those in trouble, how many a service window explains: one reads as one."""
    statuses = {Status.RED: 26}
    assert flood_heading(EXT5, statuses, planned=20, reminds=False) == Text(
        sv="EXT5: 26 tjänster, 26 röda, varav 20 planerade",
        en="EXT5: 26 services, 26 red, 20 of them planned",
    )
    said = flood(EXT5, {Status.YELLOW: 2}, [EXPO, EXPO], {}, SINCE, planned=1)
    assert "2 gula, varav 1 planerad." in said.sv
    assert "2 yellow, 1 of them planned." in said.en


def test_an_all_clear_of_many_has_no_reasons() -> None:
    """Green needs none; one is counted as one."""
    said = flood(EXT5, {Status.GREEN: 1}, [EXPO], {}, SINCE)
    assert said.sv == (
        "I testmiljön EXT5 har 1 tjänst ändrat status sedan måndag kl. 14.02: 1 grön."
        "\n\nTjänster: Receptexpedition (EXPO)."
    )


def test_a_reminder_says_how_long_and_repeats_the_alarm() -> None:
    """Whoever missed the alarm can act on the reminder."""
    said = reminder(Text(sv="Den svarar inte.", en="It does not answer."), 4 * 3600)
    assert said == Text(
        sv="Påminnelse: störningen pågår fortfarande, efter 4 timmar. Den svarar inte.",
        en="Reminder: the disturbance goes on, after 4 hours. It does not answer.",
    )


def test_an_alarm_that_nobody_will_clear_is_closed_in_words() -> None:
    """A service that was taken out of the configuration."""
    said = no_longer_watched(EXPO, EXT5)
    assert said.sv.startswith("Tjänsten Receptexpedition (EXPO) i testmiljön EXT5 övervakas inte")


def test_a_trial_cannot_be_taken_for_an_alarm() -> None:
    """It says so in both languages, and names the receiver."""
    head, text = trial("duty")
    assert head.sv.startswith("TEST: ")
    assert "testmeddelande till mottagaren duty. Inget har hänt" in text.sv
    assert "test message to the receiver duty. Nothing has happened" in text.en
