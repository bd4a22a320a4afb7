"""Listens where the configuration says, and lets in whom it lets in."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from aiohttp.typedefs import Handler

from monitor.model.estate import Estate
from monitor.model.reload_outcome import ReloadOutcome
from monitor.publish.web.app import Source, application
from monitor.publish.web.by_hand_routes import Hands
from monitor.publish.web.client_limits import BoundedRunner
from monitor.publish.web.credentials import WebAccess, load_access
from monitor.publish.web.host_header import Hosts
from monitor.publish.web.middleware import Lock

log = structlog.get_logger("driftvakt")

RESOLV_CONF = Path("/etc/resolv.conf")
CLOSE = 1.0
"""Seconds that answers under way may take at a stop."""


class WebServer:
    """Of one daemon. ``url`` is empty until it listens."""

    def __init__(self) -> None:
        self.url = ""
        self._lock = Lock(failed=self._wrong)
        self._hosts = Hosts()
        self._login_failed: Callable[[], object] = _nobody
        self._tls: ssl.SSLContext | None = None

    async def start(
        self,
        source: Source,
        stack: AsyncExitStack,
        *,
        reload: Callable[[], Awaitable[ReloadOutcome]],
        probe: Handler,
        hands: Hands,
        login_failed: Callable[[], object],
    ) -> None:
        """Listens until ``stack`` is closed; ``login_failed`` counts wrong passwords. Raises ``OSError``
        where it cannot.
        """
        estate = source.estate
        access = load_access(estate.web)
        self._login_failed = login_failed
        self._lock.change(access.credentials)
        self._hosts.change(own_names(estate))
        self._tls = access.ssl
        app = application(
            source, lock=self._lock, hosts=self._hosts, reload=reload, probe=probe, hands=hands
        )
        runner = BoundedRunner(app, shutdown_timeout=CLOSE)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        addresses = await runner.listen(estate.listen_host, estate.listen_port, access.ssl)
        host, port = addresses[0]
        shown = f"[{host}]" if ":" in str(host) else host
        self.url = f"{'https' if access.ssl else 'http'}://{shown}:{port}"

    def let_in(self, access: WebAccess, estate: Estate) -> None:
        """Who may come from now on, and what they are shown to know us by."""
        self._lock.change(access.credentials)
        self._hosts.change(own_names(estate))
        if self._tls is not None and estate.web.cert_file is not None:
            try:
                self._tls.load_cert_chain(estate.web.cert_file, estate.web.key_file, lambda: "")
            except OSError as error:  # it was replaced once more, just now
                log.error("web_certificate_not_renewed", error=str(error))

    def _wrong(self, address: str, times: int) -> None:
        self._login_failed()
        if times & (times - 1) == 0:  # the first, and ever more rarely
            log.warning("login_failed", address=address, times=times)


def _nobody() -> None:
    """Nobody counts."""


def own_names(estate: Estate) -> Iterator[str]:
    """By which this machine may be asked for: its own, as it is and within the domains in which it
    looks names up (resolv.conf(5)), that of the listener, and those that the settings have.
    """
    yield from (estate.listen_host, *estate.web.allowed_hosts)
    if estate.public_url:
        yield urlsplit(estate.public_url).hostname or ""
    own = socket.gethostname()
    yield own
    first = own.partition(".")[0]
    yield first
    try:
        lines = RESOLV_CONF.read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    for words in map(str.split, lines):
        if words[:1] in (["search"], ["domain"]):
            yield from (f"{first}.{domain}" for domain in words[1:])
