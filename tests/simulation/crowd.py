"""Worlds of hundreds of services that change at once: a site goes and comes back, and what falls due
while the daemon cannot look is answered in one instant. Kills cut such an instant anywhere.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from monitor.model.estate import Check, CheckId, Environment, Estate, Service, ServiceId
from monitor.model.status import Thresholds
from monitor.model.text import Text
from tests.simulation.network import EVEN
from tests.simulation.script import RECEIVER, Event, Script, SimulatedSettings, Trouble

_TURNS = 8
"""Turns of the loop from the answers of an instant until all of it is told and kept."""


def crowd(seed: int, *, keeps: bool = False) -> Script:
    """The script of ``seed``: always the same. ``keeps``: with a real history, and kills."""
    draw = random.Random(f"crowd {seed} {keeps}")
    interval = draw.choice((10.0, 15.0, 30.0))
    duration = interval * draw.uniform(9.0, 12.0)
    sites = draw.randint(1, 3)
    estate = _estate(draw, sites, interval, few=keeps)
    troubles: list[Trouble] = []
    stalls: list[Event] = []
    for site in range(sites):
        start = draw.uniform(3.0, 4.5) * interval
        end = start + draw.uniform(1.5, 3.5) * interval
        reason = draw.choice(("connect_refused", "connect_refused", "reset", "connect_timeout"))
        troubles.append(
            Trouble(
                kind="outage", start=start, end=end, host=f".site{site}.example.se", reason=reason
            )
        )
        # all that falls due meanwhile is asked in one instant
        stalls += [
            Event(kind="stall", at=at - 0.01, value=_stall(draw) * interval)
            for at in (start, end)
            if draw.random() < 0.9
        ]
    events = list(_apart(stalls))
    if keeps:
        events += _kills(draw, events, interval)
    return Script(
        seed=seed,
        duration=duration,
        estate=replace(estate, notifications=(RECEIVER,)) if keeps else estate,
        troubles=tuple(troubles),
        events=tuple(sorted(events, key=lambda event: event.at)),
        plans=(),
        keeps=keeps,
        even=True,
    )


def _stall(draw: random.Random) -> float:
    """In intervals; more than three, and everything is stale when it ends."""
    return draw.uniform(0.3, 1.2) if draw.random() < 0.75 else 3.7


def _apart(stalls: list[Event]) -> Iterator[Event]:
    """One after the other: nobody begins to stall while the daemon is stalled."""
    ends = 0.0
    for stall in sorted(stalls, key=lambda event: event.at):
        if stall.at > ends:
            yield stall
            ends = stall.at + stall.value + 1.0


def _kills(draw: random.Random, stalls: list[Event], interval: float) -> Iterator[Event]:
    """In the instant in which the answers arrive of all that fell due during a stall."""
    for stall in stalls[: draw.choice((1, 2))]:
        yield Event(
            kind="restart",
            at=stall.at + stall.value + draw.choice((0.0, EVEN, EVEN, EVEN)),
            value=draw.choice((0.0, 0.1 * interval)),
            killed=True,
            turns=draw.randrange(_TURNS),
        )


def _estate(draw: random.Random, sites: int, interval: float, *, few: bool) -> Estate:
    number = draw.randint(60, 110) if few else draw.randint(110, 260)
    thresholds = Thresholds(
        yellow_after=1,
        red_after=draw.choice((1, 2, 3)),
        green_after=draw.choice((1, 2)),
        window_yellow=0.5,
    )
    environments = draw.choice((1, 2, 5))
    listed = []
    for place in range(environments):
        name = f"e{place}"
        services = [
            _service(draw, name, one, sites, interval, thresholds)
            for one in range(number // environments)
        ]
        listed.append(
            Environment(name=name, title=Text(sv="Miljö", en="Site"), services=tuple(services))
        )
    return Estate(
        environments=tuple(listed), data_dir=Path("/nonexistent/simulated"), max_in_flight=1000
    )


def _service(
    draw: random.Random,
    environment: str,
    number: int,
    sites: int,
    interval: float,
    thresholds: Thresholds,
) -> Service:
    name = f"s{number}"
    id_ = ServiceId(f"{environment}/{name}")
    checks = tuple(
        _check(
            id_,
            f"c{one}",
            f"{name}.{environment}.site{draw.randrange(sites)}.example.se",
            interval,
            thresholds,
        )
        for one in range(draw.choice((1, 1, 1, 2)))
    )
    return Service(
        id=id_,
        environment=environment,
        name=name,
        title=Text(sv="Tjänst", en="Service"),
        checks=checks,
        critical=draw.random() < 0.05,
    )


def _check(
    service: ServiceId, name: str, host: str, interval: float, thresholds: Thresholds
) -> Check:
    environment, own = service.split("/")
    id_ = CheckId(f"{service}/{name}")
    return Check(
        id=id_,
        environment=environment,
        service=own,
        name=name,
        kind="simulated",
        settings=SimulatedSettings(check=id_, host=host, port=443),
        location="internet",
        target=f"{host}:443",
        host=host,
        port=443,
        interval=interval,
        retry_interval=interval / 5,
        timeout=interval / 4,
        thresholds=thresholds,
    )


def estate_of(number: int, interval: float) -> Estate:
    """One environment of so many services of one check, each on a host of its own."""
    thresholds = Thresholds()
    name = "e0"
    services = []
    for one in range(number):
        id_ = ServiceId(f"{name}/s{one}")
        check = _check(id_, "c0", f"s{one}.example.se", interval, thresholds)
        title = Text(sv="Tjänst", en="Service")
        services.append(
            Service(id=id_, environment=name, name=f"s{one}", title=title, checks=(check,))
        )
    environment = Environment(
        name=name, title=Text(sv="Miljö", en="Environment"), services=tuple(services)
    )
    return Estate(
        environments=(environment,), data_dir=Path("/nonexistent/simulated"), max_in_flight=10
    )
