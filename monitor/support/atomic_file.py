"""A file that is written whole or not at all. Standard library only.

A reader sees the old file or the new one, and so does whoever looks after a crash at any instant:
the body goes to a temporary file beside it, is forced to the disk, takes the name in one step, and
the folder is forced to the disk too.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from pathlib import Path

MODE = 0o644


def write_whole(path: Path, body: bytes, mode: int = MODE) -> None:
    """Writes ``body`` to ``path``, with the permissions ``mode``. Blocks until it is on the disk.

    Raises ``OSError`` when the folder is missing or not writable, the disk is full and the like;
    the old file is then as it was. Temporary files that crashed writers left are removed.
    """
    prefix = f".{path.name}."
    _remove_leftovers(path.parent, prefix)
    temporary = path.parent / f"{prefix}{secrets.token_hex(8)}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        try:
            # Held as long as the writer lives, however it dies: what can be locked is a leftover.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.fchmod(descriptor, mode)
            rest = memoryview(body)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
            temporary.rename(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    finally:
        os.close(descriptor)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_leftovers(folder: Path, prefix: str) -> None:
    """Removes temporary files whose writer is gone; those of a living writer are locked."""
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if e.name.startswith(prefix) and e.name.endswith(".tmp")]
    for name in names:
        with contextlib.suppress(OSError):
            descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                (folder / name).unlink()
            finally:
                os.close(descriptor)
