"""``driftvakt history``: transitions, from the history or from a daemon, as incidents."""

from __future__ import annotations

import re
import time
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.history_source import (
    DaemonOption,
    HistoryConfigOption,
    HistoryFolderOption,
    HistoryUnreadableError,
    OwnLanguageOption,
    history_location,
    require_language,
    require_one_source,
    unconfigured_location,
)
from monitor.cli.options import (
    EnvironmentOption,
    JsonOption,
    ServiceOption,
    fail,
    print_json,
    show,
    warn,
)

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def history(
    *,
    environment: EnvironmentOption = None,
    service: ServiceOption = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="From then on: 7d, 03:12, 2026-11-29T03:12.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="WHEN", help="Until then.")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="WHEN", help="What was so at that instant.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Incidents at most.")] = 20,
    config: HistoryConfigOption = None,
    data_dir: HistoryFolderOption = None,
    url: DaemonOption = None,
    as_json: JsonOption = False,
    language: OwnLanguageOption = None,
) -> None:
    """Show what was wrong, when and why: transitions as incidents, the newest first.

    Exit 0, 1 when the history cannot be read, 2 usage.
    """
    from monitor.cli.transitions import fetched_transitions, incidents_json, stored_transitions
    from monitor.console.history import IncidentForm, incident_list
    from monitor.judging.incidents import incidents

    require_language(language)
    if at is not None and (since is not None or until is not None):
        fail("--at cannot be used together with --since or --until")
    if environment is not None and service is not None:
        fail("--env and --service cannot be used together: a service has its environment's name")
    if service is not None and not re.fullmatch(r"[^/]+/[^/]+", service):
        fail(f"--service: write ENV/SERVICE, not {service}")
    require_one_source(url, config, data_dir)
    location = (
        history_location(config, data_dir)
        if url is None
        else unconfigured_location(Path("data"), "en")
    )
    now = time.time()
    try:
        instants = {
            name: typed_instant(text, now, location.zone, end=name == "until")
            for name, text in (("since", since), ("until", until), ("at", at))
            if text is not None
        }
        instant = instants.get("at")
        begin, end = instants.get("since", 0.0), instants.get("until", now)
        entries = (
            stored_transitions(location, environment, service, end)
            if url is None
            else fetched_transitions(url, environment, service, end)
        )
    except ValueError as error:
        fail(str(error))
    except HistoryUnreadableError as error:
        fail(str(error), 1)
    if instant is not None:
        begin = instant
    found = [one for one in incidents(entries) if one.touches(begin, end)]
    if instant is not None:
        # what came later must not take the places of what was so then
        found = [one for one in found if one.holds(instant)]
        if not entries or entries[0].at > instant:
            warn(["the history begins later: nothing is known of that instant"])
    found = found[:limit]
    if as_json:
        print_json(incidents_json(found))
    else:
        form = IncidentForm(language=language or location.language, zone=location.zone, now=now)
        show(incident_list(found, form))


def typed_instant(text: str, now: float, zone: ZoneInfo, *, end: bool = False) -> float:
    """Parse an instant as somebody types it: ``7d`` ago, ``03:12`` (the last time it was so late), a
    date, or a date and a time of day (``2026-11-29T03:12``). The day of a date is whole: ``end`` gives
    its end. Instants are seconds since the epoch.

    Raises ``ValueError``, with a sentence.
    """
    from probes.observation import clean
    from probes.settings import parse_duration

    written = text.strip()
    try:
        if clock := re.fullmatch(r"([0-9]{1,2})[:.]([0-9]{2})(?:[:.]([0-9]{2}))?", written):
            at = time_of_day(int(clock[1]), int(clock[2]), int(clock[3] or 0))
            return _last_time(at, now, zone)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", written):
            day = date.fromisoformat(written) + timedelta(days=1 if end else 0)
            return datetime.combine(day, time_of_day(), zone).timestamp()
        if "-" in written:
            moment = datetime.fromisoformat(written)
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
        return max(0.0, now - parse_duration(written))
    except (ValueError, OverflowError):
        raise ValueError(
            f"{clean(text)} is no instant: write 7d, 03:12, 2026-11-29 or 2026-11-29T03:12"
        ) from None


def _last_time(clock: time_of_day, now: float, zone: ZoneInfo) -> float:
    today = datetime.fromtimestamp(now, zone).date()
    at = datetime.combine(today, clock, zone).timestamp()
    if at <= now:
        return at
    return datetime.combine(today - timedelta(days=1), clock, zone).timestamp()
