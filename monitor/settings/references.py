"""What one section says of another: names that must exist, ids that must differ, ends after starts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from monitor.settings.errors import Mark, Path, Report, hint
from monitor.settings.messages import quoted_value
from monitor.settings.models import Top
from monitor.settings.yaml_tree import Mapping, Node, Scalar, Sequence


@dataclass(slots=True)
class Names:
    """The environments, services and checks that there are, those at fault too."""

    environments: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    checks: set[str] = field(default_factory=set)

    def environment(self, name: str) -> None:
        self.environments.add(name)

    def service(self, name: str) -> None:
        self.services.add(name)

    def check(self, name: str) -> None:
        self.checks.add(name)


_REFERENCES = (
    ("service_windows", "environments", "environment"),
    ("service_windows", "services", "service"),
    ("notices", "environments", "environment"),
    ("notices", "services", "service"),
    ("notifications", "environments", "environment"),
    ("notifications", "services", "service"),
    ("upgrades", "absent_after_retirement", "check"),
)
_IDENTITIES = (
    ("locations", "name"),
    ("service_windows", "id"),
    ("notices", "id"),
    ("notifications", "name"),
    ("discovery", "name"),
    ("upgrades", "package"),
)


def check_references(tree: Mapping, top: Top | None, names: Names, report: Report) -> None:
    """Reports every name that does not exist and every id that is there twice.

    Times are compared only where the whole top is sound, since a time without an offset is local to
    the configured time zone.
    """
    known = {
        "environment": names.environments,
        "service": names.services,
        "check": names.checks,
    }
    for section, key, what in _REFERENCES:
        for index, item in enumerate(_items(tree.entries.get(section))):
            listed = item.entries.get(key) if isinstance(item, Mapping) else None
            for place, name in enumerate(_items(listed)):
                _check_name(name, (section, index, key, place), what, known[what], report)
    for section, key in _IDENTITIES:
        _check_identities(tree.entries.get(section), section, key, report)
    if top is not None:
        _check_times(tree, top, report)


def check_sides(tree: Mapping, report: Report) -> None:
    """Reports a side that a group has twice."""
    seen: dict[tuple[object, object], Mark] = {}
    for index, item in enumerate(_items(tree.entries.get("environments"))):
        entries = item.entries if isinstance(item, Mapping) else {}
        group, side = entries.get("group"), entries.get("side")
        if not isinstance(group, Scalar) or not isinstance(side, Scalar) or side.broken:
            continue
        first = seen.setdefault((group.value, side.value), side.mark)
        if first is not side.mark:
            path: Path = ("environments", index, "side")
            shown = quoted_value(side, path)
            report.fault(side.mark, path, f"{shown} is another side of the group: first at {first}")


def _items(node: Node | None) -> list[Node]:
    return node.items if isinstance(node, Sequence) else []


def _check_name(node: Node, path: Path, what: str, known: Collection[str], report: Report) -> None:
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or node.broken:
        return
    if node.value.count("/") != ("environment", "service", "check").index(what):
        return  # the model has refused its form
    if node.value not in known:
        near = hint(node.value, known) if not node.placeholder else ""
        report.fault(node.mark, path, f"{quoted_value(node, path)} is no {what} of this file{near}")


def _check_identities(node: Node | None, section: str, key: str, report: Report) -> None:
    seen: dict[str, Mark] = {}
    for index, item in enumerate(_items(node)):
        named = item.entries.get(key) if isinstance(item, Mapping) else None
        if not isinstance(named, Scalar) or not isinstance(named.value, str) or named.broken:
            continue
        first = seen.setdefault(named.value, named.mark)
        if first is not named.mark:
            path: Path = (section, index, key)
            report.fault(
                named.mark, path, f"{quoted_value(named, path)} is there twice: first at {first}"
            )


def _check_times(tree: Mapping, top: Top, report: Report) -> None:
    for section, entries, start_key, end_key in (
        ("service_windows", [(one.start, one.end) for one in top.service_windows], "start", "end"),
        ("notices", [(one.from_, one.until) for one in top.notices], "from", "until"),
    ):
        for index, (start, end) in enumerate(entries):
            if start is None or end is None or _aware(end, top) > _aware(start, top):
                continue
            item = _items(tree.entries.get(section))[index]
            if isinstance(item, Mapping):
                mark = item.entries[end_key].mark
                report.fault(mark, (section, index, end_key), f"is not after {start_key}")


def _aware(time: datetime, top: Top) -> datetime:
    return time if time.tzinfo is not None else time.replace(tzinfo=top.timezone)
