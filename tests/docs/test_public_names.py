"""A public name means one thing: it is defined once in a root."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = {
    "probes": {"prepare"},  # each kind's way in
    "monitor": {"main"},  # and each program's
}


def defined(path: Path) -> Iterator[str]:
    """The public classes and functions that a module defines."""
    for node in ast.parse(path.read_text("utf-8")).body:
        match node:
            case (
                ast.ClassDef(name=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
            ) if not name.startswith("_"):
                yield name


@pytest.mark.parametrize("root", ["monitor", "probes"])
def test_a_public_name_is_defined_once(root: str) -> None:
    """Whoever reads it anywhere knows which thing is meant."""
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / root).rglob("*.py")):
        if "migrations" not in path.parts:
            for name in defined(path):
                homes[name].append(path.relative_to(ROOT).as_posix())
    twice = {
        name: places
        for name, places in sorted(homes.items())
        if len(places) > 1 and name not in SHARED[root]
    }
    assert not twice
