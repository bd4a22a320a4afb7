"""Pure: what goes wrong in the demo, when and for how long.

Read :data:`SCRIPT` as a play: at second ``at`` the service behaves so, until its next line. After
:data:`LENGTH` seconds it begins again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

SERVICES = (
    "ext5/expo",
    "ext5/nll",
    "ext5/vara",
    "ext6/expo",
    "ext6/nll",
    "ext6/vara",
)
LENGTH = 40.0
HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How a service treats its callers."""

    listening: bool = True
    """``False``: its port is closed and connections are refused."""
    drops: bool = False
    """It accepts, reads the request and breaks the connection without a word."""
    delay: float = 0.0
    """Seconds before it answers."""
    status: int = 200
    fault: bool = False
    """A SOAP fault inside HTTP 200."""
    fhir_version: str = "4.0.1"
    export_age: float = 2 * HOUR
    """Seconds since the export file was made."""
    new_certificate: bool = True
    """``False``: the certificate that is about to expire."""


HEALTHY = Behaviour()


@dataclass(frozen=True, slots=True)
class Step:
    """From second ``at`` of every round, ``service`` behaves like this."""

    at: float
    service: str
    behaviour: Behaviour


SCRIPT = (
    Step(0.0, "ext6/vara", Behaviour(new_certificate=False)),
    Step(1.5, "ext5/nll", Behaviour(delay=0.9)),
    Step(4.0, "ext5/expo", Behaviour(status=503)),
    Step(5.5, "ext6/expo", Behaviour(listening=False)),
    Step(9.0, "ext5/nll", HEALTHY),
    Step(10.0, "ext5/expo", HEALTHY),
    Step(12.0, "ext6/expo", HEALTHY),
    Step(16.0, "ext5/vara", Behaviour(export_age=50 * HOUR)),
    Step(18.0, "ext6/nll", Behaviour(drops=True)),
    Step(21.0, "ext6/vara", HEALTHY),
    Step(22.0, "ext5/vara", HEALTHY),
    Step(24.0, "ext6/nll", HEALTHY),
    Step(26.0, "ext5/expo", Behaviour(fault=True)),
    Step(28.0, "ext5/nll", Behaviour(fhir_version="5.0.0")),
    Step(32.0, "ext5/expo", HEALTHY),
    Step(33.0, "ext5/nll", HEALTHY),
)


def behaviour(service: str, elapsed: float, script: tuple[Step, ...] = SCRIPT) -> Behaviour:
    """How ``service`` behaves ``elapsed`` seconds after the start; healthy before its first line."""
    now = elapsed % LENGTH
    steps = [step for step in script if step.service == service and step.at <= now]
    return max(steps, key=lambda step: step.at).behaviour if steps else HEALTHY


def next_change(elapsed: float, script: tuple[Step, ...] = SCRIPT) -> float:
    """Seconds from ``elapsed`` to the next line of the script, the next round's first included."""
    now = elapsed % LENGTH
    return min(at - now for at in _lines(script) if at > now)


def _lines(script: tuple[Step, ...]) -> Iterator[float]:
    yield LENGTH
    yield from (step.at for step in script)
