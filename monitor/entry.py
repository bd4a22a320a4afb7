"""The program's first instants: an early Ctrl-C ends it silently, while modules are still read, and
SIGTERM ends a daemon in order.
"""

import os
import signal
import sys


def main() -> None:
    """The program ``driftvakt``."""
    if sys.argv[1:2] == ["run"]:
        # nothing is begun until it has handlers of its own: leaving at once is leaving in order
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from monitor import cli

    signal.signal(signal.SIGINT, signal.default_int_handler)
    cli.main()
