"""The evidence of a transition: one JSON object, versioned and bounded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from monitor.evidence.request import request_value
from monitor.evidence.response import dns_value, response_value, tls_value
from monitor.judging import grade
from monitor.judging.snapshot import CheckView
from monitor.judging.transition_context import RememberedResult, TransitionContext
from monitor.model.estate import Estate
from monitor.model.status import Thresholds
from monitor.model.text import Text
from monitor.model.timestamps import iso_timestamp
from monitor.model.transition import Transition
from monitor.support.redaction import Masker
from probes.observation import Grade, Observation, clean

SCHEMA_VERSION = 1
LIMIT = 65_536
"""Bytes of a bundle."""
MESSAGE_SHOWN = 2000
ADDRESSES_SHOWN = 64
LOCATIONS_SHOWN = 32

_SEVERITY = {Grade.GOOD: 0, Grade.DEGRADED: 1, Grade.FAILED: 2}


def evidence_document(
    transition: Transition,
    message: Text,
    case: TransitionContext | None,
    *,
    estate: Estate,
    masker: Masker,
    version: str,
    made_at: float,
) -> dict[str, Any]:
    """All that is known of a transition, for :func:`evidence_bundle`.

    ``case`` is the check that decided it, ``None`` when no check did. ``made_at`` is the monitor's
    clock, by which every instant in it was taken.
    """
    value: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "id": transition.id,
        "made_at": iso_timestamp(made_at),
        "generator": {
            "name": "driftvakt",
            "version": version,
            "location": estate.location,
            "language": estate.language,
            "timezone": estate.timezone.key,
        },
        "transition": _transition(transition),
        "message": _text(message, MESSAGE_SHOWN),
        "titles": None,
        "check": None,
        "why": None,
        "request": None,
        "observation": None,
        "recent": [],
        "left_out": False,
    }
    if case is not None:
        value |= _case(case, estate, masker)
    return value


def _transition(transition: Transition) -> dict[str, Any]:
    return {
        "at": iso_timestamp(transition.at),
        "since": iso_timestamp(transition.since),
        "environment": transition.environment,
        "service": transition.service,
        "from": transition.before,
        "to": transition.after,
        "planned": transition.planned,
        "was_planned": transition.was_planned,
        "window": transition.window,
        "check": transition.check,
        "reason": transition.reason,
        "cause": transition.cause,
    }


def _case(case: TransitionContext, estate: Estate, masker: Masker) -> dict[str, Any]:
    check, thresholds = case.view.check, case.view.check.thresholds
    seen = None if case.seen is None else _worst(case.seen, thresholds)
    details = [each.detail for each in case.recent]
    if case.seen is not None:
        details += [each.detail for each in (case.seen, *case.seen.parts)]
    of_details = masker.within(details)
    client = seen.tls.client if seen is not None and seen.tls is not None else None
    return {
        "titles": {"environment": _text(case.environment), "service": _text(case.service)},
        "check": {
            "id": check.id,
            "kind": check.kind,
            "location": case.location,
            "interval_s": check.interval,
            "timeout_s": check.timeout,
            **_places(case.view),
        },
        "why": case.view.why.document(),
        "request": request_value(check, client, estate.user_agent, masker),
        "observation": None
        if case.seen is None or seen is None
        else _seen(case.seen, seen, thresholds, masker, of_details),
        "recent": _recent(case.recent, of_details),
    }


def _worst(seen: Observation, thresholds: Thresholds) -> Observation:
    """With ``address: all``: what its worst address said."""
    if not seen.parts:
        return seen
    return max(seen.parts, key=lambda part: _SEVERITY[grade.grade(part, thresholds).grade])


def _places(view: CheckView) -> dict[str, Any]:
    """How the check stood at each of its locations; nothing where none are declared."""
    if not view.locations:
        return {}
    return {
        "locations": [
            {
                "name": place.check.location,
                "status": place.status,
                "since": iso_timestamp(place.since),
                "reason": place.reason,
                "cause": place.cause,
                "why": place.why.document(),
                "last_at": None if place.last is None else iso_timestamp(place.last.at),
            }
            for place in view.locations[:LOCATIONS_SHOWN]
        ]
    }


def _seen(
    whole: Observation, seen: Observation, thresholds: Thresholds, masker: Masker, own: Masker
) -> dict[str, Any]:
    """``seen`` is ``whole``, or the worst of its parts; ``own`` is for their details."""
    parts, resolved = whole.parts, seen.resolved or whole.resolved
    return {
        **_outcome(seen, thresholds, own),
        "phases_ms": {phase.value: _ms(took) for phase, took in seen.phases.measured()},
        "resolved": list(resolved),
        "response": None if seen.answer is None else response_value(seen.answer, seen.http, masker),
        "tls": None if seen.tls is None else tls_value(seen.tls, masker),
        "dns": None if seen.dns is None else dns_value(seen.dns, masker),
        "addresses": [_outcome(part, thresholds, own) for part in parts[:ADDRESSES_SHOWN]],
    }


def _outcome(seen: Observation, thresholds: Thresholds, masker: Masker) -> dict[str, Any]:
    verdict = grade.grade(seen, thresholds)
    return {
        "at": iso_timestamp(seen.at),
        "address": seen.address,
        "grade": verdict.grade,
        "reason": verdict.reason,
        "cause": verdict.cause,
        "detail": masker.text(clean(seen.detail)),
        "duration_ms": _ms(seen.duration),
    }


def _recent(recent: Sequence[RememberedResult], masker: Masker) -> list[dict[str, Any]]:
    """Up to a hundred, most of them good, and those that are not mostly for the same reason."""
    details = {each.detail for each in recent}
    shown = {detail: masker.text(clean(detail)) for detail in details}
    return [
        {
            "at": iso_timestamp(at),
            "address": address,
            "grade": verdict.grade,
            "reason": verdict.reason,
            "detail": shown[detail],
            "duration_ms": round(duration * 1000, 3),
        }
        for at, duration, verdict, detail, address in recent
    ]


def _text(text: Text, limit: int = 200) -> dict[str, str]:
    return {"sv": clean(text.sv, limit), "en": clean(text.en, limit)}


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


# what is left out, one after the other, until the bundle is small enough


def _newest(number: int) -> Callable[[dict[str, Any]], None]:
    def shorten(value: dict[str, Any]) -> None:
        value["recent"] = value["recent"][-number:]

    return shorten


def _fewer(path: str, number: int) -> Callable[[dict[str, Any]], None]:
    def shorten(value: dict[str, Any]) -> None:
        *outer, last = path.split(".")
        at: Any = value
        for key in outer:
            at = at.get(key) if isinstance(at, dict) else None
        if isinstance(at, dict) and isinstance(at.get(last), list):
            if len(at[last]) > number and f"{last}_cut" in at:
                at[f"{last}_cut"] = True
            at[last] = at[last][:number]

    return shorten


def _shorter(number: int) -> Callable[[dict[str, Any]], None]:
    def shorten(value: dict[str, Any]) -> None:
        def walk(node: Any) -> Any:
            if isinstance(node, dict):
                return {k: v if k in _BODY else walk(v) for k, v in node.items()}
            if isinstance(node, list):
                return [walk(item) for item in node]
            return clean(node, number) if isinstance(node, str) else node

        for key in ("request", "observation", "recent"):
            value[key] = walk(value[key])

    return shorten


_BODY = ("text", "base64")
_STEPS = (
    _newest(20),
    _fewer("observation.addresses", 10),
    _fewer("observation.response.headers", 20),
    _fewer("observation.tls.chain", 3),
    _fewer("request.headers", 20),
    _newest(5),
    _shorter(200),
)


def evidence_bundle(document: dict[str, Any]) -> bytes:
    """The bundle: JSON in UTF-8, at most :data:`LIMIT` bytes whatever a target has sent. What is too
    much is taken out of ``document``.
    """
    dumped = orjson.dumps(document)
    for step in _STEPS:
        if len(dumped) <= LIMIT:
            return dumped
        step(document)
        document["left_out"] = True
        dumped = orjson.dumps(document)
    return dumped
