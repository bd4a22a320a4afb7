"""Putting a large body together without stopping the event loop, and without a second copy of it."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

from monitor.publish.rendering.pacer import Pacer


async def join(pieces: Iterable[bytes], pacer: Pacer, expected: int = 0) -> bytes:
    """``b"".join(pieces)``; gives way to the event loop between two pieces. About ``expected`` bytes
    are made room for at once: a buffer that grows is copied again and again, in one go each time.

    ``BytesIO`` hands out the very buffer that it has filled: a body of tens of megabytes is in
    memory once, where ``bytes.join`` needs all of its pieces beside it.
    """
    whole = BytesIO(bytes(expected))
    for piece in pieces:
        whole.write(piece)
        if pacer.due():
            await pacer.rest()
    whole.truncate()
    return whole.getvalue()
