"""``/probe`` of a running daemon."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.blackbox.exporter import asked
from tests.system.daemon.counting import Answer, CountingServer
from tests.system.daemon.reloading import reloaded
from tests.system.daemon.running import Running, estate, http_check, running, service

pytestmark = pytest.mark.system
MODULES = {
    "http_2xx": {"prober": "http"},
    "secret": {
        "prober": "http",
        "http": {"basic_auth": {"username": "me", "password": "s3cr3t"}, "method": "POST"},
    },
}


@pytest.fixture(scope="module")
def server() -> Iterator[CountingServer]:
    with CountingServer() as found:
        found.answers["/late"] = Answer(delay=5.0)
        yield found


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, server: CountingServer) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("probe")
    (folder / "blackbox.yml").write_text(json.dumps({"modules": MODULES}))
    checks = http_check("api", "http://127.0.0.1:1/", interval="1h")
    config = estate(service("expo", checks), blackbox_modules="blackbox.yml")
    with running(folder, config) as found:
        yield found


def test_the_usual_module_is_http_2xx(daemon: Running, server: CountingServer) -> None:
    """As the exporter has it. The probe says who it is, and is in no metric of ours."""
    told = asked(daemon.url, "http_2xx", server.url("/usual"))
    assert (told.status, told.success) == (200, 1)
    assert daemon.get(f"/probe?target={server.url('/usual')}").startswith(b"# HELP probe_success")
    assert b"driftvakt/" in server.visits[-1].head
    assert b"/usual" not in daemon.get("/metrics")


@pytest.mark.parametrize(
    ("module", "target", "said"),
    [
        ("none", "http://127.0.0.1:1/", "there is no module 'none'"),
        ("http_2xx", "", "target is missing"),
        ("\u202e\n", "a", "there is no module"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    daemon: Running, module: str, target: str, said: str
) -> None:
    told = asked(daemon.url, module, target)
    assert told.status == 400
    assert said in told.text
    assert told.text.isascii()


def test_the_scrapes_time_is_kept(daemon: Running, server: CountingServer) -> None:
    """Half a second less than Prometheus waits; a header that is no time is refused."""
    told = asked(daemon.url, "http_2xx", server.url("/late"), 1.0)
    assert (told.status, told.success) == (200, 0)
    assert 0.4 < told.values["probe_duration_seconds"] < 1.0
    for wrong in (float("nan"), float("inf"), -1.0, 0.0):
        assert asked(daemon.url, "http_2xx", server.url("/usual"), wrong).status == 400


def test_debug_tells_what_happened_without_secrets(daemon: Running, server: CountingServer) -> None:
    """The address, the phases, the answer, the module, and the metrics."""
    told = asked(daemon.url, "secret", server.url("/debug"), debug="true", hostname="a.example.se")
    for text in ("success: yes", "phase connect:", "answer: HTTP/1.1 200", '"method": "POST"'):
        assert text in told.text
    assert "probe_success 1" in told.text
    assert "s3cr3t" not in told.text
    assert b"host: a.example.se" in server.visits[-1].head.lower()
    told = asked(daemon.url, "http_2xx", "http://127.0.0.1:1/", debug="true")
    assert "reason: connect_refused (target)" in told.text


def test_modules_are_read_again_at_a_reload(daemon: Running, server: CountingServer) -> None:
    """A faulty file keeps the earlier modules."""
    file = daemon.folder / "blackbox.yml"
    file.write_text(json.dumps({"modules": {**MODULES, "more": {"prober": "http"}}}))
    reloaded(daemon)
    assert asked(daemon.url, "more", server.url("/more")).success == 1
    file.write_text("modules: {ping: {prober: icmp}}")
    daemon.event("reload_failed")
    assert asked(daemon.url, "more", server.url("/more")).success == 1


def test_without_modules_there_is_no_probe(tmp_path: Path, server: CountingServer) -> None:
    """Off by default."""
    with running(tmp_path, estate(service("expo", http_check("api", server.url("/"))))) as daemon:
        assert asked(daemon.url, "http_2xx", server.url("/")).status == 404
