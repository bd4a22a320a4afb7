"""Which places a configuration measures from, and which of them a check is measured from."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from collections.abc import Sequence as SequenceType
from typing import Self

from monitor.model.estate import Location
from monitor.model.text import Text
from monitor.settings.errors import Path, Report, hint
from monitor.settings.messages import quoted_value
from monitor.settings.models import Top
from monitor.settings.yaml_tree import Mapping, Node, Scalar, Sequence


class Locations:
    """The declared places, in their order. Where none are declared, this process' own is all."""

    def __init__(self, top: Top | None, tree: Mapping | None, report: Report) -> None:
        """Reports a ``location`` that is not among the ``locations``. Without a ``top``, which is at
        fault or apart, any name will do.
        """
        self._own = top.location if top is not None else ""
        self._report = report
        self.declared: MappingType[str, Location] = {
            one.name: Location(
                name=one.name,
                title=one.title.text() if one.title is not None else Text(sv=one.name, en=one.name),
                weight=one.weight,
                critical=one.critical,
            )
            for one in (top.locations if top is not None else ())
        }
        self._sound = top is not None
        if tree is not None and self.declared and self._own not in self.declared:
            said = tree.entries.get("location")
            mark = said.mark if said is not None else tree.keys["locations"]
            shown = quoted_value(said, ("location",)) if isinstance(said, Scalar) else self._own
            near = hint(self._own, self.declared)
            if said is None or _hidden(said):
                near = f": {', '.join(self.declared)}"
            fault = f"{shown} is not among the locations of this file{near}"
            report.fault(mark, ("location",), fault)

    @classmethod
    def named(cls, names: Iterable[str], report: Report) -> Self:
        """Places of which no more is known than their names; without any, any name will do."""
        found = cls(None, None, report)
        found.declared = {name: Location(name=name, title=Text(sv=name, en=name)) for name in names}
        found._sound = bool(found.declared)
        return found

    def check_names(self, node: Node | None, path: Path) -> None:
        """Reports the names in ``locations`` of defaults, an environment, a service or a check that
        nobody declares, or that are there twice.
        """
        listed = node.entries.get("locations") if isinstance(node, Mapping) else None
        seen: set[object] = set()
        for place, one in enumerate(listed.items if isinstance(listed, Sequence) else ()):
            here = (*path, "locations", place)
            self._check_name(one, here)
            if isinstance(one, Scalar) and not one.broken and one.value in seen:
                self._report.fault(one.mark, here, f"{quoted_value(one, here)} is there twice")
            seen.add(one.value if isinstance(one, Scalar) else one)

    def check_location(self, node: Mapping, path: Path) -> None:
        """Reports a check's own ``location`` that nobody declares, or beside its ``locations``.
        Where nothing is declared it is a label, and free.
        """
        named = node.entries.get("location")
        if named is None:
            return
        if "locations" in node.entries:
            said = "stands beside locations: name all places there"
            self._report.fault(node.keys["location"], (*path, "location"), said)
        elif self.declared:
            self._check_name(named, (*path, "location"))

    def of_check(
        self, location: str | None, names: SequenceType[str] | None
    ) -> tuple[str, tuple[Location, ...]]:
        """Where this process measures a check from, and all the places that it is measured from:
        the check's own ``location`` alone, those of these ``names``, or all that are declared.
        """
        if not self.declared:
            return location or self._own, ()
        wanted = (location,) if location is not None else names or tuple(self.declared)
        places = tuple(one for name, one in self.declared.items() if name in wanted)
        here = self._own if self._own in wanted or not places else places[0].name
        return here, places

    def _check_name(self, node: Node, path: Path) -> None:
        if not self._sound or not isinstance(node, Scalar) or not isinstance(node.value, str):
            return
        known = self.declared.keys() or {self._own}
        if node.broken or node.value in known:
            return
        near = hint(node.value, known) if not _hidden(node) else ""
        self._report.fault(
            node.mark, path, f"{quoted_value(node, path)} is no location of this file{near}"
        )


def _hidden(node: Node | None) -> bool:
    """Whether the value came from the environment, and is not to be shown."""
    return isinstance(node, Scalar) and bool(node.placeholder)
