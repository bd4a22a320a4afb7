"""Pure: notices (driftmeddelanden) as feeds and status-page clients tell them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.estate import Estate, Text
from monitor.judge import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A message that a person has written. Instants are seconds since the epoch."""

    id: str
    title: Text | None
    message: Text
    status: Status | None
    begins: float | None
    ends: float | None
    environments: frozenset[str]
    services: frozenset[str]

    def begun(self, at: float) -> bool:
        """Whether it may be told; one with a time of its own not before."""
        return self.begins is None or self.begins <= at

    def active(self, at: float) -> bool:
        return self.begun(at) and (self.ends is None or at < self.ends)


def announcements_of(estate: Estate) -> tuple[Announcement, ...]:
    """The configured notices. Times without an offset are local to the estate's time zone."""
    return tuple(
        Announcement(
            id=one.id,
            title=_text(one.title) if one.title is not None else None,
            message=_text(one.message),
            status=Status(one.status) if one.status is not None else None,
            begins=_instant(one.from_, estate.timezone),
            ends=_instant(one.until, estate.timezone),
            environments=frozenset(one.environments or ()),
            services=frozenset(one.services or ()),
        )
        for one in estate.later.get("notices", ())
    )


def _instant(written: datetime | None, zone: ZoneInfo) -> float | None:
    if written is None:
        return None
    return (written if written.tzinfo else written.replace(tzinfo=zone)).timestamp()


def _text(given: object) -> Text:
    """A text of the settings; a language that is left out is read in the other."""
    sv, en = getattr(given, "sv", None), getattr(given, "en", None)
    return Text(sv=sv or en or "", en=en or sv or "")
