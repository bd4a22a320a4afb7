"""A plug-in that stands between a daemon and name resolution: see :func:`install`.

Every name of ``example.se`` is this machine. While the file of :data:`SILENT` is there nothing
answers: a look-up waits, and then fails as glibc's does.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Any

from tests.support.daemon.blocking_probe import KIND as KIND

SILENT = "DRIFTVAKT_TEST_SILENT_NAMES"
WAITS = 2.0
"""Seconds until a look-up gives up: shorter than glibc's, longer than the probes' time-outs."""
_real = socket.getaddrinfo


def _look_up(host: Any, *arguments: Any, **options: Any) -> Any:
    if not str(host).endswith(".example.se"):
        return _real(host, *arguments, **options)
    silent = Path(os.environ[SILENT])
    if silent.exists():
        # what was asked in the silence is not answered later
        time.sleep(WAITS)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return _real("127.0.0.1", *arguments, **options)


if SILENT in os.environ:
    socket.getaddrinfo = _look_up


def install(folder: Path, silent: Path) -> dict[str, str]:
    """Installs the plug-in in ``folder``; gives the environment variables that make it work."""
    metadata = folder / "driftvakt_deaf-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: x\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[driftvakt.probes]\nblocking = tests.support.breaking.deaf_names:KIND\n"
    )
    return {"PYTHONPATH": str(folder), SILENT: str(silent)}
