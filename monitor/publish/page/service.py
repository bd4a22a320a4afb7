"""One service: its checks and why they have their colours, latency, days, and what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor import wording
from monitor.judging.snapshot import CheckView, EnvironmentView, ServiceView, Snapshot
from monitor.model.records import Entry, Past
from monitor.model.time_in_status import WINDOWS, AvailabilityReport
from monitor.publish.page import plans
from monitor.publish.page.charts import bars, plot
from monitor.publish.page.query import PageQuery
from monitor.publish.page.shared import TEMPLATES, frame, mark, moment, stated, word
from monitor.publish.page.words import WORDS

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
    comma = "," if language == "sv" else "."
    framed = frame(
        snapshot, asked, f"/s/{service.id}", f"{word(view.status, language)} – {title}, {where}"
    )
    message = wording.service_message(view, zone, environment.environment.title)
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
        help=service.help.pick(language) if service.help is not None else "",
        checks=[_check(one, view, environment, snapshot, asked, past) for one in view.checks],
        bars=bars(report.days, words["unmeasured"], comma),
        ratios=_ratios(report, words, comma),
        entries=[_entry(one, snapshot, asked) for one in reversed(past.entries)] if past else [],
        away=past is None,
        windows=plans.windows(snapshot, asked, service.id),
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
    view: CheckView,
    service: ServiceView,
    environment: EnvironmentView,
    snapshot: Snapshot,
    asked: PageQuery,
    past: Past | None,
) -> dict[str, Any]:
    language, zone, why = asked.language, snapshot.estate.timezone, view.why
    words = WORDS[language]
    seen = past.seen.get(view.check.id, ()) if past is not None else ()
    titles = service.service.title, environment.environment.title
    comma = "," if language == "sv" else "."
    return {
        "name": view.check.name,
        "kind": view.check.kind,
        "target": view.check.target,
        "status": view.status.value,
        "mark": mark(view.status, language),
        "since": moment(view.since, zone, language),
        "message": wording.check_message(view, zone, *titles).pick(language),
        "rule": words.get(f"rule_{why.rule.value}", why.rule.value),
        "failed": f"{why.failed} / {why.of}",
        "consecutive": why.consecutive,
        "threshold": _threshold(why.threshold, comma),
        "last": moment(view.last.at, zone, language) if view.last is not None else "–",
        "plot": plot(seen, snapshot.at, zone, comma),
    }


def _threshold(value: float, comma: str) -> str:
    """A number of measurements, or a share."""
    if 0 < value < 1:
        return f"{value * 100:.3g}".replace(".", comma) + (" %" if comma == "," else "%")
    return f"{value:g}".replace(".", comma)


def _ratios(
    report: AvailabilityReport, words: Mapping[str, str], comma: str
) -> list[tuple[str, str, str]]:
    def told(ratio: float | None) -> str:
        if ratio is None:
            return words["unmeasured"]
        return f"{int(ratio * 100_000) / 1000:.3f}".replace(".", comma) + (
            " %" if comma == "," else "%"
        )

    return [
        (words[f"last_{name}"], told(shares.ratio), told(shares.unplanned_ratio))
        for name, shares in zip(WINDOWS, report.availability.windows, strict=True)
    ]


def _entry(entry: Entry, snapshot: Snapshot, asked: PageQuery) -> dict[str, Any]:
    one = entry.transition
    return {
        "id": one.id,
        "at": moment(one.at, snapshot.estate.timezone, asked.language),
        "mark": mark(one.after, asked.language),
        "status": one.after.value,
        "planned": one.planned,
        "message": entry.message.pick(asked.language),
        "worsening": one.worsening,
    }
