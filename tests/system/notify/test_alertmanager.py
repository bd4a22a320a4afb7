"""Kind ``alertmanager`` against Debian's Alertmanager."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from monitor.model.records import MessageKind
from monitor.notify.alertmanager import LASTS, REFRESH, Alertmanager
from monitor.notify.http_post import Poster, open_post_session
from tests.support.notify.delivering import delivering, until
from tests.support.outbox import (
    MemoryOutbox,
    make_message,
    make_outgoing,
    make_receiver,
    make_transition,
    make_watched,
)
from tests.support.patience import PATIENCE
from tests.support.servers.alertmanager import RunningAlertmanager, serve_alertmanager
from tests.support.servers.http_server import HttpServer

pytestmark = pytest.mark.system


@pytest.fixture
async def manager(http_server: HttpServer, tmp_path: Path) -> AsyncIterator[RunningAlertmanager]:
    """It tells ``http_server`` what it would tell people."""
    http_server.answer("/told")
    async with serve_alertmanager(tmp_path, http_server.url("/told")) as running:
        yield running


def told(server: HttpServer) -> list[tuple[str, str, str]]:
    """Status, service and severity of each alert that it told of."""
    return [
        (alert["status"], alert["labels"]["service"], alert["labels"]["severity"])
        for arrival in server.arrivals
        for alert in json.loads(arrival.body)["alerts"]
    ]


def shown(alerts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((one["labels"]["service"], one["labels"]["severity"]) for one in alerts)


async def test_it_fires_changes_its_severity_and_resolves(
    manager: RunningAlertmanager, http_server: HttpServer
) -> None:
    """Yellow, red, green: two alerts, each told and resolved; the newest labels say what is."""
    am = make_receiver("am", "alertmanager", url=manager.url)
    async with delivering(make_watched(am), clock=time.time) as world:
        at = time.time()
        world.tell(make_transition("green", "yellow", at=at))
        await world.all_done()
        [alert] = await manager.alerts()
        assert alert["labels"] == {
            "alertname": "DriftvaktServiceStatus",
            "environment": "ext5",
            "service": "s0",
            "severity": "warning",
            "planned": "false",
            "location": "sjunet",
        }
        assert alert["annotations"]["summary"] == "YELLOW: Dispensing (S0), EXT5: disturbance"
        assert alert["annotations"]["summary_sv"].startswith("GUL: Receptexpedition (S0)")
        assert alert["annotations"]["description"] == "The service does not answer."
        assert alert["annotations"]["reason"] == "connect_refused"
        world.tell(make_transition("yellow", "red", at=at + 0.1))
        await world.all_done()
        assert shown(await manager.alerts()) == [("s0", "critical")]
        await until(lambda: ("firing", "s0", "critical") in told(http_server))
        world.tell(make_transition("red", "green", at=at + 0.2))
        await world.all_done()
        assert await manager.alerts() == []
        await until(lambda: ("resolved", "s0", "critical") in told(http_server))


async def test_an_alert_leads_to_the_incident(manager: RunningAlertmanager) -> None:
    """As ``generatorURL``, which Alertmanager shows as the alert's source."""
    am = make_receiver("am", "alertmanager", url=manager.url)
    public = "https://drift.example.se/status/"
    async with delivering(make_watched(am, public_url=public), clock=time.time) as world:
        told = make_transition(at=time.time())
        world.tell(told)
        await world.all_done()
        [alert] = await manager.alerts()
    assert alert["generatorURL"] == f"{public}s/ext5/s0?event={told.id}#event-{told.id}"


async def test_not_knowing_resolves_nothing(manager: RunningAlertmanager) -> None:
    """Red goes on beside unknown; green ends both."""
    am = make_receiver("am", "alertmanager", url=manager.url, on=frozenset(("red", "unknown")))
    async with delivering(make_watched(am), clock=time.time) as world:
        at = time.time()
        world.tell(make_transition(at=at))
        world.tell(make_transition("red", "unknown", at=at + 0.1))
        await world.all_done()
        assert shown(await manager.alerts()) == [("s0", "critical"), ("s0", "unknown")]
        world.tell(make_transition("unknown", "green", at=at + 0.2))
        await world.all_done()
        assert await manager.alerts() == []


async def test_it_goes_on_firing_over_a_restart_and_is_resolved_after_it(
    manager: RunningAlertmanager,
) -> None:
    """The second process posts what is open at once, before anything happens."""
    am = make_receiver("am", "alertmanager", url=manager.url)
    watched, outbox = make_watched(am), MemoryOutbox()
    at = time.time()
    async with delivering(watched, outbox, time.time) as first:
        first.tell(make_transition(at=at))
        await first.all_done()
    before: str = (await manager.alerts())[0]["updatedAt"]
    async with delivering(watched, outbox, time.time) as second:

        async def refreshed() -> bool:
            newest: str = (await manager.alerts())[0]["updatedAt"]
            return newest > before

        async with asyncio.timeout(PATIENCE):
            while not await refreshed():  # noqa: ASYNC110 - another process tells no event
                await asyncio.sleep(0.02)
        second.tell(make_transition("red", "green", at=at + 1))
        await second.all_done()
        assert await manager.alerts() == []


async def test_an_all_clear_resolves_what_an_earlier_process_fired(
    manager: RunningAlertmanager,
) -> None:
    """Even when only the all-clear is left in the outbox."""
    am = make_receiver("am", "alertmanager", url=manager.url)
    watched = make_watched(am)
    at = time.time()
    async with delivering(watched, None, time.time) as first:
        first.tell(make_transition(at=at))
        await first.all_done()
    left = make_message(1, kind=MessageKind.RECOVERY, at=at + 1, since=at + 1)
    outbox = MemoryOutbox(kept=[make_outgoing(left, "am")])
    async with delivering(watched, outbox, time.time) as second:
        await second.all_done()
        assert await manager.alerts() == []


async def test_a_daemon_that_dies_lets_its_alerts_end(manager: RunningAlertmanager) -> None:
    """An alert lasts some minutes beyond the last posting, longer than until the next one."""
    assert LASTS > 3 * REFRESH
    now = time.time()
    async with open_post_session("driftvakt") as session:
        receiver = make_receiver("am", "alertmanager", url=manager.url)
        poster = Poster(session, clock=lambda: now - LASTS + 1.0)
        sender = Alertmanager(receiver, make_watched(receiver), poster)
        await sender.send([make_message(at=now - LASTS, since=now - LASTS)])
        assert shown(await manager.alerts()) == [("s0", "critical")]
        async with asyncio.timeout(PATIENCE):
            while await manager.alerts():  # noqa: ASYNC110 - another process tells no event
                await asyncio.sleep(0.05)


async def test_its_trial_is_no_alarm(manager: RunningAlertmanager) -> None:
    """It has a name and a severity of its own, and ends by itself."""
    async with open_post_session("driftvakt") as session:
        receiver = make_receiver("am", "alertmanager", url=manager.url)
        await Alertmanager(receiver, make_watched(receiver), Poster(session)).trial()
    [alert] = await manager.alerts()
    assert (alert["labels"]["alertname"], alert["labels"]["severity"]) == ("DriftvaktTest", "none")
