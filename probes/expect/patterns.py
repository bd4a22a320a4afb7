"""Regular expressions from configuration, matched against text that a server sent.

RE2 matches in time linear in the text, so that no pattern and no body can hang the loop.
"""

from __future__ import annotations

from typing import Annotated, Any, Protocol

import re2
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

PATH_LIMIT = 1000


PATTERN_LIMIT = 1000
PROGRAM_LIMIT = 2000
"""Instructions of a compiled pattern. The time is linear in the text, and each letter may cost as much
as this: ``(a?){500}a{500}`` takes a second for 64 KiB."""


class Pattern(Protocol):
    """What we use of a compiled pattern."""

    def search(self, text: Any) -> object | None: ...


def compile_pattern(source: str) -> Pattern:
    """A compiled RE2 pattern. Raises ``ValueError`` that says what RE2 did not take."""
    options = re2.Options()
    options.log_errors = False
    try:
        compiled: Pattern = re2.compile(source, options)
    except re2.error as error:
        text = error.args[0] if error.args else error
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        raise ValueError(str(text)) from None
    size: int = compiled.programsize  # type: ignore[attr-defined]
    if size > PROGRAM_LIMIT:
        raise ValueError(f"it repeats too much: {size} instructions, at most {PROGRAM_LIMIT}")
    return compiled


def _checked(source: str) -> str:
    if len(source) > PATTERN_LIMIT:
        raise PydanticCustomError(
            "pattern",
            "a regular expression may have at most {limit} characters",
            {"limit": PATTERN_LIMIT},
        )
    try:
        compile_pattern(source)
    except ValueError as error:
        raise PydanticCustomError(
            "pattern",
            "{shown} is not a regular expression that RE2 takes: {error}",
            {"shown": repr(source), "error": str(error)},
        ) from None
    return source


PatternText = Annotated[
    str,
    AfterValidator(_checked),
    WithJsonSchema({"type": "string", "maxLength": PATTERN_LIMIT, "format": "regex"}),
]
"""The source of a regular expression (RE2 syntax), known to compile."""
