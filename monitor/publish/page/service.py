"""One service: its checks and why they have their colours, latency, days, and what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from monitor import wording
from monitor.judging.snapshot import CheckView, EnvironmentView, ServiceView, Snapshot
from monitor.model.addresses import service_path
from monitor.model.records import Past
from monitor.model.status import Status
from monitor.model.time_in_status import WINDOWS, AvailabilityReport, TimeInStatus
from monitor.publish.page import plans
from monitor.publish.page.certificates import certificate_card
from monitor.publish.page.charts import bars, latency_text, percentage, plot
from monitor.publish.page.incidents import incident_page
from monitor.publish.page.query import PageQuery
from monitor.publish.page.shared import TEMPLATES, frame, mark, moment, stated, word
from monitor.publish.page.words import WORDS
from monitor.publish.rendering.language import Language

_SERVICE = TEMPLATES.get_template("service.html")


def render_service(
    snapshot: Snapshot,
    id_: str,
    asked: PageQuery,
    report: AvailabilityReport,
    past: Past | None,
) -> str:
    """The page of ``ENV/SERVICE``; without ``past`` it says that the history cannot be read. Of
    values only, so that it may be called in a thread. Raises ``KeyError`` for one not watched.
    """
    environment, view = _find(snapshot, id_)
    language, zone = asked.language, snapshot.estate.timezone
    words = WORDS[language]
    service = view.service
    title = service.title.pick(language)
    where = environment.environment.title.pick(language)
    comma = _comma(language)
    path = service_path(service.id)
    framed = frame(snapshot, asked, path, f"{word(view.status, language)} – {title}, {where}")
    message = wording.service_message(view, zone, environment.environment.title, now=snapshot.at)
    return _SERVICE.render(
        framed,
        home=asked.home(),
        service=title,
        where=where,
        service_status=view.status.value,
        mark=mark(view.status, language),
        planned=view.planned,
        message=message.pick(language),
        stated=stated(snapshot, service.id, language),
        help=service.help.pick(language)
        if service.help is not None and view.status is not Status.GREEN
        else "",
        checks=[_check(one, snapshot, asked, past) for one in view.checks],
        bars=bars(report.days, words, comma),
        ratios=_ratios(report, words, comma),
        incidents=incident_page(
            past.entries if past is not None else (),
            snapshot.at,
            zone,
            language,
            newest=not asked.until,
        ),
        path=path,
        older_link=asked.older,
        away=past is None,
        windows=plans.windows(
            snapshot, asked, lambda scope: scope.covers(environment.environment.name, service.name)
        ),
        told_above=False,
        upgrades=[],
    )


def _find(snapshot: Snapshot, id_: str) -> tuple[EnvironmentView, ServiceView]:
    for environment in snapshot.environments:
        for service in environment.services:
            if service.service.id == id_:
                return environment, service
    raise KeyError(id_)


def _check(
    view: CheckView, snapshot: Snapshot, asked: PageQuery, past: Past | None
) -> dict[str, Any]:
    language, zone = asked.language, snapshot.estate.timezone
    seen = past.seen.get(view.check.id, ()) if past is not None else ()
    comma = _comma(language)
    of_certificate = view.check.kind == "certificate"
    return {
        "name": view.check.name,
        "kind": view.check.kind,
        "measures": wording.measured_by(view.check).pick(language),
        "status": view.status.value,
        "mark": mark(view.status, language),
        "since": moment(view.since, zone, language),
        "finding": wording.check_finding(view, zone, now=snapshot.at).pick(language),
        "why": _why(view, WORDS[language], comma),
        "locations": [_location(place, zone, language) for place in view.locations],
        "last": moment(view.last.at, zone, language) if view.last is not None else "–",
        "of_certificate": of_certificate,
        "certificate": certificate_card(view, snapshot.at, zone, language),
        "plot": None if of_certificate else plot(seen, snapshot.at, zone, comma),
        "latency": [] if of_certificate else _latency(view, comma),
    }


def _location(place: CheckView, zone: ZoneInfo, language: Language) -> dict[str, Any]:
    """The check as one of its locations sees it: a mark, and since when it is so."""
    [location] = place.check.locations
    return {
        "title": wording.place_title(location).pick(language),
        "status": place.status.value,
        "mark": mark(place.status, language),
        "since": moment(place.since, zone, language),
        "last": moment(place.last.at, zone, language) if place.last is not None else "",
    }


def _why(view: CheckView, words: Mapping[str, str], comma: str) -> str:
    """The rule and its numbers as sentences; the numbers only where something failed."""
    why = view.why
    said = words.get(f"rule_{why.rule.value}", why.rule.value).format(
        _threshold(why.threshold, comma)
    )
    return f"{said} {words['newest_failed'].format(why.failed, why.of)}" if why.failed else said


def _latency(view: CheckView, comma: str) -> list[tuple[str, str]]:
    if view.latency is None:
        return []
    names = ("p50", "p95", "p99")
    return [(name, latency_text(getattr(view.latency, name), comma)) for name in names]


def _comma(language: Language) -> str:
    return "," if language == "sv" else "."


def _threshold(value: float, comma: str) -> str:
    """A number of measurements, or a share."""
    return percentage(value, comma) if 0 < value < 1 else f"{value:g}".replace(".", comma)


def _ratios(
    report: AvailabilityReport, words: Mapping[str, str], comma: str
) -> list[dict[str, str]]:
    """Of each window: how available, how without what was planned where that is another number,
    and of how much of the time anything is known.
    """

    def told(shares: TimeInStatus) -> tuple[str, str, str]:
        if shares.ratio is None:
            return words["unmeasured"], "", ""
        all_ = percentage(shares.ratio, comma)
        measured = words["measured_share"].format(percentage(1 - shares.unknown_ratio, comma))
        if not shares.planned_red or shares.unplanned_ratio is None:
            return all_, "", measured
        unplanned = percentage(shares.unplanned_ratio, comma)
        return all_, words["unplanned"].format(unplanned), measured

    return [
        dict(
            zip(
                ("name", "all", "unplanned", "measured"),
                (words[f"last_{name}"], *told(shares)),
                strict=True,
            )
        )
        for name, shares in zip(WINDOWS, report.availability.windows, strict=True)
    ]
