"""Flattens a status into rows: a snapshot's, or that of a decoded status.json."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from monitor.model.status import Rule, Status
from monitor.model.text import Text
from monitor.wording import by_hand_mark, reason_phrase, status_word
from probes.observation import Cause, Grade, Reason, clean

if TYPE_CHECKING:
    from monitor.judging.snapshot import CheckView, ServiceView, Snapshot

NO_REASON = Text(sv="", en="")
_UNMEASURED = Text(sv="Ingen mätning ännu", en="No measurement yet")
_TOO_FEW = Text(sv="Mäts från för få platser", en="Measured from too few places")


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


class NotAStatusDocumentError(ValueError):
    """A document is not a status.json of this version. The text says where it differs."""

    def __init__(self, error: Exception) -> None:
        fault = clean(f"{type(error).__name__}: {error}", 200)
        super().__init__(f"not a status document of this version: {fault}")


BROKEN = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""Errors that reading a document of another shape raises."""


def last_known(row: Row) -> Row:
    """The row of a stale document: unknown, with the last known status in words."""
    was = status_word(row.status)
    known = Text(sv=f"senast kända läge: {was.sv}", en=f"last known: {was.en}")
    return replace(row, status=Status.UNKNOWN, short=known, message=known)


# from a snapshot


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
                reason=_deciding(
                    [(check.status, check.reason, check.cause) for check in service.checks]
                ),
            )
            for check in service.checks:
                yield Row(
                    level=Level.CHECK,
                    title=_both(check.check.name),
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
        title=_from(view.check.location),
        status=view.status,
        since=view.since,
        short=_why(view),
        message=NO_REASON,
        latency=view.last.duration if view.last else None,
    )


def _from(location: str) -> Text:
    return Text(sv=f"från {location}", en=f"from {location}")


def _deciding(checks: Sequence[tuple[Status, Reason | None, Cause | None]]) -> Text:
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
        return _TOO_FEW
    if check.last is None and check.reason is None:
        return _UNMEASURED
    if check.trouble:
        return _because(check.reason, check.cause, check.trouble)
    seen = check.evidence or check.last
    detail = seen.detail if seen and seen.reason is check.reason else ""
    return _because(check.reason, check.cause, detail, over=check.last_grade is Grade.GOOD)


