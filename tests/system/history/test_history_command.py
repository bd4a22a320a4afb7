"""``driftvakt history`` answers from SQLite, from PostgreSQL, and from a running daemon."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.model.records import Entry
from monitor.model.status import Status
from monitor.model.text import Text
from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.forked import said
from tests.support.daemon.running import (
    ROOT,
    estate,
    http_check,
    running,
    service,
    until,
    write_config,
)
from tests.support.factories import NOW
from tests.support.factories_record import make_entry, make_transition
from tests.support.history.stores import Store, opened

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("patient")]


def lived() -> list[Entry]:
    """Yellow, red, green; and yellow again, of another service."""
    green, yellow, red = Status.GREEN, Status.YELLOW, Status.RED
    steps = [
        ("expo", green, yellow),
        ("expo", yellow, red),
        ("expo", red, green),
        ("nll", green, yellow),
    ]
    return [
        make_entry(
            number,
            transition=make_transition(
                service=name,
                before=before,
                after=after,
                at=NOW + 60 * number,
                since=NOW + 60 * number,
            ),
            message=Text(sv=f"Steg {number}.", en=f"Step {number}."),
            outgoing=(),
        )
        for number, (name, before, after) in enumerate(steps)
    ]


async def test_incidents_are_read_without_a_daemon(store: Store, tmp_path: Path) -> None:
    """The newest first, each with how long it lasted, its reason and the way to its evidence."""
    entries = lived()
    async with opened(store) as history:
        history.record(entries)
    services = (
        service(name, http_check("api", "http://h.example.se/")) for name in ("expo", "nll")
    )
    config = write_config(
        tmp_path, estate(*services, store=store.store, data_dir=str(store.data_dir))
    )
    words = ["history", "--config", str(config), "--language", "en"]
    shown = said(words, cwd=ROOT)
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = [line.rstrip() for line in shown.stdout.splitlines()]
    assert lines[0].startswith("▲ yellow  ext5/nll")
    assert "still so" in lines[0]
    at = next(number for number, line in enumerate(lines) if "ext5/expo  " in line)
    assert lines[at].startswith("■ red  ext5/expo")
    assert lines[at].endswith("2 minutes")
    assert "Step 1." in lines[at + 2]
    assert lines[at + 3].strip() == f"driftvakt evidence {entries[1].id}"
    found = json.loads(said([*words, "--json", "--service", "ext5/expo"], cwd=ROOT).stdout)
    [one] = found["incidents"]
    assert (one["status"], one["seconds"]) == ("red", 120.0)
    assert one["transitions"] == [entry.id for entry in entries[:3]]
    for moment, names in ((NOW + 90, ["ext5/expo"]), (NOW + 150, []), (NOW - 1, [])):
        # what came later takes no place of it
        at_then = said([*words, "--json", "--limit", "1", "--at", _text(moment)], cwd=ROOT)
        assert [each["service"] for each in json.loads(at_then.stdout)["incidents"]] == names
        assert ("the history begins later" in at_then.stderr) == (moment < NOW)


def _text(at: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).isoformat()


def red(url: str) -> dict[str, Any] | None:
    """The incident that a daemon tells, once it is red."""
    asked = said(["history", "--url", url, "--json"], cwd=ROOT)
    assert (asked.returncode, asked.stderr) == (0, "")
    found: list[dict[str, Any]] = json.loads(asked.stdout)["incidents"]
    return next((one for one in found if one["status"] == "red"), None)


def test_a_running_daemon_is_asked(tmp_path: Path) -> None:
    """The same incidents as from its file, page by page or not."""
    with CountingServer() as server:
        server.answers["/expo"] = Answer(status=503)
        broken = service("expo", http_check("api", server.url("/expo")))
        quick = {"interval": "300ms", "retry_interval": "100ms", "timeout": "20s"}
        with running(tmp_path, estate(broken, defaults=quick)) as daemon:
            daemon.event("transition", service="expo", to="red")
            url = daemon.url
            # what is logged is in the history a moment later
            one = until(lambda: red(url), "the history has no red")
            assert (one["status"], one["ended"], one["reason"]) == ("red", None, "status")
            server.answers["/expo"] = Answer(status=200)
            daemon.event("transition", service="expo", to="green")
            assert daemon.stop() == 0
        folder = str(tmp_path / "data")
        [kept] = json.loads(said(["history", "--data-dir", folder, "--json"], cwd=ROOT).stdout)[
            "incidents"
        ]
        assert kept["transitions"][: len(one["transitions"])] == one["transitions"]
        assert kept["ended"] is not None
        refused = said(["history", "--url", url], cwd=ROOT)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith(f"driftvakt: no history from {url}")
