"""The newest bundles at hand, so that they can be asked for while nothing else keeps them."""

from __future__ import annotations

KEPT = 200


class BundleCache:
    """At most ``size`` bundles by id; the oldest goes when a new one comes."""

    def __init__(self, size: int = KEPT) -> None:
        self._size = size
        self._bundles: dict[str, bytes] = {}

    def put(self, id_: str, bundle: bytes) -> None:
        self._bundles.pop(id_, None)
        self._bundles[id_] = bundle
        while len(self._bundles) > self._size:
            del self._bundles[next(iter(self._bundles))]

    def find(self, id_: str) -> bytes | None:
        """The one of that id, or whose id alone begins so."""
        found = [bundle for known, bundle in self._bundles.items() if known.startswith(id_)]
        return found[0] if len(found) == 1 else None
