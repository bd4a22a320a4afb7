"""Pure: ``/badge/…svg``, a status as a small picture for other pages.

The status is told by colour, symbol and word, and as the picture's name for those who do not see.
Colours have a contrast of at least 4.5 to the white text (WCAG 2.2, 1.4.3).
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from monitor import wording
from monitor.judging.snapshot import EnvironmentView, ServiceView
from monitor.model.status import Status
from monitor.publish.feeds.atom import xml_text
from monitor.publish.rendering.language import Language

_COLOURS = {
    Status.GREEN: "#1a7337",
    Status.YELLOW: "#8a5a00",
    Status.RED: "#b3261e",
    Status.UNKNOWN: "#5a5f66",
}
_SYMBOLS = {Status.GREEN: "✔", Status.YELLOW: "▲", Status.RED: "✖", Status.UNKNOWN: "?"}
_LONGEST = 60
_PER_LETTER = 7.0
"""Width in pixels that a letter of 11 px takes at most on average."""


def badge(view: EnvironmentView | ServiceView, language: Language) -> bytes:
    """An SVG picture of 20 px height."""
    titled = view.service.title if isinstance(view, ServiceView) else view.environment.title
    label = _cut(titled.pick(language))
    said = wording.status_word(view.status).pick(language)
    if view.planned and view.status is not Status.GREEN:
        said += ", planerat" if language == "sv" else ", planned"
    shown = f"{_SYMBOLS[view.status]} {said}"
    left, right = (round(len(text) * _PER_LETTER) + 14 for text in (label, shown))
    name, label, shown = (
        escape(text, {'"': "&quot;"}) for text in (f"{label}: {said}", label, shown)
    )
    width = left + right
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20"'
        f' viewBox="0 0 {width} 20" role="img" aria-label="{name}" xml:lang="{language}">'
        f"<title>{name}</title>"
        f'<rect width="{left}" height="20" fill="#30363d"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{_COLOURS[view.status]}"/>'
        '<g fill="#ffffff" text-anchor="middle" font-size="11"'
        ' font-family="Verdana,DejaVu Sans,sans-serif">'
        f'<text x="{left / 2:g}" y="14">{label}</text>'
        f'<text x="{left + right / 2:g}" y="14">{shown}</text></g></svg>\n'
    ).encode()


def _cut(text: str) -> str:
    plain = " ".join(xml_text(text).split())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"
