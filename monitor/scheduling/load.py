"""Pure: how often every host is probed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from monitor.model.estate import Check, CheckId, Estate
from monitor.scheduling.phase import period


def quickest(check: Check) -> float:
    """Seconds between runs while the check is unsettled: never sooner than was promised."""
    if not check.promises:
        return check.retry_interval
    return max(check.retry_interval, *(promise.seconds for promise in check.promises), 0.0)


def wanted(checks: Iterable[Check]) -> float:
    """Probes a second of all checks together, while they are settled."""
    return sum(1.0 / period(check) for check in checks)


def probes_per_minute(estate: Estate, *, unsettled: bool = False) -> dict[str, float]:
    """By host, at most what the promises allow; ``unsettled``: with every check in trouble.

    A check with ``address: all`` counts once, however many addresses its name has today.
    """
    rates = {
        check.id: 60.0 / (quickest(check) if unsettled else period(check))
        for check in estate.probed()
    }
    promised: dict[tuple[str, str, int, float], list[Check]] = defaultdict(list)
    for check in estate.probed():
        for promise in check.promises:
            promised[promise.scope, check.host, check.port, promise.seconds].append(check)
    for (*_, seconds), bound in promised.items():
        wanted = sum(rates[check.id] for check in bound)
        for check in bound:
            rates[check.id] *= min(1.0, 60.0 / seconds / wanted)
    return _by_host(estate, rates)


def _by_host(estate: Estate, rates: Mapping[CheckId, float]) -> dict[str, float]:
    hosts: dict[str, float] = defaultdict(float)
    for check in estate.probed():
        hosts[check.host] += rates[check.id]
    return dict(hosts)
