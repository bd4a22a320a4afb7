"""A snapshot with windows and notices, and transitions, to make feeds and calendars of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitor.judging.snapshot import Snapshot
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.plan import Notice, Window
from monitor.plan.agenda import agenda
from tests.support.factories import NOW, make_red_view, make_snapshot, make_text

STOCKHOLM = ZoneInfo("Europe/Stockholm")
HOSTILE = "A & B <script>\"'\x00\x1b\ud800 å]]>"


def make_window(hours: float = 24, **changes: Any) -> Window:
    """Two hours of outage, ``hours`` after :data:`NOW`."""
    starts = datetime.fromtimestamp(int(NOW), STOCKHOLM).replace(tzinfo=None)
    starts += timedelta(hours=hours)
    values: dict[str, Any] = {
        "id": "w1",
        "title": make_text("Certifikatbyte", "Certificate replacement"),
        "starts": starts,
        "ends": starts + timedelta(hours=2),
        "zone": STOCKHOLM,
    }
    return replace(Window(**values), **changes)


def make_notice(**changes: Any) -> Notice:
    """For all, yellow, since an hour before :data:`NOW`."""
    values: dict[str, Any] = {
        "id": "n1",
        "message": make_text("Vi byter nät.", "We change networks."),
        "status": Status.YELLOW,
        "begins": int(NOW) - 3600.0,
    }
    return Notice(**{**values, **changes})


def make_planned(
    windows: Iterable[Window] = (), notices: Sequence[Notice] = (), at: float = NOW
) -> Snapshot:
    """One red service, and these plans."""
    snapshot = make_snapshot(make_red_view(), at=at)
    planned = replace(agenda(windows, at), notices=tuple(notices))
    return replace(snapshot, agenda=planned, notices=planned.notices_at(at))


def hostile(snapshot: Snapshot) -> Snapshot:
    """Titles that no document can hold as they are."""
    bad = Text(sv=HOSTILE, en=HOSTILE)
    environments = tuple(
        replace(
            view,
            environment=replace(view.environment, title=bad),
            services=tuple(
                replace(one, service=replace(one.service, title=bad)) for one in view.services
            ),
        )
        for view in snapshot.environments
    )
    return replace(snapshot, environments=environments, status=Status.RED)
