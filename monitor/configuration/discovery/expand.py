"""The configuration's tree with a check in it for every target that was found.

A document that does not fit, in whole or in part, is not used; the one that was last good is. When
that does not fit either, because the template is another, the configuration is at fault if checks
were made of it before: they would all be gone. At a start the source makes no check, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from collections.abc import Sequence as SequenceType
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from monitor.configuration.discovery.store import Document, Documents, SourceOutcome
from monitor.configuration.discovery.targets import DiscoveryError, read_targets
from monitor.configuration.discovery.template import Template, compile_template
from monitor.model.estate import DiscoverySource, ServiceId
from monitor.settings.build import Builder
from monitor.settings.discovery import Discovery
from monitor.settings.errors import Fault, Path, Report, hint
from monitor.settings.inherit import Inherited
from monitor.settings.locations import Locations
from monitor.settings.messages import quoted_value
from monitor.settings.text import NAME_PATTERN
from monitor.settings.validate import Validator, plain_values
from monitor.settings.yaml_tree import Mapping, Node, Scalar, Sequence
from probes.kind import Kind
from probes.observation import clean

SECTION = "discovery"
Checks = dict[str, dict[str, Mapping]]
"""Nodes by service and name."""


@dataclass(slots=True)
class Expansion:
    """The tree, and what it was made of."""

    tree: Mapping
    sources: list[DiscoverySource] = field(default_factory=list)
    good: dict[DiscoverySource, Document] = field(default_factory=dict)
    outcomes: dict[str, SourceOutcome] = field(default_factory=dict)
    warnings: list[Fault] = field(default_factory=list)


def expand_discovery(
    tree: Mapping,
    documents: Documents,
    *,
    kinds: MappingType[str, Kind],
    folder: FilePath,
    data_dir: FilePath,
    report: Report,
) -> Expansion:
    """``tree`` is not changed. What is wrong with the section itself is told by whoever reads it as
    a whole; what is wrong with its templates goes to ``report``.
    """
    expansion = Expansion(tree)
    section = tree.entries.get(SECTION)
    declared = [_name(one) for one in _items(tree.entries.get("locations"))]
    locations = [name for name in declared if name is not None]
    for index, item in enumerate(section.items if isinstance(section, Sequence) else ()):
        path: Path = (SECTION, index)
        said = Validator(folder, Report()).model(Discovery, item, path)
        if said is None or not isinstance(item, Mapping):
            continue
        one = _One(said, item, path, kinds, folder, report, locations)
        template = one.template(expansion.tree)
        source = _source(said, folder)
        if template is None or source.name in expansion.outcomes:
            continue
        expansion.sources.append(source)
        one.expand(source, template, documents, data_dir, expansion)
    return expansion


def data_dir_of(tree: Mapping) -> FilePath:
    """Where the configuration says that data are kept."""
    said = tree.entries.get("data_dir")
    return FilePath(said.value if isinstance(said, Scalar) and type(said.value) is str else "data")


def _source(said: Discovery, folder: FilePath) -> DiscoverySource:
    return DiscoverySource(
        name=said.name,
        file=folder / said.file if said.file is not None else None,
        url=said.url,
        refresh=said.refresh,
        bearer_token_file=said.bearer_token_file,
        ca_file=said.ca_file,
        max_targets=said.max_targets,
    )


@dataclass(slots=True)
class _One:
    """One item of the section."""

    said: Discovery
    item: Mapping
    path: Path
    kinds: MappingType[str, Kind]
    folder: FilePath
    report: Report
    locations: SequenceType[str]
    """The names of the places that the configuration declares."""

    def template(self, tree: Mapping) -> Template | None:
        """Its template, when nothing is wrong with it."""
        node, service = self.item.entries["template"], self.item.entries["service"]
        environment = self.item.entries["environment"]
        if not isinstance(node, Mapping) or not isinstance(service, Scalar):
            return None
        names = [_name(one) for one in _items(tree.entries.get("environments"))]
        if self.said.environment not in names and isinstance(environment, Scalar):
            here = (*self.path, "environment")
            near = hint(self.said.environment, [name for name in names if name])
            shown = quoted_value(environment, here)
            self.report.fault(
                environment.mark, here, f"{shown} is no environment of this file{near}"
            )
            return None
        template = compile_template(self.said.name, node, service, self.path, self.report)
        if template is None:
            return None
        try:
            faults = self.faults(template.sample())
        except DiscoveryError:  # a value that is made up does not fit where a real one may
            return template
        told = [one for one in faults if (one.file, one.line, one.column) not in template.marks]
        self.report.faults.extend(told)
        return None if told else template

    def faults(self, node: Mapping) -> list[Fault]:
        """What is wrong with a check, on its own."""
        report = Report()
        builder = Builder(self.kinds, Validator(self.folder, report), report)
        builder.locations = Locations.named(self.locations, report)
        where = (*self.path, "template")
        builder.check(node, where, ServiceId(f"{self.said.environment}/x"), Inherited(), None)
        return report.faults

    def expand(
        self,
        source: DiscoverySource,
        template: Template,
        documents: Documents,
        data_dir: FilePath,
        expansion: Expansion,
    ) -> None:
        """Puts its checks into the tree of ``expansion``."""
        taken = _taken(expansion.tree, self.said.environment)
        error = ""
        try:
            newest = documents.newest(source)
            if newest is not None:
                checks = self.checks(newest, template, taken)
                self.settle(source, newest, checks, "", expansion)
                return
        except DiscoveryError as found:
            error = str(found)
        earlier = documents.earlier(source, data_dir)
        if earlier is not None:
            try:
                checks = self.checks(earlier, template, taken)
                self.settle(source, earlier, checks, error, expansion)
                return
            except DiscoveryError as found:
                error = error or str(found)
                if documents.was_good(source):
                    said = f"what {source.name} has found does not fit any more: {found}"
                    self.report.fault(self.item.mark, self.path, said)
        self.settle(source, None, {}, error, expansion)

    def settle(
        self,
        source: DiscoverySource,
        document: Document | None,
        checks: Checks,
        error: str,
        expansion: Expansion,
    ) -> None:
        """Notes what was done, and does it."""
        number = sum(map(len, checks.values()))
        expansion.outcomes[source.name] = SourceOutcome(targets=number, error=error)
        if document is not None:
            expansion.good[source] = document
        if error:
            report = Report()
            report.warn(self.item.mark, self.path, f"{source.name} is not used as it is: {error}")
            expansion.warnings += report.warnings
        if checks:
            expansion.tree = _with_checks(expansion.tree, self.said.environment, checks)

    def checks(self, document: Document, template: Template, taken: set[tuple[str, str]]) -> Checks:
        """The checks of a document, by name. Raises :class:`DiscoveryError` for the first target
        that does not fit.
        """
        made: Checks = {}
        for found in read_targets(document, self.said.max_targets):
            who = f"target {clean(found.target, 80)!r}"
            try:
                service, node = template.check(found)
            except DiscoveryError as error:
                raise DiscoveryError(f"{who}: {error}") from None
            name = _name(node) or ""
            for word, what in ((service, "service"), (name, "check")):
                if not re.fullmatch(NAME_PATTERN[1:-1], word):
                    raise DiscoveryError(f"{who}: {clean(word, 80)!r} is no name of a {what}")
            if (service, name) in taken:
                raise DiscoveryError(f"{who}: there is a check {service}/{name} already")
            same = made.setdefault(service, {}).setdefault(name, node)
            if same is not node and plain_values(same) != plain_values(node):
                raise DiscoveryError(f"{who}: another target makes a check {service}/{name} too")
            faults = self.faults(node) if same is node else []
            if faults:
                raise DiscoveryError(clean(f"{who}: {faults[0].path}: {faults[0].message}", 500))
        return {service: dict(sorted(named.items())) for service, named in sorted(made.items())}


def _items(node: Node | None) -> list[Node]:
    return node.items if isinstance(node, Sequence) else []


def _name(node: Node) -> str | None:
    named = node.entries.get("name") if isinstance(node, Mapping) else None
    return named.value if isinstance(named, Scalar) and isinstance(named.value, str) else None


def _environment(tree: Mapping, name: str) -> Mapping | None:
    for one in _items(tree.entries.get("environments")):
        if isinstance(one, Mapping) and _name(one) == name:
            return one
    return None


def _taken(tree: Mapping, environment: str) -> set[tuple[str, str]]:
    """Services and names of the checks that there are."""
    found = _environment(tree, environment)
    services = _items(found.entries.get("services")) if found is not None else []
    return {
        (_name(service) or "", _name(check) or "")
        for service in services
        if isinstance(service, Mapping)
        for check in _items(service.entries.get("checks"))
    }


def _with_checks(tree: Mapping, environment: str, checks: Checks) -> Mapping:
    """A copy with these checks in the environment, services made where there are none."""
    found = _environment(tree, environment)
    listed = tree.entries.get("environments")
    services = found.entries.get("services") if found is not None else None
    if found is None or not isinstance(listed, Sequence) or not isinstance(services, Sequence):
        return tree  # its faults are told elsewhere
    rest = dict(checks)
    items: list[Node] = []
    for service in services.items:
        more = rest.pop(_name(service) or "", None)
        items.append(service if more is None else _joined(service, more))
    for name, more in rest.items():
        [first, *_] = more.values()
        entries: dict[str, Node] = {
            "name": Scalar(first.mark, name, name),
            "checks": Sequence(first.mark, list(more.values())),
        }
        items.append(Mapping(first.mark, entries, dict.fromkeys(entries, first.mark)))
    whole = _replaced(found, "services", Sequence(services.mark, items))
    others: list[Node] = [whole if one is found else one for one in listed.items]
    return _replaced(tree, "environments", Sequence(listed.mark, others))


def _joined(service: Node, more: MappingType[str, Mapping]) -> Node:
    if not isinstance(service, Mapping):
        return service
    own = service.entries.get("checks")
    if own is not None and not isinstance(own, Sequence):
        return service
    items = [*_items(own), *more.values()]
    return _replaced(service, "checks", Sequence(own.mark if own else service.mark, items))


def _replaced(node: Mapping, key: str, value: Node) -> Mapping:
    copy = Mapping(node.mark, {**node.entries, key: value}, dict(node.keys), node.size, node.depth)
    copy.keys.setdefault(key, value.mark)
    return copy
