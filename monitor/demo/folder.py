"""The one folder that the demo makes, gone afterwards with the keys in it."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

TRIES = 50
PAUSE = 0.02
"""Seconds between two tries."""


@contextlib.contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """A new folder that only its owner may enter, removed at the end."""
    made = Path(mkdtemp(prefix=prefix))
    try:
        yield made
    finally:
        _remove(made)


def _remove(folder: Path) -> None:
    """Whatever still writes there: a thread that writes a file whole, a process that was told to end, may
    do so while the folder is emptied, which is then not empty. What is left at last is no fault that
    an exit code should tell of.
    """
    for _ in range(TRIES):
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            if not folder.exists():
                return
        except OSError:
            time.sleep(PAUSE)
        else:
            return
    shutil.rmtree(folder, ignore_errors=True)
