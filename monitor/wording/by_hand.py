"""Pure: who wrote something by hand, why, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.model.text import Text
from monitor.wording.times import instant

if TYPE_CHECKING:
    from monitor.plan import Acknowledgement, Silence


def by_hand_message(one: Acknowledgement | Silence, zone: ZoneInfo, *, silenced: bool) -> Text:
    """One line for the page; instants are seconds since the epoch."""
    since = instant(one.written_at, zone)
    until = Text(sv="tills tjänsten är grön", en="until the service is green")
    if one.ends is not None:
        ends = instant(one.ends, zone)
        until = Text(sv=f"till {ends.sv}", en=f"until {ends.en}")
    sv = "Tystat" if silenced else "Kvitterat"
    en = "Silenced" if silenced else "Acknowledged"
    return Text(
        sv=f"{sv} av {one.author} sedan {since.sv}, {until.sv}.",
        en=f"{en} by {one.author} since {since.en}, {until.en}.",
    )


def by_hand_mark(author: str, *, silenced: bool) -> Text:
    """A few words beside a service."""
    if silenced:
        return Text(sv=f"tystat av {author}", en=f"silenced by {author}")
    return Text(sv=f"kvitterat av {author}", en=f"acknowledged by {author}")
