"""Pure: what is under way, what comes and what is over, at an instant."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from monitor.model.estate import Estate
from monitor.model.status import Status
from monitor.plan.by_hand import Acknowledgement, Silence
from monitor.plan.notices import Notice, NoticeView, notices_of
from monitor.plan.recurrence import Occurrence, occurrences
from monitor.plan.upgrades import Upgrade, UpgradeView, retired_checks, upgrades_of, view
from monitor.plan.windows import Window, windows_of

Planned = Window | Notice | Acknowledgement | Silence
"""What the configuration need not hold itself: of calendars, and by hand."""
DAY = 86_400.0
BEHIND = 90 * DAY
"""Seconds for which past windows are remembered."""
AHEAD = 400 * DAY
"""Seconds that are looked ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is planned and announced at one instant."""

    windows: tuple[Occurrence, ...]
    """Under way."""
    notices: tuple[Notice, ...]
    """Active, and saying worse than green."""
    retired: Mapping[str, Upgrade]
    """By their ids the checks that must fail, with the package they belong to."""

    def declared(self, environment: str, service: str) -> Occurrence | None:
        """The active window that declares the worst for a service; of equals the one that ends
        last. ``None`` when none covers it.
        """
        return max(
            (one for one in self.windows if one.window.covers(environment, service)),
            key=lambda one: (one.window.impact.declares.severity, one.end),
            default=None,
        )

    def noticed(self, environment: str, service: str) -> Notice | None:
        """The active notice that says the worst of a service; of equals the one that began last.
        ``None`` when none says worse than green.
        """
        return max(
            (one for one in self.notices if one.covers(environment, service)),
            key=lambda one: (one.says.severity, one.begins or -math.inf),
            default=None,
        )

    def package(self, check: str) -> str:
        """The retired package that a check belongs to; empty when there is none."""
        upgrade = self.retired.get(check)
        return upgrade.package if upgrade is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """The times of all windows within a horizon around the instant that it was made at, and what
    else is planned or announced.
    """

    made_at: float
    occurrences: tuple[Occurrence, ...]
    """By their starts."""
    upgrades: tuple[Upgrade, ...] = ()
    notices: tuple[Notice, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()
    silences: tuple[Silence, ...] = ()

    def acknowledged(self, at: float, environment: str, service: str) -> bool:
        """Whether somebody is known to be at it."""
        return any(
            one.active(at) and one.covers(environment, service) for one in self.acknowledgements
        )

    def silenced(self, at: float, environment: str, service: str) -> bool:
        """Whether nobody is to be told of it."""
        return any(one.active(at) and one.covers(environment, service) for one in self.silences)

    def active(self, at: float) -> tuple[Occurrence, ...]:
        """What is under way."""
        return tuple(one for one in self.occurrences if one.active(at))

    def upcoming(self, at: float, within: float = AHEAD) -> tuple[Occurrence, ...]:
        """What begins after ``at``, the next first; cancelled ones too."""
        return tuple(one for one in self.occurrences if at < one.start <= at + within)

    def past(self, at: float, within: float = BEHIND) -> tuple[Occurrence, ...]:
        """What has ended, the newest first."""
        found = [one for one in self.occurrences if at - within <= one.end <= at]
        return tuple(sorted(found, key=lambda one: -one.end))

    def sheet(self, at: float) -> Sheet:
        """What holds at ``at``, found once for all services."""
        return Sheet(
            windows=self.active(at),
            notices=tuple(
                one for one in self.notices if one.says is not Status.GREEN and one.active(at)
            ),
            retired=self.retired(at),
        )

    def file_delay(self, at: float, environment: str, service: str) -> float:
        """Seconds that an export file of a service may be older at ``at``: the most that a window
        or a notice allows, from its start until so long after its end.
        """
        windows = (
            one.window.delays_files
            for one in self.occurrences
            if one.window.delays_files
            and not one.window.cancelled
            and one.start <= at <= one.end + one.window.delays_files
            and one.window.covers(environment, service)
        )
        notices = (
            one.delays_files
            for one in self.notices
            if one.delays_files
            and (one.begins is None or one.begins <= at)
            and (one.ends is None or at <= one.ends + one.delays_files)
            and one.covers(environment, service)
        )
        return max(max(windows, default=0.0), max(notices, default=0.0))

    def retired(self, at: float) -> dict[str, Upgrade]:
        """By their ids the checks that must fail at ``at``, with the package they belong to."""
        return retired_checks(self.upgrades, at)

    def upgrades_at(self, at: float, answers: Callable[[str], bool]) -> tuple[UpgradeView, ...]:
        """All version packages; ``answers`` tells of a check's id whether it answers."""
        return tuple(view(one, at, answers) for one in self.upgrades)

    def notices_at(self, at: float) -> tuple[NoticeView, ...]:
        """The active notices, those that say the worst first, then the newest."""
        found = [one for one in self.notices if one.active(at)]
        found.sort(key=lambda one: (-one.says.severity, -(one.begins or 0.0)))
        return tuple(NoticeView(notice=one, changed_at=one.updated) for one in found)

    def announced(self, at: float, environment: str, service: str) -> str | None:
        """The id of a window that announces, for this service and instant, that certificates
        change; ``None`` when none does. Its start and its end belong to it.
        """
        for one in self.occurrences:
            window = one.window
            if (
                window.changes_certificates
                and not window.cancelled
                and one.start <= at <= one.end
                and window.covers(environment, service)
            ):
                return window.id
        return None

    def next_change(self, at: float) -> float:
        """The next instant after ``at`` at which a window or a notice begins or ends or a version
        package is retired, or at which the agenda must be made anew.
        """
        edges = (edge for edge in self._edges() if edge is not None and edge > at)
        return min(min(edges, default=math.inf), self.made_at + DAY)

    def last_change(self, after: float, at: float) -> float:
        """The newest such instant after ``after`` and not after ``at``; ``at`` when there is none:
        the clock was set back.
        """
        edges = (edge for edge in self._edges() if edge is not None and after < edge <= at)
        return max(edges, default=at)

    def _edges(self) -> Iterator[float | None]:
        for one in self.occurrences:
            yield one.start
            yield one.end
        for notice in self.notices:
            yield notice.begins
            yield notice.ends
        for upgrade in self.upgrades:
            if upgrade.absent:
                yield upgrade.retires_at

    def good_for(self, at: float) -> bool:
        """Whether its horizon is still the right one; the clock may have been set back."""
        return self.made_at <= at < self.made_at + DAY


