"""A daemon that tells a receiver: of what happens, once each, also over a crash."""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import estate, http_check, running, service, until

pytestmark = pytest.mark.system
SECRET = "for this test alone"
PUBLIC = "https://drift.example.se/status/"
FAST = {"interval": "300ms", "retry_interval": "100ms", "timeout": "30s"}


class Receiver:
    """Takes webhooks; refuses them with ``refuses``."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.refused = 0
        self.refuses = False
        self.signed = True
        self.url = ""

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.taken if one["kind"] == kind]


@contextmanager
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            stamp = self.headers["X-Driftvakt-Timestamp"].encode()
            mac = hmac.new(SECRET.encode(), stamp + b"." + body, sha256).hexdigest()
            found.signed &= self.headers["X-Driftvakt-Signature"] == f"sha256={mac}"
            if found.refuses:
                found.refused += 1
            else:
                found.taken.append(json.loads(body))
            self.send_response(503 if found.refuses else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


def config(server: CountingServer, hook: Receiver, folder: Path) -> dict[str, Any]:
    (folder / "secret").write_text(SECRET, "utf-8")
    told = {
        "name": "hook",
        "kind": "webhook",
        "url": hook.url,
        "secret_file": str(folder / "secret"),
        "on": ["red", "recovery"],
        "group_wait": "0s",
    }
    return estate(
        service("expo", http_check("api", server.url("/expo"))),
        defaults=FAST,
        notifications=[told],
        public_url=PUBLIC,
    )


def test_an_alarm_and_its_all_clear(tmp_path: Path) -> None:
    """Signed, with the sentence, the evidence and a link to the incident, each once; and counted."""
    with CountingServer() as server, receiver() as hook:
        with running(tmp_path, config(server, hook, tmp_path)) as daemon:
            daemon.event("transition", service="expo", to="green")
            server.answers["/expo"] = Answer(status=500)
            [alarm] = until(lambda: hook.told("alarm"), "no alarm")
            server.answers["/expo"] = Answer()
            [recovery] = until(lambda: hook.told("recovery"), "no all-clear")
            until(lambda: daemon.metrics().one("driftvakt_notifications_total", outcome="delivered") == 2,
                  "not counted")  # fmt: skip
            path, _, place = alarm["url"].removeprefix(PUBLIC).partition("#")
            assert f'id="{place}"' in daemon.get(f"/{path}").decode()
        assert alarm["observed"]["sv"].startswith("Orsak: ")
        assert alarm["observed"]["en"].endswith("\nCheck: ext5/expo/api")
        assert recovery["observed"] is None
        assert recovery["incident"] == alarm["incident"] == alarm["transition"]
        assert (alarm["to"], alarm["service"]) == ("red", "expo")
        assert "has not been available" in alarm["message"]["en"]
        assert "The disturbance is resolved" in recovery["message"]["en"]
        assert len(hook.taken) == 2
        assert hook.signed


def test_what_was_not_delivered_is_after_a_crash(tmp_path: Path) -> None:
    """The receiver was down, then the daemon was killed: the next one delivers, once; and sends
    the all-clear to whom the one before sent the alarm.
    """
    with CountingServer() as server, receiver() as hook:
        hook.refuses = True
        written = config(server, hook, tmp_path)
        with running(tmp_path, written) as daemon:
            daemon.event("transition", service="expo", to="green")
            server.answers["/expo"] = Answer(status=500)
            until(lambda: hook.refused, "it was never tried")
            daemon.kill()
        hook.refuses = False
        with running(tmp_path, written) as daemon:
            until(lambda: hook.told("alarm"), "no alarm after the crash")
            assert daemon.events("transition") == []
            daemon.stop()
        server.answers["/expo"] = Answer()
        with running(tmp_path, written):
            until(lambda: hook.told("recovery"), "no all-clear")
        assert [one["kind"] for one in hook.taken] == ["alarm", "recovery"]
