"""Pure: everything that a renderer needs, at one instant. Frozen all the way down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from monitor.certificates import CertificateChange
from monitor.estate import Check, CheckId, Environment, Estate, Service, ServiceId
from monitor.judge import Rule, Status
from monitor.plan import EMPTY, Agenda, CalendarView, Notice, NoticeView, Occurrence, UpgradeView
from monitor.shares import NOTHING, Availability
from monitor.stated import StatedView
from monitor.transition_id import transition_id
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
class Transition:
    """A service's or an environment's published status changing."""

    at: float
    """When it was noticed."""
    since: float
    """The first observation of the run that led to it."""
    environment: str
    service: str | None
    """``None``: the environment's own."""
    before: Status
    after: Status
    began: float | None = None
    """When the disturbance that ends with this began; ``None`` when none does."""
    planned: bool = False
    check: str | None = None
    """The check that decided it, where one did."""
    reason: Reason | None = None
    cause: Cause | None = None
    was_planned: bool = False
    """Whether a service window explained the status before."""
    window: str | None = None
    """The id of the service window that explains it, or explained it until now."""
    reconfigured: bool = False
    """Whether nothing has happened but that the configuration was changed."""
    decided_by: CheckId | None = field(default=None, compare=False, repr=False)
    """The check whose facts are its evidence, while the process that saw it lives: not kept."""
    _id: str = field(default="", init=False, compare=False, repr=False)

    @property
    def id(self) -> str:
        """A name for good: the same wherever and whenever the same transition is told."""
        if not self._id:  # asked for by everybody who tells of it, and as dear as all the rest
            made = transition_id(
                self.environment, self.service, self.before.value, self.after.value, self.at
            )
            object.__setattr__(self, "_id", made)
        return self._id

    @property
    def changes_status(self) -> bool:
        """Otherwise only what explains the status has changed: a service window began or ended."""
        return self.before is not self.after

    @property
    def overrun(self) -> bool:
        """Whether a service window is over and what it explained is not."""
        troubled = self.after in (Status.YELLOW, Status.RED)
        return troubled and self.was_planned and not self.planned

    @property
    def worsening(self) -> bool:
        """Whether it became yellow or red from something better, or stays so without a plan."""
        worse = self.after.severity > max(self.before.severity, Status.UNKNOWN.severity)
        return worse or self.overrun


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
