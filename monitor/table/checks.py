"""What would run: every check with its rhythm, and the load on every host."""

from __future__ import annotations

from collections import defaultdict

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as RichText

from monitor.estate import Estate, Text
from monitor.phases import phases
from monitor.rates import probes_per_minute, quickest
from monitor.table.look import length

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
    check, kind, target, interval, retry, timeout, offset = (h.pick(language) for h in _HEADS)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(check, overflow="fold")
    table.add_column(kind, no_wrap=True)
    table.add_column(target, overflow="fold")
    for head in (interval, retry, timeout, offset):
        table.add_column(head, justify="right", no_wrap=True)
    found = phases(estate.checks())
    for each in estate.checks():
        phase = found[each.id]
        table.add_row(
            RichText(each.id),
            RichText(each.kind),
            RichText(each.target),
            length(phase.interval),
            length(quickest(each)),
            length(each.timeout),
            _decimal(f"{phase.offset:.1f}s", language),
        )
    return table


def hosts_table(estate: Estate, language: str = "en") -> Table:
    """One line a host: how often it is probed when all is well, and at most."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(_HOST.pick(language), overflow="fold")
    for head in (_CHECKS, _PER_MINUTE, _AT_MOST):
        table.add_column(head.pick(language), justify="right")
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


def _decimal(number: str, language: str) -> str:
    return number if language == "en" else number.replace(".", ",")
