"""What happens in one world, drawn from its seed: what is watched, and all that breaks.

Instants are seconds since the world's beginning, as the monotonic clock has them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from monitor.model.estate import (
    Canary,
    Check,
    CheckId,
    Environment,
    Estate,
    Location,
    Promise,
    Service,
    ServiceId,
)
from monitor.model.receiver import Receiver
from monitor.model.status import Thresholds
from monitor.model.text import Text
from monitor.settings.sections import ServiceWindow
from probes.settings import ProbeSettings
from tests.simulation.reference import Part, Plan, Rules
from tests.simulation.virtual import BEGINNING

DAY = 86_400.0
CANARY_HOST = "canary.example.se"
FAILURES = (
    "connect_refused",
    "connect_timeout",
    "timeout",
    "reset",
    "status",
    "tls_handshake",
    "dns",
)


class SimulatedSettings(ProbeSettings):
    """Settings of the kind ``simulated``."""

    check: str
    host: str
    port: int

    def target(self) -> str:
        return f"{self.host}:{self.port}"

    def endpoint(self) -> tuple[str, int]:
        return self.host, self.port


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something that is so for a while. ``host`` is ``*`` for our own network, and a domain with a
    dot before it for all hosts under it.
    """

    kind: str
    start: float
    end: float
    host: str = ""
    port: int = 0
    reason: str = ""
    value: float = 0.0

    def holds(self, at: float) -> bool:
        return self.start <= at < self.end

    def meets(self, host: str, port: int) -> bool:
        """Whether it is that of a place."""
        if self.host.startswith("."):
            return host.endswith(self.host)
        return (self.host, self.port) == (host, port)

    def told(self) -> str:
        where = f" {self.host}:{self.port}" if self.port else f" {self.host}"
        return f"{self.kind}{where if self.host else ''} {self.reason} {self.value:.3g}".strip()


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happens at an instant: a stall, a jump of the clock, a restart."""

    kind: str
    at: float
    value: float = 0.0
    keeps: bool = True
    killed: bool = False
    """A restart without a stop before it."""
    turns: int = 0
    """Of the loop, that a kill waits for at its instant: so many steps of what happens then."""


@dataclass(frozen=True, kw_only=True)
class Script:
    """One world."""

    seed: int
    duration: float
    estate: Estate
    troubles: tuple[Trouble, ...]
    events: tuple[Event, ...]
    plans: tuple[Plan, ...]
    keeps: bool = False
    """Whether there is a real history, and a receiver of messages."""
    even: bool = False
    """Whether every answer takes the same time: who is asked in one instant answers in one."""

    def parts(self) -> tuple[Part, ...]:
        """What is watched, as the reference reads it."""
        return tuple(
            Part(
                id=environment.name,
                majority=environment.majority,
                children=tuple(
                    Part(
                        id=service.id,
                        weight=service.weight,
                        critical=service.critical,
                        majority=service.majority,
                        children=tuple(
                            Part(id=check.id, weight=check.weight, critical=check.critical)
                            for check in service.checks
                        ),
                    )
                    for service in environment.services
                ),
            )
            for environment in self.estate.environments
        )

    def rules(self) -> dict[str, Rules]:
        return {
            check.id: Rules(
                thresholds=check.thresholds,
                interval=check.interval,
                timeout=check.timeout,
                places=tuple(
                    Part(id=one.name, weight=one.weight, critical=one.critical)
                    for one in check.locations
                ),
                here=self.estate.location,
            )
            for check in self.estate.checks()
        }


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a world may become."""

    checks: tuple[int, int] = (1, 7)
    seconds: tuple[float, float] = (60.0, 600.0)
    long: float = 0.01
    """Share of worlds that last for up to two hours."""
    intervals: tuple[float, ...] = (2.0, 5.0, 10.0, 30.0, 60.0)
    busy: float = 1.0
    """How much happens."""
    keeps: float = 0.05
    """Share of worlds with a real history: they take five times as long."""


ORDINARY = Size()
WHOLE_DAY = Size(
    checks=(20, 20), seconds=(DAY, DAY), long=0.0, intervals=(30.0,), busy=8.0, keeps=0.0
)


