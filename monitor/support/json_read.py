"""Pure: JSON of others, read or refused with a sentence: nothing that it is ends a program."""

from __future__ import annotations

import json
from typing import Any

MOST_DEPTH = 60
"""Levels; what the daemon writes has a dozen. Python cannot write back all that it can read."""


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
    level: list[Any] = [document]
    for _ in range(MOST_DEPTH):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return document
    raise _too_deep()


def _too_deep() -> ValueError:
    return ValueError(f"it is JSON nested deeper than {MOST_DEPTH} levels")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
