"""The network as it truly is, and the probe kind ``simulated`` that meets it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from probes.kind import Kind, Probe
from probes.net.context import ProbeContext
from probes.observation import (
    Cause,
    Certificate,
    Grade,
    HttpFacts,
    Observation,
    Phases,
    Reason,
    TlsFacts,
)
from tests.simulation.script import Script, SimulatedSettings, Trouble
from tests.simulation.virtual import BEGINNING, STARTED

EVEN = 0.0625
"""Seconds that every answer takes in a world where all take the same."""
HANGS = frozenset({"timeout", "connect_timeout"})
"""What is noticed by its time-out alone."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What one probe met."""

    begun: float
    """The timer's reading."""
    arrived: float
    """When the target saw it come."""
    outcome: str
    """``good``, ``expiry`` (degraded), ``retry_after``, ``too_many``, ``broken`` or a failure."""
    latency: float
    ours: bool = False
    """Whether it was our own network."""
    value: float = 0.0
    certificate: Certificate | None = None


class Network:
    """Answers probes, and remembers what each check met last and when every target was reached."""

    def __init__(self, script: Script, timer: Callable[[], float]) -> None:
        self._script = script
        self._timer = timer
        self._draw = random.Random(f"network {script.seed}")
        self._base = {
            (check.host, check.port): self._draw.uniform(0.01, 0.2)
            for check in script.estate.checks()
        }
        self.met: dict[str, Truth] = {}
        self.begun: Callable[[str, Truth], None] = lambda check, truth: None
        self.ended: Callable[[str], None] = lambda check: None
        self._certificates: dict[tuple[str, int], Certificate] = {}

    def kinds(self) -> dict[str, Kind]:
        return {
            "simulated": Kind(name="simulated", settings=SimulatedSettings, prepare=self._prepare)
        }

    def holding(self, kind: str, at: float | None = None) -> Trouble | None:
        """The trouble of a kind that there is now, or was at ``at``."""
        now = (self._timer() if at is None else at) - STARTED
        return next(
            (one for one in self._script.troubles if one.kind == kind and one.holds(now)), None
        )

    def spans(self, kind: str, host: str) -> list[tuple[float, float]]:
        """When a kind of trouble was there, by the timer."""
        return [
            (one.start + STARTED, one.end + STARTED)
            for one in self._script.troubles
            if one.kind == kind and one.host == host
        ]

    def _truth(self, host: str, port: int) -> Truth:
        begun = self._timer()
        at = begun - STARTED
        connect = EVEN / 2 if self._script.even else self._draw.uniform(0.002, 0.2)
        latency = (
            EVEN
            if self._script.even
            else connect + self._base.get((host, port), 0.02) * self._draw.uniform(0.8, 1.2)
        )
        outcome, value, renewed = "good", 0.0, 0
        for one in self._script.troubles:
            if not one.holds(at):
                continue
            if one.host == "*":
                return Truth(
                    begun=begun, arrived=begun, outcome=one.reason, latency=connect, ours=True
                )
            if not one.meets(host, port):
                continue
            match one.kind:
                case "slow":
                    latency += one.value
                case "flapping":
                    if int((at - one.start) / one.value) % 2 == 0:
                        outcome = one.reason
                case "certificate":
                    renewed += 1
                case "degraded" | "outage":
                    outcome = one.reason
                case _:
                    outcome, value = one.kind, one.value
        return Truth(
            begun=begun,
            arrived=begun + connect,
            outcome=outcome,
            latency=latency,
            value=value,
            certificate=self._certificate(host, renewed),
        )

    def _certificate(self, host: str, number: int) -> Certificate:
        found = self._certificates.get((host, number))
        if found is None:
            sha256 = f"{number:02x}" * 32
            found = self._certificates[host, number] = Certificate(
                subject=f"CN={host}",
                issuer="CN=Test CA",
                serial=f"{number:02x}",
                not_before=BEGINNING - 1e6,
                not_after=BEGINNING + 1e7 + number,
                names=(host,),
                sha256=sha256,
                key_type="ec",
                key_bits=256,
                signature_algorithm="ecdsa-with-SHA256",
                authority=False,
            )
        return found

    def _prepare(self, settings: SimulatedSettings, timeout: float, context: ProbeContext) -> Probe:
        async def probe() -> Observation:
            at = context.clock()
            truth = self._truth(settings.host, settings.port)
            self.met[settings.check] = truth
            self.begun(settings.check, truth)
            # a blind time-out of the loop's own: what a real probe's deadline is
            try:
                async with asyncio.timeout(timeout):
                    if truth.outcome in HANGS:
                        await asyncio.Event().wait()
                    await asyncio.sleep(truth.latency)
            except TimeoutError:
                reason = "connect_timeout" if truth.outcome == "connect_timeout" else "timeout"
                return _failed(at, context.timer() - truth.begun, reason)
            finally:
                self.ended(settings.check)
            # answers carry the kernel's time stamps: what we were late is in no duration
            return _seen(at, truth)

        return probe


def _failed(at: float, duration: float, reason: str) -> Observation:
    cause = Cause.NETWORK if reason == "dns" else Cause.TARGET
    return Observation(
        at=at,
        duration=duration,
        grade=Grade.FAILED,
        reason=Reason(reason),
        cause=cause,
        detail="simulated",
    )


def _seen(at: float, truth: Truth) -> Observation:
    connect = truth.arrived - truth.begun
    good = Observation(
        at=at,
        duration=truth.latency,
        phases=Phases(connect=connect, processing=truth.latency - connect),
        address="192.0.2.10",
        http=HttpFacts(status=200, version="1.1", tls=True),
        tls=TlsFacts(
            version="TLSv1.3",
            cipher="TLS_AES_256_GCM_SHA384",
            chain=(truth.certificate,) if truth.certificate is not None else (),
            verified=True,
        ),
    )
    match truth.outcome:
        case "good":
            return good
        case "broken":
            raise RuntimeError("a bug in a plug-in")
        case "expiry":
            return replace(
                good, grade=Grade.DEGRADED, reason=Reason.EXPIRY, cause=Cause.TARGET, detail="soon"
            )
        case "retry_after" | "too_many":
            much = truth.outcome == "too_many"
            return replace(
                good,
                grade=Grade.FAILED,
                reason=Reason.STATUS,
                cause=Cause.MONITOR if much else Cause.TARGET,
                detail="asked to stay away",
                http=HttpFacts(
                    status=429 if much else 503,
                    version="1.1",
                    tls=True,
                    retry_after=truth.value or None,
                ),
            )
    return _failed(at, truth.latency, truth.outcome)
