"""The Prometheus text format, version 0.0.4: families, labels, numbers.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import orjson

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Family:
    """One metric family: everything of one name."""

    name: str
    type: Literal["gauge", "counter", "histogram"]
    help: str

    def header(self) -> bytes:
        text = self.help.replace("\\", "\\\\").replace("\n", "\\n")
        return f"# HELP {self.name} {text}\n# TYPE {self.name} {self.type}\n".encode()


def escape(value: str) -> str:
    """A label's value as it stands between the quotes."""
    if not value.isascii():
        value = value.encode("utf-8", "replace").decode("utf-8")  # no lone surrogates
    if '"' in value or "\\" in value or "\n" in value:
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return value


def labels(**values: str) -> str:
    """``name="value",…`` with the values escaped, without the braces."""
    return ",".join(f'{name}="{escape(value)}"' for name, value in values.items())


def number(value: float) -> str:
    """A sample's value, never rounded."""
    if isinstance(value, int):
        return str(int(value))
    text = repr(value)
    if text.endswith(".0"):
        return text[:-2]
    return {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(text, text)


def numbers(values: Sequence[float | None]) -> list[str | None]:
    """The same of many, in a third of the time: orjson writes the same shortest digits, and only
    very small and very large numbers in another way. Of ``None`` there is no text.
    """
    if not values:
        return []
    written = orjson.dumps(values)[1:-1].decode() + ","
    texts = written.replace(".0,", ",").split(",")[:-1]
    return [
        None if value is None else text if 1e-4 <= value < 1e16 else number(value)
        for value, text in zip(values, texts, strict=True)
    ]
