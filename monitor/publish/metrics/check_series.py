"""All series of the checks but the histograms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from monitor.judging.snapshot import CheckView
from monitor.model.estate import Check
from monitor.publish.metrics import families as f
from monitor.publish.metrics import probe_lines as probed
from monitor.publish.metrics.columns import FamilyColumn, Rows, measures, state_sets
from monitor.publish.metrics.exposition import escape, labels
from monitor.publish.metrics.tally import CheckTally
from probes.observation import Cause, HttpFacts, Observation, Phases, Reason, TlsFacts


@dataclass(frozen=True, slots=True)
class CheckLabels:
    """What stands within the braces of a check's lines, and what decides which lines there are."""

    own: str
    measured: str
    """The same with the target."""
    check: Check
    stale_after: float
    """Seconds."""

    @classmethod
    def of(cls, check: Check) -> Self:
        own = labels(
            environment=check.environment,
            service=check.service,
            check=check.name,
            location=check.location,
        )
        return cls(own, f'{own},target="{escape(check.target)}"', check, check.stale_after)

    def at_address(self, address: str | None) -> Self:
        """Of one address where each is probed."""
        if address is None:
            return self
        label = f',address="{escape(address)}"'
        return replace(self, own=self.own + label, measured=self.measured + label)


class CheckRows:
    """What the checks' families are made of."""

    def __init__(self, now: float) -> None:
        """``now`` is in seconds since the epoch: of what is stale then, nothing is published."""
        self._now = now
        self.checks: Rows[CheckView] = Rows()
        self.tallies: Rows[CheckTally] = Rows()
        self._seen: Rows[Observation] = Rows()
        self._phases: Rows[Phases] = Rows()
        self._http: Rows[HttpFacts] = Rows()
        self._tls: Rows[TlsFacts] = Rows()
        self._chains: Rows[TlsFacts] = Rows()

    def add(
        self, ats: Sequence[CheckLabels], views: Sequence[CheckView], tallies: Sequence[CheckTally]
    ) -> None:
        """Some checks at a time: a few hundred take less than a millisecond."""
        owns = [at.own for at in ats]
        self.checks.extend(owns, views)
        self.tallies.extend(owns, tallies)
        now = self._now
        seen = [
            (at, last)
            for at, view in zip(ats, views, strict=True)
            if (last := view.last) is not None and now - last.at <= at.stale_after
        ]
        if any(last.parts for _, last in seen):
            seen = [each for at, last in seen for each in _addresses(at, last)]
        self._seen.extend([at.measured for at, _ in seen], [last for _, last in seen])
        http = [at for at in seen if at[1].http is not None or at[0].check.kind == "http"]
        self._phases.extend([at.measured for at, _ in http], [last.phases for _, last in http])
        answers = [(at.measured, last.http) for at, last in http if last.http is not None]
        self._http.extend([at for at, _ in answers], [facts for _, facts in answers])
        for at, last in seen:
            if last.tls is not None:
                self._tls.add(at.measured, last.tls)
                self._chains.add(at.own, last.tls)

    def columns(self) -> Sequence[FamilyColumn[Any]]:
        """The families in their order: contract, section 6."""
        checks = self.checks
        return (
            *probed.timing(self._seen, self._phases),
            *probed.http(self._http),
            probed.ip_protocol(self._seen),
            probed.regex(self._http),
            *probed.tls(self._tls),
            FamilyColumn(f.CHECK_STATUS, checks, lambda some: [x.status for x in some], state_sets),
            FamilyColumn(
                f.CHECK_REASON, checks, lambda some: [(x.reason, x.cause) for x in some], _reasons
            ),
            FamilyColumn(f.LAST_OBSERVATION, checks, _instants, measures, kept=False),
            probed.certificate_expiry(self._chains),
            FamilyColumn(f.CERTIFICATE_CHANGED, checks, _changes, _changed),
            FamilyColumn(f.FAILURES, self.tallies, _failures, _failed),
        )


def _addresses(at: CheckLabels, last: Observation) -> Iterator[tuple[CheckLabels, Observation]]:
    if not last.parts:
        yield at, last
    for part in last.parts:
        yield at.at_address(part.address), part


def _reasons(
    name: str, labels: Sequence[str], values: Sequence[tuple[Reason | None, Cause | None]]
) -> str:
    return "".join(
        [
            f'{name}{{{at},reason="{reason}",cause="{cause or ""}"}} 1\n'
            for at, (reason, cause) in zip(labels, values, strict=True)
            if reason is not None
        ]
    )


def _instants(checks: Sequence[CheckView]) -> list[float | None]:
    return [None if one.last is None else one.last.at for one in checks]


def _changes(checks: Sequence[CheckView]) -> list[float | None]:
    """The newest event stays, also when the certificate is not seen just now."""
    return [None if one.newest_change is None else one.newest_change.at for one in checks]


def _changed(name: str, labels: Sequence[str], values: Sequence[float | None]) -> str:
    return measures(name, [f'{at},position="leaf"' for at in labels], values)


def _failures(tallies: Sequence[CheckTally]) -> list[tuple[tuple[Reason, int], ...]]:
    return [tuple(one.failures.items()) for one in tallies]


def _failed(
    name: str, labels: Sequence[str], values: Sequence[tuple[tuple[Reason, int], ...]]
) -> str:
    return "".join(
        [
            f'{name}{{{at},reason="{reason}"}} {count}\n'
            for at, failures in zip(labels, values, strict=True)
            for reason, count in failures
        ]
    )
