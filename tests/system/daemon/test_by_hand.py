"""What people do without an editor, with a real daemon, its commands and a receiver of messages."""

from __future__ import annotations

import json
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.forked import said
from tests.support.daemon.running import (
    ROOT,
    Running,
    estate,
    http_check,
    running,
    service,
    until,
)
from tests.support.patience import PATIENCE
from tests.system.daemon.test_notified import FAST, SECRET, Receiver, receiver

pytestmark = pytest.mark.system


def config(server: CountingServer, folder: Path, **more: Any) -> dict[str, Any]:
    return estate(
        service("expo", http_check("api", server.url("/up"))),
        defaults=FAST,
        **more,
    )


def hooked(hook: Receiver, folder: Path) -> dict[str, Any]:
    (folder / "secret").write_text(SECRET, "utf-8")
    return {
        "notifications": [
            {
                "name": "hook",
                "kind": "webhook",
                "url": hook.url,
                "secret_file": str(folder / "secret"),
                "on": ["red", "recovery"],
                "remind_every": "1s",
            }
        ]
    }


def send(
    daemon: Running, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **headers}
    request = Request(
        f"{daemon.url}/api/v1/{path}",
        data,
        {name.replace("_", "-"): value for name, value in headers.items()},
        method=method,
    )
    try:
        with urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        with error:
            text = error.read()
        return error.code, json.loads(text) if text[:1] == b"{" else text


def cli(daemon: Running, *words: str) -> subprocess.CompletedProcess[str]:
    return said([*words, "--url", daemon.url], cwd=ROOT)


def test_what_people_write_holds_is_shown_and_survives_a_restart(tmp_path: Path) -> None:
    """A window, a notice and a silence by command are in force, on the page, in JSON and metrics, also
    after a restart; ended, they are gone; the configuration's own is refused with where it stands.
    """
    with CountingServer() as server:
        server.answers["/up"] = Answer(status=503)
        own = {
            "notices": [{"id": "n1", "message": "eget"}],
        }
        written = config(server, tmp_path, **own)
        with running(tmp_path, written) as daemon:
            until(lambda: daemon.status()["status"] == "red", "red")
            added = cli(
                daemon, "window", "add", "--env", "ext5", "--impact", "outage", "--for", "2h",
                "--title", "Databas<b>byte", "--author", "anna",
            )  # fmt: skip
            assert added.returncode == 0, added.stderr
            window = added.stdout.strip()
            notice = cli(daemon, "notice", "add", "Vi vet", "--service", "ext5/expo", "--for", "1h")
            assert notice.returncode == 0, notice.stderr
            changed = cli(
                daemon, "notice", "change", notice.stdout.strip(), "--message", "Vi vet mer"
            )
            assert changed.returncode == 0, changed.stderr
            silent = cli(daemon, "silence", "ext5", "--for", "1h", "--because", "prov")
            assert silent.returncode == 0, silent.stderr
            acked = cli(daemon, "ack", "ext5/expo", "--because", "omstart")
            assert acked.returncode == 0, acked.stderr
            refused = cli(daemon, "notice", "end", "n1")
            assert (refused.returncode, "configuration" in refused.stderr) == (2, True)
            assert cli(daemon, "window", "add", "--env", "ext", "--impact", "none", "--for", "1h",
                       "--title", "x").stderr.count('did you mean "ext5"')  # fmt: skip
            assert daemon.stop() == 0
        with running(tmp_path, written) as daemon:
            status = until(
                lambda: (s := daemon.status())["environments"][0]["planned"] and s, "planned"
            )
            assert status["service_windows"]["active"][0]["author"] == "anna"
            assert {n["message"]["sv"] for n in status["notices"]} == {"eget", "Vi vet mer"}
            assert status["silences"][0]["because"] == "prov"
            assert status["acknowledgements"][0]["services"] == ["ext5/expo"]
            page = daemon.get("/s/ext5/expo").decode()
            assert "omstart" in page
            assert "Databas&lt;b&gt;byte" in page
            metrics = daemon.get("/metrics").decode()
            for name in ("acknowledged", "silenced"):
                assert f'driftvakt_{name}{{environment="ext5",service="expo"}} 1' in metrics
            assert cli(daemon, "window", "end", window).returncode == 0
            until(lambda: not daemon.status()["environments"][0]["planned"], "not planned")
            assert window not in cli(daemon, "window", "list").stdout
            assert cli(daemon, "window", "end", window).returncode == 2


