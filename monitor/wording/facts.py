"""A service that is not green, on one line: since when, what was seen, how many times."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.judging.snapshot import ServiceView
from monitor.model.text import Text
from monitor.wording.checks import short_reason
from monitor.wording.times import instant
from monitor.wording.wholes import deciding

_SV = ("mån", "tis", "ons", "tors", "fre", "lör", "sön")
_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEK = 7 * 86_400.0


def service_facts(view: ServiceView, now: float, zone: ZoneInfo) -> Text:
    """``sedan 21.55 · HTTP 503 · 3 av 3``. Without a check in trouble: since when, alone."""
    since = short_instant(view.since, now, zone)
    sv, en = [f"sedan {since.sv}"], [f"since {since.en}"]
    check = deciding(view)
    if check is not None:
        reason = short_reason(check)
        if reason is not None:
            sv.append(reason.sv)
            en.append(reason.en)
        if check.why.failed:
            sv.append(f"{check.why.failed} av {check.why.of}")
            en.append(f"{check.why.failed} of {check.why.of}")
    return Text(sv=" · ".join(sv), en=" · ".join(en))


def short_instant(at: float, now: float, zone: ZoneInfo) -> Text:
    """``21.55`` today, ``mån 21.55`` within a week, else the whole instant."""
    if abs(now - at) >= _WEEK:
        return instant(at, zone)
    local = datetime.fromtimestamp(at, zone)
    sv, en = f"{local:%H.%M}", f"{local:%H:%M}"
    if local.date() == datetime.fromtimestamp(now, zone).date():
        return Text(sv=sv, en=en)
    return Text(sv=f"{_SV[local.weekday()]} {sv}", en=f"{_EN[local.weekday()]} {en}")
