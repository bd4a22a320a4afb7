"""Nodes → a pydantic model, with every fault at the place in the file that it speaks of."""

from __future__ import annotations

import codecs
import os
from collections.abc import Collection
from collections.abc import Mapping as MappingType
from collections.abc import Sequence as SequenceType
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from monitor.settings.errors import Mark, Path, Report, Step, hint
from monitor.settings.introspection import Plan, allowed_keys, path_plan
from monitor.settings.messages import MISMATCHES, cut, message
from monitor.settings.yaml_tree import Mapping, Node, Scalar, Sequence

M = TypeVar("M", bound=BaseModel)
NO_PATHS: Plan = {}


def plain_values(node: Node, without: Collection[str] = ()) -> Any:
    """The node as Python values, at the top without some keys."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain_values(item) for item in node.items]
    return {
        key: value.value if isinstance(value, Scalar) else plain_values(value)
        for key, value in node.entries.items()
        if key not in without
    }


@dataclass(slots=True)
class Validator:
    """Validates parts of one configuration. ``folder`` is what relative paths start from."""

    folder: FilePath
    report: Report
    _known: dict[object, BaseModel] = field(default_factory=dict, init=False, repr=False)
    """Of texts alone, which thousands of checks have in common: their name, and no more."""

    def model(
        self, model: type[M], node: Node, path: Path, without: Collection[str] = ()
    ) -> M | None:
        """``node`` as a ``model``, or ``None`` after reporting why not.

        ``without`` are keys that another model reads. A value from the environment that does not
        fit is tried in its other reading (``12345`` as text, ``"80"`` as a number). Paths become
        absolute; those that cannot be read are warned of.
        """
        if not isinstance(node, Mapping):
            if not (isinstance(node, Scalar) and node.broken):
                said = message({"type": "model_type"}, node, path)
                self.report.fault(node.mark, path, said)
            return None
        data = plain_values(node, without)
        plan = path_plan(model)
        if plan.keys().isdisjoint(data):
            plan = NO_PATHS
        same = None
        if not plan and all(type(value) is str for value in data.values()):
            same = (model, *data.items())
            if (known := self._known.get(same)) is not None:
                return cast("M", known)
        swapped: set[Path] = set()
        while True:
            if plan:
                _make_absolute(plan, data, self.folder)
            try:
                valid = model.model_validate(data)
            except ValidationError as invalid:
                errors = invalid.errors(include_url=False, include_input=False)
            else:
                if plan:
                    self._warn_of_files(plan, data, node, path)
                if same is not None and not swapped:
                    self._known[same] = valid
                return valid
            if not _swap(errors, node, data, swapped):
                break
        self._refuse(model, errors, node, path)
        return None

    def _refuse(
        self, model: type[BaseModel], errors: SequenceType[Any], node: Node, path: Path
    ) -> None:
        found = [_Found.of(error, node) for error in errors]
        for one in _without_other_branches(found):
            if isinstance(one.node, Scalar) and one.node.broken:
                continue
            here = (*path, *one.path)
            kind = one.error["type"]
            if kind in ("missing", "union_tag_not_found"):
                said = "is missing"
            elif kind == "extra_forbidden":
                word = str(one.path[-1])
                allowed = allowed_keys(model, one.error["loc"][:-1])
                said = "unknown key" + hint(word, allowed)
            else:
                said = one.said or message(one.error, one.node, here)
            self.report.fault(one.mark, here, said)

    def _warn_of_files(self, plan: Plan, data: Any, node: Node, path: Path) -> None:
        if isinstance(node, Sequence):
            for index, item in enumerate(node.items):
                self._warn_of_files(plan, data[index], item, (*path, index))
        elif isinstance(node, Mapping):
            for key, below in plan.items():
                if data.get(key) is None:
                    continue
                value, here = node.entries[key], (*path, key)
                if below is not None:
                    self._warn_of_files(below, data[key], value, here)
                elif key != "data_dir" and isinstance(value, Scalar):
                    trouble = _file_trouble(FilePath(data[key]), pem=key in _PEM)
                    if trouble:
                        self.report.warn(value.mark, here, f"{cut(value.text)} {trouble}")


_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PEM = frozenset(("ca_file", "cert_file", "key_file"))


def _file_trouble(file: FilePath, *, pem: bool) -> str | None:
    try:
        if not file.exists():
            return "does not exist"
        if not file.is_file():
            return "is not a file"
        if not os.access(file, os.R_OK):
            return "cannot be read"
        if pem:
            with file.open("rb") as opened:
                if opened.read(3).startswith(_MARKS):
                    # OpenSSL passes over the certificate that such a line begins, without a word
                    return "begins with a byte order mark: save it as UTF-8 without one"
        return None
    except OSError:
        return "cannot be read"


def _make_absolute(plan: Plan, data: Any, folder: FilePath) -> None:
    if isinstance(data, list):
        for item in data:
            _make_absolute(plan, item, folder)
    elif isinstance(data, dict):
        for key, below in plan.items():
            value = data.get(key)
            if below is not None:
                _make_absolute(below, value, folder)
            elif isinstance(value, str) and value:
                data[key] = str(folder / value)


def _swap(errors: SequenceType[Any], node: Node, data: Any, swapped: set[Path]) -> bool:
    """Puts the other reading of refused values from the environment into ``data``."""
    changed = False
    for error in errors:
        found = _Found.of(error, node)
        value, path = found.node, found.path
        if not isinstance(value, Scalar) or not value.placeholder or path in swapped or not path:
            continue
        swapped.add(path)
        if value.other != value.value or type(value.other) is not type(value.value):
            holder = data
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = value.other
            changed = True
    return changed


@dataclass(slots=True)
class _Found:
    """A pydantic error and the node that it speaks of."""

    error: MappingType[str, Any]
    node: Node
    mark: Mark
    path: Path
    union: Path | None = None
    """Where a union was entered, and below it the branch that refused."""
    branch: Step | None = None
    said: str | None = None

    @classmethod
    def of(cls, error: MappingType[str, Any], top: Node) -> _Found:
        kind, steps = error["type"], tuple(error["loc"])
        node, mark, path = top, top.mark, ()  # type: Node, Mark, Path
        key_mark = mark
        union: Path | None = None
        branch: Step | None = None
        last = len(steps) - 1
        for index, step in enumerate(steps):
            if isinstance(node, Mapping) and isinstance(step, str) and step in node.entries:
                key_mark = node.keys[step]
                node = node.entries[step]
            elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
                key_mark = node.mark
            elif (kind == "missing" and index == last) or step == "[key]":
                break
            else:
                if union is None:
                    union, branch = path, step
                continue
            mark, path = node.mark, (*path, step)
        if kind == "missing":
            path = (*path, steps[-1])
        elif kind == "union_tag_not_found":
            path = (*path, "kind")
        elif kind == "union_tag_invalid" and isinstance(node, Mapping):
            node = node.entries["kind"]
            mark, path = node.mark, (*path, "kind")
        elif kind == "extra_forbidden" or steps[-1:] == ("[key]",):
            mark = key_mark
        return cls(error, node, mark, path, union, branch)


def _without_other_branches(found: list[_Found]) -> list[_Found]:
    """Of a union's branches, only what the one that was meant says."""
    kept = [one for one in found if one.union is None]
    unions = dict.fromkeys(one.union for one in found if one.union is not None)
    for union in unions:
        of_union = [one for one in found if one.union == union]
        meant = [
            one for one in of_union if one.error["type"] not in MISMATCHES or one.path != union
        ]
        if meant or len({one.branch for one in of_union}) == 1:
            kept += meant or of_union
            continue
        first = of_union[0]
        words = [message(one.error, one.node, one.path) for one in of_union]
        shorter = [word.removeprefix("must be ").split(", not ")[0] for word in words]
        first.said = "must be " + " or ".join(dict.fromkeys(shorter))
        kept.append(first)
    return kept
