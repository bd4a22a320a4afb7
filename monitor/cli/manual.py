"""``driftvakt manual``: prints the manual page."""

from __future__ import annotations

from monitor.support.terminal import write_document


def manual() -> None:
    """Print the manual page driftvakt(1), for man(1) to show."""
    import typer.main

    from monitor import __version__
    from monitor.cli.app import command_line
    from monitor.cli.manual_page import manual_page

    write_document(manual_page(typer.main.get_command(command_line()), __version__))
