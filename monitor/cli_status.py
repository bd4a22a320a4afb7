"""``driftvakt status``: reads a status file or a daemon's."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.asking import NoAnswerError, ask, without_password
from monitor.json_read import read_json
from monitor.table.rows import NotAStatusDocumentError, document_status
from monitor.table.status import status_table_from_json
from monitor.terminal import Shown
from probes.observation import clean

if TYPE_CHECKING:
    from rich.console import Console

LIMIT = 100_000_000
WATCH_EVERY = 2.0


class StatusUnreadableError(Exception):
    """No status could be had. The text says from where and why, in one line."""

    def __init__(self, where: str, why: object) -> None:
        super().__init__(f"no status from {clean(where)}: {clean(why, 500)}")


def read_status(url: str | None, file: Path | None) -> dict[str, Any]:
    """The decoded status document. Raises :class:`StatusUnreadableError`."""
    where = str(file) if file is not None else without_password(str(url))
    try:
        document = read_json(_content(file) if file is not None else _fetch(str(url)))
    except OSError as error:
        raise StatusUnreadableError(where, error.strerror or error) from None
    except (ValueError, NoAnswerError) as error:
        raise StatusUnreadableError(where, error) from None
    try:
        document_status(document, 0.0)
        status_table_from_json(document, "en", now=0.0)
    except NotAStatusDocumentError as error:
        raise StatusUnreadableError(where, error) from None
    checked: dict[str, Any] = document
    return checked


def _content(file: Path) -> bytes:
    with file.open("rb") as opened:
        body = opened.read(LIMIT + 1)
    if len(body) > LIMIT:
        raise ValueError(f"it is larger than {LIMIT} bytes")
    return body


def _fetch(url: str) -> bytes:
    path, mark, query = url.partition("?")
    address = path if path.endswith(".json") else path.rstrip("/") + "/status.json"
    return ask(address + mark + query, LIMIT)


def watch_status(
    console: Console,
    url: str | None,
    file: Path | None,
    language: str,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Shows the status again and again until Ctrl-C, or until nobody reads it any more."""
    from rich.live import Live

    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        if not console.is_terminal:
            while True:
                console.print(_watched(url, file, language))
                console.file.flush()
                sleep(WATCH_EVERY)
        with Live(console=console, auto_refresh=False) as live:
            while True:
                live.update(_watched(url, file, language), refresh=True)
                sleep(WATCH_EVERY)


def _watched(url: str | None, file: Path | None, language: str) -> Shown:
    try:
        document = read_status(url, file)
        return Shown(status_table_from_json(document, language, now=time.time()))
    except StatusUnreadableError as error:
        from rich.text import Text

        return Shown(Text(str(error), style="bold red"))
