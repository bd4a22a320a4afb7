"""The picture in docs/architecture.md is drawn from the code, and the rooms are where it says."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
START, END = "<!-- drawn -->\n", "<!-- /drawn -->"
DOORS = {
    "monitor": {"__init__.py", "entry.py", "healthcheck.py", "py.typed"},
    "probes": {
        *("__init__.py", "py.typed"),
        *("failure.py", "kind.py", "kinds.py", "observation.py", "settings.py", "tcp.py"),
    },
}
"""The files that stand beside the rooms of a root."""


def modules(root: str) -> dict[str, Path]:
    """The modules of a root by their dotted names."""
    found = {}
    for path in sorted((ROOT / root).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


def imports(path: Path) -> set[str]:
    """What a module imports, for type checkers too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
    return found


@cache
def rooms(root: str) -> Mapping[str, AbstractSet[str]]:
    """Each room of a root, and the rooms of the same root that it imports."""
    known = modules(root)
    edges: defaultdict[str, set[str]] = defaultdict(set)
    for name, path in known.items():
        if name == root:
            continue
        here = name.split(".")[1]
        there = {other.split(".")[1] for other in imports(path) if other in known and other != root}
        edges[here] |= there - {here}
    return edges


def floors(edges: Mapping[str, AbstractSet[str]]) -> dict[str, int]:
    """How many rooms stand below each. Raises ``CycleError`` when two stand on each other."""
    found: dict[str, int] = {}
    for room in TopologicalSorter(edges).static_order():
        found[room] = max((found[below] + 1 for below in edges.get(room, ())), default=0)
    return found


def drawn() -> str:
    """The rooms from top to bottom, each with those that it imports."""
    lines = []
    for root in ("monitor", "probes"):
        edges = rooms(root)
        height = floors(edges)
        lines.append(f"{root}/")
        for room in sorted(height, key=lambda one: (-height[one], one)):
            below = ", ".join(sorted(edges[room], key=lambda one: (-height[one], one)))
            lines.append(f"{height[room]:>3} {room:<14} {below}".rstrip())
        lines.append("")
    return "```\n" + "\n".join(lines).rstrip() + "\n```\n"


def page_with(diagram: str) -> str:
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}{diagram}{END}{after}"


def test_the_picture_is_up_to_date() -> None:
    """Draw it anew with ``python -m tests.docs.test_architecture``."""
    assert PAGE.read_text("utf-8") == page_with(drawn())


def test_what_the_page_names_is_there() -> None:
    """Every path of the tree stands where the page says; ``NAME`` is whatever one calls it."""
    named = set(
        re.findall(r"`((?:monitor|probes|tests|config|docs)/[\w./]*)`", PAGE.read_text("utf-8"))
    )
    assert len(named) > 40
    assert not [one for one in sorted(named) if "NAME" not in one and not (ROOT / one).exists()]


@pytest.mark.parametrize("root", sorted(DOORS))
def test_a_root_shows_rooms(root: str) -> None:
    """Beside the rooms stand only the files that are known by name."""
    assert {one.name for one in (ROOT / root).iterdir() if one.is_file()} == DOORS[root]


@pytest.mark.parametrize("root", sorted(DOORS))
def test_every_module_says_what_it_is(root: str) -> None:
    """Each begins with a docstring."""
    silent = [
        name
        for name, path in modules(root).items()
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


if __name__ == "__main__":
    PAGE.write_text(page_with(drawn()), "utf-8")
