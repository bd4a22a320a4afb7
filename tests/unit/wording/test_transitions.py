"""What changed, and the all-clear."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.model.status import Rule, Status
from monitor.model.text import Text
from monitor.wording import environment_message, service_message, transition_message
from probes.observation import Cause, Reason
from tests.support.views import (
    SINCE,
    STOCKHOLM,
    bad,
    environment,
    green,
    service,
    snapshot,
    transition,
)

SINCE_SV, SINCE_EN = "sedan 14.02.", "since 14:02."
EXT5 = Text(sv="EXT5", en="EXT5")

WELL = snapshot(Status.GREEN, environment(Status.GREEN, service(Status.GREEN, green())))
RED_SERVICE = service(Status.RED, bad(Status.RED, Rule.RED_AFTER))
DOWN = snapshot(Status.RED, environment(Status.RED, RED_SERVICE))


def test_the_all_clear() -> None:
    """The disturbance is resolved, and since when it is well again."""
    assert transition_message(transition(Status.RED, Status.GREEN), WELL) == Text(
        sv="Störningen är åtgärdad: tjänsten Receptexpedition (EXPO) i EXT5 är i full drift"
        f" {SINCE_SV}",
        en="The disturbance is resolved: the service Dispensing (EXPO) in EXT5 has been in full"
        f" operation {SINCE_EN}",
    )


def test_the_all_clear_says_how_long_it_lasted() -> None:
    """From the first bad observation to the first good one."""
    change = replace(transition(Status.YELLOW, Status.GREEN), began=SINCE - 4800)
    message = transition_message(change, WELL)
    assert message.sv.endswith(f"{SINCE_SV} Störningen varade i 1 timme och 20 minuter.")
    assert message.en.endswith(f"{SINCE_EN} It lasted 1 hour and 20 minutes.")


@pytest.mark.parametrize("began", [SINCE, SINCE + 5])
def test_an_impossible_length_is_left_out(began: float) -> None:
    """A disturbance that ended before it began has no length worth telling."""
    change = replace(transition(Status.RED, Status.GREEN), began=began)
    message = transition_message(change, WELL)
    assert message.sv.endswith(SINCE_SV)


def test_the_all_clear_of_an_environment() -> None:
    """The same of an environment's own transition."""
    change = transition(Status.RED, Status.GREEN, service=None)
    assert transition_message(change, WELL).sv == (
        f"Störningen är åtgärdad: testmiljön EXT5 är i full drift {SINCE_SV}"
    )


def test_green_after_unknown_is_no_all_clear() -> None:
    """Nothing was resolved: we only know now."""
    assert transition_message(transition(Status.UNKNOWN, Status.GREEN), WELL) == Text(
        sv=f"Tjänsten Receptexpedition (EXPO) i EXT5 är i full drift {SINCE_SV}"
        " Innan dess var läget okänt.",
        en=f"The service Dispensing (EXPO) in EXT5 has been in full operation {SINCE_EN}"
        " Before that its state was unknown.",
    )


@pytest.mark.parametrize(
    ("before", "sv", "en"),
    [
        (
            Status.GREEN,
            "Innan dess var den i full drift.",
            "Before that it was in full operation.",
        ),
        (Status.YELLOW, "Innan dess hade den störningar.", "Before that it had disturbances."),
        (Status.UNKNOWN, "Innan dess var läget okänt.", "Before that its state was unknown."),
    ],
)
def test_worse_is_the_services_message_and_what_it_was_before(
    before: Status, sv: str, en: str
) -> None:
    """All the evidence, then what it was before."""
    message = transition_message(transition(before, Status.RED), DOWN)
    told = service_message(RED_SERVICE, STOCKHOLM, EXT5, now=SINCE + 10)
    assert message == Text(sv=f"{told.sv} {sv}", en=f"{told.en} {en}")


def test_an_environments_transition() -> None:
    """The environment's message."""
    message = transition_message(transition(Status.GREEN, Status.RED, service=None), DOWN)
    assert message.sv.startswith(environment_message(DOWN.environments[0], STOCKHOLM, now=SINCE).sv)


def test_better_but_not_well() -> None:
    """From red to yellow the reader is told that it was worse."""
    change = transition(Status.RED, Status.YELLOW)
    assert transition_message(change, WELL) == Text(
        sv="Det finns indikationer på störningar i tjänsten Receptexpedition (EXPO) i EXT5"
        f" {SINCE_SV} Innan dess var den inte tillgänglig.",
        en="There have been indications of disturbance in the service Dispensing (EXPO) in EXT5"
        f" {SINCE_EN} Before that it was not available.",
    )


def test_when_the_snapshot_has_moved_on() -> None:
    """The transition's own reason and cause are told."""
    change = transition(
        Status.GREEN, Status.RED, check="name", reason=Reason.DNS, cause=Cause.NETWORK
    )
    assert transition_message(change, WELL) == Text(
        sv=f"Tjänsten Receptexpedition (EXPO) i EXT5 har inte varit tillgänglig {SINCE_SV} Enligt"
        " kontrollen name är orsaken att namnuppslagningen misslyckades. Felet ligger i nätet på"
        " vägen till tjänsten. Innan dess var den i full drift.",
        en=f"The service Dispensing (EXPO) in EXT5 has not been available {SINCE_EN} According to"
        " the name check, the cause is that name resolution failed. The fault lies in the network"
        " on the way to the service. Before that it was in full operation.",
    )


def test_what_is_no_longer_configured_goes_by_its_name() -> None:
    """A service that a reload has taken away."""
    change = transition(Status.GREEN, Status.UNKNOWN, environment="ext9", service="ext9/arko")
    assert transition_message(change, WELL).sv == (
        f"Läget för tjänsten arko i ext9 är okänt {SINCE_SV} Innan dess var den i full drift."
    )