def _because(
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


def _both(text: str) -> Text:
    return Text(sv=text, en=text)


# from a document


def rows_in(document: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of a decoded status.json. Raises :class:`NotAStatusDocumentError`."""
    try:
        said = _said(document)
        for environment in document["environments"]:
            yield _part(Level.ENVIRONMENT, environment)
            for service in environment["services"]:
                checks = [row for check in service["checks"] for row in _checks(check)]
                measured = [row.latency for row in checks if row.latency is not None]
                whole = _part(Level.SERVICE, service)
                yield replace(
                    whole,
                    latency=max(measured, default=None),
                    facts=_facts(service["checks"]),
                    said=said.get(f"{environment['name']}/{service['name']}")
                    or said.get(environment["name"], NO_REASON),
                    reason=_deciding(
                        [
                            (Status(c["status"]), _known(c["reason"]), _whose(c["cause"]))
                            for c in service["checks"]
                        ]
                    ),
                )
                yield from checks
    except BROKEN as error:
        raise NotAStatusDocumentError(error) from None


def document_status(document: Mapping[str, Any], now: float) -> Status:
    """The overall status; unknown once the document is stale, whatever it says.

    Raises :class:`NotAStatusDocumentError`.
    """
    try:
        status = Status(document["status"])
    except BROKEN as error:
        raise NotAStatusDocumentError(error) from None
    return Status.UNKNOWN if is_stale(document, now) else status


def is_stale(document: Mapping[str, Any], now: float) -> bool:
    """Whether the document is older than it says that it may be; also when it does not say."""
    try:
        end = instant_in(document["stale_after"])
    except BROKEN:
        return True
    return end is None or now > end


def instant_in(text: str | None) -> float | None:
    """Seconds since the epoch of ``2026-11-23T13:02:11.120Z``."""
    return None if text is None else datetime.fromisoformat(text).timestamp()


def _part(level: Level, part: Mapping[str, Any]) -> Row:
    status = Status(part["status"])
    return Row(
        level=level,
        title=_text(part["title"], part["name"]),
        status=status,
        since=instant_in(part["since"]),
        short=status_word(status),
        message=_text(part["message"], ""),
        planned=bool(part["planned"]),
        name=clean(part["name"]),
    )


def _said(document: Mapping[str, Any]) -> dict[str, Text]:
    """By environment or ``ENV/SERVICE``; nothing when an earlier version wrote it."""
    found: dict[str, Text] = {}
    for key in ("silences", "acknowledgements"):
        for one in document.get(key, ()):
            mark = by_hand_mark(clean(one["author"], 100), silenced=key == "silences")
            found |= dict.fromkeys((*one["environments"], *one["services"]), mark)
    return found


def _checks(part: Mapping[str, Any]) -> Iterator[Row]:
    """A check, and below it what each of several locations sees; an earlier version names none."""
    yield _check(part, Level.CHECK, _both(clean(part["name"])), _text(part["message"], ""))
    places = part.get("locations", ())
    for place in places if len(places) > 1 else ():
        yield _check(place, Level.LOCATION, _from(clean(place["name"])), NO_REASON)


def _check(part: Mapping[str, Any], level: Level, title: Text, message: Text) -> Row:
    last = part["last"]
    return Row(
        level=level,
        title=title,
        status=Status(part["status"]),
        since=instant_in(part["since"]),
        short=_short(part),
        message=message,
        latency=last["duration_ms"] / 1000 if last else None,
    )


def _short(part: Mapping[str, Any]) -> Text:
    if (part["why"] or {}).get("rule") == Rule.QUORUM:
        return _TOO_FEW
    return _UNMEASURED if part["last"] is None and part["reason"] is None else _reason(part)


def _reason(part: Mapping[str, Any]) -> Text:
    """A check's reason in words, or as it is when we do not know it."""
    word, last = part["reason"], part["last"]
    if word is not None and _known(word) is None:
        return _both(clean(word))
    over = last is not None and last["grade"] == Grade.GOOD
    return _because(_known(word), _whose(part["cause"]), over=over)


def _facts(checks: Sequence[Mapping[str, Any]]) -> Text:
    """``api: the answer had the wrong status code (HTTP 503) · 3 of 3``, of the worst check."""
    bad = [(reason, one) for one in checks if (reason := _known(one["reason"])) is not None]
    if not bad:
        return NO_REASON
    reason, worst = max(bad, key=lambda one: Status(one[1]["status"]).severity)
    last, why = worst["last"], worst["why"]
    phrase = reason_phrase(reason, _whose(worst["cause"]))
    code = last["http_status"] if last and reason is Reason.STATUS else None
    seen = f" (HTTP {int(code)})" if code else ""
    failed, of = (int(why["failed"]), int(why["of"])) if why else (0, 0)
    name = clean(worst["name"])
    return Text(
        sv=f"{name}: {phrase.sv}{seen}" + (f" · {failed} av {of}" if failed else ""),
        en=f"{name}: {phrase.en}{seen}" + (f" · {failed} of {of}" if failed else ""),
    )


def _known(word: str | None) -> Reason | None:
    """A newer monitor may know reasons that we do not."""
    try:
        return Reason(word) if word is not None else None
    except ValueError:
        return None


def _whose(word: str | None) -> Cause | None:
    try:
        return Cause(word) if word is not None else None
    except ValueError:
        return None


def _text(value: Mapping[str, Any], otherwise: str) -> Text:
    return Text(
        sv=clean(value.get("sv") or otherwise, 1000), en=clean(value.get("en") or otherwise, 1000)
    )
