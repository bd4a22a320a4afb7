"""Makes the one folder of the demo, and removes it afterwards with the keys in it."""

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
    """Make a folder that only its owner may enter; remove it at the end."""
    made = Path(mkdtemp(prefix=prefix))
    try:
        yield made
    finally:
        _remove(made)


def _remove(folder: Path) -> None:
    """Remove the folder, whatever still writes there: a thread that writes a file whole, or a process
    that is ending, may do so while it is emptied. What is left at last is no fault for an exit code.
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
