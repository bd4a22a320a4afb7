"""Watches what the configuration is read from: its files, and the lists that it discovers targets from."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from monitor.configuration.discovery.poller import Discoverer
from monitor.configuration.file_watcher import FileWatch
from monitor.configuration.files import ConfigFiles
from monitor.configuration.reloader import Reloader
from monitor.model.estate import Estate
from monitor.publish.metrics.metrics import Metrics

CLOSE = 1.0
"""Seconds that the end waits for it."""


class ConfigurationWatch:
    """Has the ``reloader`` read ``origin`` again when it has changed; without one only when asked."""

    def __init__(self, origin: ConfigFiles | None, reloader: Reloader) -> None:
        self._origin = origin
        self._reloader = reloader
        self._discoverer: Discoverer | None = None

    def start(self, stack: AsyncExitStack, estate: Estate, metrics: Metrics) -> None:
        """Begins to reload and to watch; ``stack`` ends it."""
        work = [self._reloader.run()]
        if self._origin is not None:
            documents = self._origin.documents
            metrics.watch_discovery(lambda: documents.outcomes)
            self._discoverer = Discoverer(documents, self._reloader.ask, estate.user_agent)
            stack.push_async_callback(self._discoverer.close)
            self.follow(estate)
            work.append(FileWatch(self._origin, self._ask).run())
        tasks = [asyncio.create_task(one, name="configuration") for one in work]

        async def end() -> None:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=CLOSE)

        stack.push_async_callback(end)

    def follow(self, estate: Estate) -> None:
        """From now on lists are read as ``estate`` says."""
        if self._discoverer is not None:
            self._discoverer.follow(estate.discovery, estate.user_agent)

    def _ask(self) -> object:
        return self._reloader.ask("a changed file")
