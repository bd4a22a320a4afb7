"""``driftvakt import``: makes a configuration of another program's."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.options import fail, print_faults, warn
from monitor.support.terminal import write_document


class ImportedFrom(StrEnum):
    BLACKBOX = "blackbox"


def import_(
    what: Annotated[ImportedFrom, typer.Argument(help="Whose configuration.")],
    modules: Annotated[Path, typer.Option(help="The exporter's blackbox.yml.")],
    targets: Annotated[Path, typer.Option(help="The prometheus.yml whose jobs use /probe.")],
    environment: Annotated[str, typer.Option(help="Name of the environment made.")] = "blackbox",
    skip_unsupported: Annotated[
        bool, typer.Option("--skip-unsupported", help="Leave out what no kind of ours can ask for.")
    ] = False,
) -> None:
    """Print a configuration made of the blackbox exporter's modules and of Prometheus' jobs."""
    from monitor.blackbox.importing import import_blackbox
    from monitor.settings.errors import ConfigurationError

    del what  # there is one
    try:
        made = import_blackbox(modules, targets, environment=environment, skip=skip_unsupported)
    except ConfigurationError as error:
        fail(
            f"nothing imported: {print_faults(error)}"
            " (--skip-unsupported leaves out what cannot be asked for)"
        )
    warn(made.warnings)
    write_document(made.text)
    print(f"{made.checks} checks", file=sys.stderr)
