"""A snapshot with windows and notices, and transitions, to make feeds and calendars of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from monitor.estate import Text
from monitor.judge import Status
from monitor.plan import Window
from monitor.plan.agenda import agenda
from monitor.snapshot import Snapshot
from tests.factories import NOW, make_red_view, make_snapshot, make_text

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


def make_notice(**changes: Any) -> SimpleNamespace:
    """As the settings have it."""
    values: dict[str, Any] = {
        "id": "n1",
        "title": None,
        "message": make_text("Vi byter nät.", "We change networks."),
        "status": "yellow",
        "from_": datetime.fromtimestamp(int(NOW) - 3600, UTC),
        "until": None,
        "environments": None,
        "services": None,
    }
    return SimpleNamespace(**{**values, **changes})


def make_planned(
    windows: Iterable[Window] = (), notices: Sequence[SimpleNamespace] = (), at: float = NOW
) -> Snapshot:
    """One red service, and these plans."""
    snapshot = make_snapshot(make_red_view(), at=at)
    estate = replace(snapshot.estate, later={"notices": list(notices)})
    return replace(snapshot, estate=estate, agenda=agenda(windows, at))


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
