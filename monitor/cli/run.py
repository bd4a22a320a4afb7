"""``driftvakt run``: the daemon."""

from __future__ import annotations

import gc
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import ConfigOption, ForOption, fail, read_or_exit, run_in_uvloop

if TYPE_CHECKING:
    from monitor.configuration.loader import Loaded


class LogFormat(StrEnum):
    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def run(
    config: ConfigOption,
    listen: Annotated[
        str | None, typer.Option(metavar="A:P", help="Address and port; port 0: any free one.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder of status.json and the history.")
    ] = None,
    duration: ForOption = None,
    log_format: Annotated[
        LogFormat, typer.Option("--log-format", help="Form of the log.")
    ] = LogFormat.AUTO,
    log_level: Annotated[
        LogLevel, typer.Option("--log-level", help="Least severity logged.")
    ] = LogLevel.INFO,
) -> None:
    """Watch, judge and publish until stopped (SIGTERM, SIGINT)."""
    overrides = _overrides(listen, data_dir)
    # what is imported and read stays: looking for garbage in it, again and again, is a fifth of the start
    gc.disable()
    _import_structlog()
    from dataclasses import replace

    from monitor.configuration.discovery.store import Documents
    from monitor.configuration.files import ConfigFiles
    from monitor.configuration.loader import load
    from monitor.configuration.reloader import warn_of
    from monitor.runtime.process import collect_seldom, run_daemon
    from monitor.support import logging_setup
    from monitor.support.allocator import give_back_soon
    from monitor.support.redaction import secrets_of

    give_back_soon()
    documents = Documents(data_dir)

    def read() -> Loaded:
        loaded = load(config, os.environ, documents)
        return replace(loaded, estate=replace(loaded.estate, **overrides))

    files = ConfigFiles(config, read, documents)
    loaded = read_or_exit(files.read)
    gc.freeze()
    gc.enable()
    collect_seldom()
    estate = loaded.estate
    masker = logging_setup.set_up(log_format.value, log_level.value, secrets_of(estate))
    warn_of((*loaded.warnings, *loaded.advice))
    raise typer.Exit(run_in_uvloop(run_daemon(estate, duration, origin=files, masker=masker)))


def _import_structlog() -> None:
    """Import it without rich, which it would have draw tracebacks: ours are Python's, in every form
    of the log, and rich takes a twelfth of all imports.
    """
    if "rich" not in sys.modules:
        sys.modules["rich"] = None  # type: ignore[assignment]  # so it is not to be had
        import structlog  # noqa: F401

        del sys.modules["rich"]


def _overrides(listen: str | None, data_dir: Path | None) -> dict[str, Any]:
    """Fields of the estate that the command line sets instead of the configuration."""
    overrides: dict[str, Any] = {}
    if listen is not None:
        from monitor.settings.models import split_listen

        try:
            host, port = split_listen(listen)
        except ValueError as error:
            fail(f"--listen: {error}")
        if not 0 <= port <= 65535:
            fail(f"--listen: {port} is not a port: write 0 to 65535, 0 for any free one")
        overrides.update(listen_host=host, listen_port=port)
    if data_dir is not None:
        overrides["data_dir"] = data_dir
    return overrides
