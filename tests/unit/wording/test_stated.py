"""What an owner states itself, in words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from monitor.model.status import Status
from monitor.model.text import Text
from monitor.model.upstream_status import StatedView
from monitor.wording import stated_message

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def view(status: Status, says: str = "", differs_since: float | None = None) -> StatedView:
    return StatedView(status=status, says=says, at=0.0, differs_since=differs_since, trouble="")


def test_its_own_word_and_ours() -> None:
    """What it says stays as it says it."""
    assert stated_message(view(Status.GREEN, "I drift"), STOCKHOLM) == Text(
        sv="Ägaren uppger själv: I drift (i full drift).",
        en="The owner itself states: I drift (in full operation).",
    )


def test_a_difference_has_an_age() -> None:
    """Since when both have differed."""
    message = stated_message(view(Status.RED, "Stopp", 1_795_446_000.0), STOCKHOLM)
    assert message.sv.endswith(
        "Det skiljer sig från det som mäts sedan måndag 23 november 2026 kl. 16.00."
    )
    assert message.en.endswith(
        "This has differed from what is measured since Monday 23 November 2026 at 16:00."
    )


def test_what_cannot_be_read_is_not_known() -> None:
    """No colour is told then."""
    assert stated_message(view(Status.UNKNOWN, "Oj"), STOCKHOLM) == Text(
        sv="Vad ägaren själv uppger är inte känt just nu.",
        en="What the owner itself states is not known just now.",
    )
