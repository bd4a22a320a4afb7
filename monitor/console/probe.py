"""Renders one probe: its grade, a waterfall of its phases, the certificates it met."""

from __future__ import annotations

from collections.abc import Iterator

from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as RichText

from monitor.console.chain import certificates
from monitor.console.style import NOTHING, grade_mark, milliseconds
from monitor.judging.grade import Verdict
from monitor.model.text import Text
from monitor.wording import reason_phrase
from probes.observation import Cause, Grade, Observation, Phase
from probes.settings import ProbeSettings

BAR_WIDTH = 40

_PHASES = {
    Phase.RESOLVE: Text(sv="namnuppslagning", en="resolve"),
    Phase.CONNECT: Text(sv="anslutning", en="connect"),
    Phase.TLS: Text(sv="TLS", en="TLS"),
    Phase.PROCESSING: Text(sv="bearbetning", en="processing"),
    Phase.TRANSFER: Text(sv="överföring", en="transfer"),
}
_COLOURS = {
    Phase.RESOLVE: "cyan",
    Phase.CONNECT: "blue",
    Phase.TLS: "magenta",
    Phase.PROCESSING: "yellow",
    Phase.TRANSFER: "green",
}
_TOTAL = Text(sv="totalt", en="total")
_REASON = Text(sv="orsak", en="reason")
_DETAIL = Text(sv="detalj", en="detail")
_CAUSE = Text(sv="ligger hos", en="cause")
_CAUSES = {
    Cause.TARGET: Text(sv="tjänsten", en="target"),
    Cause.NETWORK: Text(sv="nätet", en="network"),
    Cause.DEPENDENCY: Text(sv="en annan tjänst", en="dependency"),
    Cause.MONITOR: Text(sv="övervakningen", en="monitor"),
}
_TARGET = Text(sv="mål", en="target")
_ADDRESS = Text(sv="adress", en="address")
_REDIRECTS = Text(sv="omdirigeringar", en="redirects")
_BYTES = Text(sv="byte", en="bytes")


def probe_report(
    name: str,
    settings: ProbeSettings,
    observation: Observation,
    verdict: Verdict,
    language: str = "en",
) -> RenderableType:
    """Render everything that one probe of the check ``name`` saw."""
    parts: list[RenderableType] = [
        RichText.assemble((name, "bold"), "  ", grade_mark(verdict.grade, language)),
        Padding(_facts(settings.target(), observation, verdict, language), (0, 0, 1, 2)),
    ]
    if observation.parts:
        for part in observation.parts:
            own = Verdict(grade=part.grade, reason=part.reason, cause=part.cause)
            heading = RichText.assemble(
                (part.address or NOTHING, "bold"), "  ", grade_mark(part.grade, language)
            )
            parts += [heading, Padding(_facts(None, part, own, language), (0, 0, 0, 2))]
            parts += _measured(part, language)
    else:
        parts += _measured(observation, language)
    return Group(*parts)


def _measured(observation: Observation, language: str) -> Iterator[RenderableType]:
    yield Padding(waterfall(observation, language), (0, 0, 1, 2))
    yield from certificates(observation, language)


def _facts(
    target: str | None, observation: Observation, verdict: Verdict, language: str
) -> RenderableType:
    """Reason, address and protocol, one a line; lines that have nothing to say are left out."""
    lines: list[tuple[str, str]] = []
    if target is not None:
        lines.append((_TARGET.pick(language), target))
    if verdict.reason is not None:
        phrase = reason_phrase(verdict.reason, verdict.cause).pick(language)
        lines.append((_REASON.pick(language), f"{verdict.reason.value}: {phrase}"))
    if observation.detail:
        lines.append((_DETAIL.pick(language), observation.detail))
    if verdict.cause is not None and verdict.grade is not Grade.GOOD:
        lines.append((_CAUSE.pick(language), _CAUSES[verdict.cause].pick(language)))
    if observation.address is not None:
        lines.append((_ADDRESS.pick(language), observation.address))
    lines += _protocols(observation, language)
    table = Table.grid(padding=(0, 2, 0, 0))
    for label, value in lines:
        table.add_row(RichText(label, style="dim"), RichText(value))
    return table


def _protocols(observation: Observation, language: str) -> Iterator[tuple[str, str]]:
    http, tls, dns = observation.http, observation.tls, observation.dns
    if http is not None:
        facts = f"{http.status}, HTTP/{http.version}"
        if http.body_bytes is not None:
            facts += f", {http.body_bytes} {_BYTES.pick(language)}"
        if http.redirects:
            facts += f", {http.redirects} {_REDIRECTS.pick(language)}"
        yield "HTTP", facts
    if tls is not None and tls.version is not None:
        yield "TLS", f"{tls.version}, {tls.cipher}" if tls.cipher else tls.version
    if dns is not None:
        yield "DNS", f"{dns.rcode}: {', '.join(dns.answers)}" if dns.answers else dns.rcode


def waterfall(observation: Observation, language: str) -> Table:
    """Render each phase as a bar that begins where the one before it ended."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(width=BAR_WIDTH)
    measured = observation.phases.measured()
    whole = max(observation.duration, sum(took for _, took in measured), 1e-9)
    begin = 0.0
    for phase, took in measured:
        # a phase too short to be seen is still there
        end = min(whole, begin + max(took, whole / BAR_WIDTH / 8))
        table.add_row(
            _PHASES[phase].pick(language),
            milliseconds(took, language),
            Bar(whole, min(begin, end), end, width=BAR_WIDTH, color=_COLOURS[phase]),
        )
        begin += took
    total = milliseconds(observation.duration, language)
    table.add_row(RichText(_TOTAL.pick(language), style="bold"), RichText(total, style="bold"))
    return table
