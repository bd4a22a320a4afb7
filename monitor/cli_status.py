"""``driftvakt status``: reads a status file or a daemon's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.table.rows import NotAStatusDocumentError, document_status
from monitor.table.status import status_table_from_json

if TYPE_CHECKING:
    from rich.console import Console

LIMIT = 100_000_000
TIMEOUT = 10.0
WATCH_EVERY = 2.0


class StatusUnreadableError(Exception):
    """No status could be had. The text says from where and why."""


def read_status(url: str | None, file: Path | None) -> dict[str, Any]:
    """The decoded status document. Raises :class:`StatusUnreadableError`."""
    where = str(file) if file is not None else str(url)
    try:
        body = file.read_bytes() if file is not None else _fetch(str(url))
        document = json.loads(body)
    except (OSError, ValueError) as error:
        shown = getattr(error, "reason", None) or error
        raise StatusUnreadableError(f"no status from {where}: {shown}") from None
    try:
        document_status(document, 0.0)
        status_table_from_json(document, "en", now=0.0)
    except NotAStatusDocumentError as error:
        raise StatusUnreadableError(f"{where}: {error}") from None
    checked: dict[str, Any] = document
    return checked


def _fetch(url: str) -> bytes:
    if not url.startswith(("http://", "https://")):
        raise ValueError("write an http:// or https:// address")
    # a file needs none of it
    import urllib.error
    import urllib.request

    address = url if url.endswith(".json") else url.rstrip("/") + "/status.json"
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:  # noqa: S310 - checked above
            body: bytes = answer.read(LIMIT)
    except urllib.error.HTTPError as error:
        error.close()  # it is the answer, too
        raise
    return body


def watch_status(
    console: Console,
    url: str | None,
    file: Path | None,
    language: str,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Shows the status again and again until Ctrl-C."""
    from rich.live import Live
    from rich.text import Text

    with Live(console=console, auto_refresh=False) as live:
        try:
            while True:
                try:
                    shown: Any = status_table_from_json(
                        read_status(url, file), language, now=time.time()
                    )
                except StatusUnreadableError as error:
                    shown = Text(str(error), style="bold red")
                live.update(shown, refresh=True)
                sleep(WATCH_EVERY)
        except KeyboardInterrupt:
            return
