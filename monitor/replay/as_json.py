"""The comparison as JSON, for programs."""

from __future__ import annotations

from typing import Any

from monitor.model.timestamps import iso_timestamp
from monitor.model.transition import Transition
from monitor.replay.comparison import ComparisonLine, ReplayComparison
from monitor.replay.tally import Alarm, Sum


def comparison_document(found: ReplayComparison) -> dict[str, Any]:
    """JSON: instants as RFC 3339 in UTC, lengths of time in the unit that their names end with."""
    return {
        "since": iso_timestamp(found.since),
        "until": iso_timestamp(found.until),
        "compared_with": found.against,
        "observations": found.observations,
        "checks": {
            "configured": found.checks,
            "without_observations": list(found.unmeasured),
            "no_longer_configured": list(found.gone),
        },
        "damaged_blocks": found.damaged,
        "total": _line(found.total),
        "environments": [{"name": one.subject, **_line(one)} for one in found.environments],
        "services": [{"name": one.subject, **_line(one)} for one in found.services],
        "transitions": {
            "then": [_transition(one) for one in found.then],
            "now": [_transition(one) for one in found.now],
            "left_out": found.left_out,
        },
    }


def _line(line: ComparisonLine) -> dict[str, Any]:
    return {
        "then": _sum(line.then),
        "now": _sum(line.now),
        "alarms_more": [_alarm(one) for one in line.more],
        "alarms_fewer": [_alarm(one) for one in line.fewer],
    }


def _sum(one: Sum) -> dict[str, Any]:
    return {
        "transitions": one.transitions,
        "alarms": len(one.alarms),
        "reds": one.reds,
        "red_minutes": round(one.red / 60, 2),
        "yellow_minutes": round(one.yellow / 60, 2),
        "unknown_minutes": round(one.unknown / 60, 2),
        "detection_delay_seconds": {
            "median": _rounded(one.usual_delay),
            "longest": _rounded(one.longest_delay),
        },
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _alarm(alarm: Alarm) -> dict[str, Any]:
    return {
        "subject": alarm.subject,
        "since": iso_timestamp(alarm.since),
        "until": iso_timestamp(alarm.until),
        "worst": alarm.worst.value,
    }


def _transition(one: Transition) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": iso_timestamp(one.at),
        "since": iso_timestamp(one.since),
        "environment": one.environment,
        "service": one.service,
        "from": one.before.value,
        "to": one.after.value,
        "planned": one.planned,
        "check": one.check,
        "reason": one.reason.value if one.reason is not None else None,
        "cause": one.cause.value if one.cause is not None else None,
    }
