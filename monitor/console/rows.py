"""The rows of the table of statuses, and those of a snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from monitor.model.status import Rule, Status
from monitor.model.text import Text
from monitor.wording import reason_phrase, status_word
from probes.observation import Cause, Grade, Reason

if TYPE_CHECKING:
    from monitor.judging.snapshot import CheckView, ServiceView, Snapshot

NO_REASON = Text(sv="", en="")
UNMEASURED = Text(sv="Ingen mätning ännu", en="No measurement yet")
TOO_FEW = Text(sv="Mäts från för få platser", en="Measured from too few places")


class Level(Enum):
    ENVIRONMENT = auto()
    SERVICE = auto()
    CHECK = auto()
    LOCATION = auto()
    """A check as one of its locations sees it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the table. Instants and lengths of time are in seconds."""

    level: Level
    title: Text
    status: Status
    since: float | None
    short: Text
    """A word or a clause: why."""
    message: Text
    """Full sentences."""
    reason: Text = NO_REASON
    """The clause of the check that decides a service's status."""
    facts: Text = NO_REASON
    """Of a document's service: the check that decides, its reason and counts, in one line."""
    planned: bool = False
    latency: float | None = None
    """That of the newest observation; of a service, the slowest check's."""
    said: Text = NO_REASON
    """A few words of whoever is at it, or has silenced it."""
    name: str = ""
    """The name of an environment or a service, when the row is of a document."""


def last_known(row: Row) -> Row:
    """The row of a stale document: unknown, with the last known status in words."""
    was = status_word(row.status)
    known = Text(sv=f"senast kända läge: {was.sv}", en=f"last known: {was.en}")
    return replace(row, status=Status.UNKNOWN, short=known, message=known)


def status_rows(snapshot: Snapshot) -> Iterator[Row]:
    """The rows of a snapshot: each environment, its services, their checks."""
    # a document has its sentences already: whoever reads one needs none of ours
    from monitor.wording import check_message, environment_message, service_message

    zone = snapshot.estate.timezone
    for environment in snapshot.environments:
        yield Row(
            level=Level.ENVIRONMENT,
            title=environment.environment.title,
            status=environment.status,
            since=environment.since,
            short=status_word(environment.status),
            message=environment_message(environment, zone, now=snapshot.at),
            planned=environment.planned,
        )
        for service in environment.services:
            yield Row(
                level=Level.SERVICE,
                title=service.service.title,
                status=service.status,
                since=service.since,
                short=status_word(service.status),
                message=service_message(
                    service, zone, environment.environment.title, now=snapshot.at
                ),
                planned=service.planned,
                latency=_slowest(service),
                reason=deciding_reason(
                    [(check.status, check.reason, check.cause) for check in service.checks]
                ),
            )
            for check in service.checks:
                yield Row(
                    level=Level.CHECK,
                    title=in_both(check.check.name),
                    status=check.status,
                    since=check.since,
                    short=_why(check),
                    message=check_message(
                        check,
                        zone,
                        service.service.title,
                        environment.environment.title,
                        now=snapshot.at,
                    ),
                    latency=check.last.duration if check.last else None,
                )
                if len(check.locations) > 1:
                    yield from map(_place, check.locations)


def _place(view: CheckView) -> Row:
    """A check as one of its locations sees it."""
    return Row(
        level=Level.LOCATION,
        title=from_place(view.check.location),
        status=view.status,
        since=view.since,
        short=_why(view),
        message=NO_REASON,
        latency=view.last.duration if view.last else None,
    )


def from_place(location: str) -> Text:
    """Where a check is measured from."""
    return Text(sv=f"från {location}", en=f"from {location}")


def deciding_reason(checks: Sequence[tuple[Status, Reason | None, Cause | None]]) -> Text:
    """The reason of the worst check that has one."""
    known = [(status.severity, reason, cause) for status, reason, cause in checks if reason]
    if not known:
        return NO_REASON
    _, reason, cause = max(known, key=lambda one: one[0])
    return reason_phrase(reason, cause)


def _slowest(service: ServiceView) -> float | None:
    return max((c.last.duration for c in service.checks if c.last), default=None)


def _why(check: CheckView) -> Text:
    if check.why.rule is Rule.QUORUM:
        return TOO_FEW
    if check.last is None and check.reason is None:
        return UNMEASURED
    if check.trouble:
        return because(check.reason, check.cause, check.trouble)
    seen = check.evidence or check.last
    detail = seen.detail if seen and seen.reason is check.reason else ""
    return because(check.reason, check.cause, detail, over=check.last_grade is Grade.GOOD)


def because(
    reason: Reason | None, cause: Cause | None, detail: str = "", *, over: bool = False
) -> Text:
    """``over``: the newest measurement was good, and the status only waits for more of them."""
    if reason is None:
        return NO_REASON
    phrase = reason_phrase(reason, cause)
    shown = NO_REASON
    if detail:
        from monitor.wording.details import detail_text  # a document has no details

        known = detail_text(detail)
        shown = Text(sv=f" ({known.sv})", en=f" ({known.en})")
    if over:
        return Text(
            sv=f"Svarar som det ska igen. Tidigare: {phrase.sv}{shown.sv}",
            en=f"Answers well again. Before that: {phrase.en}{shown.en}",
        )
    return Text(sv=f"{_capital(phrase.sv)}{shown.sv}", en=f"{_capital(phrase.en)}{shown.en}")


def _capital(clause: str) -> str:
    return clause[:1].upper() + clause[1:]


def in_both(text: str) -> Text:
    """The same in both languages: a name."""
    return Text(sv=text, en=text)
