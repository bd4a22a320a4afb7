"""``driftvakt import``: a configuration made of another program's."""

from __future__ import annotations

import sys
from pathlib import Path


def import_modules(modules: Path, targets: Path, environment: str, *, skip: bool) -> int:
    """Prints a configuration on standard output, and what did not get into it on standard error.
    Gives the exit code.
    """
    from monitor.blackbox.importing import import_blackbox
    from monitor.settings.errors import ConfigurationError
    from monitor.support.terminal import printable, write_document

    try:
        made = import_blackbox(modules, targets, environment=environment, skip=skip)
    except ConfigurationError as error:
        for fault in error.faults:
            print(printable(str(fault)), file=sys.stderr)
        number = len(error.faults)
        print(
            f"driftvakt: nothing imported: {number} fault{'s' if number > 1 else ''}"
            " (--skip-unsupported leaves out what cannot be asked for)",
            file=sys.stderr,
        )
        return 2
    for warning in made.warnings:
        print(printable(f"warning: {warning}"), file=sys.stderr)
    write_document(made.text)
    print(f"{made.checks} checks", file=sys.stderr)
    return 0
