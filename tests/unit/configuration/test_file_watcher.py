"""A change of a file is noticed whenever it is made."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from monitor.configuration import file_watcher
from monitor.configuration.file_watcher import FileWatch
from monitor.configuration.files import ConfigFiles


class Changing:
    """A file that somebody changes just after the first look at it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known = file.read_text()
        self.looks = 0

    def folders(self) -> set[Path]:
        return {self._file.parent}

    def now(self) -> str:
        return self._file.read_text()

    def changed(self) -> bool:
        seen = self.now() != self._known
        self.looks += 1
        if self.looks == 1:
            self._file.write_text("new")
        return seen


async def test_what_is_changed_during_the_first_look_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel is asked before, so that nobody has to wait for the next look."""
    monkeypatch.setattr(file_watcher, "LOOK_EVERY", 3600.0)
    file = tmp_path / "driftvakt.yaml"
    file.write_text("old")
    noticed = asyncio.Event()
    origin: Any = Changing(file)
    watch = asyncio.create_task(FileWatch(cast("ConfigFiles", origin), noticed.set).run())
    try:
        await noticed.wait()
    finally:
        watch.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watch
