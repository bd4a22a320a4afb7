"""A renderable as lines of plain text."""

from __future__ import annotations

from io import StringIO

from rich.console import Console, RenderableType


def lines(shown: RenderableType, width: int = 160) -> list[str]:
    """What it looks like without colours, as lines without trailing spaces."""
    console = Console(file=StringIO(), width=width, color_system=None)
    with console.capture() as captured:
        console.print(shown)
    return [line.rstrip() for line in captured.get().splitlines()]
