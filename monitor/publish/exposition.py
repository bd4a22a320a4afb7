"""The Prometheus text format, version 0.0.4: families, labels, and cached columns of lines.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
ROWS_A_BLOCK = 256


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


class Columns:
    """Lines by family and row, so that families come out whole while rows change one by one."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._headers = [family.header() for family in families]
        self._cells: list[list[bytes]] = [[] for _ in families]

    def arrange(self, rows: Sequence[int | None]) -> Iterator[list[bytes]]:
        """The cells of each family, in turn, as they are when the rows are these of before; ``None``
        stands for an empty one. To be handed to :meth:`take`.
        """
        for cells in self._cells:
            yield [b"" if row is None else cells[row] for row in rows]

    def take(self, cells: list[list[bytes]]) -> None:
        """From now on these are the cells of each family."""
        self._cells = cells

    def put(self, family: int, row: int, lines: str) -> None:
        """Replaces the lines of one row in one family; empty when it has none."""
        self._cells[family][row] = lines.encode()

    def blocks(self) -> Iterator[bytes]:
        """Everything in the order of the families, some rows of a family at a time.

        A family without lines is left out, header and all.
        """
        for header, cells in zip(self._headers, self._cells, strict=True):
            pending = header
            for start in range(0, len(cells), ROWS_A_BLOCK):
                block = b"".join(cells[start : start + ROWS_A_BLOCK])
                if block:
                    yield pending + block
                    pending = b""
