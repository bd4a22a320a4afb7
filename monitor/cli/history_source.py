"""Where ``history`` and ``evidence`` read: a history on disk or in a database, or a running daemon."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import completion
from monitor.cli.installed import default_config, history_folder
from monitor.cli.options import fail, load_or_exit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from monitor.history.reader import HistoryReader

HistoryConfigOption = Annotated[
    Path | None, typer.Option("--config", help="A YAML file, or a folder of them.")
]
HistoryFolderOption = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of the history.")
]
DaemonOption = Annotated[str | None, typer.Option(help="Base address of a running daemon.")]
OwnLanguageOption = Annotated[
    str | None,
    typer.Option(
        help="sv or en; the configuration's own by default.",
        autocompletion=completion.languages,
    ),
]


class HistoryUnreadableError(Exception):
    """A history cannot be read. The text says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLocation:
    """Where the history is, and how its instants are shown."""

    store: str = field(default="sqlite", repr=False)
    """``sqlite``, or an address that may hold a password."""
    data_dir: Path
    zone: ZoneInfo
    language: str


def require_language(language: str | None) -> None:
    """Leave with 2 when the language is none of ours."""
    if language not in (None, "sv", "en"):
        fail(f"--language: {language} is neither sv nor en")


def require_one_source(url: str | None, config: Path | None, data_dir: Path | None) -> None:
    """Leave with 2 when both a daemon and a history are named."""
    if url is not None and (config is not None or data_dir is not None):
        fail("--url cannot be used together with --config or --data-dir")


def history_location(config: Path | None, data_dir: Path | None) -> HistoryLocation:
    """The location that a configuration, a folder, or both name: the folder goes before.

    Prints every fault of the configuration and leaves with 2 when it has any.
    """
    if config is None and data_dir is not None:
        return unconfigured_location(data_dir, "sv")
    path = config or default_config()
    estate = load_or_exit(path).estate
    return HistoryLocation(
        store=estate.store,
        data_dir=data_dir or history_folder(path, estate.data_dir),
        zone=estate.timezone,
        language=estate.language,
    )


def unconfigured_location(data_dir: Path, language: str) -> HistoryLocation:
    """A location of no configuration: instants are those of Stockholm."""
    from zoneinfo import ZoneInfo

    return HistoryLocation(data_dir=data_dir, zone=ZoneInfo("Europe/Stockholm"), language=language)


@contextlib.contextmanager
def opened(location: HistoryLocation) -> Iterator[HistoryReader]:
    """Open the history for reading. Raises :class:`HistoryUnreadableError`, also of what fails inside."""
    # a database's drivers take long to import: not where a daemon is asked
    from monitor.history.errors import HistoryTroubleError
    from monitor.history.reader import HistoryReader

    try:
        with HistoryReader(location.store, location.data_dir) as reader:
            yield reader
    except HistoryTroubleError as error:
        where = f"in {location.data_dir}" if location.store == "sqlite" else "in the database"
        raise HistoryUnreadableError(f"the history {where} cannot be read: {error}") from None
