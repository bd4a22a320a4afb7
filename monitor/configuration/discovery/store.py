"""The documents of each source: what was found last, what was last good, and how it went.

A configuration is read in a thread, and asks for documents there; what was fetched is put in by the
event loop. Each only replaces whole values.
"""

from __future__ import annotations

import contextlib
import threading
import time
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from monitor.configuration.discovery.targets import MAX_BYTES, DiscoveryError
from monitor.model.estate import DiscoverySource
from monitor.support.atomic_file import write_whole

Key = tuple[str, Path | None, str | None]
"""What makes a source the same after a reload: its name, and where its list is."""
Document = tuple[bytes, ...]
"""The bytes of every file, or of the one answer."""
MAX_FILES = 1000
CACHE = "discovery"
"""Folder below ``data_dir`` for what was last good of each address: a start needs no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOutcome:
    """How it last went with a source."""

    targets: int = 0
    """Checks that it makes."""
    error: str = ""
    """Why its newest document is not used; empty when it is."""
    at: float | None = None
    """Unix time at which what it says was last found good: asked for, or read from files."""


class Documents:
    """``data_dir`` stands before the configuration's own, as the command line does."""

    def __init__(
        self, data_dir: Path | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.data_dir = data_dir
        self._clock = clock
        self._lock = threading.Lock()
        self._fetched: dict[Key, Document] = {}
        self._good: dict[Key, Document] = {}
        self.outcomes: Mapping[str, SourceOutcome] = {}
        """By the source's name."""

    def put(self, source: DiscoverySource, body: bytes) -> None:
        """An answer that was fetched."""
        self._fetched[_key(source)] = (body,)

    def fetched(self, source: DiscoverySource) -> Document | None:
        """The newest answer, whether it fits or not."""
        return self._fetched.get(_key(source))

    def put_back(self, source: DiscoverySource) -> None:
        """What was fetched and did not fit is there no more: what is used is what there is."""
        good = self.used(source)
        if good is not None:
            self._fetched[_key(source)] = good

    def used(self, source: DiscoverySource) -> Document | None:
        """The document that its checks were made of."""
        return self._good.get(_key(source))

    def was_good(self, source: DiscoverySource) -> bool:
        """Whether checks were made of it since the program began."""
        return _key(source) in self._good

    def confirmed(self, source: DiscoverySource) -> None:
        """It was asked, and what it says is what is used."""
        self._change(source, error="", at=self._clock())

    def failed(self, source: DiscoverySource, error: str) -> None:
        """Nothing usable was found now; what is used is used on."""
        self._change(source, error=error)

    def _change(self, source: DiscoverySource, **values: Any) -> None:
        with self._lock:
            before = self.outcomes.get(source.name, SourceOutcome())
            self.outcomes = {**self.outcomes, source.name: replace(before, **values)}

    def newest(self, source: DiscoverySource) -> Document | None:
        """What there is now; ``None`` when an address has not been asked yet.

        Raises :class:`~monitor.configuration.discovery.targets.DiscoveryError`.
        """
        return self.fetched(source) if source.file is None else read_files(source.file)

    def earlier(self, source: DiscoverySource, data_dir: Path) -> Document | None:
        """What was last good, perhaps before the program began."""
        if self.was_good(source) or source.file is not None:
            return self.used(source)
        # whatever else lies there is no copy of ours
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            kept = orjson.loads(_bounded(self._cache(source, data_dir)))
            if kept["url"] == source.url:
                return (kept["document"].encode(),)
        return None

    def settle(
        self,
        good: Mapping[DiscoverySource, Document],
        outcomes: Mapping[str, SourceOutcome],
        data_dir: Path,
    ) -> None:
        """What a configuration was made of that is without fault."""
        for source, document in good.items():
            if self.fetched(source) == document != self.used(source):
                self._keep(source, document, data_dir)
        self._good = {_key(source): document for source, document in good.items()}
        self._fetched = {key: body for key, body in self._fetched.items() if key[0] in outcomes}
        read = {source.name for source in good if source.file is not None}
        now = self._clock()
        with self._lock:
            before = self.outcomes
            self.outcomes = {
                name: replace(
                    one,
                    at=now
                    if name in read and not one.error
                    else before.get(name, SourceOutcome()).at,
                )
                for name, one in outcomes.items()
            }

    def _cache(self, source: DiscoverySource, data_dir: Path) -> Path:
        return (self.data_dir or data_dir) / CACHE / f"{source.name}.json"

    def _keep(self, source: DiscoverySource, document: Document, data_dir: Path) -> None:
        """Whole or not at all; that it cannot be kept is no reason not to use it."""
        path = self._cache(source, data_dir)
        with contextlib.suppress(OSError, ValueError):
            body = orjson.dumps({"url": source.url, "document": document[0].decode()})
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, body)


def _key(source: DiscoverySource) -> Key:
    return source.name, source.file, source.url


def read_files(pattern: Path) -> Document:
    """Every file of a pattern. None of them is no fault; a file that is named and is not there is.

    Raises :class:`~monitor.configuration.discovery.targets.DiscoveryError`.
    """
    paths = files(pattern)
    if len(paths) > MAX_FILES:
        raise DiscoveryError(f"more than {MAX_FILES} files")
    read: list[bytes] = []
    for path in paths:
        try:
            data = _bounded(path)
            if path.suffix != ".json" and len(data) <= MAX_BYTES:
                # it brings the reader of YAML in Python, which nothing else needs that is not at fault
                from monitor.configuration.discovery.yaml_targets import as_json

                data = as_json(data, path.name)
            read.append(data.removeprefix(BOM_UTF8))
        except FileNotFoundError:
            raise DiscoveryError(f"the file {path.name} does not exist") from None
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else "bad path"
            raise DiscoveryError(f"the file {path.name} cannot be read: {why}") from None
    if sum(map(len, read)) > MAX_BYTES:
        raise DiscoveryError(f"its files are larger than {MAX_BYTES // 1024 // 1024} MiB")
    return tuple(read)


def files(pattern: Path) -> list[Path]:
    """The files of a pattern now, in the order of their names; hidden ones are none of them."""
    if "*" not in pattern.name:
        return [pattern]
    try:
        return sorted(
            one for one in pattern.parent.glob(pattern.name) if not one.name.startswith(".")
        )
    except (OSError, ValueError):
        return []


def patterns_files(patterns: Iterable[Path]) -> set[Path]:
    """The files of all these patterns."""
    return {path for pattern in patterns for path in files(pattern)}


def _bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)
