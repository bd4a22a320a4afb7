"""Pure: a document in the shape of Prometheus' ``file_sd`` and ``http_sd`` → its targets.

    [{"targets": ["10.0.0.1:443", …], "labels": {"node": "a", …}}, …]

Nothing in it is believed: types, numbers, lengths and characters are all bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from probes.net.urls import DEFAULT_PORTS
from probes.observation import clean

MAX_BYTES = 10 * 1024 * 1024
MAX_VALUE = 2048
"""Characters of a target, or of a label's value."""
MAX_LABELS = 64
LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"


class DiscoveryError(Exception):
    """A document, or a target in it, that cannot be used. Its text is fit to be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One target."""

    target: str
    host: str | None
    port: int | None
    labels: Mapping[str, str] = field(default_factory=dict)


def read_targets(documents: Iterable[bytes], most: int) -> list[Found]:
    """The targets of all ``documents``, in their order, each pair of target and labels once.

    Raises :class:`DiscoveryError` when anything is wrong, or when there are more than ``most``.
    """
    found: dict[tuple[str, frozenset[tuple[str, str]]], Found] = {}
    for document in documents:
        for target, labels in _pairs(document):
            if len(found) >= most and (target, frozenset(labels.items())) not in found:
                raise DiscoveryError(f"more than {most} targets: see max_targets")
            host, port = _endpoint(target)
            found.setdefault(
                (target, frozenset(labels.items())),
                Found(target=target, host=host, port=port, labels=labels),
            )
    return list(found.values())


def _pairs(document: bytes) -> Iterable[tuple[str, dict[str, str]]]:
    if len(document) > MAX_BYTES:
        raise DiscoveryError(f"larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        groups = orjson.loads(document)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise DiscoveryError(clean(f"not JSON: {error}")) from None
    if groups is None:
        groups = []  # what Go writes of a list that nothing was ever put in
    if not isinstance(groups, list):
        raise DiscoveryError("not a list of groups")
    for index, group in enumerate(groups):
        yield from _group(group, f"group {index}")


def _group(group: Any, where: str) -> Iterable[tuple[str, dict[str, str]]]:
    if not isinstance(group, dict):
        raise DiscoveryError(f"{where} is not an object with targets and labels")
    known: dict[str, Any] = {}
    for key, value in group.items():
        # Go's reader of JSON does not mind capitals
        if key.lower() not in ("targets", "labels"):
            raise DiscoveryError(f"{where} has an unknown key {clean(key, 40)!r}")
        known[key.lower()] = value
    targets, labels = known.get("targets"), known.get("labels")
    if not isinstance(targets, list | None):
        raise DiscoveryError(f"the targets of {where} are not a list")
    if not isinstance(labels, dict | None):
        raise DiscoveryError(f"the labels of {where} are not an object")
    if labels and len(labels) > MAX_LABELS:
        raise DiscoveryError(f"{where} has more than {MAX_LABELS} labels")
    for name, value in (labels or {}).items():
        if not re.fullmatch(LABEL, name):
            raise DiscoveryError(f"{where} has a label with a bad name {clean(name, 40)!r}")
        _text(value, f"the label {name} of {where}")
    for target in targets or ():
        yield _text(target, f"a target of {where}", empty=False), labels or {}


def _text(value: object, what: str, *, empty: bool = True) -> str:
    """One line of text that can be printed, and no more than that."""
    if not isinstance(value, str):
        raise DiscoveryError(f"{what} is not text")
    if len(value) > MAX_VALUE:
        raise DiscoveryError(f"{what} has more than {MAX_VALUE} characters")
    if not value.isprintable():
        raise DiscoveryError(f"{what} holds a control character")
    if not value and not empty:
        raise DiscoveryError(f"{what} is empty")
    return value


def _endpoint(target: str) -> tuple[str | None, int | None]:
    """Host and port of ``host:port``, or of an address; ``None`` where it names none."""
    try:
        split = urlsplit(target if "://" in target else f"//{target}")
        port = split.port
    except ValueError:
        return None, None
    return split.hostname, port or DEFAULT_PORTS.get(split.scheme)
