"""Pure: notices (driftmeddelanden), which people write. They can worsen a status, never better it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.model.estate import Estate
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.plan.windows import PlanScope


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(PlanScope):
    """A message with its times and its scope. Instants are seconds since the epoch."""

    id: str
    message: Text
    title: Text | None = None
    status: Status | None = None
    """What it says of the services that it concerns; ``None`` and green say nothing."""
    begins: float | None = None
    """``None``: it counts from when it was written."""
    ends: float | None = None
    delays_files: float = 0.0
    """Seconds that an export file may be older, from the beginning until as long after the end."""
    author: str = ""
    """Who wrote it by hand; empty for one that was not."""
    updated: float | None = None
    """When its author last changed it, where that was written."""

    def begun(self, at: float) -> bool:
        """Whether it may be published; one with a time of its own not before."""
        return self.begins is None or self.begins <= at

    def active(self, at: float) -> bool:
        """The end is not in it."""
        return self.begun(at) and (self.ends is None or at < self.ends)

    @property
    def says(self) -> Status:
        return self.status if self.status is not None else Status.GREEN


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    """A notice that is to be shown."""

    notice: Notice
    changed_at: float | None
    """When it was last changed: as its author says, or else as the monitor has seen it."""


def notices_of(estate: Estate) -> tuple[Notice, ...]:
    """The configured notices. Times without an offset are local to the estate's time zone."""
    zone = estate.timezone
    return tuple(
        Notice(
            id=one.id,
            title=one.title.text() if one.title is not None else None,
            message=one.message.text(),
            status=Status(one.status) if one.status is not None else None,
            begins=_instant(one.from_, zone),
            ends=_instant(one.until, zone),
            environments=frozenset(one.environments or ()),
            services=frozenset(one.services or ()),
            delays_files=one.delays_files or 0.0,
            updated=_instant(one.updated, zone),
        )
        for one in estate.later.get("notices", ())
    )


def _instant(written: datetime | None, zone: ZoneInfo) -> float | None:
    if written is None:
        return None
    return (written if written.tzinfo else written.replace(tzinfo=zone)).timestamp()
