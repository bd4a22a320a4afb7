"""The tree of nodes → an :class:`~monitor.model.estate.Estate`: from the top down to each check."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path as FilePath
from typing import Any, TypeVar

from monitor.model.estate import (
    Canary,
    Check,
    CheckId,
    Environment,
    Estate,
    PageSettings,
    Promise,
    Retention,
    Service,
    ServiceId,
    WebSettings,
)
from monitor.model.text import Text
from monitor.settings.errors import Mark, Path, Report, hint
from monitor.settings.inherit import Inherited
from monitor.settings.introspection import fields
from monitor.settings.locations import Locations
from monitor.settings.logo import read_logo
from monitor.settings.messages import describe, quoted_value
from monitor.settings.models import (
    CanarySettings,
    CheckSettings,
    EnvironmentSettings,
    ServiceSettings,
    Top,
    split_listen,
)
from monitor.settings.notifications import receivers_of
from monitor.settings.references import Names, check_references, check_sides
from monitor.settings.text import TextSettings
from monitor.settings.validate import Validator
from monitor.settings.yaml_tree import Mapping, Node, Scalar, Sequence
from probes.kind import Kind

LATER = ("service_windows", "calendars", "upgrades", "notices")
"""Sections that are read strictly and kept in ``Estate.later``."""

_APART = ("environments", "canary")
H = TypeVar("H", bound=Hashable)


@dataclass(slots=True)
class Builder:
    """Builds one estate; faults and warnings go to ``report``."""

    kinds: MappingType[str, Kind]
    validator: Validator
    report: Report
    locations: Locations = field(init=False)
    names: Names = field(default_factory=Names)
    standing: MappingType[str, Any] = field(default_factory=dict)
    """What ``defaults`` say of every check's weight."""
    _shared: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.locations = Locations(None, None, self.report)

    def estate(self, tree: Mapping) -> Estate | None:
        """The whole estate, or ``None`` when anything is at fault."""
        for key in [key for key in tree.entries if key.startswith("x-")]:
            del tree.entries[key]
        top = self.validator.model(Top, tree, (), without=_APART)
        self.locations = Locations(top, tree, self.report)
        defaults = tree.entries.get("defaults")
        self.locations.check_names(defaults, ("defaults",))
        both = "max_in_flight"
        if both in tree.entries and isinstance(defaults, Mapping) and both in defaults.entries:
            said = f"is also set in defaults, at {defaults.keys[both]}: set it in one place"
            self.report.fault(tree.keys[both], (both,), said)
        inherited = Inherited()
        if top is not None and defaults is not None:
            self.standing = _standing(top.defaults)
            inherited = inherited.below(top.defaults, defaults, ("defaults",))
        environments = [
            self.environment(item, path, inherited, top)
            for item, path in self.named(tree, (), "environments", "environment")
        ]
        canaries = [
            self.canary(item, ("canary", index))
            for index, item in enumerate(self.list_of(tree, (), "canary", required=False))
        ]
        check_references(tree, top, self.names, self.report)
        check_sides(tree, self.report)
        modules = None
        page = _page(tree, top, self.report) if top is not None else PageSettings()
        if top is not None and top.blackbox_modules is not None:
            # few have any, and its models take as long to import as a thousand checks
            from monitor.settings.blackbox.file import read_modules

            modules = read_modules(top.blackbox_modules, self.report)
        if self.report.faults or top is None:
            return None
        host, port = split_listen(top.listen)
        return Estate(
            environments=tuple(one for one in environments if one is not None),
            language=top.language,
            timezone=top.timezone,
            location=top.location,
            locations=tuple(self.locations.declared.values()),
            listen_host=host,
            listen_port=port,
            public_url=top.public_url,
            page=page,
            web=_web(top),
            latency_histogram=top.metrics.latency_histogram,
            canaries=tuple(one for one in canaries if one is not None),
            user_agent=top.user_agent.replace("{version}", _version()),
            data_dir=FilePath(top.data_dir),
            max_in_flight=top.max_in_flight or top.defaults.max_in_flight or 500,
            notifications=receivers_of(top.notifications),
            store=top.store,
            retention=Retention(
                observations=top.retention.observations, transitions=top.retention.transitions
            ),
            blackbox_modules=top.blackbox_modules,
            blackbox=modules,
            blackbox_targets=tuple(top.blackbox_targets),
            later={key: getattr(top, key) for key in LATER},
        )

    def environment(
        self, node: Node, path: Path, inherited: Inherited, top: Top | None
    ) -> Environment | None:
        """One environment, its services with it."""
        said = self.validator.model(EnvironmentSettings, node, path, without=("services",))
        name = said.name if said is not None else _name(node)
        self.names.environment(name)
        self.locations.check_names(node, path)
        promise = said.min_interval if said is not None else None
        inherited = inherited.below(
            said, node, path, Promise(scope=name, seconds=promise) if promise else None
        )
        services = [
            self.service(item, below, name, inherited, top)
            for item, below in self.named(node, path, "services", "service")
        ]
        if said is None:
            return None
        return Environment(
            name=name,
            title=said.title.text() if said.title else Text(sv=name.upper(), en=name.upper()),
            services=tuple(one for one in services if one is not None),
            group=said.group or "",
            side=said.side or "",
            majority=inherited.get("majority"),
            stated=said.stated_url.source() if said.stated_url is not None else None,
            **_standing(said),
        )

    def service(
        self, node: Node, path: Path, environment: str, inherited: Inherited, top: Top | None
    ) -> Service | None:
        """One service, its checks with it."""
        said = self.validator.model(ServiceSettings, node, path, without=("checks",))
        name = said.name if said is not None else _name(node)
        service_id = ServiceId(f"{environment}/{name}")
        self.names.service(service_id)
        self.locations.check_names(node, path)
        promise = said.min_interval if said is not None else None
        inherited = inherited.below(
            said, node, path, Promise(scope=service_id, seconds=promise) if promise else None
        )
        checks = [
            self.check(item, below, service_id, inherited, top)
            for item, below in self.named(node, path, "checks", "check")
        ]
        if said is None:
            return None
        return Service(
            id=service_id,
            environment=environment,
            name=name,
            title=_text(said.title) or Text(sv=name, en=name),
            help=_text(said.help),
            checks=tuple(one for one in checks if one is not None),
            majority=inherited.get("majority"),
            stated=said.stated_url.source() if said.stated_url is not None else None,
            **_standing(said),
        )

    def check(
        self, node: Node, path: Path, service: ServiceId, inherited: Inherited, top: Top | None
    ) -> Check | None:
        """One check: the monitor's keys by one model, the kind's by another."""
        self.names.check(f"{service}/{_name(node)}")
        kind = self.kind(node, path)
        if not isinstance(node, Mapping):
            return None
        self.locations.check_names(node, path)
        self.locations.check_location(node, path)
        if kind is None:
            theirs = [key for key in node.entries if key not in fields(CheckSettings)]
            self.validator.model(CheckSettings, node, path, without=theirs)
            return None
        said, settings = self.two_models(CheckSettings, kind, node, path)
        tuned = inherited.below(said, node, path).tuned(kind, self.report)
        if said is None or settings is None:
            return None
        host, port = settings.endpoint()
        environment, _, name = service.partition("/")
        here, places = self.locations.of_check(said.location, tuned.locations)
        return Check(
            id=CheckId(f"{service}/{said.name}"),
            environment=self.shared(environment),
            service=self.shared(name),
            name=self.shared(said.name),
            kind=kind.name,
            settings=settings,
            location=here,
            locations=self.shared(places),
            target=settings.target(),
            host=self.shared(host),
            port=port,
            interval=tuned.interval,
            retry_interval=tuned.retry_interval,
            timeout=tuned.timeout,
            thresholds=self.shared(tuned.thresholds),
            promises=inherited.promises,
            majority=tuned.majority,
            host_concurrency=tuned.host_concurrency,
            **{**self.standing, **_standing(said)},
        )

    def shared(self, value: H) -> H:
        """An equal value that another check has already, else this one."""
        known: H = self._shared.setdefault(value, value)
        return known

    def canary(self, node: Node, path: Path) -> Canary | None:
        """One target that tells whether it is us."""
        kind = self.kind(node, path)
        if kind is None or not isinstance(node, Mapping):
            return None
        said, settings = self.two_models(CanarySettings, kind, node, path)
        if said is None or settings is None:
            return None
        return Canary(
            kind=kind.name, settings=settings, target=settings.target(), timeout=said.timeout
        )

    def two_models(self, model: Any, kind: Kind, node: Mapping, path: Path) -> tuple[Any, Any]:
        """``node`` read by ours and by the kind's model; a key of neither is unknown."""
        ours, theirs = fields(model), fields(kind.settings)
        not_ours: list[str] = []
        not_theirs: list[str] = []
        for key in node.entries:
            if key in ours:
                not_theirs.append(key)
                continue
            not_ours.append(key)
            if key in theirs:
                continue
            not_theirs.append(key)
            if key != "kind":
                allowed = {*ours, *theirs, "kind"}
                others = [one.name for one in self.kinds.values() if key in fields(one.settings)]
                said = f"unknown key of kind {kind.name}" + (
                    f" - it is a key of kind {', '.join(others)}" if others else hint(key, allowed)
                )
                self.report.fault(node.keys[key], (*path, key), said)
        return (
            self.validator.model(model, node, path, without=not_ours),
            self.validator.model(kind.settings, node, path, without=not_theirs),
        )

    def kind(self, node: Node, path: Path) -> Kind | None:
        """The kind that a check or a canary names."""
        if not isinstance(node, Mapping):
            if not (isinstance(node, Scalar) and node.broken):
                self.report.fault(node.mark, path, f"must be a mapping, not {describe(node)}")
            return None
        here = (*path, "kind")
        named = node.entries.get("kind")
        if named is None:
            self.report.fault(node.mark, here, "is missing" + hint("", self.kinds))
        elif not isinstance(named, Scalar) or not isinstance(named.value, str):
            self.report.fault(named.mark, here, f"must be text, not {describe(named)}")
        elif named.value in self.kinds:
            return self.kinds[named.value]
        elif not named.broken:
            near = hint(named.value, self.kinds) if not named.placeholder else ""
            said = f"{quoted_value(named, here)} is not a kind of probe{near}"
            self.report.fault(named.mark, here, said)
        return None

    def list_of(self, node: Node, path: Path, key: str, required: bool = True) -> list[Node]:
        """The items of a list that must not be empty."""
        if not isinstance(node, Mapping):
            return []
        here = (*path, key)
        items = node.entries.get(key)
        if items is None:
            if required:
                self.report.fault(node.mark, here, "is missing")
        elif isinstance(items, Scalar) and items.value is None and required:
            self.report.fault(items.mark, here, "must not be empty")
        elif not isinstance(items, Sequence):
            if not (isinstance(items, Scalar) and items.broken):
                self.report.fault(items.mark, here, f"must be a list, not {describe(items)}")
        elif not items.items and required:
            self.report.fault(items.mark, here, "must not be empty")
        else:
            return items.items
        return []

    def named(self, node: Node, path: Path, key: str, what: str) -> Iterator[tuple[Node, Path]]:
        """The items of a list and their paths; two of one name are a fault."""
        seen: dict[str, Mark] = {}
        for index, item in enumerate(self.list_of(node, path, key)):
            here: Path = (*path, key, index)
            named = item.entries.get("name") if isinstance(item, Mapping) else None
            if isinstance(named, Scalar) and isinstance(named.value, str) and not named.broken:
                first = seen.setdefault(named.value, named.mark)
                if first is not named.mark:
                    shown = quoted_value(named, (*here, "name"))
                    said = f"{shown} is the name of another {what}: first at {first}"
                    self.report.fault(named.mark, (*here, "name"), said)
            yield item, here


