"""One probe for a person, and for a program."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from monitor.console.probe import probe_report
from monitor.console.probe_json import probe_json
from monitor.judging.grade import GOOD, Verdict
from probes.observation import (
    Cause,
    DnsFacts,
    Grade,
    HttpFacts,
    Observation,
    Phases,
    Reason,
    TlsFacts,
)
from probes.settings import ProbeSettings
from tests.support.plain_text import lines
from tests.support.views import SINCE, certificate

DAY = 86_400.0


class Settings(ProbeSettings):
    def target(self) -> str:
        return "https://expo.ext5.example.se/fhir"


GOOD_ONE = Observation(
    at=SINCE,
    duration=0.4,
    phases=Phases(resolve=0.0, connect=0.1, tls=0.1, processing=0.2, transfer=0.0),
    address="192.0.2.10",
    http=HttpFacts(status=200, version="1.1", body_bytes=120, redirects=1, tls=True),
    tls=TlsFacts(
        version="TLSv1.3",
        cipher="TLS_AES_256_GCM_SHA384",
        chain=(certificate(SINCE + 12 * DAY + 1),),
        verified=True,
    ),
)
BAD_ONE = replace(
    GOOD_ONE,
    grade=Grade.FAILED,
    reason=Reason.TLS_EXPIRED,
    cause=Cause.TARGET,
    detail="ended [3 days] ago",
    phases=Phases(connect=0.1, tls=0.1),
    http=None,
    tls=TlsFacts(chain=(certificate(SINCE - 3 * DAY - 1),)),
)
EXPIRED = Verdict(grade=Grade.FAILED, reason=Reason.TLS_EXPIRED, cause=Cause.TARGET)


def report(observation: Observation, verdict: Verdict, language: str = "en") -> str:
    return "\n".join(
        lines(probe_report("ext5/expo/api", Settings(), observation, verdict, language), 100)
    )


def test_a_good_probe_says_where_it_went_and_what_it_met() -> None:
    text = report(GOOD_ONE, GOOD)
    assert text.startswith("ext5/expo/api  ● good")
    for said in (
        "https://expo.ext5.example.se/fhir",
        "192.0.2.10",
        "200, HTTP/1.1, 120 bytes, 1 redirects",
        "TLSv1.3, TLS_AES_256_GCM_SHA384",
        "CN=expo.ext5.example.se",
        "12 days left",
        "SHA-256 " + "00" * 8,
    ):
        assert said in text
    assert "reason" not in text


def test_the_bars_of_the_waterfall_follow_each_other() -> None:
    """Connect takes the first quarter, TLS the second, processing the other half."""
    bars = {}
    for line in report(GOOD_ONE, GOOD).splitlines():
        if line.strip().startswith(("connect", "TLS  ", "processing")) and " ms " in line:
            bars[line.split()[0]] = line
    begins = [bar.index("█") for bar in bars.values()]
    ends = [bar.rindex("█") for bar in bars.values()]
    assert list(bars) == ["connect", "TLS", "processing"]
    assert begins[1:] == [end + 1 for end in ends[:-1]]
    assert [bar.count("█") for bar in bars.values()] == [10, 10, 20]


def test_a_failure_says_its_reason_in_words_and_what_was_seen() -> None:
    text = report(BAD_ONE, EXPIRED)
    assert "■ failed" in text
    assert "tls_expired: the server's certificate has expired" in text
    assert "ended [3 days] ago" in text
    assert "expired 3 days ago" in text
    assert "the chain did not verify" in text


def test_in_swedish() -> None:
    text = report(BAD_ONE, EXPIRED, "sv")
    assert "■ misslyckad" in text
    assert "servercertifikatet har gått ut" in text
    assert "gick ut för 3 dygn sedan" in text
    assert "tjänsten" in text


def test_each_address_has_its_own_report() -> None:
    both = replace(BAD_ONE, parts=(GOOD_ONE, replace(BAD_ONE, address="192.0.2.11")))
    text = report(both, EXPIRED)
    assert "192.0.2.10  ● good" in text
    assert "192.0.2.11  ■ failed" in text
    assert text.count("connect") == 2


@pytest.mark.parametrize("duration", [0.0, 1e-9])
def test_a_probe_that_took_no_time_has_a_report(duration: float) -> None:
    nothing = Observation(at=SINCE, duration=duration)
    assert "total" in report(nothing, GOOD)


def test_a_name_servers_answer_is_shown() -> None:
    seen = Observation(
        at=SINCE, duration=0.1, dns=DnsFacts(rcode="NOERROR", answers=("192.0.2.1",))
    )
    assert "NOERROR: 192.0.2.1" in report(seen, GOOD)


def test_json_has_every_key_whether_measured_or_not() -> None:
    """A value that was not measured is null, never 0 and never absent."""
    keys = list(probe_json(GOOD_ONE, GOOD))
    assert keys == list(probe_json(Observation(at=0, duration=0), GOOD))
    assert keys == [
        "at", "grade", "reason", "cause", "detail", "duration_ms", "phases_ms", "address", "http",
        "tls", "dns", "parts",
    ]  # fmt: skip


def test_json_tells_the_whole_observation() -> None:
    document = json.loads(json.dumps(probe_json(replace(BAD_ONE, parts=(GOOD_ONE,)), EXPIRED)))
    assert document["at"] == "2026-11-23T13:02:00.000Z"
    assert (document["grade"], document["reason"], document["cause"]) == (
        "failed",
        "tls_expired",
        "target",
    )
    assert document["duration_ms"] == 400.0
    assert document["phases_ms"] == {"connect": 100.0, "tls": 100.0}
    assert document["tls"]["chain"][0]["not_after"] == "2026-11-20T13:01:59.000Z"
    assert document["tls"]["chain"][0]["key"] == {"type": "rsa", "bits": 2048}
    assert document["parts"][0]["http"]["status"] == 200


def test_json_carries_the_verdict_and_not_the_probes_own_grade() -> None:
    """A good answer that was slow is degraded."""
    slow = Verdict(grade=Grade.DEGRADED, reason=Reason.LATENCY, cause=Cause.TARGET)
    assert probe_json(GOOD_ONE, slow)["grade"] == "degraded"
