"""``driftvakt replay``: reads the history and judges it again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.installed import history_folder
from monitor.cli.options import (
    ConfigOption,
    JsonOption,
    fail,
    load_or_exit,
    parse_seconds,
    print_json,
    show,
    warn,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.history.reader import HistoryReader
    from monitor.model.estate import Estate
    from monitor.model.transition import Transition
    from monitor.replay.comparison import ReplayComparison


def replay(
    config: ConfigOption,
    since: Annotated[
        float, typer.Option(parser=parse_seconds, metavar="DURATION", help="How far back, e.g. 7d.")
    ] = "7d",  # type: ignore[assignment]  # it is parsed, too
    against: Annotated[
        Path | None,
        typer.Option(help="Compare with this configuration, not with what was published."),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder of driftvakt.db.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Judge what was recorded again, under another configuration: what would have changed."""
    from monitor.history.errors import HistoryTroubleError
    from monitor.replay.as_json import comparison_document
    from monitor.replay.table import comparison_table

    loaded = load_or_exit(config)
    warn(loaded.warnings)
    estate = loaded.estate
    old = load_or_exit(against).estate if against is not None else None
    now = time.time()
    try:
        comparison = replayed(
            estate,
            store=estate.store if data_dir is None else "sqlite",
            data_dir=data_dir or history_folder(config, estate.data_dir),
            since=now - since,
            until=now,
            old=old,
            old_path=against,
        )
    except HistoryTroubleError as error:
        fail(f"no history to judge again: {error}")
    if as_json:
        print_json(comparison_document(comparison))
    else:
        show(comparison_table(comparison, estate.timezone))


class Stored:
    """The history as the replay reads it."""

    def __init__(self, reader: HistoryReader) -> None:
        self._reader = reader

    def checks(self) -> list[str]:
        return self._reader.checks()

    def blocks(self, check_id: str, since: float, until: float) -> Iterator[bytes]:
        return self._reader.packed(check_id, since, until)

    def transitions(self, since: float, until: float) -> list[Transition]:
        return [entry.transition for entry in self._reader.transitions(since=since, until=until)]

    def newest_before(self, subject: str, at: float) -> Transition | None:
        environment, _, service = subject.partition("/")
        if service:
            found = self._reader.transitions(service=subject, until=at, limit=1)
            return found[-1].transition if found else None
        # an environment's are kept among those of its services
        every = self._reader.transitions(environment=environment, until=at, limit=_AMONG)
        own = [one.transition for one in every if one.transition.service is None]
        return own[-1] if own else None


_AMONG = 1000


def replayed(
    estate: Estate,
    *,
    store: str,
    data_dir: Path,
    since: float,
    until: float,
    old: Estate | None,
    old_path: Path | None,
) -> ReplayComparison:
    """Judge the history in ``data_dir`` or at the ``store``'s address again, with a progress bar on a
    terminal.

    Raises :class:`~monitor.history.errors.HistoryTroubleError` when there is none to be read.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from monitor.history.reader import HistoryReader
    from monitor.replay.comparison import RECORDED, compare

    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with HistoryReader(store, data_dir) as reader, bar:
        task = bar.add_task("judging again", total=None)
        return compare(
            estate,
            Stored(reader),
            since,
            until,
            old=old,
            against=str(old_path) if old_path is not None else RECORDED,
            told=lambda done, total: bar.update(task, completed=done, total=total),
        )
