"""A daemon whose targets break in different ways: the evidence that it has of each."""

from __future__ import annotations

import contextlib
import json
import subprocess
import urllib.error
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.daemon.counting import Answer, CountingServer, Visit
from tests.support.daemon.running import Running, estate, http_check, running, service
from tests.support.servers.blackhole import closed_port
from tests.support.servers.ca import Authority
from tests.system.daemon.test_changed_certificate import TlsServer
from tests.system.daemon.test_command import shell

pytestmark = pytest.mark.system

TOKEN = "hemligt-token-4711"
QUICK = {"interval": "300ms", "retry_interval": "100ms", "timeout": "2s"}


@dataclass
class Watched:
    daemon: Running
    pair: str
    """The fingerprint of the expired certificate."""

    def id_of(self, name: str, to: str = "red") -> str:
        """The transition of that service, waited for."""
        told = self.daemon.event("transition", service=name, to=to)
        found: str = told["id"]
        return found

    def evidence(self, name: str, to: str = "red") -> dict[str, Any]:
        made: dict[str, Any] = json.loads(
            self.daemon.get(f"/api/v1/evidence/{self.id_of(name, to)}")
        )
        return made

    def printed(self, *words: str) -> subprocess.CompletedProcess[str]:
        return shell("evidence", *words, "--url", self.daemon.url)


def echo(visit: Visit) -> Answer:
    """A server that shows its request when it breaks, as debug pages do."""
    return Answer(status=500, body=b"stack trace of\n" + visit.head, headers=("X-Debug: " + TOKEN,))


def fhir(version: str) -> Answer:
    return Answer(
        body=b'{"fhirVersion": "%s"}' % version.encode(),
        headers=("Content-Type: application/fhir+json",),
    )


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Five services, each broken in its own way."""
    folder = tmp_path_factory.mktemp("evidence")
    (folder / "token").write_text(TOKEN)
    authority = Authority(folder)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(CountingServer())
        server.answers["/echo"] = echo
        server.answers["/slow"] = Answer(delay=0.3)
        server.answers["/fhir"] = fhir("4.0.1")
        expired = stack.enter_context(TlsServer(authority, authority.expired))
        host, port = stack.enter_context(closed_port())
        certificate = {
            "name": "api",
            "kind": "certificate",
            "host": "localhost",
            "port": expired.port,
            "ip_version": 4,
            "tls": {"ca_file": str(authority.ca_file)},
        }
        wrong = {"jsonpath": [{"path": "$.fhirVersion", "equals": "4.0.1"}]}
        slow = {"yellow": "100ms", "red": "200ms"}
        services = [
            service("echo", http_check("api", server.url("/echo?key=q-hemlig"),
                    bearer_token_file=str(folder / "token"))),
            service("expired", certificate),
            service("refused", http_check("api", f"http://{host}:{port}/")),
            service("slow", http_check("api", server.url("/slow"), latency=slow)),
            service("fhir", http_check("api", server.url("/fhir"), expect=wrong)),
        ]  # fmt: skip
        daemon = stack.enter_context(
            running(folder / "daemon", estate(*services, defaults=QUICK, location="sjunet"))
        )
        # a service that was well: what is seen while the daemon starts is judged at once
        daemon.event("transition", service="fhir", to="green")
        server.answers["/fhir"] = fhir("3.0.2")
        yield Watched(daemon, authority.expired.sha256)
        assert daemon.stop() == 0
        assert TOKEN not in daemon.log


def test_a_server_that_says_the_token_back(watched: Watched) -> None:
    """Its status, headers and body are there; the token and the query value are not."""
    made = watched.evidence("echo")
    assert TOKEN not in json.dumps(made)
    assert "q-hemlig" not in json.dumps(made)
    answer = made["observation"]["response"]
    assert (answer["status"], answer["phrase"]) == (500, "Scripted")
    assert {"name": "X-Debug", "value": "***"} in answer["headers"]
    assert answer["body"]["text"].startswith("stack trace of\nGET /echo?key=*** HTTP/1.1\n")
    assert "Authorization: Bearer ***" in answer["body"]["text"]
    assert {"name": "Authorization", "value": "Bearer ***"} in made["request"]["headers"]
    # what is seen while the daemon starts is judged at once: there may be more than it takes
    reasons = [each["reason"] for each in made["recent"]]
    assert len(reasons) >= 3
    assert set(reasons) == {"status"}
    assert made["why"]["rule"] == "red_after"
    assert made["generator"]["location"] == "sjunet"


def test_an_expired_certificate(watched: Watched) -> None:
    """The chain is there, above all when it is bad; and the addresses of the name."""
    made = watched.evidence("expired")
    tls = made["observation"]["tls"]
    assert (made["transition"]["reason"], tls["verified"]) == ("tls_expired", False)
    assert tls["chain"][0]["sha256"] == watched.pair
    assert tls["chain"][0]["not_after"] < made["made_at"]
    assert made["observation"]["resolved"] == ["127.0.0.1"]


def test_a_refused_connection(watched: Watched) -> None:
    """There is no answer, and none is made up."""
    made = watched.evidence("refused")["observation"]
    assert (made["reason"], made["response"], made["tls"]) == ("connect_refused", None, None)
    assert made["address"] == "127.0.0.1"


def test_a_slow_answer(watched: Watched) -> None:
    """The answer was good; what it took is the evidence."""
    made = watched.evidence("slow")["observation"]
    assert (made["grade"], made["reason"], made["response"]["status"]) == ("failed", "latency", 200)
    assert made["phases_ms"]["processing"] >= 200
    assert made["duration_ms"] >= 200


def test_an_answer_that_says_something_else(watched: Watched) -> None:
    """The body shows what was there instead."""
    made = watched.evidence("fhir")["observation"]
    assert made["reason"] == "jsonpath"
    assert made["response"]["body"]["text"] == '{"fhirVersion": "3.0.2"}'


def test_yellow_has_evidence_of_its_own(watched: Watched) -> None:
    """Each worsening was decided by what was known then."""
    yellow = watched.evidence("fhir", "yellow")
    assert yellow["why"]["rule"] == "yellow_after"
    *before, newest = (each["reason"] for each in yellow["recent"])
    assert newest == "jsonpath"
    assert set(before) == {None}
    assert yellow["id"] != watched.evidence("fhir")["id"]


def test_the_command_prints_a_mail(watched: Watched) -> None:
    """In the configuration's language unless told otherwise; by the beginning of an id as well."""
    id_ = watched.id_of("echo")
    done = watched.printed(id_)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Evidence for a fault report\n")
    assert f"\nId: {id_}\n" in done.stdout
    assert TOKEN not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    swedish = watched.printed(id_[:12].upper(), "--language", "sv")
    assert swedish.stdout.startswith("Underlag för felanmälan\n")
    as_json = watched.printed(id_, "--json")
    assert json.loads(as_json.stdout) == watched.evidence("echo")


def test_what_there_is_no_evidence_of(watched: Watched) -> None:
    """Exit 1 and one line; what is no id at all is wrong usage."""
    unknown = watched.printed("0" * 16)
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr.startswith("driftvakt: there is no evidence of 0000000000000000")
    assert watched.printed("not-an-id").returncode == 2
    with pytest.raises(urllib.error.HTTPError) as caught:
        watched.daemon.get("/api/v1/evidence/" + "0" * 16)
    assert caught.value.code == 404
    caught.value.close()
