"""The values in a request's body, any of which may be a secret that its server says back."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import orjson

from probes.net.redaction import SHORTEST

MOST = 500
"""Values of one body that are looked for."""
LARGEST = 262_144
"""Bytes of a body that is looked into; of a larger one, its beginning."""
_BETWEEN_TAGS = re.compile(r">\s*([^<>]+?)\s*<")
_ATTRIBUTE = re.compile(r"""=\s*(?:"([^"<>]*)"|'([^'<>]*)')""")
_FORM = re.compile(r"[^=&\s]+=[^&\s]*(?:&[^=&\s]+=[^&\s]*)*")
_KNOWN = ("http://", "https://", "urn:")
"""Names of specifications, which no secret is like."""
_WORDS = frozenset({"true", "false", "null"})


def leaves(body: bytes) -> tuple[str, ...]:
    """Texts and numbers of JSON, texts and attributes of XML, values of a form; of anything else the
    whole. Each as it stands there and as it is meant.
    """
    text = body[:LARGEST].decode("utf-8", "replace")
    found = dict.fromkeys(
        one for one in _found(text.strip()) if len(one) >= SHORTEST and one not in _WORDS
    )
    return tuple([one for one in found if not one.startswith(_KNOWN)][:MOST])


def _found(text: str) -> Iterator[str]:
    if not text:
        return
    try:
        yield from _of_json(orjson.loads(text))
        return
    except (orjson.JSONDecodeError, RecursionError):
        pass
    if text.startswith("<"):
        for one in _BETWEEN_TAGS.findall(text):
            yield from (one, html.unescape(one))
        for pair in _ATTRIBUTE.findall(text):
            yield from (html.unescape(one) for one in pair)
        return
    if _FORM.fullmatch(text):
        yield from (value for _, value in parse_qsl(text))
        yield from (pair.partition("=")[2] for pair in text.split("&"))
        return
    yield text


def _of_json(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, str):
            yield one
            escaped = orjson.dumps(one).decode()[1:-1]
            if escaped != one:
                yield escaped
        elif isinstance(one, int | float) and not isinstance(one, bool):
            yield str(one)
