"""YAML as the exporter and Prometheus read it: Go's reader gives a value the type that is wanted of it.

Where text is wanted, ``1.50`` and ``yes`` are text as they stand; a key without a value says nothing.
So every scalar is kept as its text here, and the models make of it what they want. Of several
documents the first counts, bytes may be written as ``!!binary``, and other tags say nothing.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import contextlib
import re
from collections.abc import Iterator

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import DocumentStartEvent

from monitor.settings.errors import ConfigurationError, Fault
from monitor.settings.yaml_tree import MAX_BYTES, Mapping, Node, Scalar, Sequence, compose

MOST_TABS = 100
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TAG = re.compile(r"!(?:<[^>\s]*>|[^\s,\[\]{}]*)")


def compose_go(data: bytes, file: str) -> Node | None:
    """As :func:`~monitor.settings.yaml_tree.compose`, of a file of theirs. Values of scalars are text, or
    ``None`` where nothing is written. Raises :class:`~monitor.settings.errors.ConfigurationError`.
    """
    if len(data) > MAX_BYTES:
        return compose(data, file)
    try:
        text = data.decode("utf-16" if data.startswith(_WIDE) else "utf-8-sig")
    except UnicodeDecodeError:
        return compose(data, file)
    binary: set[tuple[int, int]] = set()
    # what is wrong is said below, with its place
    with contextlib.suppress(YAMLError, ValueError, IndexError, AttributeError):
        text = _untagged(_without_tabs(text), binary)
    tree = compose(text.encode("utf-8", "surrogatepass"), file)
    for scalar in _scalars(tree, set()):
        if (scalar.mark.line, scalar.mark.column) in binary:
            scalar.value = _bytes(scalar)
        else:
            null = not scalar.quoted and scalar.text in _NULL
            scalar.value = None if null else scalar.text
    return tree


def _without_tabs(text: str) -> str:
    """Spaces in place of tabs that stand between words, which the reader in C takes, as Go's does."""
    for _ in range(MOST_TABS):
        try:
            for event in YAML(typ="safe", pure=True).parse(text):
                del event
        except MarkedYAMLError as error:
            place = error.problem_mark.index if error.problem_mark is not None else len(text)
            before = text[text.rfind("\n", 0, place) + 1 : place]
            if text[place : place + 1] != "\t" or not before.strip():
                break  # indentation, or another fault
            text = f"{text[:place]} {text[place + 1 :]}"
        else:
            break
    return text


def _untagged(text: str, binary: set[tuple[int, int]]) -> str:
    """The first document, with spaces in place of its tags; ``binary`` gets the places of bytes."""
    documents, places = 0, []
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                text = text[: event.start_mark.index]
                break
        tag = getattr(event, "tag", None)
        if tag is not None:
            places.append((event.start_mark.index, str(tag)))
    for begin, tag in places:
        found = _TAG.search(text, begin)
        if found is None:
            continue
        text = text[: found.start()] + " " * len(found[0]) + text[found.end() :]
        if tag in ("tag:yaml.org,2002:binary", "!!binary"):
            at = re.compile(r"\S|\Z").search(text, found.end())
            place = at.start() if at is not None else found.end()
            binary.add((text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)))
    return text


def _scalars(node: Node | None, seen: set[int]) -> Iterator[Scalar]:
    """Each once, however many aliases stand for it."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, Scalar):
        yield node
        return
    for one in node.items if isinstance(node, Sequence) else node.entries.values():
        yield from _scalars(one, seen)


def _bytes(scalar: Scalar) -> str:
    """Bytes that are no text go on as they are, to where they are sent."""
    try:
        raw = base64.b64decode("".join(scalar.text.split()), validate=True)
    except (binascii.Error, ValueError):
        said = "!!binary is not followed by base64"
        raise ConfigurationError([Fault(*scalar.mark, "", said)]) from None
    return raw.decode("utf-8", "surrogateescape")


def nothing(node: Node | None) -> bool:
    """Whether a key has no value, or an empty mapping or list."""
    if isinstance(node, Mapping):
        return not node.entries
    if isinstance(node, Sequence):
        return not node.items
    return node is None or node.value is None
