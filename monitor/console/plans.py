"""Renders the lines below the table: notices, and version packages that have a date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text as RichText

from monitor.console.style import style
from monitor.model.status import Status
from monitor.model.text import Text
from probes.observation import clean

if TYPE_CHECKING:
    from monitor.judging.snapshot import Snapshot

MOST = 10
"""Lines of a kind at most."""

_Line = tuple[Text, Status | None]


def lines_of(snapshot: Snapshot) -> list[_Line]:
    """The lines of a snapshot, each with the status that it speaks of."""
    from monitor.wording import notice_message, upgrade_message

    notices = [(notice_message(one.notice), one.notice.status) for one in snapshot.notices]
    upgrades = [
        (upgrade_message(one), Status.YELLOW if one.answering else None)
        for one in snapshot.upgrades
    ]
    return [*notices[:MOST], *upgrades[:MOST]]


def lines_in(document: Mapping[str, Any]) -> list[_Line]:
    """The lines of a decoded status.json; none when an earlier version wrote it."""
    notices = [_notice(one) for one in _objects(document, "notices")]
    upgrades = [
        (_text(one.get("countdown")), Status.YELLOW if one.get("still_answering") else None)
        for one in _objects(document, "upgrades")
    ]
    found = [*notices[:MOST], *upgrades[:MOST]]
    return [line for line in found if line[0].sv]


def coloured(lines: Sequence[_Line], language: str) -> list[RichText]:
    """Render lines, in the colour of their status where they have one."""
    return [
        RichText(text.pick(language), style=style(status) if status is not None else "")
        for text, status in lines
    ]


def _objects(document: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    found = document.get(key)
    for one in found if isinstance(found, list) else ():
        if isinstance(one, Mapping):
            yield one


def _notice(one: Mapping[str, Any]) -> _Line:
    message, title = _text(one.get("message")), _text(one.get("title"))
    text = Text(
        sv=f"{title.sv}: {message.sv}" if title.sv else message.sv,
        en=f"{title.en}: {message.en}" if title.en else message.en,
    )
    status = one.get("status")
    return text, Status(status) if status in list(Status) else None


def _text(given: object) -> Text:
    if not isinstance(given, Mapping):
        return Text(sv="", en="")
    return Text(sv=clean(str(given.get("sv", ""))), en=clean(str(given.get("en", ""))))
