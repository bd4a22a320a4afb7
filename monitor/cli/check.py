"""``driftvakt check``: validates a configuration and prints what would run."""

from __future__ import annotations

import time

from monitor.cli.options import ConfigOption, load_or_exit, show, warn
from monitor.support.terminal import printable


def check(config: ConfigOption) -> None:
    """Validate the configuration, warn of what is impolite or unwise, print what would run."""
    from monitor.console.checks import MANY, checks_lines, checks_table
    from monitor.polling.calendar_reader import calendar_warnings
    from monitor.settings.lint import canary_wanted

    loaded = load_or_exit(config)
    warn((*loaded.warnings, *loaded.advice, *calendar_warnings(loaded.estate, time.time())))
    number = sum(1 for _ in loaded.estate.probed())
    if number < MANY:
        show(checks_table(loaded.estate))
    else:
        for line in checks_lines(loaded.estate):
            print(printable(line))
    if elsewhere := sum(1 for _ in loaded.estate.checks()) - number:
        are = "check is" if elsewhere == 1 else "checks are"
        print(f"\n{elsewhere} {are} measured from other locations than {loaded.estate.location}")
    if wanted := canary_wanted(loaded.estate):
        print(f"\nadvice: {wanted}")