def write(seed: int, size: Size = ORDINARY) -> Script:
    """The script of ``seed``: always the same."""
    draw = random.Random(seed)
    low, high = size.seconds
    duration = low * (high / low) ** draw.random()
    if draw.random() < size.long:
        duration = draw.uniform(high, 7200.0)
    estate = _located(random.Random(f"locations {seed}"), _estate(draw, size))
    plans, windows = _windows(draw, estate, duration)
    estate = replace(estate, later={"service_windows": windows})
    events = sorted(_events(draw, duration, size.busy), key=lambda event: event.at)
    script = Script(
        seed=seed,
        duration=duration,
        estate=estate,
        troubles=tuple(_troubles(draw, estate, duration, size.busy)),
        events=tuple(events),
        plans=plans,
    )
    draw = random.Random(f"keeps {seed}")
    return _keeping(draw, script) if draw.random() < size.keeps else script


RECEIVER = Receiver(
    name="all",
    kind="alertmanager",  # which is never made to wait for others
    on=frozenset(("red", "yellow", "unknown", "recovery")),
    planned=True,
)


def _keeping(draw: random.Random, script: Script) -> Script:
    """The same world with a real history, whose database fails at times, and a receiver that does.

    Left out is what the history is known not to tell apart: observations after the clock was set
    back from older ones, and what was seen until a stop while the database was away.
    """
    duration = script.duration
    troubles = []
    for kind in ("database", "database", "receiver", "receiver"):
        if draw.random() < 0.5:
            start, end = _span(draw, duration)
            reason = draw.choice(("refuses", "hangs", "takes it all the same"))
            value = 0.0 if reason == "refuses" else draw.choice((3.0, 20.0))
            troubles.append(
                Trouble(kind=kind, start=start, end=min(end, duration), reason=reason, value=value)
            )
    # probes in flight hold a stop up; the history does not look for a returned database every second
    away = [(one.start - 30.0, one.end + 40.0) for one in troubles if one.kind == "database"]

    def possible(event: Event) -> bool:
        if event.kind == "jump":
            return 0.0 < event.value <= 3600.0
        stopped, started = event.at, event.at + event.value
        return event.kind != "restart" or not any(
            start <= started and stopped <= end for start, end in away
        )

    kills = []
    if draw.random() < 0.5:
        for _ in range(draw.choice((1, 2, 3))):
            at = draw.uniform(0.0, duration)
            kills.append(Event(kind="restart", at=at, value=draw.choice((0.0, 5.0)), killed=True))
    others = list(script.troubles)
    if kills:
        # a certificate that was seen a second before may be news once more
        others = [one for one in others if one.kind != "certificate"]
    events = filter(possible, [*script.events, *kills])
    return replace(
        script,
        estate=replace(script.estate, notifications=(RECEIVER,)),
        troubles=(*others, *troubles),
        events=tuple(sorted(events, key=lambda event: event.at)),
        keeps=True,
    )


def _estate(draw: random.Random, size: Size) -> Estate:
    hosts = [f"h{number}.example.se" for number in range(draw.randint(1, 3))]
    number = draw.randint(*size.checks)
    environments: list[Environment] = []
    left = number
    while left:
        services: list[Service] = []
        environment = f"e{len(environments)}"
        promised = draw.choice((0.0, 0.0, 0.0, 1.0, 3.0, 8.0))
        for _ in range(draw.randint(1, 3)):
            if not left:
                break
            count = draw.randint(1, left) if left < 10 else draw.randint(3, 7)
            count = min(count, left)
            left -= count
            service = ServiceId(f"{environment}/s{len(services)}")
            checks = tuple(
                _check(draw, service, f"c{i}", draw.choice(hosts), promised, size)
                for i in range(count)
            )
            services.append(
                Service(
                    id=service,
                    environment=environment,
                    name=f"s{len(services)}",
                    title=Text(sv="Tjänst", en="Service"),
                    checks=checks,
                    majority=draw.choice((0.5, 0.5, 0.34, 1.0)),
                    weight=draw.choice((1.0, 1.0, 2.0)),
                    critical=draw.random() < 0.2,
                )
            )
        environments.append(
            Environment(
                name=environment,
                title=Text(sv="Miljö", en="Environment"),
                services=tuple(services),
                majority=draw.choice((0.5, 0.5, 0.67)),
            )
        )
    canaries = tuple(
        Canary(
            kind="simulated",
            settings=SimulatedSettings(check=f"canary{i}", host=CANARY_HOST, port=i + 1),
            target=CANARY_HOST,
            timeout=draw.choice((1.0, 5.0)),
        )
        for i in range(draw.choice((0, 1, 1, 2)))
    )
    return Estate(
        environments=tuple(environments),
        canaries=canaries,
        data_dir=Path("/nonexistent/simulated"),
        max_in_flight=draw.choice((500, 500, 2)),
    )


