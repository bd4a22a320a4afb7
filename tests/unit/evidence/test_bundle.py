"""The evidence of a transition as JSON: all that decided it, and nothing that is secret."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from monitor.evidence import LIMIT, evidence_document
from monitor.model.estate import Estate
from monitor.model.status import Status
from monitor.model.transition import Transition
from monitor.support.redaction import Masker
from probes.certificate.settings import CertificateSettings
from probes.dns.settings import DnsSettings
from probes.net.captured_response import BODY_KEPT
from probes.observation import DnsFacts, Grade, Observation, Reason
from tests.support.evidence_bundle import bundled, document, http_check, make_answer
from tests.support.factories import (
    NOW,
    make_certificate,
    make_check,
    make_failure,
    make_observation,
    make_text,
    make_tls,
)

SECRET = "hemligt/åäö 1+2"


def failing(number: int = 3, **changes: Any) -> list[Observation]:
    return [make_failure(at=NOW - 60 + 5 * place, **changes) for place in range(number)]


def test_it_tells_the_transition() -> None:
    """From what to what, when, why, in both languages, by which monitor."""
    made = document([make_observation(at=NOW - 90), *failing()])
    assert made["schema_version"] == 1
    assert made["transition"] == {
        "at": "2026-11-23T13:01:21.120Z",
        "since": "2026-11-23T13:01:11.120Z",
        "environment": "ext5",
        "service": "expo",
        "from": "yellow",
        "to": "red",
        "planned": False,
        "was_planned": False,
        "window": None,
        "check": "api",
        "reason": "connect_refused",
        "cause": "target",
    }
    assert len(made["id"]) == 16
    assert "EXPO" in made["message"]["sv"]
    assert made["message"]["sv"] != made["message"]["en"]
    assert made["titles"]["service"]["en"] == "Dispensing (EXPO)"
    assert made["generator"] == {
        "name": "driftvakt",
        "version": "1.2.3",
        "location": "internet",
        "language": "sv",
        "timezone": "Europe/Stockholm",
    }
    assert made["why"] == {
        "rule": "red_after",
        "failed": 3,
        "of": 4,
        "consecutive": 3,
        "threshold": 3,
        "first_bad_at": "2026-11-23T13:01:11.120Z",
    }


def test_it_lists_the_observations_that_decided() -> None:
    """Oldest first, as many as the window holds, each with its grade as judged."""
    slow = make_observation(at=NOW - 100, duration=2.0)
    made = document([make_observation(at=NOW - 120), slow, *failing()])
    assert [(each["grade"], each["reason"]) for each in made["recent"]] == [
        ("good", None),
        ("degraded", "latency"),
        *[("failed", "connect_refused")] * 3,
    ]
    assert made["recent"][1]["duration_ms"] == 2000.0
    many = document([make_observation(at=NOW - 900 + n) for n in range(50)] + failing())
    assert len(many["recent"]) == 20


def test_the_observation_is_the_one_that_failed() -> None:
    """With its phases, its address, and all addresses of the name."""
    seen = document(failing(resolved=("192.0.2.10", "192.0.2.11")))["observation"]
    assert seen["detail"] == "connection to 192.0.2.10 port 443 refused"
    assert seen["resolved"] == ["192.0.2.10", "192.0.2.11"]
    assert (seen["address"], seen["duration_ms"]) == ("192.0.2.10", 1.8)
    assert seen["phases_ms"] == {"resolve": 0.4, "connect": 1.2}
    assert (seen["response"], seen["tls"], seen["dns"]) == (None, None, None)


def test_a_slow_good_answer_is_evidence_too() -> None:
    """It is not a failure of the probe: the threshold makes it one."""
    slow = [make_observation(at=NOW - 9 + n, duration=6.0, answer=make_answer()) for n in range(3)]
    seen = document(slow)["observation"]
    assert (seen["grade"], seen["reason"]) == ("failed", "latency")
    assert seen["response"]["body"]["text"] == "it broke"


def test_of_several_addresses_it_is_the_worst_one() -> None:
    """And the others in short."""
    good = make_observation(at=NOW - 9, address="192.0.2.10")
    bad = make_failure(at=NOW - 9, address="192.0.2.11", answer=make_answer(status=502))
    whole = make_failure(
        at=NOW - 9, address=None, parts=(good, bad), resolved=("192.0.2.10", "192.0.2.11")
    )
    seen = document([whole])["observation"]
    assert (seen["address"], seen["response"]["status"]) == ("192.0.2.11", 502)
    assert [(one["address"], one["grade"]) for one in seen["addresses"]] == [
        ("192.0.2.10", "good"),
        ("192.0.2.11", "failed"),
    ]
    assert seen["resolved"] == ["192.0.2.10", "192.0.2.11"]


def test_the_request_can_be_made_again_but_for_its_secrets() -> None:
    """Method, address, headers and TLS by name; of what may be secret the name alone."""
    check = http_check(
        method="POST",
        headers={"Accept": "text/plain", "X-Key": SECRET, "X-Basic": "Basic abcd"},
        body="åäö",
        bearer_token_file="/etc/hidden-folder/token",
        tls={"ca_file": "/etc/hidden-folder/ca.pem", "cert_file": "/etc/hidden-folder/own.pem"},
        proxy_url="http://user:s3cret@proxy.example.se:3128",
    )
    tls = make_tls(client=make_certificate(subject="CN=driftvakt"))
    made = bundled(failing(tls=tls), check=check, user_agent="driftvakt/1 (+x)")
    asked = json.loads(made)["request"]
    assert (asked["method"], asked["url"]) == ("POST", "https://expo.ext5.example.se/fhir?key=…")
    assert {each["name"]: each["value"] for each in asked["headers"]} == {
        "Accept": "text/plain",
        "X-Key": "***",
        "X-Basic": "Basic ***",
        "User-Agent": "driftvakt/1 (+x)",
        "Authorization": "Bearer ***",
    }
    assert asked["body"] == {"bytes": 6, "file": None}
    assert asked["proxy"] == "proxy.example.se:3128"
    assert asked["tls"]["ca_file"] == "ca.pem"
    assert asked["tls"]["client_certificate"] == {"file": "own.pem", "subject": "CN=driftvakt"}
    for hidden in (SECRET, "hemlig-nyckel", "s3cret", "hidden-folder", "åäö"):
        assert hidden not in made.decode()


def test_a_service_protocol_is_told_as_it_was_spoken() -> None:
    """SOAP sets method, content type and body by itself."""
    asked = document(
        failing(), check=http_check(expect={"soap": {"fault": "none", "action": "urn:ping"}})
    )["request"]
    assert asked["method"] == "POST"
    assert {"name": "SOAPAction", "value": '"urn:ping"'} in asked["headers"]
    assert asked["body"]["bytes"] > 0


def test_other_kinds_tell_what_they_ask() -> None:
    """A question to a name server, a handshake."""
    dns = make_check(
        kind="dns",
        target="expo.example.se A",
        settings=DnsSettings(host="expo.example.se", resolver="192.0.2.53"),
    )
    facts = DnsFacts(rcode="NOERROR", answers=("192.0.2.9", "\x1b[31m"))
    made = document(failing(dns=facts), check=dns)
    assert (made["request"]["record"], made["request"]["resolver"]) == ("A", "192.0.2.53")
    assert made["observation"]["dns"]["answers"] == ["192.0.2.9", "\\x1b[31m"]
    mail = CertificateSettings(host="mx.example.se", starttls="smtp")
    asked = document(failing(), check=make_check(kind="certificate", settings=mail))["request"]
    assert (asked["kind"], asked["starttls"]) == ("certificate", "smtp")
    assert asked["tls"]["insecure_skip_verify"] is False


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        (b"Server", b"nginx", "nginx"),
        (b"Set-Cookie", b"SID=abc; Path=/; Secure", "SID=***; Path=/; Secure"),
        (b"Set-Cookie", b"abc", "***"),
        (b"X-Auth-Token", b"abc", "***"),
        (b"Proxy-Authorization", b"Basic abc", "***"),
        (b"WWW-Authenticate", b'Bearer realm="x"', 'Bearer realm="x"'),
        (b"Location", b"https://u:p@a.example.se/b?code=abc&d=e#id=f",
         "https://***@a.example.se/b?code=***&d=***#id=***"),
        (b"Refresh", b"5;url=https://a.example.se/?s=1", "5;url=https://a.example.se/?s=***"),
        (b"Location", b"/x;jsessionid=abc", "/x;jsessionid=***"),
        (b"X-Control", b"a\x1b[31m\xe2\x80\xaeb", "a\\x1b[31m\\u202eb"),
        (b"X-Latin", b"sm\xf6r", "smör"),
        (b"X-Long", b"v" * 600, "v" * 499 + "…"),
        (b"X-Echo", SECRET.encode(), "***"),
        (b"X-Echo", b"hemligt%2F%C3%A5%C3%A4%C3%B6%201%2B2", "***"),
    ],
)  # fmt: skip
def test_headers_of_the_answer(name: bytes, value: bytes, shown: str) -> None:
    """As they came, but fit to be shown, without cookies, query values and what is ours."""
    seen = failing(answer=make_answer(head=((name, value),)))
    response = document(seen, secrets=[SECRET])["observation"]["response"]
    assert response["headers"] == [{"name": name.decode(), "value": shown}]


@pytest.mark.parametrize(
    ("body", "kind", "shown"),
    [
        (b"a long\r\nb\tc\x07", b"", "a long\nb    c\\x07"),
        ("smör".encode(), b"", "smör"),
        ("smör".encode("latin-1"), b"text/plain; charset=iso-8859-1", "smör"),
        ("smör".encode("latin-1"), b"", "smör"),
        ("\ufeffsmör".encode("utf-16-le"), b"", "smör"),
        ("smör".encode("utf-16-le"), b"text/plain; charset=UTF-16LE", "smör"),
        (b"x" + SECRET.encode() + b"y", b"", "x***y"),
        (b'{"t": "hemligt\\/\\u00e5\\u00e4\\u00f6 1+2"}', b"", '{"t": "***"}'),
        (base64.b64encode(SECRET.encode()), b"", "***"),
        (SECRET.encode("utf-16-le"), b"text/plain; charset=utf-16le", "***"),
        (b"", b"", ""),
    ],
)
def test_a_body_that_is_text(body: bytes, kind: bytes, shown: str) -> None:
    """Its lines kept, in the encoding that it is in, our secrets masked however they come back."""
    answer = make_answer(body_start=body, head=((b"Content-Type", kind),))
    response = document(failing(answer=answer), secrets=[SECRET])["observation"]["response"]
    assert response["body"]["text"] == shown
    assert response["body"]["base64"] is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_body_that_is_data(encoding: str) -> None:
    """In base64, the secret taken out of the bytes."""
    body = bytes(range(256)) + SECRET.encode(encoding) + b"and more"
    answer = make_answer(body_start=body)
    got = document(failing(answer=answer), secrets=[SECRET])["observation"]["response"]["body"]
    assert got["text"] is None
    assert base64.b64decode(got["base64"]) == bytes(range(256)) + b"***" + b"and more"


def test_the_cut_leaves_no_beginning_of_a_secret() -> None:
    """Two KiB may end within it."""
    start = b"x" * (BODY_KEPT - 8) + SECRET.encode()[:8]
    text = document(failing(answer=make_answer(body_start=start, body_cut=True)), secrets=[SECRET])[
        "observation"
    ]["response"]["body"]
    assert text["text"] == "x" * (BODY_KEPT - 8) + "***…"
    assert text["cut"]


def test_a_cut_within_a_character_loses_that_character_alone() -> None:
    """The rest is still UTF-8."""
    start = ("ö" * (BODY_KEPT // 2)).encode()[:-1]
    body = document(failing(answer=make_answer(body_start=start, body_cut=True)))
    text = body["observation"]["response"]["body"]["text"]
    assert text == "ö" * (BODY_KEPT // 2 - 1) + "…"


def test_the_chain_is_there() -> None:
    """Subject, issuer, serial number, dates, names and fingerprint, leaf first."""
    tls = document(failing(reason=Reason.TLS_EXPIRED, tls=make_tls(verified=False)))["observation"][
        "tls"
    ]
    assert [cert["sha256"] for cert in tls["chain"]] == ["ab" * 32, "cd" * 32]
    assert tls["chain"][0]["names"] == ["expo.ext5.example.se", "192.0.2.10"]
    assert tls["chain"][0]["not_after"] == "2027-01-22T13:02:11.120Z"
    assert (tls["verified"], tls["client"]) == (False, None)


def test_without_a_check_the_transition_is_told_alone() -> None:
    """A declared disturbance has no observation."""
    change = Transition(
        at=NOW, since=NOW, environment="ext5", service=None, before=Status.GREEN, after=Status.RED
    )
    made = evidence_document(
        change,
        make_text("a"),
        None,
        estate=Estate(environments=()),
        masker=Masker([]),
        version="1",
        made_at=NOW,
    )
    assert made["transition"]["to"] == "red"
    assert (made["check"], made["observation"], made["recent"]) == (None, None, [])


def test_a_hostile_target_makes_no_large_bundle() -> None:
    """Many headers, odd bytes, long names, a window of long details: what matters most stays."""
    cert = make_certificate(
        subject="\U0001f4a9" * 300, issuer="\x01" * 5000, names=("\u20ac" * 300,) * 500
    )
    head = tuple((b"\xe2\x82\xac" * 40, b'\x80\\"' * 130) for _ in range(40))
    seen = failing(
        40,
        detail="\\\U0001f4a9" * 100,
        tls=make_tls(chain=(cert,) * 20),
        answer=make_answer(head=head, body_start=b'"\\' * 1024, body_cut=True),
    )
    made = bundled(seen[:3], check=http_check(headers={f"X-{n}": "v" for n in range(500)}))
    assert len(made) <= LIMIT
    got = json.loads(made)
    assert got["left_out"]
    assert got["observation"]["response"]["status"] == 500
    assert got["observation"]["response"]["headers_cut"]
    assert got["observation"]["tls"]["chain_cut"]
    assert got["observation"]["grade"] == Grade.FAILED
