"""Flattens a decoded status.json into rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from monitor.console.rows import (
    NO_REASON,
    TOO_FEW,
    UNMEASURED,
    Level,
    Row,
    because,
    deciding_reason,
    from_place,
    in_both,
)
from monitor.model.status import Rule, Status
from monitor.model.text import Text
from monitor.wording import by_hand_mark, reason_phrase, status_word
from probes.observation import Cause, Grade, Reason, clean


class NotAStatusDocumentError(ValueError):
    """A document is not a status.json of this version. The text says where it differs."""

    def __init__(self, error: Exception) -> None:
        fault = clean(f"{type(error).__name__}: {error}", 200)
        super().__init__(f"not a status document of this version: {fault}")


BROKEN = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""Errors that reading a document of another shape raises."""


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
                    reason=deciding_reason(
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


def check_document(document: Mapping[str, Any]) -> None:
    """Raises :class:`NotAStatusDocumentError` for what cannot be shown."""
    for _ in rows_in(document):
        pass
    try:
        Status(document["status"])
        instant_in(document["generated_at"])
    except BROKEN as error:
        raise NotAStatusDocumentError(error) from None


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
    yield _check(part, Level.CHECK, in_both(clean(part["name"])), _text(part["message"], ""))
    places = part.get("locations", ())
    for place in places if len(places) > 1 else ():
        yield _check(place, Level.LOCATION, from_place(clean(place["name"])), NO_REASON)


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
        return TOO_FEW
    return UNMEASURED if part["last"] is None and part["reason"] is None else _reason(part)


def _reason(part: Mapping[str, Any]) -> Text:
    """A check's reason in words, or as it is when we do not know it."""
    word, last = part["reason"], part["last"]
    if word is not None and _known(word) is None:
        return in_both(clean(word))
    over = last is not None and last["grade"] == Grade.GOOD
    return because(_known(word), _whose(part["cause"]), over=over)


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
