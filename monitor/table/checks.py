"""What would run: every check with its rhythm, and the load on every host."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as RichText

from monitor.estate import Check, CheckId, Estate, Text
from monitor.schedule import period, phase
from monitor.table.look import length, say

_HEADS = (
    Text(sv="Kontroll", en="Check"),
    Text(sv="Typ", en="Kind"),
    Text(sv="Mål", en="Target"),
    Text(sv="Intervall", en="Interval"),
    Text(sv="Nytt försök", en="Retry"),
    Text(sv="Tidsgräns", en="Timeout"),
    Text(sv="Fas", en="Phase"),
)
_HOST = Text(sv="Värd", en="Host")
_CHECKS = Text(sv="Kontroller", en="Checks")
_PER_MINUTE = Text(sv="Mätningar per minut", en="Probes per minute")
_AT_MOST = Text(sv="Som mest, vid störning", en="At most, in trouble")


def checks_table(estate: Estate, language: str = "en") -> RenderableType:
    """What would run, and below it what every host would bear."""
    return Group(_checks(estate, language), hosts_table(estate, language))


def _checks(estate: Estate, language: str) -> Table:
    """One line a check. The phase is how far into each interval it runs."""
    check, kind, target, interval, retry, timeout, offset = (say(h, language) for h in _HEADS)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(check, overflow="fold")
    table.add_column(kind, no_wrap=True)
    table.add_column(target, overflow="fold")
    for head in (interval, retry, timeout, offset):
        table.add_column(head, justify="right", no_wrap=True)
    for each in estate.checks():
        every = period(each)
        table.add_row(
            RichText(each.id),
            RichText(each.kind),
            RichText(each.target),
            length(every),
            length(_quickest(each)),
            length(each.timeout),
            _decimal(f"{phase(each.id, every):.1f}s", language),
        )
    return table


def hosts_table(estate: Estate, language: str = "en") -> Table:
    """One line a host: how often it is probed when all is well, and at most."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(say(_HOST, language), overflow="fold")
    for head in (_CHECKS, _PER_MINUTE, _AT_MOST):
        table.add_column(say(head, language), justify="right")
    number: dict[str, int] = defaultdict(int)
    for check in estate.checks():
        number[check.host] += 1
    most = probes_per_minute(estate, unsettled=True)
    for host, rate in sorted(probes_per_minute(estate).items()):
        table.add_row(
            RichText(host),
            str(number[host]),
            _decimal(f"{rate:.1f}", language),
            _decimal(f"{most[host]:.1f}", language),
        )
    return table


def probes_per_minute(estate: Estate, *, unsettled: bool = False) -> dict[str, float]:
    """By host, at most what the promises allow; ``unsettled``: with every check in trouble.

    A check with ``address: all`` counts once, however many addresses its name has today.
    """
    rates = {
        check.id: 60.0 / (_quickest(check) if unsettled else period(check))
        for check in estate.checks()
    }
    promised: dict[tuple[str, str, int, float], list[Check]] = defaultdict(list)
    for check in estate.checks():
        for promise in check.promises:
            promised[promise.scope, check.host, check.port, promise.seconds].append(check)
    for (*_, seconds), bound in promised.items():
        wanted = sum(rates[check.id] for check in bound)
        for check in bound:
            rates[check.id] *= min(1.0, 60.0 / seconds / wanted)
    return _by_host(estate, rates)


def _by_host(estate: Estate, rates: Mapping[CheckId, float]) -> dict[str, float]:
    hosts: dict[str, float] = defaultdict(float)
    for check in estate.checks():
        hosts[check.host] += rates[check.id]
    return dict(hosts)


def _quickest(check: Check) -> float:
    """Seconds between runs while the check is unsettled: never sooner than was promised."""
    return max(check.retry_interval, *(promise.seconds for promise in check.promises), 0.0)


def _decimal(number: str, language: str) -> str:
    return number if language == "en" else number.replace(".", ",")
