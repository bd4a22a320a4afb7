"""The first lines of evidence, in both languages, for a message that cannot hold all of it."""

from __future__ import annotations

from typing import Any

from monitor.evidence import words
from monitor.evidence.text_writer import TextWriter
from monitor.model.text import Text
from monitor.wording import reason_phrase
from monitor.wording.details import detail_text
from probes.observation import Reason, clean

LONGEST = 300
"""Characters of a line."""


def first_lines(document: dict[str, Any] | None) -> Text | None:
    """Reason, detail, address, phases, rule and check, a line each; ``None`` of what has no evidence."""
    if document is None:
        return None
    try:
        sv, en = ("\n".join(_lines(document, language)) for language in ("sv", "en"))
    except (LookupError, TypeError, ValueError, AttributeError):
        return None  # what is told of it is told without
    return Text(sv=sv, en=en) if sv else None


def _lines(document: dict[str, Any], language: str) -> list[str]:
    writer = TextWriter(language, str(document["generator"]["timezone"]))
    change, seen, why = document["transition"], document["observation"], document["why"]
    found: list[tuple[Text, str]] = []
    if change["reason"] is not None:
        found.append((words.REASON, writer.say(reason_phrase(Reason(change["reason"])))))
    if seen is not None:
        if seen["detail"]:
            found.append((words.DETAIL, writer.say(detail_text(seen["detail"]))))
        if seen["address"] is not None:
            found.append((words.CONNECTED, seen["address"]))
        found.append((words.PHASES, writer.phases(seen)))
    if why is not None:
        found.append((words.RULE, writer.say(words.COUNTED).format(**why)))
    if document["check"] is not None:
        found.append((words.CHECK, document["check"]["id"]))
    return [clean(f"{writer.say(label)}: {value}", LONGEST) for label, value in found]