def _located(draw: random.Random, estate: Estate) -> Estate:
    """In some worlds several locations are declared: checks are measured from here, and from others
    of which nothing is heard.
    """
    if draw.random() < 0.7:
        return estate
    title = Text(sv="Plats", en="Place")
    places = [
        Location(
            name=name,
            title=title,
            weight=draw.choice((1.0, 1.0, 2.0, 4.0)),
            critical=draw.random() < 0.2,
        )
        for name in (estate.location, "sjunet", "abroad")[: draw.randint(1, 3)]
    ]
    draw.shuffle(places)

    def check(one: Check) -> Check:
        some = [place for place in places if place.name == one.location or draw.random() < 0.7]
        return replace(one, locations=tuple(some))

    def service(one: Service) -> Service:
        return replace(one, checks=tuple(map(check, one.checks)))

    return replace(
        estate,
        locations=tuple(places),
        environments=tuple(
            replace(one, services=tuple(map(service, one.services))) for one in estate.environments
        ),
    )


def _check(
    draw: random.Random, service: ServiceId, name: str, host: str, promised: float, size: Size
) -> Check:
    interval = draw.choice(size.intervals)
    retry = min(interval, draw.choice((1.0, 2.0, 5.0, interval)))
    port = draw.choice((443, 443, 8443))
    yellow_after = draw.choice((1, 1, 1, 2))
    window = draw.choice((20, 20, 10, 4))
    slow = draw.random() < 0.8
    environment, own = service.split("/")
    check = CheckId(f"{service}/{name}")
    return Check(
        id=check,
        environment=environment,
        service=own,
        name=name,
        kind="simulated",
        settings=SimulatedSettings(check=check, host=host, port=port),
        location="internet",
        target=f"{host}:{port}",
        host=host,
        port=port,
        interval=interval,
        retry_interval=retry,
        timeout=draw.choice((2.0, 5.0, 10.0)),
        thresholds=Thresholds(
            yellow_after=yellow_after,
            red_after=yellow_after + draw.choice((0, 1, 2, 2, 3)),
            green_after=draw.choice((1, 2, 2, 3)),
            degraded_after=draw.choice((1, 3, 3)),
            window_size=window,
            window_yellow=draw.choice((0.25, 0.25, 0.5)),
            window_red=draw.choice((0.6, 0.6, 0.9)),
            latency_yellow=0.8 if slow else None,
            latency_red=1.6 if slow else None,
        ),
        promises=(Promise(scope=environment, seconds=promised),) if promised else (),
        weight=draw.choice((1.0, 1.0, 2.0)),
        critical=draw.random() < 0.2,
        host_concurrency=draw.choice((8, 8, 1)),
    )


def _windows(
    draw: random.Random, estate: Estate, duration: float
) -> tuple[tuple[Plan, ...], list[ServiceWindow]]:
    plans: list[Plan] = []
    windows: list[ServiceWindow] = []
    for number in range(draw.choice((0, 0, 1, 2))):
        start = float(int(draw.uniform(-0.2, 0.9) * duration))
        end = start + max(5.0, float(int(draw.uniform(0.05, 0.5) * duration)))
        impact, declares = draw.choice(
            (("none", "green"), ("disturbance", "yellow"), ("outage", "red"))
        )
        services = draw.choice((None, [draw.choice([one.id for one in estate.services()])]))
        cancelled = draw.random() < 0.1
        daily = draw.random() < 0.2
        windows.append(
            ServiceWindow.model_validate(
                {
                    "id": f"w{number}",
                    "title": {"sv": "Arbete", "en": "Work"},
                    "impact": impact,
                    "start": datetime.fromtimestamp(BEGINNING + start, UTC).isoformat(),
                    "end": datetime.fromtimestamp(BEGINNING + end, UTC).isoformat(),
                    "rrule": "FREQ=DAILY;COUNT=4" if daily else None,
                    "services": services,
                    "cancelled": cancelled,
                }
            )
        )
        plans += [
            Plan(
                start=BEGINNING + start + day * DAY,
                end=BEGINNING + end + day * DAY,
                declares=declares,
                services=frozenset(services or ()),
            )
            for day in (range(4) if daily else range(1))
            if not cancelled
        ]
    return tuple(plans), windows


