"""The way of docs/guide.md can be gone: its configuration loads, and its commands are there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import typer.main

from monitor.cli.app import command_line
from monitor.configuration.loader import load

PAGE = (Path(__file__).parents[2] / "docs" / "guide.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_its_folder_loads(tmp_path: Path) -> None:
    """Its files, named as the page names them, are one configuration."""
    names = re.findall(r"`/etc/driftvakt/(\d\d-[a-z0-9]+\.yaml)`", PAGE)
    texts = blocks("yaml")
    assert len(names) == len(texts) == 3
    for name, text in zip(names, texts, strict=True):
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "mail.url").write_text("mailtos://u:p@smtp.example.se?to=drift@example.se\n")
    estate = load(tmp_path, {"CREDENTIALS_DIRECTORY": str(tmp_path)}).estate
    assert [check.id for check in estate.checks()] == ["ext5/expo/api", "ext5/expo/certificate"]
    assert [one.name for one in estate.notifications] == ["mail"]


def test_every_command_of_it_is_one() -> None:
    """With its options: each line of ``driftvakt`` can be parsed."""
    group: Any = typer.main.get_command(command_line())
    found = 0
    for line in re.findall(
        r"(?:^|[ `/])driftvakt ([a-z][^`\n>]*)", "\n".join(blocks("sh")), re.MULTILINE
    ):
        name, *words = shlex.split(line)
        if name in group.commands:
            group.commands[name].make_context(name, words)
            found += 1
    assert found >= 9
