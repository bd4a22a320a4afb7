"""Imports what a daemon does not need before its first probes, while they are under way.

Importing these takes longer than reading a thousand checks: the history with its database, the web
with its page, who is told and in which words.
"""

from __future__ import annotations

import sys
from importlib import import_module

from monitor.support.threads import run_in_daemon_thread

LATER = "monitor.runtime.reporting"
"""Imports all of them."""


async def import_what_comes_later() -> None:
    """Imports in a thread, for a single import may take longer than the loop may be held."""
    if LATER not in sys.modules:
        await run_in_daemon_thread(import_all, "import")


def import_all() -> None:
    """Imports here and now: simulated time waits for no thread."""
    import_module(LATER)
