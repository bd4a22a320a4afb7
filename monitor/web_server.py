"""Listens where the configuration says, and lets in whom it lets in."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from monitor.estate import Estate
from monitor.publish.guards import BoundedRunner, Lock
from monitor.publish.web import Source, application
from monitor.reload_outcome import Outcome
from monitor.web_access import WebAccess, load_access

log = structlog.get_logger("driftvakt")

CLOSE = 1.0
"""Seconds that answers under way may take at a stop."""


class WebServer:
    """Of one daemon. ``url`` is empty until it listens."""

    def __init__(self) -> None:
        self.url = ""
        self._lock = Lock()
        self._tls: ssl.SSLContext | None = None

    async def start(
        self,
        source: Source,
        stack: AsyncExitStack,
        *,
        reload: Callable[[], Awaitable[Outcome]],
        probe: Handler,
    ) -> None:
        """Listens until ``stack`` is closed. Raises ``OSError`` where it cannot."""
        estate = source.estate
        access = load_access(estate.web)
        self._lock.change(access.credentials)
        self._tls = access.ssl
        app = application(source, lock=self._lock, reload=reload, probe=probe)
        runner = BoundedRunner(app, shutdown_timeout=CLOSE)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, estate.listen_host, estate.listen_port, ssl_context=access.ssl)
        await site.start()
        host, port = runner.addresses[0][:2]
        shown = f"[{host}]" if ":" in str(host) else host
        self.url = f"{'https' if access.ssl else 'http'}://{shown}:{port}"

    def let_in(self, access: WebAccess, estate: Estate) -> None:
        """Who may come from now on, and what they are shown to know us by."""
        self._lock.change(access.credentials)
        if self._tls is not None and estate.web.cert_file is not None:
            try:
                self._tls.load_cert_chain(estate.web.cert_file, estate.web.key_file, lambda: "")
            except OSError as error:  # it was replaced once more, just now
                log.error("web_certificate_not_renewed", error=str(error))
