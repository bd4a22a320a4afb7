"""Series as ``promtool test rules`` takes them. Time begins at 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

Series = Mapping[str, str]
"""What each series is at each step."""
Span = tuple[str, bool, int]
"""A colour, whether it is planned, and for how many steps."""
MONITOR = 'job="driftvakt",instance="watch:9815"'
DAY = 86400
_SEVERITY = {"green": 0, "unknown": 1, "yellow": 2, "red": 3}


def flat(*pieces: tuple[float | None, int]) -> str:
    """Values, each for so many steps; ``None`` is a gap."""
    return " ".join(
        " ".join("_" * steps) if value is None else f"{value:g}+0x{steps - 1}"
        for value, steps in pieces
        if steps
    )


def named(name: str, labels: str = "") -> str:
    return f"{name}{{{MONITOR}{',' if labels else ''}{labels}}}"


def of_service(name: str, service: str = "expo", labels: str = "") -> str:
    more = f",{labels}" if labels else ""
    return named(name, f'environment="ext5",service="{service}"{more}')


def service(*spans: Span, name: str = "expo", step: int = 60) -> dict[str, str]:
    """All series of a service with that course."""
    made = {
        of_service("driftvakt_service_status", name, f'status="{status}"'): flat(
            *((int(colour == status), steps) for colour, _, steps in spans)
        )
        for status in _SEVERITY
    }
    made[of_service("driftvakt_service_severity", name)] = flat(
        *((_SEVERITY[colour], steps) for colour, _, steps in spans)
    )
    made[of_service("driftvakt_service_planned", name)] = flat(
        *((int(planned), steps) for _, planned, steps in spans)
    )
    made[of_service("driftvakt_last_transition_timestamp_seconds", name)] = flat(
        *_transitions(spans, step)
    )
    return made


def _transitions(spans: Sequence[Span], step: int) -> Iterable[tuple[float, int]]:
    begins = accumulate((steps for *_, steps in spans), initial=0)
    before, at = "", 0
    for (colour, _, steps), begin in zip(spans, begins, strict=False):
        if colour != before:
            before, at = colour, begin * step
        yield at, steps
