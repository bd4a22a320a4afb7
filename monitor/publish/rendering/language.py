"""Which of the page's two languages a reader wants."""

from __future__ import annotations

from typing import Literal

Language = Literal["sv", "en"]

_LANGUAGES: dict[str, Language] = {"sv": "sv", "en": "en"}


def choose_language(query: str | None, accept: str, default: str) -> Language:
    """``?lang=`` first, then the ``Accept-Language`` header (RFC 9110, 12.5.4), then ``default``."""
    if query in _LANGUAGES:
        return _LANGUAGES[query]
    wanted: dict[Language, float] = {}
    for part in accept[:1000].split(","):
        tag, _, parameters = part.partition(";")
        language = _LANGUAGES.get(tag.strip().lower().partition("-")[0])
        if language is not None:
            wanted[language] = max(wanted.get(language, 0.0), _quality(parameters))
    first: Language = "en" if default == "en" else "sv"
    second: Language = "sv" if first == "en" else "en"
    if wanted.get(second, 0.0) > wanted.get(first, 0.0):
        return second
    return first


def _quality(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
