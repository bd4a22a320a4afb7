"""A server breaks, and somebody is called: the daemon, Prometheus and Alertmanager as they run."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import Running, estate, http_check, running, service, write_config
from tests.support.prometheus.programs import Prometheus, Receiver, alertmanager, prometheus

pytestmark = pytest.mark.system
BROKEN = Answer(status=503)
HOUR = timedelta(hours=1)


def watched(server: CountingServer, lasts: timedelta) -> dict[str, Any]:
    """``lf`` is being worked on, ``expo`` is not. The work was to last from a minute ago on."""
    now = datetime.now(UTC)
    window = {
        "id": "work",
        "title": "Work",
        "message": "We are at work.",
        "impact": "outage",
        "start": (now - timedelta(minutes=1)).isoformat(timespec="seconds"),
        "end": (now + lasts).isoformat(timespec="seconds"),
        "services": ["ext5/lf"],
    }
    return estate(
        service("expo", http_check("api", server.url("/expo"))),
        service("lf", http_check("api", server.url("/lf"))),
        defaults={"interval": "500ms", "retry_interval": "200ms", "timeout": "2s"},
        service_windows=[window],
    )


class World:
    """All that runs."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.server = stack.enter_context(CountingServer())
        self.server.answers.update({"/expo": Answer(), "/lf": BROKEN})
        self.receiver = stack.enter_context(Receiver())
        self.daemon = stack.enter_context(self.run())
        self.place = self.daemon.url.removeprefix("http://")
        manager = stack.enter_context(alertmanager(folder, self.receiver.url))
        self.prometheus: Prometheus = stack.enter_context(
            prometheus(folder, scraped=self.place, alerts_to=manager)
        )

    def run(self, *arguments: str) -> Any:
        return running(self.folder / "daemon", watched(self.server, HOUR), *arguments)

    def end_the_window(self) -> None:
        """By a changed configuration."""
        write_config(self.daemon.folder, watched(self.server, timedelta(seconds=-1)))
        self.daemon.send(signal.SIGHUP)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(tmp_path, stack)


def test_a_server_breaks_and_somebody_is_called(world: World) -> None:
    """Red is told, with both languages and its reason; planned red is not, until its window is
    over; recovery is told; and when the daemon is killed that is told, until it is back.
    """
    receiver, asked = world.receiver, world.prometheus
    asked.until('driftvakt_service_status{service="expo",status="green"} == 1')
    asked.until('driftvakt_service_planned{service="lf"} == 1')
    assert not any(path == "/page" for path, _ in receiver.told)

    world.server.answers["/expo"] = BROKEN
    red = receiver.wait("/page", "DriftvaktServiceRed", "expo")
    assert red["labels"] == {
        "alertname": "DriftvaktServiceRed",
        "environment": "ext5",
        "service": "expo",
        "status": "red",
        "severity": "critical",
        "planned": "false",
        "job": "driftvakt",
        "instance": world.place,
    }
    notes = red["annotations"]
    assert notes["summary_sv"] == "RÖD: ext5/expo är inte tillgänglig"
    assert notes["summary_en"] == notes["summary"] == "RED: ext5/expo is not available"
    assert "api: status (target)." in notes["description"]
    assert notes["page"] == "http://localhost:9815/s/ext5/expo"
    assert notes["runbook_url"] == "http://localhost:9815/runbooks/DriftvaktServiceRed.md"
    for address in (notes["page"], notes["runbook_url"]):
        assert world.daemon.get(address.removeprefix("http://localhost:9815"))

    world.server.answers["/expo"] = Answer()
    receiver.wait("/page", "DriftvaktServiceRed", "expo", "resolved")
    unwell = [one for one in asked.rules() if one["health"] != "ok"]
    assert unwell == []

    planned = receiver.wait("/nobody", "DriftvaktServiceRedPlanned", "lf")
    assert planned["labels"]["planned"] == "true"
    assert {service for path, _, service, _ in receiver.names() if path == "/page"} == {"expo"}
    world.end_the_window()
    receiver.wait("/page", "DriftvaktServiceRed", "lf")
    receiver.wait("/office", "DriftvaktWindowOverrun", "lf")
    receiver.wait("/nobody", "DriftvaktServiceRedPlanned", "lf", "resolved")
    world.server.answers["/lf"] = Answer()
    receiver.wait("/page", "DriftvaktServiceRed", "lf", "resolved")
    receiver.wait("/office", "DriftvaktWindowOverrun", "lf", "resolved")

    world.daemon.kill()
    absent = receiver.wait("/page", "DriftvaktAbsent")
    assert absent["labels"]["instance"] == world.place
    with world.run("--listen", world.place) as again:
        assert isinstance(again, Running)
        receiver.wait("/page", "DriftvaktAbsent", status="resolved")

    paged = {name for path, name, *_ in receiver.names() if path == "/page"}
    assert paged == {"DriftvaktServiceRed", "DriftvaktAbsent"}
