"""The lines around a status in any form: how old it is, what is wrong with the configuration, plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from zoneinfo import ZoneInfo

from rich.text import Text as RichText

from monitor.console.document_rows import BROKEN, NotAStatusDocumentError, instant_in, is_stale
from monitor.console.plans import coloured, lines_in
from monitor.console.style import clock_time
from monitor.model.text import Text
from probes.observation import clean

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_STALE = Text(
    sv="Uppgifterna är för gamla: övervakningen har inte skrivit något sedan {at}.",
    en="This is out of date: the monitor has written nothing since {at}.",
)
_AS_OF = Text(sv="Läget {at}", en="As of {at}")
_OLD = Text(
    sv="Inställningarna på disken är felaktiga, och de tidigare gäller:",
    en="The configuration on the disk is faulty, and the earlier one applies:",
)
_FAULT = 1_000
"""Characters of what is wrong with a configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The lines around a decoded status.json."""

    language: str
    zone: ZoneInfo
    now: float
    """Seconds since the epoch: where it is read, or when it was made."""
    stale: bool
    fault: RichText | None
    below: Sequence[RichText]
    """Notices and plans, and the instant that the document is of."""

    @classmethod
    def of(
        cls, document: Mapping[str, Any], language: str, *, now: float | None, zone: ZoneInfo
    ) -> Self:
        """Read a document's. Raises :class:`~monitor.console.document_rows.NotAStatusDocumentError`."""
        try:
            made = instant_in(document["generated_at"]) or 0.0
        except BROKEN as error:
            raise NotAStatusDocumentError(error) from None
        today = made if now is None else now
        stale = now is not None and is_stale(document, now)
        at = clock_time(made, today, zone, language)
        as_of = RichText(
            (_STALE if stale else _AS_OF).pick(language).format(at=at),
            style="bold red" if stale else "",
        )
        fault = document.get("configuration_error")
        return cls(
            language=language,
            zone=zone,
            now=today,
            stale=stale,
            fault=fault_line(fault if isinstance(fault, str) else "", language),
            below=(*coloured(lines_in(document), language), as_of),
        )


def fault_line(error: str, language: str) -> RichText | None:
    """Render what is wrong with the configuration on the disk; ``None`` when nothing is."""
    if not error:
        return None
    line = f"{_OLD.pick(language)} {clean(error, _FAULT)}"
    return RichText(line, style="bold red", justify="left")
