"""The program's first instants: an early Ctrl-C ends it silently, while modules are still read, and
a signal ends in order what is ended by signals.
"""

import gc
import os
import signal
import sys


def main() -> None:
    """Run the program ``driftvakt``."""
    if sys.argv[1:2] in (["run"], ["demo"]):
        # nothing is begun until it has handlers of its own: leaving at once is leaving in order
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: os._exit(0))
        from monitor.cli import app
    else:
        # what a short command imports stays: looking for garbage in it costs more than there is
        gc.set_threshold(100_000)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        from monitor.cli import app

        signal.signal(signal.SIGINT, signal.default_int_handler)
    app.main()
