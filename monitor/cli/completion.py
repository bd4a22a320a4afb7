"""``driftvakt completion``: the script that completes a command line, and the names it completes to.

A completion never says anything of a fault: whoever presses Tab has not asked for it. Names are
those of the file that ``--config`` gives, or of the default one.
"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.installed import default_config
from monitor.support.terminal import write_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.model.estate import Estate

PROGRAM = "driftvakt"
MOST = 1000
"""Names offered at most."""


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(help="The shell that will read it.")],
) -> None:
    """Print the script that completes this command in a shell, checks' names too."""
    # the same that --show-completion prints, without guessing the shell
    from typer._completion_shared import get_completion_script

    variable = f"_{PROGRAM.upper()}_COMPLETE"
    script = get_completion_script(prog_name=PROGRAM, complete_var=variable, shell=shell.value)
    write_document(script + "\n")


def checks(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete ``ENV/SERVICE/CHECK`` to every check that begins so."""
    return _beginning(incomplete, ctx, lambda estate: (check.id for check in estate.checks()))


def receiver_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete to the names of ``notifications`` that begin so."""
    return _beginning(incomplete, ctx, lambda estate: (one.name for one in estate.notifications))


def languages(incomplete: str) -> list[str]:
    """Complete to the languages of the page and of messages."""
    return [one for one in ("sv", "en") if one.startswith(incomplete)]


def _beginning(
    incomplete: str, ctx: typer.Context, names: Callable[[Estate], Iterable[str]]
) -> list[str]:
    from monitor.configuration.loader import ConfigurationError, load

    try:
        estate = load(Path(ctx.params.get("config") or default_config()), os.environ).estate
    except (ConfigurationError, OSError):
        return []
    return [name for name in names(estate) if name.startswith(incomplete)][:MOST]
