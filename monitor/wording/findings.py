"""What one check measures, and what it found: for who knows already which service it is of."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from monitor.judging.snapshot import CheckView
from monitor.model.estate import Check
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.wording.certificates import surprise
from monitor.wording.checks import (
    addresses,
    blamed,
    evidence_clause,
    held_back,
    ignorance,
    recovering,
    retired,
    validity,
    weakness,
)
from monitor.wording.grammar import joined_sentences, one_line, sentence
from monitor.wording.locations import locations
from monitor.wording.times import Clock

_KINDS = {
    "http": Text(sv="Hämtar", en="Fetches"),
    "certificate": Text(sv="Läser certifikatet hos", en="Reads the certificate of"),
    "tcp": Text(sv="Ansluter till", en="Connects to"),
    "dns": Text(sv="Slår upp", en="Looks up"),
}
_OTHER = Text(sv="Mäter", en="Measures")


def measured_by(check: Check) -> Text:
    """``Hämtar https://…``: what the check does each time."""
    verb, target = _KINDS.get(check.kind, _OTHER), one_line(check.target)
    return Text(sv=f"{verb.sv} {target}", en=f"{verb.en} {target}")


def check_finding(view: CheckView, zone: ZoneInfo, *, now: float | None = None) -> Text:
    """What the check found, in full sentences, without the service's name and claim; ``now`` is
    when it is read.
    """
    clock = Clock(zone, now)
    if view.status is Status.UNKNOWN:
        return joined_sentences(
            (
                sentence(ignorance(view, clock)),
                locations(view),
                blamed(view),
                held_back(view, clock),
                surprise(view, zone),
                retired(view),
            )
        )
    if view.status is Status.GREEN:
        good = Text(sv="Svaren är som väntat.", en="The answers are as expected.")
        return joined_sentences(
            (good, locations(view), weakness(view), surprise(view, zone), retired(view))
        )
    return joined_sentences(
        (
            sentence(evidence_clause(view)),
            addresses(view),
            locations(view),
            validity(view, zone),
            recovering(view),
            blamed(view),
            held_back(view, clock),
            surprise(view, zone),
            retired(view),
        )
    )
