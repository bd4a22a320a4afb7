"""The page: one table an environment, readable without colours, scripts or a mouse.

A status is told three times over: by colour, by a symbol of its own shape, and by a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from monitor import wording
from monitor.estate import Text
from monitor.judge import Status
from monitor.publish.language import Language
from monitor.snapshot import EnvironmentView, ServiceView, Snapshot

_SYMBOLS = {Status.GREEN: "✔", Status.YELLOW: "▲", Status.RED: "✖", Status.UNKNOWN: "?"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    title: str
    service: str
    status: str
    since: str
    message: str
    updated: str
    other: str
    other_label: str
    skip: str
    help: str
    planned: str
    nothing: str
    machine: str
    old: str


_WORDS: dict[Language, _Words] = {
    "sv": _Words(
        title="Driftinformation",
        service="Tjänst",
        status="Status",
        since="Sedan",
        message="Vad som gäller",
        updated="Senast uppdaterad",
        other="en",
        other_label="In English",
        skip="Hoppa till innehållet",
        help="Vad du kan göra",
        planned="planerat",
        nothing="Inga tjänster övervakas.",
        machine="För program",
        old="Inställningarna på disken är felaktiga, och de tidigare gäller:",
    ),
    "en": _Words(
        title="Service status",
        service="Service",
        status="Status",
        since="Since",
        message="What applies",
        updated="Last updated",
        other="sv",
        other_label="På svenska",
        skip="Skip to the content",
        help="What you can do",
        planned="planned",
        nothing="No services are watched.",
        machine="For programs",
        old="The configuration on the disk is faulty, and the earlier one applies:",
    ),
}


def render(snapshot: Snapshot, language: Language) -> str:
    """The whole page as HTML. All text is escaped; there is no script and no inline style."""
    return "".join(pieces(snapshot, language))


def pieces(snapshot: Snapshot, language: Language) -> Iterator[str]:
    """The page bit by bit, at most a service each, for whoever must not stop the event loop."""
    words = _WORDS[language]
    zone = snapshot.estate.timezone
    updated = _in(wording.instant(snapshot.at, zone), language)
    overall = _in(wording.overall_message(snapshot), language)
    yield (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_mark(snapshot.status, language)[1]} – {words.title}</title>\n"
        '<link rel="stylesheet" href="/style.css">\n</head>\n<body>\n'
        f'<a class="skip" href="#content">{words.skip}</a>\n<header>\n<h1>{words.title}</h1>\n'
        f'<nav><a href="/?lang={words.other}" lang="{words.other}" hreflang="{words.other}">'
        f"{words.other_label}</a></nav>\n</header>\n"
        f'<main id="content">\n<p class="overall {snapshot.status}">'
        f"{_mark(snapshot.status, language)[0]}<br>\n{escape(overall)}</p>\n"
        f"<p>{words.updated} {escape(updated)}.</p>\n"
    )
    if snapshot.config_error:
        yield f'<p class="fault">{words.old} {escape(snapshot.config_error)}</p>\n'
    if not snapshot.environments:
        yield f"<p>{words.nothing}</p>\n"
    for environment in snapshot.environments:
        yield from _table(environment, snapshot, language)
    yield (
        f'</main>\n<footer><p>{words.machine}: <a href="/status.json">status.json</a>, '
        '<a href="/metrics">metrics</a>.</p></footer>\n</body>\n</html>\n'
    )


def _in(text: Text, language: Language) -> str:
    return text.sv if language == "sv" else text.en


def _mark(status: Status, language: Language) -> tuple[str, str]:
    """Symbol and word of a status as HTML, and the word alone."""
    said = escape(_in(wording.status_word(status), language))
    word = said[:1].upper() + said[1:]
    symbol = f'<span aria-hidden="true">{_SYMBOLS[status]}</span>'
    return f'<span class="mark {status}">{symbol} {word}</span>', word


def _table(view: EnvironmentView, snapshot: Snapshot, language: Language) -> Iterator[str]:
    words = _WORDS[language]
    title = escape(_in(view.environment.title, language))
    message = wording.environment_message(view, snapshot.estate.timezone)
    name = f"env-{escape(view.environment.name)}"
    yield (
        f'<section aria-labelledby="{name}">\n<h2 id="{name}">{title} '
        f"{_mark(view.status, language)[0]}</h2>\n<p>{escape(_in(message, language))}</p>\n"
        f'<div class="wide" role="region" aria-labelledby="{name}" tabindex="0">\n<table>\n'
        f'<thead><tr><th scope="col">{words.service}</th><th scope="col">{words.status}</th>'
        f'<th scope="col">{words.message}</th><th scope="col">{words.since}</th></tr></thead>\n'
        "<tbody>\n"
    )
    for service in view.services:
        yield _row(service, view.environment.title, snapshot, language)
    yield "</tbody>\n</table>\n</div>\n</section>\n"


def _row(view: ServiceView, environment: Text, snapshot: Snapshot, language: Language) -> str:
    words = _WORDS[language]
    zone = snapshot.estate.timezone
    service = view.service
    message = escape(_in(wording.service_message(view, zone, environment), language))
    if service.help is not None and view.status is not Status.GREEN:
        message += f"<br>\n<strong>{words.help}:</strong> {escape(_in(service.help, language))}"
    planned = f" ({words.planned})" if view.planned else ""
    return (
        f'<tr class="{view.status}"><th scope="row">{escape(_in(service.title, language))}</th>'
        f"<td>{_mark(view.status, language)[0]}{planned}</td><td>{message}</td>"
        f"<td>{escape(_in(wording.instant(view.since, zone), language))}</td></tr>\n"
    )
