"""The recipes of ``docs/recipes.md``, for the tests that try them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from monitor.configuration.loader import Loaded, load

TEXT = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text("utf-8")
PARTS = {part.partition("\n")[0]: part for part in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]}
"""Each part of the page by its heading."""


def blocks(part: str, language: str = "yaml") -> list[str]:
    """The configurations of a part."""
    return re.findall(rf"^```{language}\n(.*?)^```", part, re.DOTALL | re.MULTILINE)


def load_recipe(recipe: str, folder: Path, environ: Mapping[str, str]) -> Loaded:
    """A recipe as an operator would load it, with the files that it names beside it."""
    text = recipe.replace("/run/driftvakt/", "run/")
    for name in re.findall(r"_file: (\S+?)[,}\s]", text):
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("x")
    (folder / "driftvakt.yaml").write_text(text, "utf-8")
    return load(folder / "driftvakt.yaml", environ)
