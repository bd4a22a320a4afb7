"""What a daemon has no need of before its first probes, imported while they are under way.

Importing these takes longer than reading a thousand checks: the history with its database, the web
with its page, who is told and in which words.
"""

from __future__ import annotations

import sys
from importlib import import_module

from monitor.support.threads import run_in_daemon_thread

LATER = (
    "monitor.runtime.assembly",
    "monitor.runtime.configuration_watch",
    "monitor.runtime.heartbeat",
    "monitor.runtime.pipeline",
    "monitor.runtime.reconfigure",
    "monitor.runtime.restore",
    "monitor.runtime.transition_dispatcher",
    "monitor.runtime.web_source",
    "monitor.blackbox.route",
)


async def import_what_comes_later() -> None:
    """In a thread, for a single import may take longer than the loop may be held."""
    if any(name not in sys.modules for name in LATER):
        await run_in_daemon_thread(import_all, "import")


def import_all() -> None:
    """Here and now: simulated time waits for no thread."""
    for name in LATER:
        import_module(name)
