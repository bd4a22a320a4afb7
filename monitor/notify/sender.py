"""The interface of every kind of receiver, and how sending fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from monitor.notify.message import Message
from probes.net.watched_file import text_in

MOST_IN_A_FILE = 65_536
"""Bytes that are read of a file that holds an address or a secret."""


class SendFailed(Exception):
    """A message did not arrive, as far as we know. ``detail`` holds no secret."""

    def __init__(
        self, detail: str, *, refused: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.refused = refused
        """Somebody has to mend something first: it is tried again, but slowly."""
        self.retry_after = retry_after
        """Seconds that the receiver asks for."""


class Sender(Protocol):
    """Sends messages to one receiver. ``send`` raises :class:`SendFailed`."""

    refresh_every: float | None
    """Seconds between calls of ``refresh``; ``None`` for never."""

    async def send(self, messages: Sequence[Message]) -> None:
        """Sends all of them as one; returns when the receiver has taken them."""

    async def refresh(self) -> None:
        """Tells again what still holds."""

    def restore(self, message: Message) -> None:
        """What an earlier process told last of a subject."""

    async def trial(self) -> None:
        """Sends a message that says that it is a test."""

    async def close(self) -> None:
        """Gives back what it holds."""


def read_secret(path: Path) -> str:
    """The text of a file, without the white space around it. Blocks. Raises :class:`SendFailed`
    when it cannot be read or is empty.
    """
    try:
        with path.open("rb") as opened:
            text = text_in(opened.read(MOST_IN_A_FILE)).strip()
    except OSError as error:
        why = error.strerror or "it cannot be opened"
        raise SendFailed(f"{path.name} cannot be read: {why}", refused=True) from None
    except UnicodeDecodeError:
        raise SendFailed(f"{path.name} is not UTF-8 text", refused=True) from None
    if not text:
        raise SendFailed(f"{path.name} is empty", refused=True)
    return text
