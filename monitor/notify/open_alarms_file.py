"""Keeps the alarms that are open at receivers in a small file, for a start whose database does not answer.

One file in the data folder, beside the database and not in it, written whole whenever a receiver
has taken an alarm or an all-clear. It holds what is open and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import orjson

from monitor.model.records import MessageKind, Outgoing
from monitor.support.atomic_file import write_whole
from monitor.support.threads import run_in_daemon_thread

NAME = "driftvakt.told"
VERSION = 1
OLDEST = 86_400.0
"""Seconds after which it says nothing any more: somebody else may have told of what came since."""
MOST = 64 * 2**20
"""Bytes."""
_MODE = 0o640


class Memory(Protocol):
    """Keeps the alarms that are open at receivers."""

    async def read(self, now: float) -> list[Outgoing] | None:
        """All of them; ``None`` when that is not known. Raises ``OSError`` and ``ValueError``."""

    async def write(self, rows: Sequence[Outgoing], now: float) -> None:
        """These are all that are open. Raises ``OSError``."""


class OpenAlarmsFile:
    """Keeps them in a file of the data folder, read and written by threads of their own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME

    async def read(self, now: float) -> list[Outgoing] | None:
        return await run_in_daemon_thread(partial(self.read_now, now), "told")

    async def write(self, rows: Sequence[Outgoing], now: float) -> None:
        await run_in_daemon_thread(partial(self.write_now, list(rows), now), "told")

    def read_now(self, now: float) -> list[Outgoing] | None:
        """Blocks. ``None`` when there is no such file, or it is too old."""
        try:
            with self.path.open("rb") as file:
                body = file.read(MOST + 1)
        except FileNotFoundError:
            return None
        if len(body) > MOST:
            raise ValueError("it is too large")
        try:
            found = orjson.loads(body)
            if found["version"] != VERSION or not now - found["at"] < OLDEST:
                return None
            return [_row(one) for one in found["open"]]
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"it cannot be read: {type(error).__name__}") from None

    def write_now(self, rows: Sequence[Outgoing], now: float) -> None:
        """Blocks until it is on the disk."""
        told = [
            {
                "id": one.id,
                "notification": one.notification,
                "subject": one.subject,
                "kind": one.kind.value,
                "created_at": one.created_at,
                "message": orjson.Fragment(one.payload),
            }
            for one in rows
        ]
        body = orjson.dumps({"version": VERSION, "at": now, "open": told})
        if len(body) > MOST:
            raise OSError("it would be too large")
        write_whole(self.path, body, _MODE)


def _row(found: dict[str, object]) -> Outgoing:
    created_at = found["created_at"]
    if not isinstance(created_at, (int, float)):
        raise TypeError("created_at")
    return Outgoing(
        id=str(found["id"]),
        notification=str(found["notification"]),
        subject=str(found["subject"]),
        kind=MessageKind(str(found["kind"])),
        created_at=float(created_at),
        payload=orjson.dumps(found["message"]),
    )
