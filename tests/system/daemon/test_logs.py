"""What the log says, and what neither it nor anything published ever says."""

from __future__ import annotations

import base64
import json
import urllib.request
from pathlib import Path

import pytest

from tests.support.daemon.counting import Answer, CountingServer, Visit
from tests.support.daemon.running import (
    POLL,
    Running,
    estate,
    healed,
    http_check,
    run_for,
    running,
    service,
    until,
)
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.system
QUICK = {"interval": "200ms", "retry_interval": "100ms", "timeout": "1s"}


def test_one_line_a_transition_and_none_a_good_probe(tmp_path: Path) -> None:
    """Each line is a JSON object with time, level and event; good probes are silent."""
    with CountingServer() as server:
        # a share that never counts: how many fail meanwhile is the machine's affair
        defaults = {**QUICK, "window": {"size": 1000}}
        config = estate(service("expo", http_check("api", server.url())), defaults=defaults)
        with running(tmp_path, config) as daemon:
            until(lambda: len(server.visits) >= 5, "some good probes")
            server.answers["/"] = Answer(status=503)
            daemon.event("transition", service="expo", to="red")
            server.answers["/"] = Answer()
            until(lambda: healed(daemon, "expo"), "green again")
            more = len(server.visits) + 5
            until(lambda: len(server.visits) >= more, "more good probes")
            assert daemon.stop() == 0
            lines = [json.loads(line) for line in daemon.lines]
            assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
            told = [(line["event"], line.get("service"), line.get("to")) for line in lines]
    told.remove(("started", None, None))
    assert told == [
        *[
            ("transition", name, to)
            for to in ("green", "yellow", "red", "green")
            for name in ("expo", None)
        ],
        ("stopped", None, None),
    ]


SECRETS = {
    "password": "lösen-Ord/ett?&=1",
    "token": "bärar.token+två==",
    "header": "huvud-token-tre",
    "key": "nyckel fyra/4",
    "query": "fraga-fem-55",
    "page": "sidans sjätte lösenord",
}


def careless(visit: Visit) -> Answer:
    """A server that says back all that it was told: in the body, a header and the status line."""
    head = visit.head.decode("latin-1")
    lines = [line for line in head.split("\r\n") if line]
    shown = " ".join(lines).encode("latin-1")
    return Answer(status=503, body=shown, headers=tuple(f"X-Echo: {line}" for line in lines))


def as_json(visit: Visit) -> Answer:
    """The same as a value in JSON."""
    told = visit.head.decode("latin-1").encode("latin-1").decode("utf-8", "replace")
    return Answer(body=json.dumps({"told": told}, ensure_ascii=False).encode())


def redirecting(visit: Visit) -> Answer:
    """Moves a request to a place that is none, with its own secret in the address."""
    value = visit.head.split(b" ")[1].decode()
    return Answer(status=302, headers=(f"Location: gopher://{value}",))


def with_secrets(folder: Path, server: CountingServer) -> dict[str, object]:
    files = {name: folder / f"{name}.txt" for name in ("password", "token", "page")}
    for name, path in files.items():
        path.write_text(SECRETS[name] + "\n", "utf-8")
    server.answers["/echo"] = careless
    server.answers["/moved"] = redirecting
    server.answers["/json"] = as_json
    echo = server.url("/echo")
    wanting = {"headers": {"X-Echo": "never"}, "body_matches": ["never"]}
    moved = server.url(f"/moved?token={SECRETS['query']}")
    basic = {"username": "provare", "password_file": str(files["password"])}
    checks = [
        http_check("basic", echo, basic_auth=basic, expect={"status": ["5xx"], **wanting}),
        http_check("bearer", echo, bearer_token_file=str(files["token"])),
        http_check("header", echo, headers={"Authorization": "Bearer ${TOKEN}"}),
        http_check(
            "key", echo, headers={"X-Api-Key": "${KEY}"}, expect={"status": ["5xx"], **wanting}
        ),
        http_check("query", server.url(f"/echo?token={SECRETS['query']}")),
        http_check("moved", moved),
        http_check(
            "json",
            server.url(f"/json?token={SECRETS['query']}"),
            headers={"X-Api-Key": "${KEY}"},
            expect={"jsonpath": [{"path": "$.told", "equals": "nothing"}]},
        ),
        http_check("gone", f"http://127.0.0.1:9/?apikey={SECRETS['query']}"),
    ]
    web = {"basic_auth": {"username": "se", "password_file": str(files["page"])}}
    return estate(service("expo", *checks), defaults=QUICK, web=web)


def forms(secret: str) -> list[str]:
    """A secret as it might be shown."""
    encoded = base64.b64encode(secret.encode()).decode()
    named = base64.b64encode(f"provare:{secret}".encode()).decode()
    return [secret, encoded, named, json.dumps(secret)[1:-1]]


def published(daemon: Running) -> dict[str, str]:
    """Everything that the daemon gives away."""
    credentials = base64.b64encode(f"se:{SECRETS['page']}".encode()).decode()

    def get(path: str) -> str:
        headers = {"Authorization": f"Basic {credentials}"}
        request = urllib.request.Request(daemon.url + path, headers=headers)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            body: bytes = answer.read()
        return body.decode()

    pages = {path: get(path) for path in ("/", "/?lang=sv", "/metrics", "/status.json")}
    return {**pages, "log": daemon.log, "file": daemon.status_path.read_text("utf-8")}


def test_secrets_are_shown_nowhere(tmp_path: Path) -> None:
    """Passwords, tokens, keys and query values, with a target that says them back: in no line of
    the log at its most talkative, no metric, no status.json and no page.
    """
    environ = {"TOKEN": SECRETS["header"], "KEY": SECRETS["key"]}
    with CountingServer() as server:
        config = with_secrets(tmp_path, server)
        with running(tmp_path, config, level="debug", environ=environ) as daemon:
            checks = ("basic", "bearer", "header", "key", "query", "moved", "json", "gone")
            for name in checks:
                daemon.event("observed", check=f"ext5/expo/{name}")
            daemon.event("transition", service="expo", to="red")
            until(lambda: all(daemon.check(f"expo/{name}")["last"] for name in checks), "all")
            run_for(10 * POLL)
            texts = published(daemon)
            heads = b"".join(visit.head for visit in server.visits)
    assert SECRETS["header"].encode() in heads, "the target was given it"
    shown = {
        (where, name)
        for where, text in texts.items()
        for name, secret in SECRETS.items()
        for form in forms(secret)
        if form in text
    }
    assert shown == set()
