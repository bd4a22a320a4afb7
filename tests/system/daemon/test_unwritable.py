"""A full disk or an unwritable folder is told in metrics and log, and probing goes on."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import (
    Running,
    estate,
    http_check,
    leftovers,
    running,
    service,
    until,
)

pytestmark = pytest.mark.system
WRITTEN = "driftvakt_status_file_timestamp_seconds"
FAILURES = "driftvakt_status_file_write_failures_total"
QUICK = {"interval": "300ms", "retry_interval": "100ms", "timeout": "20s"}


def goes_on(daemon: Running, server: CountingServer, status: str) -> None:
    """Probing, judging and serving are as ever."""
    arrived = len(server.visits)
    until(lambda: len(server.visits) >= arrived + 5, "probing goes on")
    assert json.loads(daemon.get("/status.json"))["status"] == status
    assert b"EXPO" in daemon.get("/")


def test_a_data_folder_that_cannot_be(tmp_path: Path) -> None:
    """A file stands where the folder should be: told once in the log, counted in the metrics."""
    (tmp_path / "file").write_text("not a folder")
    data = str(tmp_path / "file" / "data")
    with CountingServer() as server:
        config = estate(service("expo", http_check("api", server.url())), defaults=QUICK)
        with running(tmp_path, config, "--data-dir", data) as daemon:
            [failure] = [daemon.event("status_file_not_written")]
            assert failure["level"] == "error"
            assert "Not a directory" in failure["error"]
            daemon.event("transition", to="green")
            goes_on(daemon, server, "green")
            scrape = daemon.metrics()
            assert scrape.one(FAILURES) >= 1
            assert scrape.all(WRITTEN) == []
            assert len(daemon.events("status_file_not_written")) == 1
            assert daemon.stop() == 0
            assert "Traceback" not in daemon.log


def test_a_disk_that_is_full_for_a_while(tmp_path: Path) -> None:
    """The old file stays whole, no temporary one is left, and what was told is taken back when
    there is room again.
    """
    with CountingServer() as server:
        config = estate(service("expo", http_check("api", server.url())), defaults=QUICK)
        with running(tmp_path, config) as daemon:
            daemon.event("transition", environment="ext5", service=None, to="green")
            until(lambda: daemon.status()["status"] == "green", "written as green")
            before = daemon.metrics().one(WRITTEN)
            resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
            server.answers["/"] = Answer(status=503)
            failure = daemon.event("status_file_not_written")
            assert "File too large" in failure["error"]
            daemon.event("transition", service=None, to="red")
            goes_on(daemon, server, "red")
            assert daemon.status()["status"] == "green", "the old file is whole"
            assert leftovers(daemon.status_path.parent) == set()
            scrape = daemon.metrics()
            assert scrape.one(FAILURES) >= 1
            held = scrape.one(WRITTEN)
            resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (-1, -1))
            server.answers["/"] = Answer()
            daemon.event("status_file_written_again")
            assert daemon.metrics().one(WRITTEN) > held >= before
            until(lambda: daemon.status()["status"] != "red", "the newest status")


def test_a_data_folder_that_is_removed(tmp_path: Path) -> None:
    """Whoever clears the folder away is told of it, and whoever brings it back is served."""
    with CountingServer() as server:
        config = estate(service("expo", http_check("api", server.url())), defaults=QUICK)
        with running(tmp_path, config) as daemon:
            daemon.event("transition", environment="ext5", service=None, to="green")
            until(lambda: daemon.status()["status"] == "green", "written as green")
            # as one step: what is written meanwhile would stand in the way
            daemon.status_path.parent.rename(tmp_path / "gone")
            server.answers["/"] = Answer(status=503)
            assert "No such file" in daemon.event("status_file_not_written")["error"]
            daemon.status_path.parent.mkdir()
            server.answers["/"] = Answer()
            daemon.event("status_file_written_again")
            until(lambda: daemon.status()["status"] == "green", "written as green again")
