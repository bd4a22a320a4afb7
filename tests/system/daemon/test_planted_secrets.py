"""Secrets of ours that a target says back reach nobody: not by evidence, page, metrics, status, feed
or log.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import estate, http_check, running, service

pytestmark = pytest.mark.system

BODY_SECRET = "hemligt-i-kroppen"
PATH_SECRET = "hemligt-i-adressen"
THEIRS = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0aGVpcnMifQ.c2lnbmF0dXJl"
THEIR_KEY = "nyckel-hos-dem"


def test_what_was_planted_is_found_nowhere(tmp_path: Path) -> None:
    """A leaf of the body, a variable in a path, and tokens of the server's own."""
    said = json.dumps(
        {"you_said": BODY_SECRET, "at": PATH_SECRET, "access_token": THEIR_KEY, "note": THEIRS}
    )
    with CountingServer() as server:
        path = f"/{PATH_SECRET}/x"
        server.answers[path] = Answer(
            status=500, body=said.encode(), headers=(f"X-Path: {path}", f"X-Note: {THEIRS}")
        )
        check = http_check(
            "api",
            server.url("/${PLANTED}/x"),
            method="POST",
            body=json.dumps({"user": "vakt", "kod": BODY_SECRET}),
            expect={"jsonpath": [{"path": "$.you_said", "equals": "x"}], "status": ["5xx"]},
        )
        config = estate(service("expo", check), defaults={"interval": "300ms", "timeout": "2s"})
        with running(tmp_path, config, level="debug", environ={"PLANTED": PATH_SECRET}) as daemon:
            red = daemon.event("transition", service="expo", to="red")
            shown = [
                daemon.get(path).decode()
                for path in (
                    f"/api/v1/evidence/{red['id']}",
                    "/",
                    "/s/ext5/expo",
                    "/metrics",
                    "/status.json",
                    "/feed.atom",
                    "/api/v1/history",
                    "/api/v2/summary.json",
                )
            ]
            assert server.visits[0].path == path
            assert "you_said" in shown[0], "the answer itself is evidence"
            for secret in (BODY_SECRET, PATH_SECRET, THEIRS, THEIR_KEY):
                for text in (*shown, daemon.log):
                    assert secret not in text, (secret, text[:200])
