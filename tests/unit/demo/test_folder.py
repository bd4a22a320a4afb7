"""The demo's folder is gone afterwards, whoever still writes there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from monitor.demo import folder as demo_folder
from monitor.demo.folder import temporary_folder


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


class LateWriter:
    """Writes a file into a folder that has just been emptied, so many times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
        self.times = times
        self._rmdir = os.rmdir
        self._made: Path | None = None
        monkeypatch.setattr(os, "rmdir", self._late)

    def into(self, folder: Path) -> None:
        self._made = folder

    def _late(self, path: Any, **where: Any) -> None:
        if self._made is not None and self.times:
            self.times -= 1
            (self._made / "status.json").write_text("late")
        self._rmdir(path, **where)


def test_it_is_gone_with_all_that_is_in_it(temporary: Path) -> None:
    """Only its owner may enter it meanwhile."""
    with temporary_folder("demo-") as made:
        assert made.stat().st_mode & 0o777 == 0o700
        (made / "data").mkdir()
        (made / "data" / "key").write_text("secret")
    assert list(temporary.iterdir()) == []


def test_a_file_that_is_written_late_is_removed_too(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that was under way when the demo ended makes the folder not empty: it is emptied again."""
    late = LateWriter(monkeypatch, 3)
    with temporary_folder("demo-") as made:
        late.into(made)
    assert late.times == 0
    assert list(temporary.iterdir()) == []


def test_a_folder_that_cannot_be_emptied_is_no_error(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes for ever keeps one file; the demo has ended well all the same."""
    monkeypatch.setattr(demo_folder, "PAUSE", 0.0)
    late = LateWriter(monkeypatch, 10 * demo_folder.TRIES)
    with temporary_folder("demo-") as made:
        late.into(made)
    assert [file.name for file in temporary.rglob("*") if file.is_file()] == ["status.json"]


def test_one_that_somebody_else_has_removed_is_gone(temporary: Path) -> None:
    """As a cleaner of the temporary folder does."""
    with temporary_folder("demo-") as made:
        made.rmdir()
    assert list(temporary.iterdir()) == []
