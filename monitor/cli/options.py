"""What commands share: their options, and how they load, warn, fail and run."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from monitor.cli import completion
from monitor.cli.installed import default_config, is_installed
from monitor.support import terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from rich.console import RenderableType

    from monitor.configuration.loader import Loaded
    from monitor.settings.errors import ConfigurationError, Fault

EXIT_USAGE = 2
"""Exit code of a wrong command line and of a faulty configuration."""
EXIT_UNKNOWN = 3
"""Exit code of ``status`` when it is unknown or cannot be shown: none of the other colours'."""


def parse_seconds(text: str) -> float:
    """Parse the duration of an option into seconds. Raises ``typer.BadParameter``."""
    from probes.settings import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


ConfigOption = Annotated[
    Path,
    typer.Option(
        "--config",
        help="A YAML file, or a folder of them.",
        default_factory=default_config,
        show_default="$DRIFTVAKT_CONFIG, config/driftvakt.yaml, /etc/driftvakt",
    ),
]
ForOption = Annotated[
    float | None,
    typer.Option(
        "--for", parser=parse_seconds, metavar="DURATION", help="End by itself, e.g. 10s."
    ),
]
LanguageOption = Annotated[str, typer.Option(help="sv or en.", autocompletion=completion.languages)]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
EnvironmentOption = Annotated[str | None, typer.Option("--env", help="Of this environment alone.")]
ServiceOption = Annotated[
    str | None, typer.Option(metavar="ENV/SERVICE", help="Of this service alone.")
]


def fail(message: str, code: int = EXIT_USAGE) -> NoReturn:
    """Print one line on standard error and leave with ``code``."""
    print(f"driftvakt: {terminal.printable(message)}", file=sys.stderr)
    raise typer.Exit(code)


def load_or_exit(path: Path) -> Loaded:
    """Load a configuration; print every fault and leave with 2 when it has any."""
    from monitor.configuration.loader import load

    if is_installed(path):
        print(f"driftvakt: the configuration is {path}", file=sys.stderr)
    return read_or_exit(lambda: load(path, os.environ))


def read_or_exit(read: Callable[[], Loaded]) -> Loaded:
    """Call ``read``, which may raise ``ConfigurationError``; see :func:`load_or_exit`."""
    from monitor.settings.errors import ConfigurationError

    try:
        return read()
    except ConfigurationError as error:
        fail(f"{print_faults(error)} in the configuration")


def print_faults(error: ConfigurationError) -> str:
    """Print every fault on standard error; give their number in words."""
    for fault in error.faults:
        print(terminal.printable(str(fault)), file=sys.stderr)
    number = len(error.faults)
    return f"{number} fault{'s' if number > 1 else ''}"


def warn(warnings: Iterable[Fault | str]) -> None:
    """Print warnings on standard error."""
    for warning in warnings:
        print(terminal.printable(f"warning: {warning}"), file=sys.stderr)


def show(part: RenderableType) -> None:
    """Print a table or text on standard output, without what a terminal would obey."""
    terminal.console().print(terminal.Shown(part))


def print_json(document: Any) -> None:
    """Print a document on standard output as JSON."""
    print(terminal.json_text(document), end="")


def run_in_uvloop(main: Coroutine[Any, Any, int]) -> int:
    """Run a coroutine in uvloop where it can be had: it halves the cost of a probe."""
    import asyncio

    try:
        import uvloop
    except ImportError:  # not on Windows
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