def _name(node: Node) -> str:
    named = node.entries.get("name") if isinstance(node, Mapping) else None
    return str(named.value) if isinstance(named, Scalar) else ""


def _text(said: TextSettings | None) -> Text | None:
    return said.text() if said is not None else None


def _standing(said: Any) -> dict[str, Any]:
    """``weight`` and ``critical``, as far as they were set."""
    return {key: getattr(said, key) for key in {"weight", "critical"} & said.model_fields_set}


def _page(tree: Mapping, top: Top, report: Report) -> PageSettings:
    said = top.page
    logo = None
    if said.logo_file is not None:
        node = tree.entries["page"]
        mark = node.entries["logo_file"].mark if isinstance(node, Mapping) else node.mark
        logo = read_logo(said.logo_file, mark, ("page", "logo_file"), report)
    return PageSettings(
        organisation=said.organisation or "",
        contact=said.contact or "",
        logo=logo,
        title=_text(said.title),
    )


def _web(top: Top) -> WebSettings:
    tls, basic = top.web.tls, top.web.basic_auth
    return WebSettings(
        cert_file=tls.cert_file if tls else None,
        key_file=tls.key_file if tls else None,
        username=basic.username if basic else None,
        password_file=basic.password_file if basic else None,
        allowed_hosts=tuple(top.web.allowed_hosts),
    )


def _version() -> str:
    try:
        return version("driftvakt")
    except PackageNotFoundError:
        return "0"