def _span(draw: random.Random, duration: float, least: float = 3.0) -> tuple[float, float]:
    """When something begins, and when it ends: mostly short, sometimes for long."""
    start = draw.uniform(0.0, duration)
    longest = max(least * 1.5, min(duration * 0.4, 1800.0))
    return start, start + least * (longest / least) ** draw.random()


def _troubles(
    draw: random.Random, estate: Estate, duration: float, busy: float
) -> Iterator[Trouble]:
    places = sorted({(check.host, check.port) for check in estate.checks()})

    def some(*numbers: int) -> range:
        return range(round(draw.choice(numbers) * busy))

    def place() -> dict[str, object]:
        host, port = draw.choice(places)
        return {"host": host, "port": port}

    def trouble(kind: str, **values: object) -> Trouble:
        start, end = _span(draw, duration)
        return Trouble(kind=kind, start=start, end=end, **values)  # type: ignore[arg-type]

    for _ in some(0, 1, 1, 2, 3):
        yield trouble("outage", **place(), reason=draw.choice(FAILURES))
    for _ in some(0, 0, 1, 2):
        yield trouble("slow", **place(), value=draw.choice((0.4, 0.9, 1.7, 4.0, 30.0)))
    for _ in some(0, 0, 1):
        reason = draw.choice((*FAILURES, "expiry"))
        yield trouble("flapping", **place(), reason=reason, value=draw.uniform(1.0, 40.0))
    for _ in some(0, 0, 0, 1):
        yield trouble("degraded", **place(), reason="expiry")
    for _ in some(0, 0, 0, 1, 2):
        kind = draw.choice(("retry_after", "too_many"))
        yield trouble(kind, **place(), value=draw.choice((0.0, 5.0, 40.0, 400.0, 5000.0)))
    for _ in some(0, 0, 1):
        yield trouble("network", host="*", reason=draw.choice(("dns", "connect_timeout")))
    for _ in some(0, 0, 0, 1):
        yield trouble("outage", host=CANARY_HOST, port=draw.choice((1, 2)), reason="timeout")
    for _ in some(0, 0, 0, 1):
        yield trouble("broken", **place())
    for _ in some(0, 0, 1):
        yield trouble("disk")
    for _ in some(0, 0, 0, 1):
        yield trouble("slow_disk", value=draw.choice((0.5, 7.0)))
    for _ in some(0, 0, 1):
        yield replace(trouble("certificate", **place()), end=math.inf)


def _events(draw: random.Random, duration: float, busy: float) -> Iterator[Event]:
    at = draw.uniform(0.0, duration)
    while draw.random() < 0.5 and at < duration:
        yield Event(kind="stall", at=at, value=draw.choice((0.3, 1.0, 2.5, 6.0, 40.0)))
        at += draw.uniform(30.0, 200.0)
    if draw.random() < 0.1:  # overload: the loop is late again and again
        at = draw.uniform(0.0, duration)
        for _ in range(10):
            yield Event(kind="stall", at=at, value=draw.uniform(0.1, 6.0))
            at += draw.uniform(6.0, 9.0)
    if draw.random() < 0.35:
        for _ in range(draw.choice((1, 1, 2))):
            far = draw.choice((0.5, 3.0, 60.0, 3600.0, 90_000.0))
            yield Event(
                kind="jump", at=draw.uniform(0.0, duration), value=draw.choice((-1.0, 1.0)) * far
            )
    if draw.random() < 0.35:
        for _ in range(draw.choice((1, 1, 2, 3)) if busy <= 1 else 3):
            yield Event(
                kind="restart",
                at=draw.uniform(0.0, duration),
                value=draw.choice((0.0, 0.5, 5.0, 60.0)),
                keeps=draw.random() < 0.7,
            )
