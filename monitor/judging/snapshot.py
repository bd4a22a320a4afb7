"""Pure: everything that a renderer needs, at one instant. Frozen all the way down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.model.certificate_changes import CertificateChange
from monitor.model.estate import Check, Environment, Estate, Service, ServiceId
from monitor.model.status import Rule, Status
from monitor.model.time_in_status import NOTHING, Availability
from monitor.model.timestamps import iso_timestamp
from monitor.model.upstream_status import StatedView
from monitor.plan import EMPTY, Agenda, CalendarView, Notice, NoticeView, Occurrence, UpgradeView
from probes.observation import Cause, Grade, Observation, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The evidence for a status: which rule, and its numbers."""

    rule: Rule
    failed: int
    """Failed observations among the last ``of``."""
    of: int
    consecutive: int
    """The newest observations in a row that failed (``degraded_after``: failed or degraded)."""
    threshold: float
    """What the rule asks for: a number in a row, or a share."""
    first_bad_at: float | None

    def document(self) -> dict[str, Any]:
        """As JSON has it, in status.json and in evidence."""
        first = self.first_bad_at
        return {
            "rule": self.rule,
            "failed": self.failed,
            "of": self.of,
            "consecutive": self.consecutive,
            "threshold": self.threshold,
            "first_bad_at": None if first is None else iso_timestamp(first),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """Of the newest latencies, in seconds. Failures that were too slow are in, refusals are not."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressView:
    """One address of a check with ``address: all``."""

    address: str
    status: Status
    since: float | None
    reason: Reason | None
    cause: Cause | None
    last: Observation | None
    last_grade: Grade | None
    changed: CertificateChange | None = None
    """How the certificate that ``last`` shows came to be there, when that was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    check: Check
    status: Status
    since: float
    reason: Reason | None
    cause: Cause | None
    why: Why
    last: Observation | None
    """The newest observation of the target, our own trouble not counted."""
    last_grade: Grade | None
    last_reason: Reason | None
    """Of the newest observation; ``latency`` when it was slow."""
    trouble: str
    """What is wrong with the monitor itself, one clause; empty when nothing is."""
    failed_share: float | None
    latency: Quantiles | None
    addresses: tuple[AddressView, ...] = ()
    evidence: Observation | None = None
    """The newest observation that was not good, while its reason holds."""
    changed: CertificateChange | None = None
    """How the certificate that ``last`` shows came to be there, when that was seen."""
    newest_change: CertificateChange | None = None
    """The newest event, whatever is shown now."""
    held_until: float | None = None
    """Until when the server has asked us to stay away; ``None`` once it is measured again."""
    retired: str = ""
    """The version package that it belonged to and that is retired: it must fail, and counts for
    nothing. Empty when there is none."""
    locations: tuple[CheckView, ...] = ()
    """How it stands at each of its locations; empty where none are declared. The check is then as
    they are together, and what it saw last is what the one saw that speaks for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    service: Service
    status: Status
    """Published: the worst of what is measured, declared, and said by a notice."""
    measured: Status
    declared: Status
    planned: bool
    since: float
    checks: tuple[CheckView, ...]
    window: Occurrence | None = None
    """The active service window that declares the most for it."""
    notice: Notice | None = None
    """The active notice that says the worst of it, when that is worse than green."""

    @property
    def gone(self) -> bool:
        """Whether all that measured it belonged to version packages that are retired."""
        return bool(self.checks) and all(check.retired for check in self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentView:
    environment: Environment
    status: Status
    measured: Status
    declared: Status
    planned: bool
    since: float
    services: tuple[ServiceView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything, at ``at``."""

    at: float
    status: Status
    since: float
    environments: tuple[EnvironmentView, ...]
    estate: Estate
    agenda: Agenda = EMPTY
    """The service windows around ``at``."""
    availability: Mapping[ServiceId, Availability] = field(default_factory=lambda: NOTHING)
    """As measured shortly before ``at``; of a service that is not in it nothing is known."""
    config_error: str = ""
    stretch: float = 1.0
    """Every interval is this many times as long as configured, because there is more to do than
    time.
    """
    """What is wrong with the configuration on the disk, while an earlier one applies; without
    secrets."""
    upgrades: tuple[UpgradeView, ...] = ()
    """All version packages, as configured."""
    notices: tuple[NoticeView, ...] = ()
    """The active ones, the worst first."""
    calendars: tuple[CalendarView, ...] = ()
    stated: Mapping[str, StatedView] = field(default_factory=dict)
    """What is stated by the owners, by ``ENV`` and ``ENV/SERVICE``, where that is asked for."""

    def services(self) -> Iterator[ServiceView]:
        for environment in self.environments:
            yield from environment.services

    def checks(self) -> Iterator[CheckView]:
        for service in self.services():
            yield from service.checks
