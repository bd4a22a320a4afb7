"""What is watched: the configuration as frozen, resolved values that the rest of the house reads.

Lengths of time are seconds. Nothing here knows of files, YAML or validation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NewType
from zoneinfo import ZoneInfo

from monitor.model.receiver import Receiver
from monitor.model.status import Thresholds
from monitor.model.text import Text

if TYPE_CHECKING:  # whoever only shows a status has no settings of probes
    from probes.settings import ProbeSettings

CheckId = NewType("CheckId", str)
"""``ENV/SERVICE/CHECK``."""
ServiceId = NewType("ServiceId", str)
"""``ENV/SERVICE``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A ``min_interval`` to a target's owner: probes of ``scope`` to one host and port start at
    least ``seconds`` apart, retries included.
    """

    scope: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One place that checks are measured from."""

    name: str
    title: Text
    weight: float = 1.0
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One configured measurement, every inherited value filled in."""

    id: CheckId
    environment: str
    service: str
    name: str
    kind: str
    settings: ProbeSettings
    location: str
    """Where this process measures it from; of a check that is measured elsewhere alone, the first
    place of those."""
    target: str
    """For people; holds no secret."""
    host: str
    port: int
    interval: float
    retry_interval: float
    timeout: float
    thresholds: Thresholds
    promises: tuple[Promise, ...] = ()
    majority: float = 0.5
    weight: float = 1.0
    critical: bool = False
    host_concurrency: int = 8
    locations: tuple[Location, ...] = ()
    """All the places that it is measured from; empty where the configuration declares none."""

    @property
    def stale_after(self) -> float:
        """Age in seconds at which the newest observation says nothing any more."""
        return 3 * self.interval + self.timeout

    def at_each(self) -> tuple[Check, ...]:
        """The same as it is measured from each of its locations, if any are declared."""
        return tuple(replace(self, location=one.name, locations=(one,)) for one in self.locations)

    @property
    def service_id(self) -> ServiceId:
        return ServiceId(f"{self.environment}/{self.service}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedSource:
    """Where the owner of a target states its colour: an address, a path, and its words as ours."""

    url: str
    jsonpath: str | None = None
    xpath: str | None = None
    namespaces: tuple[tuple[str, str], ...] = ()
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    id: ServiceId
    environment: str
    name: str
    title: Text
    help: Text | None = None
    checks: tuple[Check, ...] = ()
    majority: float = 0.5
    weight: float = 1.0
    critical: bool = False
    stated: StatedSource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    name: str
    title: Text
    services: tuple[Service, ...] = ()
    group: str = ""
    """What its sides have in common; they are shown beside each other."""
    side: str = ""
    majority: float = 0.5
    weight: float = 1.0
    critical: bool = False
    stated: StatedSource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A target of ours, or one beyond doubt up: when all of them fail, it is us."""

    kind: str
    settings: ProbeSettings
    target: str
    timeout: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """The web server's own TLS and credentials; ``None`` where not used."""

    cert_file: Path | None = None
    key_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    allowed_hosts: tuple[str, ...] = ()
    """Names by which the server may be asked for, beside those of the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSettings:
    """Whose page it is. Nothing of it is shown where nothing is said."""

    organisation: str = ""
    contact: str = ""
    logo: tuple[bytes, str] | None = field(default=None, repr=False)
    """The bytes and the content type."""
    title: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long the history keeps what, in seconds."""

    observations: float = 7 * 86_400.0
    transitions: float = 400 * 86_400.0
    """Evidence, messages and roll-ups too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoverySource:
    """Where a list of targets is: files, or an address that is asked every ``refresh`` seconds."""

    name: str
    file: Path | None = None
    """One file; with ``*`` in its name every file that fits."""
    url: str | None = field(default=None, repr=False)
    refresh: float = 60.0
    bearer_token_file: Path | None = None
    ca_file: Path | None = None
    max_targets: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """The whole configuration."""

    environments: tuple[Environment, ...]
    language: str = "sv"
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Stockholm"))
    location: str = "internet"
    locations: tuple[Location, ...] = ()
    """All the places that are measured from, as declared; empty where none are."""
    listen_host: str = "127.0.0.1"
    listen_port: int = 9815
    public_url: str = ""
    """Where readers find the page, with a slash at its end; empty where nobody has said."""
    page: PageSettings = field(default_factory=PageSettings)
    web: WebSettings = field(default_factory=WebSettings)
    latency_histogram: Literal["check", "service", "none"] = "check"
    """Of what ``/metrics`` has a histogram of latencies."""
    canaries: tuple[Canary, ...] = ()
    user_agent: str = "driftvakt"
    data_dir: Path = Path("data")
    max_in_flight: int = 500
    store: str = field(default="sqlite", repr=False)
    """``sqlite`` (in ``data_dir``) or the URL of a PostgreSQL database, its password in it."""
    retention: Retention = field(default_factory=Retention)
    notifications: tuple[Receiver, ...] = ()
    discovery: tuple[DiscoverySource, ...] = ()
    """What they have found is among the checks already."""
    blackbox_modules: Path | None = None
    blackbox: Mapping[str, Any] | None = None
    """The modules of that file (:class:`monitor.settings.blackbox.modules.Module`) that ``/probe`` serves."""
    blackbox_targets: tuple[str, ...] = ()
    """Targets to which the modules' credentials go (:mod:`monitor.blackbox.trusted`)."""
    variables: frozenset[str] = field(default=frozenset(), repr=False)
    """Values that came from the environment (``${NAME}``) and may be secret."""
    later: Mapping[str, Any] = field(default_factory=dict)
    """Sections that are read strictly and used by a later version: ``service_windows``,
    ``calendars``, ``upgrades``, ``notices``."""

    def services(self) -> Iterator[Service]:
        for environment in self.environments:
            yield from environment.services

    def checks(self) -> Iterator[Check]:
        for service in self.services():
            yield from service.checks

    def probed(self) -> Iterator[Check]:
        """The checks that this process measures: all but those of other locations alone."""
        return (one for one in self.checks() if not one.locations or one.location == self.location)
