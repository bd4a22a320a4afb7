"""``driftvakt status``: shows the status of a daemon or of a file."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.installed import SYSTEM_DATA
from monitor.cli.options import (
    EXIT_UNKNOWN,
    EnvironmentOption,
    JsonOption,
    LanguageOption,
    ServiceOption,
    fail,
    print_json,
    warn,
)
from monitor.support import terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

EXIT_CODES = {"green": 0, "yellow": 1, "red": 2, "unknown": EXIT_UNKNOWN}
DEFAULT_URL = "http://127.0.0.1:9815"
LIMIT = 100_000_000
"""Bytes of a status document at most."""
ROOM_FOR_LATENCY = 100
"""Columns; with fewer, the table of all checks leaves the latency out for the words beside it."""
WATCH_EVERY = 2.0
"""Seconds between two looks of ``--watch``."""


def status(
    *,
    url: Annotated[
        str | None, typer.Option(help="Base address of a daemon, or of a status.json.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="A status.json.")] = None,
    as_json: JsonOption = False,
    watch: Annotated[bool, typer.Option("--watch", help="Again every 2 s, until Ctrl-C.")] = False,
    every: Annotated[bool, typer.Option("--all", help="A table of all checks.")] = False,
    environment: EnvironmentOption = None,
    service: ServiceOption = None,
    language: LanguageOption = "en",
) -> None:
    """Show the status: trouble first, and the rest counted.

    Exit 0 green, 1 yellow, 2 red, 3 unknown, or that it could not be told.
    """
    from monitor.console.document_rows import document_status

    if environment is not None and service is not None:
        fail("--env and --service cannot be used together", EXIT_UNKNOWN)
    if url is not None and file is not None:
        fail("--url and --file cannot be used together", EXIT_UNKNOWN)
    # what draws takes as long to import as all the rest, and JSON is not drawn
    console = None if as_json and not watch else terminal.console()
    view = StatusView(
        language=language,
        every=every,
        only=service or environment,
        latency=console is None or console.width >= ROOM_FOR_LATENCY,
    )
    try:
        if watch and console is not None:
            terminal.output.raises = True
            watch_status(console, url if file is not None else url or DEFAULT_URL, file, view)
            raise typer.Exit(0)
        whole = read_default() if url is None and file is None else read_status(url, file)
        document = view.narrowed(whole)
    except StatusUnreadableError as error:
        fail(str(error), EXIT_UNKNOWN)
    now = time.time()
    if console is None:
        print_json(document)
    else:
        console.print(view.shown(document, now))
    raise typer.Exit(EXIT_CODES[document_status(document, now)])


class StatusUnreadableError(Exception):
    """There is no status to show. The text says from where and why, in one line."""

    def __init__(self, where: str, why: object) -> None:
        from probes.observation import clean

        super().__init__(f"no status from {clean(where)}: {clean(why, 500)}")


def read_default() -> dict[str, Any]:
    """The document of the daemon on this machine, or else the file of the shipped unit, which its
    warning names. Raises :class:`StatusUnreadableError`.
    """
    try:
        return read_status(DEFAULT_URL, None)
    except StatusUnreadableError as error:
        file = SYSTEM_DATA / "status.json"
        if not os.path.isfile(file):  # noqa: PTH113 - one that may not be looked for is none
            raise
        warn([f"{error}; shown is {file}"])
        return read_status(None, file)


def read_status(url: str | None, file: Path | None) -> dict[str, Any]:
    """The decoded status document. Raises :class:`StatusUnreadableError`."""
    from monitor.cli.http_get import NoAnswerError, without_password
    from monitor.console.document_rows import NotAStatusDocumentError, check_document
    from monitor.support.json_read import read_json

    where = str(file) if file is not None else without_password(str(url))
    try:
        document = read_json(_read_file(file) if file is not None else _fetch(str(url)))
    except OSError as error:
        raise StatusUnreadableError(where, error.strerror or error) from None
    except (ValueError, NoAnswerError) as error:
        raise StatusUnreadableError(where, error) from None
    try:
        check_document(document)
    except NotAStatusDocumentError as error:
        raise StatusUnreadableError(where, error) from None
    checked: dict[str, Any] = document
    return checked


def _read_file(file: Path) -> bytes:
    with file.open("rb") as opened:
        body = opened.read(LIMIT + 1)
    if len(body) > LIMIT:
        raise ValueError(f"it is larger than {LIMIT} bytes")
    return body


def _fetch(url: str) -> bytes:
    from monitor.cli.http_get import http_get

    path, mark, query = url.partition("?")
    address = path if path.endswith(".json") else path.rstrip("/") + "/status.json"
    return http_get(address + mark + query, LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """How a status is shown, and which part of it."""

    language: str
    every: bool = False
    """A table of all checks."""
    only: str | None = None
    """``ENV`` or ``ENV/SERVICE``."""
    latency: bool = True
    """Whether the table has room for it."""

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
                chosen = services[0] if name else environment
                whole = {key: chosen[key] for key in ("status", "message")}
                return {
                    **document,
                    **whole,
                    "environments": [{**environment, "services": services}],
                }
        raise StatusUnreadableError(self.only, "the document has none of that name")

    def shown(self, document: dict[str, Any], now: float) -> terminal.Shown:
        """The document in few lines, or as a table. ``now`` is in seconds since the epoch."""
        if self.every:
            from monitor.console.status import status_table_from_json

            table = status_table_from_json(
                document, self.language, now=now, messages=False, latency=self.latency
            )
            return terminal.Shown(table)
        from monitor.console.brief import brief

        return terminal.Shown(brief(document, self.language, now=now))


def watch_status(
    console: Console,
    url: str | None,
    file: Path | None,
    view: StatusView,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Show the status again and again until Ctrl-C, or until nobody reads it any more."""
    from rich.live import Live

    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        if not console.is_terminal:
            while True:
                console.print(_watched(url, file, view))
                console.file.flush()
                sleep(WATCH_EVERY)
        with Live(console=console, auto_refresh=False) as live:
            while True:
                live.update(_watched(url, file, view), refresh=True)
                sleep(WATCH_EVERY)


def _watched(url: str | None, file: Path | None, view: StatusView) -> terminal.Shown:
    try:
        return view.shown(view.narrowed(read_status(url, file)), time.time())
    except StatusUnreadableError as error:
        from rich.text import Text

        return terminal.Shown(Text(str(error), style="bold red"))
