"""A folder of files as one tree. Files are read in the order of their names.

- Mappings are merged key by key, at every depth; ``defaults`` too.
- Lists at the top (``environments``, ``service_windows``, ``notifications``, …) are joined.
- An environment may be spread over files: a block that has only ``name`` and ``services`` adds
  its services to the environment of that name in another file.
- The same value set in two files is a fault that names both places, even when they agree.

Only the top of the folder is read, and no hidden file.
"""

from __future__ import annotations

from collections.abc import Iterable

from monitor.settings.errors import Path, Report
from monitor.settings.yaml_tree import Mapping, Node, Scalar, Sequence

_SPREAD = {"name", "services"}


def merge(trees: Iterable[Mapping], report: Report) -> Mapping:
    """One tree of many. The given trees are not changed."""
    whole: Mapping | None = None
    for tree in trees:
        whole = tree if whole is None else _merge_mappings(whole, tree, (), report)
    if whole is None:
        raise ValueError("nothing to merge")
    return whole


def _merge_mappings(one: Mapping, other: Mapping, path: Path, report: Report) -> Mapping:
    merged = Mapping(one.mark, dict(one.entries), dict(one.keys))
    for key, value in other.entries.items():
        here = (*path, key)
        before = merged.entries.get(key)
        if before is None:
            merged.entries[key] = value
            merged.keys[key] = other.keys[key]
        elif isinstance(before, Mapping) and isinstance(value, Mapping):
            merged.entries[key] = _merge_mappings(before, value, here, report)
        elif isinstance(before, Sequence) and isinstance(value, Sequence) and not path:
            merged.entries[key] = (
                _merge_environments(before, value)
                if key == "environments"
                else Sequence(before.mark, [*before.items, *value.items])
            )
        else:
            report.fault(
                other.keys[key],
                here,
                f"already set at {merged.keys[key]}: set it in one file",
            )
    return merged


def _merge_environments(one: Sequence, other: Sequence) -> Sequence:
    items = list(one.items)
    places = {name: index for index, item in enumerate(items) if (name := _name(item))}
    for item in other.items:
        index = places.get(_name(item) or "")
        joined = _join(items[index], item) if index is not None else None
        if index is None or joined is None:
            items.append(item)
        else:
            items[index] = joined
    return Sequence(one.mark, items)


def _name(node: Node) -> str | None:
    """The name of an environment's block, if it has one that can be compared."""
    name = node.entries.get("name") if isinstance(node, Mapping) else None
    return str(name.value) if isinstance(name, Scalar) and name.value is not None else None


def _join(one: Node, other: Node) -> Mapping | None:
    """The environment with the services of both, if one of the two only adds services."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return None
    full, added = (one, other) if set(other.entries) <= _SPREAD else (other, one)
    if not set(added.entries) <= _SPREAD:
        return None
    services = [node.entries.get("services") for node in (one, other)]
    lists = [node for node in services if isinstance(node, Sequence)]
    if len(lists) != sum(node is not None for node in services) or not lists:
        return None
    items = [item for node in lists for item in node.items]
    joined = Mapping(full.mark, dict(full.entries), dict(full.keys))
    joined.entries["services"] = Sequence(lists[0].mark, items)
    joined.keys.setdefault("services", added.keys.get("services", added.mark))
    return joined
