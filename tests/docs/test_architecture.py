"""The diagram in docs/architecture.md is drawn from the code."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
START, END = "<!-- drawn -->\n", "<!-- /drawn -->"
ROOMS = {
    "settings": "settings",
    "cli": "cli",
    "wording": "wording",
    "publish": "publish",
    "table": "table",
    "demo": "demo",
}


def room(module: str) -> str | None:
    """The room that a module belongs to; ``None`` for what is not ours."""
    parts = module.split(".")
    if parts[0] == "probes":
        return "probes"
    if parts[0] != "monitor" or len(parts) < 2:
        return None
    head = parts[1]
    return next((name for begin, name in ROOMS.items() if head.startswith(begin)), head)


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
    return found


def drawn() -> str:
    """The rooms, each with those that it imports."""
    edges: defaultdict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "monitor").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        here = room(name)
        if here is None or here == "__init__":
            continue
        known = {room(module) for module in imports(path)}
        edges[here] |= {there for there in known if there and there not in (here, "__version__")}
    lines = [f"{here:<12} → {', '.join(sorted(edges[here]))}" for here in sorted(edges)]
    return "```\n" + "\n".join(line.rstrip(" →") for line in lines) + "\n```\n"


def page_with(diagram: str) -> str:
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}{diagram}{END}{after}"


def test_the_diagram_is_up_to_date() -> None:
    """Draw it anew with ``python -m tests.unit.test_architecture``."""
    assert PAGE.read_text("utf-8") == page_with(drawn())


if __name__ == "__main__":
    PAGE.write_text(page_with(drawn()), "utf-8")
