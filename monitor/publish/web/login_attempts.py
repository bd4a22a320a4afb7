"""Passwords that are tried: counted, and each address made to wait longer after each that was wrong.

Pure: instants are monotonic seconds, and arguments.
"""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import ip_address

FIRST = 0.1
"""Seconds that a try waits after a wrong one; twice as many after each further one."""
MOST = 1.0
LONGEST = 5.0
"""Seconds that tries of one address may have to wait, one behind the other; a further one is refused."""
FORGOTTEN = 60.0
"""Seconds after which a wrong try is forgotten."""
ADDRESSES = 4_096
"""Addresses that are remembered."""


class _Tried:
    __slots__ = ("free_at", "last_at", "wrong")

    def __init__(self) -> None:
        self.wrong = 0
        self.last_at = 0.0
        self.free_at = 0.0

    @property
    def pause(self) -> float:
        return min(MOST, FIRST * 2.0 ** min(self.wrong - 1, 16)) if self.wrong else 0.0


class Tries:
    """Of one lock."""

    def __init__(self) -> None:
        self._tried: OrderedDict[str, _Tried] = OrderedDict()

    def wait(self, address: str, now: float) -> float | None:
        """Seconds until a try of this address may be looked at, which takes its turn; ``None`` when
        too many wait already.
        """
        tried = self._tried.get(whom(address))
        if tried is None or now - tried.last_at >= FORGOTTEN:
            return 0.0
        wait = max(0.0, tried.free_at - now)
        if wait >= LONGEST:
            return None
        tried.free_at = now + wait + tried.pause
        return wait

    def wrong(self, address: str, now: float) -> int:
        """A wrong one; gives how many there were of late."""
        key = whom(address)
        tried = self._tried.pop(key, None)
        if tried is None or now - tried.last_at >= FORGOTTEN:
            tried = _Tried()
        self._tried[key] = tried
        if len(self._tried) > ADDRESSES:
            self._tried.popitem(last=False)
        tried.wrong += 1
        tried.last_at = now
        tried.free_at = max(tried.free_at, now + tried.pause)
        return tried.wrong

    def right(self, address: str) -> None:
        """Who knows the password waits no more."""
        self._tried.pop(whom(address), None)


def whom(address: str) -> str:
    """Whose address it is: of IPv6 a whole /64 is somebody's."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = getattr(known, "ipv4_mapped", None)
    if known.version == 4 or mapped is not None:
        return str(mapped or known)
    return known.exploded[:19]