def test_an_acknowledgement_stops_reminders_and_never_the_all_clear(tmp_path: Path) -> None:
    """While it lasts another service's reminders go on and its own do not, those that waited for their
    group neither; the all-clear comes, and ends it.
    """
    with CountingServer() as server, receiver() as hook:
        server.answers["/up"] = server.answers["/other"] = Answer(status=503)
        told = hooked(hook, tmp_path)
        told["notifications"][0] |= {"group_wait": "3s", "flood": 10_000}
        written = estate(
            service("expo", http_check("api", server.url("/up"))),
            service("other", http_check("api", server.url("/other"))),
            defaults=FAST,
            **told,
        )

        def reminders(name: str) -> int:
            return sum(one["service"] == name for one in hook.told("reminder"))

        with running(tmp_path, written) as daemon:
            until(lambda: reminders("expo"), "a reminder")
            answer = send(
                daemon, "POST", "acknowledgements", {"service": "ext5/expo", "because": "x"}
            )
            assert answer[0] == 201, answer
            before, others = reminders("expo"), reminders("other")
            until(lambda: reminders("other") >= others + 6, "six of the other's")
            assert reminders("expo") <= before + 1, "one may have been on its way"
            server.answers["/up"] = Answer()
            until(lambda: hook.told("recovery"), "the all-clear")
            until(lambda: not daemon.status()["acknowledgements"], "its end")
            answer = send(
                daemon, "POST", "acknowledgements", {"service": "ext5/expo", "because": "x"}
            )
            assert answer[0] == 409, answer


@pytest.mark.parametrize("ends", ["by hand", "by itself"])
def test_what_a_silence_swallowed_is_told_once_at_its_end(tmp_path: Path, ends: str) -> None:
    """Red within a silence is a transition and no message; when the silence ends, it is one message."""
    by_hand = ends == "by hand"
    with CountingServer() as server, receiver() as hook:
        with running(tmp_path, config(server, tmp_path, **hooked(hook, tmp_path))) as daemon:
            until(lambda: daemon.status()["status"] == "green", "green")
            silence = {"environments": ["ext5"], "because": "x", "for": "1h" if by_hand else "6s"}
            code, made = send(daemon, "POST", "silences", silence)
            assert code == 201, made
            server.answers["/up"] = Answer(status=503)
            daemon.event("transition", service="expo", to="red")
            if by_hand:
                counted = 'outcome="silenced"'
                until(lambda: counted in daemon.get("/metrics").decode(), "it is counted")
                assert not hook.taken
                assert send(daemon, "DELETE", f"silences/{made['id']}")[0] == 200
            until(lambda: hook.told("reminder"), "the reminder that comes after it")
            assert len(hook.told("alarm")) == 1
            assert daemon.status()["silences"] == []


def test_run_now_keeps_min_interval_and_then_does_run(tmp_path: Path) -> None:
    """A check that rests for an hour is measured at once, the next time when its promise allows it."""
    with CountingServer() as server:
        resting = estate(
            service("expo", http_check("api", server.url("/up"))),
            defaults={"interval": "1h"},
            environment={"min_interval": "3s"},
        )
        with running(tmp_path, resting) as daemon:
            until(lambda: len(server.arrivals("/up")) == 1, "the first probe")
            first = cli(daemon, "run-now", "ext5/expo/api")
            assert first.returncode == 0, first.stderr
            assert first.stdout.startswith("ext5/expo/api: ")
            until(lambda: len(server.arrivals("/up")) == 2, "the second")
            _, answer = send(daemon, "POST", "runs", {"service": "ext5/expo"})
            assert 0 <= answer["runs"][0]["due_in_s"] < 6
            until(lambda: len(server.arrivals("/up")) == 3, "the third")
            first_at, second_at, third_at = server.arrivals("/up")
            assert min(second_at - first_at, third_at - second_at) >= 3.0


def test_only_who_may_can_write(tmp_path: Path) -> None:
    """Another origin, another type, no password, bad keys: refused in words; the author is who logged in."""
    (tmp_path / "password").write_text("hemligt", "utf-8")
    web = {"basic_auth": {"username": "berit", "password_file": str(tmp_path / "password")}}
    silence = {"environments": ["ext5"], "because": "x", "for": "1h", "author": "other"}
    with CountingServer() as server, running(tmp_path, config(server, tmp_path, web=web)) as daemon:
        basic = "Basic " + b64encode(b"berit:hemligt").decode()
        assert send(daemon, "POST", "silences", silence)[0] == 401

        def asked(body: Any, **more: str) -> tuple[int, Any]:
            return send(daemon, "POST", "silences", body, Authorization=basic, **more)

        assert asked(silence, Origin="https://other.example.se")[0] == 403
        assert asked(silence, Sec_Fetch_Site="cross-site")[0] == 403
        assert asked(silence, Content_Type="text/plain")[0] == 415
        code, made = asked(silence)
        assert (code, made["author"]) == (201, "berit")
        for bad, said in (
            ({**silence, "for": "2"}, "for"),
            ({"environments": ["ext5"], "because": "x"}, "until"),
            ({**silence, "until": "2001-01-01T00:00", "for": None}, "until"),
            ({**silence, "environments": ["ext"]}, 'did you mean "ext5"'),
            ({**silence, "becuase": "x"}, 'did you mean "because"'),
            ({**silence, "because": "x" * 3000}, "because"),
            ({**silence, "environments": None}, "services"),
            ([], "object"),
        ):
            code, answer = asked(bad)
            assert (code, said in answer["error"]) == (400, True), (bad, answer)
        assert asked({**silence, "id": made["id"]})[0] == 409
        codes = {asked(silence)[0] for _ in range(61)}
        assert codes == {201, 429}
