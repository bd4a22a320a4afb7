"""Is a line that somebody else runs one of our command line?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import typer.main

from monitor.cli.app import command_line


def parses(words: Iterable[str]) -> str:
    """The command that ``words`` call, parsed and not run. Raises the parser's own error."""
    group: Any = typer.main.get_command(command_line())
    name, *rest = words
    command = group.commands[name]
    parent = group.make_context("driftvakt", [name])
    command.make_context(name, rest, parent=parent)
    return name
