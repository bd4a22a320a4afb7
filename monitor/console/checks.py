"""Renders what would run: every check with its intervals, and the load on every host."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as RichText

from monitor.console.style import length
from monitor.model.estate import Estate
from monitor.model.text import Text
from monitor.scheduling.load import probes_per_minute, quickest
from monitor.scheduling.phase import phases

MANY = 1_000
"""Checks from which on there is a line each, and no table."""
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


def checks_lines(estate: Estate, language: str = "en") -> Iterator[str]:
    """Render thousands of checks, which nobody reads on a terminal: one line each, however long, and
    no frame. What a table costs a cell is half a minute for 50,000 checks.
    """
    heads = tuple(head.pick(language) for head in _HEADS)
    yield from _lines(heads, list(_check_rows(estate, language)), left=3)
    yield ""
    heads = tuple(head.pick(language) for head in (_HOST, _CHECKS, _PER_MINUTE, _AT_MOST))
    yield from _lines(heads, list(_host_rows(estate, language)), left=1)


def _lines(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], left: int) -> Iterator[str]:
    """Columns as wide as their widest cell, the first ``left`` of them with their text to the left."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    places = [f"{{:{'<' if n < left else '>'}{width}}}" for n, width in enumerate(widths)]
    template = "  ".join(places)
    for row in (heads, *rows):
        yield template.format(*row).rstrip()


def checks_table(estate: Estate, language: str = "en") -> RenderableType:
    """Render what would run, and below it what every host would bear."""
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
    for row in _check_rows(estate, language):
        table.add_row(*map(RichText, row))
    return table


def _check_rows(estate: Estate, language: str) -> Iterator[tuple[str, ...]]:
    found = phases(estate.probed())
    for each in estate.probed():
        phase = found[each.id]
        yield (
            each.id,
            each.kind,
            each.target,
            length(phase.interval),
            length(quickest(each)),
            length(each.timeout),
            _decimal(f"{phase.offset:.1f}s", language),
        )


def hosts_table(estate: Estate, language: str = "en") -> Table:
    """Render how often each host is probed when all is well, and at most."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(_HOST.pick(language), overflow="fold")
    for head in (_CHECKS, _PER_MINUTE, _AT_MOST):
        table.add_column(head.pick(language), justify="right")
    for row in _host_rows(estate, language):
        table.add_row(*map(RichText, row))
    return table


def _host_rows(estate: Estate, language: str) -> Iterator[tuple[str, ...]]:
    number: dict[str, int] = defaultdict(int)
    for check in estate.probed():
        number[check.host] += 1
    most = probes_per_minute(estate, unsettled=True)
    for host, rate in sorted(probes_per_minute(estate).items()):
        yield (
            host,
            str(number[host]),
            _decimal(f"{rate:.1f}", language),
            _decimal(f"{most[host]:.1f}", language),
        )


def _decimal(number: str, language: str) -> str:
    return number if language == "en" else number.replace(".", ",")
