"""What a service's owner states itself, beside what is measured."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from monitor.model.status import Status
from monitor.model.text import Text
from monitor.model.upstream_status import StatedView
from monitor.wording.claims import status_word
from monitor.wording.grammar import one_line
from monitor.wording.times import instant


def stated_message(view: StatedView, zone: ZoneInfo) -> Text:
    """A sentence: what is stated, and since when it has been another than what is measured."""
    if view.status is Status.UNKNOWN:
        return Text(
            sv="Vad ägaren själv uppger är inte känt just nu.",
            en="What the owner itself states is not known just now.",
        )
    word, says = status_word(view.status), one_line(view.says)
    sv = f"Ägaren uppger själv: {says} ({word.sv})."
    en = f"The owner itself states: {says} ({word.en})."
    if view.differs_since is not None:
        since = instant(view.differs_since, zone)
        sv += f" Det skiljer sig från det som mäts sedan {since.sv}."
        en += f" This has differed from what is measured since {since.en}."
    return Text(sv=sv, en=en)
