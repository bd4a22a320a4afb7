"""Completion of the command line in a shell: its script, and the names of the configuration.

A completion never says anything of a fault: whoever presses Tab has not asked for it. Names are
those of the file that ``--config`` gives, or of the default one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from monitor.model.estate import Estate

PROGRAM = "driftvakt"
MOST = 1000
"""Names offered at most."""


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def script(shell: Shell) -> str:
    """What the shell has to read."""
    # the same that --show-completion prints, without guessing the shell
    from typer._completion_shared import get_completion_script

    variable = f"_{PROGRAM.upper()}_COMPLETE"
    return get_completion_script(prog_name=PROGRAM, complete_var=variable, shell=shell.value)


def default_config() -> Path:
    """Where the configuration is when ``--config`` is not given."""
    return Path(os.environ.get("DRIFTVAKT_CONFIG") or "config/driftvakt.yaml")


def checks(ctx: typer.Context, incomplete: str) -> list[str]:
    """``ENV/SERVICE/CHECK`` of every check that begins so."""
    return _beginning(incomplete, ctx, lambda estate: (check.id for check in estate.checks()))


def receiver_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of ``notifications`` that begin so."""
    return _beginning(incomplete, ctx, lambda estate: (one.name for one in estate.notifications))


def languages(incomplete: str) -> list[str]:
    """Of the page and of messages."""
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