EMPTY = Agenda(made_at=0.0, occurrences=())
"""Nothing is planned."""


def agenda(windows: Iterable[Window], at: float) -> Agenda:
    """The agenda of ``windows`` around ``at``."""
    found = [one for window in windows for one in occurrences(window, at - BEHIND, at + AHEAD)]
    return Agenda(made_at=at, occurrences=tuple(sorted(found, key=lambda one: one.start)))


def agenda_of(estate: Estate, at: float, more: Iterable[Planned] = ()) -> Agenda:
    """The agenda of the configuration around ``at``, with what ``more`` is planned. Of two windows, or
    notices, of one id the configured one counts, then the first.
    """
    more = tuple(more)
    found = [*windows_of(estate), *(one for one in more if isinstance(one, Window))]
    windows = {one.id: one for one in reversed(found)}
    notices = list(notices_of(estate))
    known = {one.id for one in notices}
    notices += [one for one in more if isinstance(one, Notice) and one.id not in known]
    made = agenda(reversed(windows.values()), at)
    return replace(
        made,
        upgrades=upgrades_of(estate),
        notices=tuple(notices),
        acknowledgements=tuple(one for one in more if isinstance(one, Acknowledgement)),
        silences=tuple(one for one in more if isinstance(one, Silence)),
    )
