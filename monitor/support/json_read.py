"""Pure: JSON of others, read or refused with a sentence: nothing that it is ends a program."""

from __future__ import annotations

import json
from typing import Any

MOST_DEPTH = 60
"""Levels; what the daemon writes has a dozen. Python cannot write back all that it can read."""
_NESTED = (dict, list)


def read_json(body: bytes) -> Any:
    """The decoded JSON. Raises ``ValueError`` that says what is wrong with it."""
    try:
        document = json.loads(body)
    except RecursionError:
        raise _too_deep() from None
    except UnicodeDecodeError:
        raise ValueError("it is not JSON: it is not UTF-8") from None
    except ValueError as error:
        raise ValueError(f"it is not JSON: {error}") from None
    level = [document] if type(document) in _NESTED else []
    for _ in range(MOST_DEPTH):
        level = [
            inner
            for one in level
            for inner in (one.values() if type(one) is dict else one)
            if type(inner) in _NESTED
        ]
    if level:
        raise _too_deep()
    return document


def _too_deep() -> ValueError:
    return ValueError(f"it is JSON nested deeper than {MOST_DEPTH} levels")
