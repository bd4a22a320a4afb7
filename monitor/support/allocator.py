"""How the C library keeps memory that was freed: not longer than it is of use."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of mallopt(3) of the GNU C library."""
LARGE = 131_072
"""Bytes of a block that goes back to the system when it is freed. Left to itself the library takes
blocks as large as the largest that was ever freed, up to 32 MiB, from a heap that does not shrink: each
rendering of a large estate leaves holes of megabytes in it.
"""
ARENAS = 2
"""Heaps in all. By itself each of some forty threads that look names up may get one of its own."""


def give_back_soon() -> None:
    """To be called before there are threads. Elsewhere than with the GNU C library it does nothing."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    for parameter, value in (
        (_MMAP_THRESHOLD, LARGE),
        (_TRIM_THRESHOLD, LARGE),
        (_ARENA_MAX, ARENAS),
    ):
        mallopt(parameter, value)
