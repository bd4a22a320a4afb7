"""What all templates share: the templates themselves, marks of a status, instants, the frame."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib import resources
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from monitor import wording
from monitor.judging.snapshot import Snapshot
from monitor.model.status import Status
from monitor.model.timestamps import iso_timestamp as iso
from monitor.publish.page.query import PageQuery
from monitor.publish.page.words import WORDS
from monitor.publish.rendering.language import Language

STALE_FOR = 30
"""Seconds without news after which a page warns that it may be out of date."""
SYMBOLS = {Status.GREEN: "✔", Status.YELLOW: "▲", Status.RED: "✖", Status.UNKNOWN: "?"}

_TYPES = {
    "style.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "wall.css": "text/css; charset=utf-8",
    "wall.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
FILES: Mapping[str, tuple[bytes, str]] = {
    name: (resources.files("monitor.publish.page").joinpath(name).read_bytes(), type_)
    for name, type_ in _TYPES.items()
}
"""What is served as it is: bytes and content type by name."""
_VERSION = hashlib.sha256(b"".join(body for body, _ in FILES.values())).hexdigest()[:8]

TEMPLATES = Environment(
    loader=PackageLoader("monitor.publish.page"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


def word(status: Status, language: Language) -> str:
    """The status in a word, with a capital."""
    text = wording.status_word(status).pick(language)
    return text[:1].upper() + text[1:]


def mark(status: Status, language: Language) -> Markup:
    """Colour, symbol and word; a screen reader hears the word alone."""
    return _MARKS[status, language]


_LANGUAGES: tuple[Language, ...] = ("sv", "en")
_MARKS = {
    (status, language): Markup(
        '<span class="mark {}"><span aria-hidden="true">{}</span> {}</span>'
    ).format(status.value, SYMBOLS[status], word(status, language))
    for status in Status
    for language in _LANGUAGES
}


def moment(at: float, zone: ZoneInfo, language: Language) -> Markup:
    """An instant in words, and for programs."""
    return Markup('<time datetime="{}">{}</time>').format(
        iso(at), wording.instant(at, zone).pick(language)
    )


def stated(snapshot: Snapshot, subject: str, language: Language) -> str:
    """What the owner of ``ENV`` or ``ENV/SERVICE`` states, in words; empty where nobody asks."""
    view = snapshot.stated.get(subject)
    if view is None:
        return ""
    return wording.stated_message(view, snapshot.estate.timezone).pick(language)


def frame(snapshot: Snapshot, asked: PageQuery, path: str, title: str) -> dict[str, Any]:
    """What head and foot of every page need."""
    page = snapshot.estate.page
    return {
        "organisation": page.organisation,
        "contact": page.contact,
        "logo": page.logo is not None,
        "heading": page.title.pick(asked.language)
        if page.title
        else WORDS[asked.language]["title"],
        "zone": snapshot.estate.timezone.key,
        "w": WORDS[asked.language],
        "asked": asked,
        "other_link": asked.other_language(path),
        "other": "en" if asked.language == "sv" else "sv",
        "title": title,
        "feed": f"/feed.atom?{urlencode({'lang': asked.language, **_about(path)}, safe='/')}",
        "version": _VERSION,
        "at": f"{snapshot.at:.0f}",
        "stale_for": STALE_FOR,
        "updated": moment(snapshot.at, snapshot.estate.timezone, asked.language),
        "status": snapshot.status.value,
        "config_error": _configuration(snapshot, asked),
        "stretch": f"{snapshot.stretch:.1f}" if snapshot.stretch > 1.0 else "",
    }


def _configuration(snapshot: Snapshot, asked: PageQuery) -> str:
    """What is wrong with the configuration, for its operator alone."""
    words = WORDS[asked.language]
    if not snapshot.config_error or not asked.trusted:
        return words["changing"] if snapshot.config_error else ""
    return f"{words['old_config']}: {snapshot.config_error}"


def _about(path: str) -> dict[str, str]:
    """What a feed is asked for, to be of what the page is of."""
    return {"service": path.removeprefix("/s/")} if path.startswith("/s/") else {}
