"""``driftvakt status``: reads a status file or a daemon's."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.cli.http_get import NoAnswerError, http_get, without_password
from monitor.console.brief import brief
from monitor.console.rows import NotAStatusDocumentError, document_status
from monitor.support.json_read import read_json
from monitor.support.terminal import Shown
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
        brief(document, "en", now=0.0)
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
    return http_get(address + mark + query, LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a status is shown, and which part of it."""

    language: str
    every: bool = False
    """A table of all checks."""
    only: str | None = None
    """``ENV`` or ``ENV/SERVICE``."""

    def narrowed(self, document: dict[str, Any]) -> dict[str, Any]:
        """The document with that part alone, and its status. Raises :class:`StatusUnreadableError`."""
        if self.only is None:
            return document
        wanted, _, name = self.only.partition("/")
        for environment in document["environments"]:
            services = environment["services"]
            if name:
                services = [one for one in services if one["name"] == name]
            if environment["name"] == wanted and (services or not name):
                told = services[0] if name else environment
                part = {**environment, "services": services}
                told_keys = {key: told[key] for key in ("status", "message")}
                return {**document, **told_keys, "environments": [part]}
        raise StatusUnreadableError(self.only, "the document has none of that name")

    def shown(self, document: dict[str, Any], now: float) -> Shown:
        if self.every:
            from monitor.console.status import status_table_from_json

            return Shown(status_table_from_json(document, self.language, now=now, messages=False))
        return Shown(brief(document, self.language, now=now))


def watch_status(
    console: Console,
    url: str | None,
    file: Path | None,
    shape: Shape,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Shows the status again and again until Ctrl-C, or until nobody reads it any more."""
    from rich.live import Live

    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        if not console.is_terminal:
            while True:
                console.print(_watched(url, file, shape))
                console.file.flush()
                sleep(WATCH_EVERY)
        with Live(console=console, auto_refresh=False) as live:
            while True:
                live.update(_watched(url, file, shape), refresh=True)
                sleep(WATCH_EVERY)


def _watched(url: str | None, file: Path | None, shape: Shape) -> Shown:
    try:
        document = shape.narrowed(read_status(url, file))
        return shape.shown(document, time.time())
    except StatusUnreadableError as error:
        from rich.text import Text

        return Shown(Text(str(error), style="bold red"))
