"""``driftvakt demo``: two small real test environments, watched."""

from __future__ import annotations

import typer

from monitor.cli.options import ForOption, LanguageOption, run_in_uvloop
from monitor.support import terminal


def demo(duration: ForOption = None, language: LanguageOption = "en") -> None:
    """Watch two small real test environments on loopback that break and heal on a script."""
    from monitor.demo.run import watch_demo

    terminal.output.raises = True
    console = terminal.console()
    try:
        code = run_in_uvloop(watch_demo(duration=duration, console=console, language=language))
    except BrokenPipeError:  # nobody is watching any more
        code = 0
    raise typer.Exit(code)
