"""Who holds a data folder: one daemon at a time, or every alarm would be told twice.

A lock that the kernel gives back however its holder dies, on a file that says who that is.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import orjson
import structlog

from monitor.support.threads import run_in_daemon_thread
from probes.observation import clean

log = structlog.get_logger("driftvakt")

NAME = "driftvakt.lock"
_PATIENCE = 1.0
"""Seconds that one who is just ending may take to let go."""
_ANSWER = 2.0
"""Seconds that the disk may take."""
_MOST = 1024


class HeldError(Exception):
    """Somebody else holds the folder. ``str`` of it is a sentence for people."""


@contextlib.asynccontextmanager
async def holding(folder: Path) -> AsyncIterator[None]:
    """Holds ``folder`` for as long as it is entered.

    Raises :class:`HeldError` when another process holds it. Where no lock can be had, on a disk
    that is full, cannot be written or does not answer, that is told and it goes on: monitoring does
    not wait for it.
    """
    file = None
    try:
        async with asyncio.timeout(_ANSWER):
            file = await run_in_daemon_thread(partial(_hold, folder), "hold")
    except TimeoutError:
        log.warning("data_folder_not_held", folder=str(folder), error="the disk does not answer")
    except OSError as error:
        log.warning("data_folder_not_held", folder=str(folder), error=error.strerror)
    try:
        yield
    finally:
        if file is not None:
            os.close(file)


def _hold(folder: Path) -> int:
    """The file that is locked. Raises ``OSError`` and :class:`HeldError`."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
    file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        if not _locked(file):
            raise HeldError(f"{folder} is held by another driftvakt, {_holder(file)}")
        with contextlib.suppress(OSError):  # who it is, is a courtesy
            os.ftruncate(file, 0)
            os.pwrite(file, _told(), 0)
    except BaseException:
        os.close(file)
        raise
    return file


def _locked(file: int) -> bool:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        else:
            return True


def _told() -> bytes:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return orjson.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": at}) + b"\n"


def _holder(file: int) -> str:
    try:
        found = orjson.loads(os.pread(file, _MOST, 0))
        pid, host, since = (clean(str(found[key])) for key in ("pid", "host", "since"))
    except (OSError, ValueError, KeyError, TypeError):
        return "which has not said who it is"
    return f"process {pid} on {host}, since {since}"
