"""A file that is written whole or not at all."""

from __future__ import annotations

import asyncio
import fcntl
import os
import stat
import threading
from pathlib import Path

import pytest

from monitor.publish.status import status_file
from monitor.publish.status.status_file import StatusFile
from monitor.support.atomic_file import write_whole


def test_body_takes_the_name_at_once(tmp_path: Path) -> None:
    """The new body replaces the old one, readable by all whatever the umask, nothing left over."""
    path = tmp_path / "status.json"
    before = os.umask(0o077)
    try:
        write_whole(path, b"old")
        write_whole(path, b"new")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_open_reader_keeps_what_it_reads(tmp_path: Path) -> None:
    """A reader in the middle of the old file reads it to its end."""
    path = tmp_path / "status.json"
    write_whole(path, b"old body")
    with path.open("rb") as reader:
        assert reader.read(3) == b"old"
        write_whole(path, b"new body")
        assert reader.read() == b" body"


def test_leftovers_of_crashes_are_removed(tmp_path: Path) -> None:
    """Temporary files of dead writers go; a living writer's and strangers' files stay."""
    path = tmp_path / "status.json"
    for name in (".status.json.1111.tmp", ".status.json.2222.tmp", ".status.json.live.tmp"):
        (tmp_path / name).write_bytes(b'{"half":')
    (tmp_path / "other.tmp").write_bytes(b"")
    with (tmp_path / ".status.json.live.tmp").open("rb") as living:
        fcntl.flock(living, fcntl.LOCK_EX)
        write_whole(path, b"new")
    left = {entry.name for entry in tmp_path.iterdir()}
    assert left == {"status.json", ".status.json.live.tmp", "other.tmp"}


def test_missing_folder_is_an_error(tmp_path: Path) -> None:
    """Nothing is created that was not asked for."""
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "missing" / "status.json", b"x")
    assert not (tmp_path / "missing").exists()


def test_name_that_is_a_folder_is_an_error(tmp_path: Path) -> None:
    """What cannot be renamed over leaves no temporary file."""
    (tmp_path / "status.json").mkdir()
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "status.json", b"x")
    assert [entry.name for entry in tmp_path.iterdir()] == ["status.json"]


async def test_writes_never_overlap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes asked for at once are done one after the other, in order, beside the event loop."""
    under_way = 0
    most = 0
    written: list[bytes] = []
    threads: set[int] = set()

    def slow(_: Path, body: bytes) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        threading.Event().wait(0.01)
        written.append(body)
        threads.add(threading.get_ident())
        under_way -= 1

    monkeypatch.setattr(status_file, "write_whole", slow)
    file = StatusFile(tmp_path / "status.json")
    bodies = [str(i).encode() for i in range(10)]
    await asyncio.gather(*(file.write(body) for body in bodies))
    await file.close()
    assert written == bodies
    assert most == 1
    assert threading.get_ident() not in threads
    assert threading.get_ident() not in threads


async def test_error_reaches_whoever_asked(tmp_path: Path) -> None:
    """An OSError is raised to the caller, and the next write may succeed."""
    folder = tmp_path / "data"
    file = StatusFile(folder / "status.json")
    with pytest.raises(OSError, match="No such file"):
        await file.write(b"1")
    folder.mkdir()
    await file.write(b"2")
    await file.close()
    assert file.path.read_bytes() == b"2"
