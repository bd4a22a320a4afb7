"""All series of one check, rebuilt only where something has changed.

A check's families fall into groups that change together: its times with every probe, what was
learned of HTTP and TLS rarely, its status more rarely still. Each group remembers what its lines
were made of, and makes them anew only of something else.
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.judging.snapshot import CheckView
from monitor.model.certificate_changes import CertificateChange
from monitor.model.estate import Check
from monitor.model.status import Status
from monitor.publish.metrics import families as f
from monitor.publish.metrics import probe_lines
from monitor.publish.metrics.columns import FamilyRows
from monitor.publish.metrics.exposition import Family, escape, labels, number
from monitor.publish.metrics.histogram import BOUNDS, Histogram, bound_label
from monitor.publish.metrics.tally import CheckTally
from probes.observation import HttpFacts, Observation, Reason, TlsFacts

_INDEX = {family.name: i for i, family in enumerate(f.CHECK_FAMILIES)}


def _columns(families: Sequence[Family]) -> tuple[int, ...]:
    return tuple(_INDEX[family.name] for family in families)


_TIMING = _columns(probe_lines.TIMING)
_HTTP = _columns(probe_lines.HTTP)
_TLS = _columns(probe_lines.TLS)
(_STATUS, _REASON, _LAST, _EXPIRY, _CHANGED, _FAILURES) = _columns(
    (
        f.CHECK_STATUS,
        f.CHECK_REASON,
        f.LAST_OBSERVATION,
        f.CERTIFICATE_EXPIRY,
        f.CERTIFICATE_CHANGED,
        f.FAILURES,
    )
)
_BOUNDS = (*(bound_label(bound) for bound in BOUNDS), "+Inf")


def _join(lines: Sequence[Sequence[str]]) -> Sequence[str]:
    """The lines of several addresses, family by family."""
    if len(lines) == 1:
        return lines[0]
    return ["".join(of_family) for of_family in zip(*lines, strict=True)]


class CheckSeries:
    """One row of the columns."""

    __slots__ = (
        "_addresses",
        "_at",
        "_change",
        "_failed",
        "_fresh",
        "_http",
        "_own",
        "_parts",
        "_stood",
        "_tls",
        "_view",
        "check",
        "row",
    )

    def __init__(self, check: Check, row: int) -> None:
        self.check = check
        self.row = row
        self._own = labels(
            environment=check.environment,
            service=check.service,
            check=check.name,
            location=check.location,
        )
        self._at = f'{self._own},target="{escape(check.target)}"'
        self._view: CheckView | None = None
        self._fresh: bool | None = None
        self._addresses: tuple[str | None, ...] | None = None
        self._parts: tuple[tuple[str, str], ...] = ()
        self._stood: tuple[object, ...] | None = None
        self._change: CertificateChange | None = None
        self._http: list[HttpFacts | None] | None = None
        self._tls: list[TlsFacts | None] | None = None
        self._failed: dict[Reason, int] | None = None

    def update(self, view: CheckView, now: float, tally: CheckTally, columns: FamilyRows) -> None:
        """Brings the row up to date at ``now``, seconds since the epoch."""
        last = view.last
        fresh = last is not None and now - last.at <= self.check.stale_after
        if view is not self._view or fresh is not self._fresh:
            self._status(view, columns)
            self._changed(view, columns)
            if fresh is not self._fresh or last is not (self._view and self._view.last):
                self._measured(last if fresh else None, columns)
                at = "" if last is None else f"{f.LAST_OBSERVATION.name}{{{self._own}}} "
                columns.put(_LAST, self.row, f"{at}{number(last.at)}\n" if last else "")
            self._view, self._fresh = view, fresh
        self._tally(tally, columns)

    def _status(self, view: CheckView, columns: FamilyRows) -> None:
        stood = (view.status, view.reason, view.cause)
        if stood == self._stood:
            return
        self._stood = stood
        own = self._own
        columns.put(_STATUS, self.row, status_lines(f.CHECK_STATUS, own, view.status))
        reason = ""
        if view.reason is not None:
            reason = (
                f'driftvakt_check_reason{{{own},reason="{view.reason}",'
                f'cause="{view.cause or ""}"}} 1\n'
            )
        columns.put(_REASON, self.row, reason)

    def _changed(self, view: CheckView, columns: FamilyRows) -> None:
        """The newest event stays, also when the certificate is not seen just now."""
        change = view.newest_change
        if change is self._change:
            return
        self._change = change
        line = ""
        if change is not None:
            line = (
                f'{f.CERTIFICATE_CHANGED.name}{{{self._own},position="leaf"}} {number(change.at)}\n'
            )
        columns.put(_CHANGED, self.row, line)

    def _measured(self, last: Observation | None, columns: FamilyRows) -> None:
        """What the newest probe measured; of nothing, nothing is published."""
        seen = () if last is None else last.parts or (last,)
        self._label(seen, each=last is not None and bool(last.parts))
        kind = self.check.kind
        places = [at for at, _ in self._parts]
        self._put(
            _TIMING,
            [
                probe_lines.timing(at, part, http=kind == "http" or part.http is not None)
                for at, part in zip(places, seen, strict=True)
            ],
            columns,
        )
        https = [part.http for part in seen]
        if https != self._http:
            self._http = https
            self._put(
                _HTTP,
                [probe_lines.http(at, x) for at, x in zip(places, https, strict=True)],
                columns,
            )
        tlss = [part.tls for part in seen]
        if tlss != self._tls:
            self._tls = tlss
            self._put(
                _TLS, [probe_lines.tls(at, x) for at, x in zip(places, tlss, strict=True)], columns
            )
            expiry = "".join(
                probe_lines.certificate_expiry(own, x)
                for (_, own), x in zip(self._parts, tlss, strict=True)
            )
            columns.put(_EXPIRY, self.row, expiry)

    def _label(self, seen: Sequence[Observation], *, each: bool) -> None:
        """The labels of each address, kept as long as the addresses are the same."""
        addresses = tuple(part.address if each else None for part in seen)
        if addresses == self._addresses:
            return
        self._addresses = addresses
        self._http = self._tls = None
        parts: list[tuple[str, str]] = []
        for address in addresses:
            suffix = "" if address is None else f',address="{escape(address)}"'
            parts.append((self._at + suffix, self._own + suffix))
        self._parts = tuple(parts)

    def _put(
        self, families: tuple[int, ...], lines: Sequence[Sequence[str]], columns: FamilyRows
    ) -> None:
        joined = _join(lines) if lines else ("",) * len(families)
        for family, text in zip(families, joined, strict=True):
            columns.put(family, self.row, text)

    def histogram(self, tally: CheckTally) -> str:
        """The lines of its latency."""
        return histogram_lines(self._own, tally.latency)

    def _tally(self, tally: CheckTally, columns: FamilyRows) -> None:
        own = self._own
        if tally.failures != self._failed:
            self._failed = dict(tally.failures)
            lines = [
                f'{f.FAILURES.name}{{{own},reason="{reason}"}} {count}\n'
                for reason, count in tally.failures.items()
            ]
            columns.put(_FAILURES, self.row, "".join(lines))


def histogram_lines(at: str, latency: Histogram) -> str:
    """Of :data:`~monitor.publish.metrics.families.LATENCY`."""
    name = f.LATENCY.name
    begin = f'{name}_bucket{{{at},le="'
    lines = [
        f'{begin}{le}"}} {count}\n' for le, count in zip(_BOUNDS, latency.cumulative(), strict=True)
    ]
    return (
        f"{''.join(lines)}{name}_sum{{{at}}} {number(latency.sum)}\n"
        f"{name}_count{{{at}}} {latency.count}\n"
    )


def status_lines(family: Family, at: str, status: Status) -> str:
    """A state set: one line a status, 1 for the one that holds."""
    return "".join(
        f'{family.name}{{{at},status="{each}"}} {1 if each is status else 0}\n' for each in Status
    )
