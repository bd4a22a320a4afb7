"""Two parsers of YAML, and one way to ask them: events with places, one after the other.

libyaml reads thirty times as fast as the parser in Python. It is not asked about a text that it may
read, or place, in another way: what the two agree on is tested by many made-up texts
(``tests/property/test_yaml_properties.py``), and every fault is told by the one in Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

try:
    from yaml.cyaml import CParser
except ImportError:  # PyYAML was built without libyaml: the parser in Python reads everything
    CParser = None

_DOUBTFUL = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        "[\t\x85\u2028\u2029\ufeff]",  # white space, or the end of a line, for one of the two only
        r"[?!](?<![\w./)=&-].)",  # complex keys and tags
        r"[|>][-+0-9]*(?:#| *(?:#[^\n\r]*)?[\n\r]\s*?[\n\r#])",  # a block that begins with an empty line or a #
        r"\*[^\s,\]}]*\s*:",  # an alias that is a key
        "^%",  # a directive
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """One parser at work."""

    take: Callable[[], Any]
    """Gives the next event. Raises the parser's own errors."""
    places_empty: bool
    """Whether a value of no characters is placed as the parser in Python places it."""
    # the classes of its events
    document: Any
    scalar: Any
    alias: Any
    sequence: Any
    sequence_end: Any
    mapping: Any
    mapping_end: Any
    stream_end: Any


def quick_events(text: str) -> Events | None:
    """libyaml's; ``None`` where it is not known to read ``text`` as :func:`events` does."""
    if CParser is None or any(pattern.search(text) for pattern in _DOUBTFUL):
        return None
    from yaml import events

    return _events(CParser(text).get_event, events, places_empty=False)


def events(text: str) -> Events:
    """Those of the parser in Python, which knows best what to say of a fault."""
    from ruamel.yaml import YAML, events

    return _events(YAML(typ="safe", pure=True).parse(text).__next__, events, places_empty=True)


def _events(take: Callable[[], Any], kinds: Any, *, places_empty: bool) -> Events:
    return Events(
        take=take,
        places_empty=places_empty,
        document=kinds.DocumentStartEvent,
        scalar=kinds.ScalarEvent,
        alias=kinds.AliasEvent,
        sequence=kinds.SequenceStartEvent,
        sequence_end=kinds.SequenceEndEvent,
        mapping=kinds.MappingStartEvent,
        mapping_end=kinds.MappingEndEvent,
        stream_end=kinds.StreamEndEvent,
    )
