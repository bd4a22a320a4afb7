"""What pydantic found, in the words of this house, and never with a secret in them.

Values that came from the environment, and values of keys that hold secrets (headers, passwords,
bodies, …), are not shown: a placeholder is shown as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from typing import Any

from monitor.settings.errors import Path, hint
from monitor.settings.yaml_tree import Mapping, Node, Scalar, Sequence

_SECRET_KEY = re.compile(
    r"password|passwd|passphrase|secret|token|credential|api_?key|^body$|^store$", re.IGNORECASE
)
_SHOWN_LIMIT = 100
_SECRET_LENGTH = 4
"""Shorter ones are found in any sentence, and are no secrets."""
_MESSAGE_LIMIT = 600
_SAFE_CONTEXT = {"shown", "what", "key", "allowed", "words", "limit", "ways"}
"""What our own models put into a message besides the value."""

_HIDDEN = "has a wrong value (it is not shown, as it may be secret)"

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "path_type": "the path of a file, as text",
    "zone_info_type": "text",
    "none_required": "no value",
}
MISMATCHES = frozenset(_EXPECTED) | {"literal_error"}
"""Kinds of error that say: this is not the type at all."""

_BOUNDS = {
    "greater_than": ("must be more than {}", "gt"),
    "greater_than_equal": ("must be at least {}", "ge"),
    "less_than": ("must be less than {}", "lt"),
    "less_than_equal": ("must be at most {}", "le"),
    "string_too_long": ("must have at most {} characters", "max_length"),
    "too_long": ("must have at most {} entries", "max_length"),
    "string_pattern_mismatch": ("must match {}", "pattern"),
}


def is_secret(path: Path) -> bool:
    """Whether the value at ``path`` may be a secret that stands in the file itself."""
    words = [step for step in path if isinstance(step, str)]
    if not words:
        return False
    if "headers" in words[:-1]:
        return True
    if words[-1].endswith("_file") or words[-1] == "token_url":
        return False
    if words[0] == "notifications" and words[-1] == "url":
        return True
    return _SECRET_KEY.search(words[-1]) is not None


def describe(node: Node) -> str:
    """What type of value stands there."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if node.value is None:
        return "nothing"
    if isinstance(node.value, bool):
        return "true or false"
    if isinstance(node.value, float):
        return "a decimal number"
    return "text" if isinstance(node.value, str) else "a number"


def quoted_value(node: Scalar, path: Path) -> str:
    """A value for a message: quoted and cut; a placeholder as it is written; a secret not at all."""
    if node.placeholder:
        return cut(node.text)
    return "the value" if is_secret(path) else cut(repr(node.value))


def cut(text: str) -> str:
    return text if len(text) <= _SHOWN_LIMIT else f"{text[: _SHOWN_LIMIT - 1]}…"


def message(error: MappingType[str, Any], node: Node, path: Path) -> str:
    """The message of one pydantic error whose value is ``node``."""
    if error.get("loc", ())[-1:] == ("[key]",):  # the key is at fault, and keys are no secrets
        return cut(str(error["msg"]))
    said = _said(error, node, path)
    spoken = said.replace(_placeholder(node), "")
    if any(len(value) >= _SECRET_LENGTH and value in spoken for value in _hidden(node, path)):
        return _HIDDEN
    said = " ".join(said.split())
    return said if len(said) <= _MESSAGE_LIMIT else f"{said[: _MESSAGE_LIMIT - 1]}…"


def _placeholder(node: Node) -> str:
    return cut(node.text) if isinstance(node, Scalar) and node.placeholder else "\0"


def _said(error: MappingType[str, Any], node: Node, path: Path) -> str:
    kind = error["type"]
    context = error.get("ctx") or {}
    if isinstance(node, Scalar) and node.value is None and kind != "missing":
        return "has no value: give it one, or remove the key"
    if kind in _EXPECTED:
        return _mismatch(kind, context, node)
    if kind in ("literal_error", "union_tag_invalid"):
        return _not_among(context, node, path)
    if kind in _BOUNDS:
        text, key = _BOUNDS[kind]
        return text.format(_number(context[key]))
    if kind in ("string_too_short", "too_short"):
        least = context["min_length"]
        if least == 1:
            return "must not be empty"
        return f"must have at least {least} {'characters' if 'string' in kind else 'entries'}"
    text = str(error["msg"])
    masked = isinstance(node, Scalar) and (node.placeholder or is_secret(path))
    if masked and not set(context) <= _SAFE_CONTEXT:
        return _HIDDEN
    if "shown" in context:
        shown = str(context["shown"])
        mask = quoted_value(node, path) if masked and isinstance(node, Scalar) else cut(shown)
        text = text.replace(shown, mask, 1)
    return text.removeprefix("Value error, ")


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _mismatch(kind: str, context: MappingType[str, Any], node: Node) -> str:
    expected = _EXPECTED[kind]
    if context.get("class_name") == "TextSettings":
        expected = "text, or a mapping of sv and en"
    found = describe(node)
    if found == expected or kind in ("finite_number", "int_from_float"):
        return f"must be {expected}"
    quote = kind == "string_type" and isinstance(node, Scalar) and not node.placeholder
    return f"must be {expected}, not {found}" + (": put it in quotes" if quote else "")


def _not_among(context: MappingType[str, Any], node: Node, path: Path) -> str:
    listed = str(context.get("expected") or context.get("expected_tags") or "")
    words = re.findall(r"'([^']*)'", listed)
    numbers = re.findall(r"(?<![\w'.])\d+(?![\w'])", re.sub(r"'[^']*'", "", listed))
    text = "must be one of " + ", ".join([*words, *numbers])
    if len(words) + len(numbers) == 1:
        text = f"must be {(words + numbers)[0]}"
    if isinstance(node, Scalar) and isinstance(node.value, str) and not node.placeholder:
        near = hint(node.value, words)
        return text + near if "did you mean" in near else text
    return text


def _hidden(node: Node, path: Path) -> Iterator[str]:
    """The values in and below ``node`` that must not be shown."""
    if isinstance(node, Scalar):
        if node.placeholder or is_secret(path):
            yield str(node.value)
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _hidden(item, (*path, index))
    else:
        for key, value in node.entries.items():
            yield from _hidden(value, (*path, key))
