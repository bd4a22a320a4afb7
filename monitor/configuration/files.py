"""Where the configuration comes from: its files, those that they name, and whether any is another
than when it was last read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, NewType, TypeVar

from pydantic import BaseModel

from monitor.configuration.discovery.store import Documents, patterns_files
from monitor.configuration.loader import Loaded, files_of
from monitor.model.estate import Estate
from monitor.settings.introspection import leaves

Stamp = tuple[int, int, int]
"""Of a file: when it was last written, which it is, how large."""
_MISSING: Stamp = (0, 0, 0)
_MOST_LINKS = 40
_PIECE = 1 << 20


class ConfigFiles:
    """A file or a folder. ``read`` reads it: raises what :func:`monitor.configuration.loader.load` does."""

    def __init__(
        self, path: Path, load: Callable[[], Loaded], documents: Documents | None = None
    ) -> None:
        """``documents`` are those that ``load`` reads, of the sources of checks."""
        self.path = path
        self.documents = documents if documents is not None else Documents()
        self._load = load
        self._patterns: frozenset[Path] = frozenset()
        self._named: frozenset[Path] = frozenset()
        self._stamps: dict[Path, Stamp] = {}

    def read(self) -> Loaded:
        """The configuration as it is now. Takes seconds where it is large."""
        before = stamps(self._files())
        self._stamps = before
        loaded = self._load()
        self._named = frozenset(named_files(loaded.estate))
        self._patterns = frozenset(
            one.file for one in loaded.estate.discovery if one.file is not None
        )
        new = stamps(path for path in self._files() if path not in before)
        wanted = self._files()
        self._stamps = {path: stamp for path, stamp in {**new, **before}.items() if path in wanted}
        return loaded

    def changed(self) -> bool:
        """Whether a file of it, or one that it names, is another than when it was last read."""
        return self.now() != self._stamps

    def now(self) -> dict[Path, Stamp]:
        """The stamps of all these files."""
        return stamps(self._files())

    def folders(self) -> frozenset[Path]:
        """Where a change of any of these files shows: the folders that they, and the links on the
        way to them, lie in.
        """
        found = {self.path.absolute()} if self.path.is_dir() else set()
        for path in self._files() | self._patterns:
            found |= _folders_of(path)
        return frozenset(folder for folder in found if folder.is_dir())

    def _files(self) -> set[Path]:
        return {*files_of(self.path), *self._named, *patterns_files(self._patterns)}


def named_files(estate: Estate) -> set[Path]:
    """Every file that the configuration names: certificates, keys, secrets, bodies."""
    found: set[Path] = set()
    for check in estate.checks():
        found.update(paths_in(check.settings))
    for canary in estate.canaries:
        found.update(paths_in(canary.settings))
    found.update(paths_in(estate.web))
    found.update(paths_in(estate.later))
    found.update(paths_in((estate.blackbox_modules, estate.blackbox)))
    for source in estate.discovery:
        found.update(paths_in((source.bearer_token_file, source.ca_file)))
    return found


def paths_in(value: object) -> Iterator[Path]:
    """The paths anywhere in settings."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, BaseModel):
        for name in _with_paths(type(value)):
            if (inner := getattr(value, name)) is not None:
                yield from paths_in(inner)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from paths_in(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from paths_in(one)
    elif isinstance(value, (tuple, list, set, frozenset)):
        for one in value:
            yield from paths_in(one)


@cache
def _with_paths(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields of a model in which a path can be, at any depth, by what their types say."""
    return tuple(
        name
        for name, info in model.model_fields.items()
        if any(map(_may_hold_a_path, leaves(info.annotation)))
    )


_WITHOUT = frozenset({str, int, float, bool, bytes, type(None)})


def _may_hold_a_path(kind: Any) -> bool:
    """Whether a path can be in a value of this type; in one of which nothing is known it can."""
    if not isinstance(kind, type):
        # else a literal value, or what is said beside a type
        return isinstance(kind, (NewType, TypeVar))
    return bool(_with_paths(kind)) if issubclass(kind, BaseModel) else kind not in _WITHOUT


def stamps(paths: Iterable[Path]) -> dict[Path, Stamp]:
    """Of each file, wherever a link leads."""
    return {path: _stamp(path) for path in paths}


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return _MISSING
    return found.st_mtime_ns, found.st_ino, found.st_size


def contents(paths: Iterable[Path]) -> dict[Path, bytes]:
    """A digest of what is in each file; empty where it cannot be read."""
    return {path: _digest(path) for path in paths}


def _digest(path: Path) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except (OSError, ValueError):
        return b""
    return digest.digest()


def _folders_of(path: Path) -> set[Path]:
    """The folder of a file, and of every link that is followed on the way to it."""
    found: set[Path] = set()
    pending = [path.absolute()]
    for _ in range(_MOST_LINKS):
        if not pending:
            break
        here = pending.pop()
        found.add(here.parent)
        for part in (here, *here.parents):
            try:
                target = part.readlink()
            except OSError:
                continue  # no link
            found.add(part.parent)
            pending.append(Path(os.path.normpath(part.parent / target / here.relative_to(part))))
            break
    return found
