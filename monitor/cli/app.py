"""The command line: ``driftvakt run | check | probe | status | …``, each a module of this package.

A command has a function of its own name in the module of that name; what people do stands in one,
``people``. Only the module of the command
that is run is imported, and it imports what it needs itself: ``--help``, ``status`` and an early
Ctrl-C need little.
"""

from __future__ import annotations

import sys
from importlib import import_module
from keyword import iskeyword
from typing import Annotated

import typer

from monitor.cli import people
from monitor.cli.examples import epilog
from monitor.cli.options import EXIT_UNKNOWN
from monitor.cli.quick_command import QuickCommand, QuickGroup, StatusCommand
from monitor.cli.version import version
from monitor.support import terminal

COMMANDS = (
    *("run", "check", "probe", "status", "replay", "evidence", "history", "demo"),
    *("window", "notice", "ack", "silence", "run-now"),
    *("notify", "export", "import", "completion", "manual", "version"),
)
"""In the order of ``--help``."""


def command_line(*names: str) -> typer.Typer:
    """Make the parser of the commands of those names; of all, when none is given."""
    app = typer.Typer(
        name="driftvakt",
        cls=QuickGroup,
        help="Watches e-prescription test environments: green, yellow or red, and why.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        # plain help: typer's coloured one takes longer to import than all the rest of it
        rich_markup_mode=None,
        context_settings={"max_content_width": 120},
    )
    app.callback()(driftvakt)
    for name in names or COMMANDS:
        if name in people.NAMES:
            people.add_people(app, name)
            continue
        function = f"{name}_" if iskeyword(name) else name
        command = getattr(import_module(f"monitor.cli.{function}"), function)
        kind = StatusCommand if name == "status" else QuickCommand
        app.command(name, cls=kind, epilog=epilog(name))(command)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


def driftvakt(
    *,
    version_wanted: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Watches e-prescription test environments: green, yellow or red, and why."""
    del version_wanted


def main() -> None:
    """Run the program ``driftvakt``."""
    terminal.prepare_streams()
    name = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    # of `status`, 0, 1 and 2 are colours: what it could not do at all is none of them
    code_of_failure = EXIT_UNKNOWN if name == "status" else 1
    try:
        command_line(*[name] if name in COMMANDS else ())()
    except KeyboardInterrupt:
        code = 130
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except Exception as error:
        if name != "status":
            raise
        print(f"driftvakt: no status: {terminal.printable(repr(error))}", file=sys.stderr)
        code = EXIT_UNKNOWN
    sys.exit(terminal.finish(code, code_of_failure))


if __name__ == "__main__":
    main()
