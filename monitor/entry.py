"""The program's first instants: an early Ctrl-C ends it silently, while modules are still read."""

import signal


def main() -> None:
    """The program ``driftvakt``."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from monitor import cli

    signal.signal(signal.SIGINT, signal.default_int_handler)
    cli.main()
