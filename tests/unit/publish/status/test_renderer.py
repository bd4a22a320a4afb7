"""The body of status.json."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from monitor.judging.snapshot import Snapshot
from monitor.model.status import Status
from monitor.publish.status.documents import iso_timestamp
from monitor.publish.status.renderer import StatusRenderer, render_status_body
from probes.observation import Cause, Grade, Reason, TlsFacts
from tests.support.factories import (
    DAY,
    NOW,
    make_address_view,
    make_certificate,
    make_change,
    make_check,
    make_failure,
    make_observation,
    make_red_view,
    make_service,
    make_service_view,
    make_snapshot,
    make_text,
    make_tls,
    make_unmeasured_view,
    make_view,
)

SCHEMA = json.loads(
    resources.files("monitor.publish.status").joinpath("status.schema.json").read_text("utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)

EXAMPLE = """
{
  "schema_version": 1, "generated_at": "", "stale_after": "",
  "generator": {"name": "", "version": "", "location": ""},
  "status": "", "message": {"sv": "", "en": ""},
  "environments": [{
    "name": "", "title": {"sv": "", "en": ""}, "status": "", "measured": "", "declared": "",
    "planned": false, "since": "", "message": {"sv": "", "en": ""},
    "services": [{
      "name": "", "title": {"sv": "", "en": ""}, "help": {"sv": "", "en": ""}, "status": "",
      "measured": "", "declared": "", "planned": false, "since": "",
      "message": {"sv": "", "en": ""}, "service_window": null, "critical": false,
      "availability": {
        "24h": {"all": 0.999, "unplanned": 1.0, "unknown_s": 12.0},
        "7d": {"all": 0.999, "unplanned": 1.0, "unknown_s": 12.0},
        "30d": {"all": 0.999, "unplanned": 1.0, "unknown_s": 12.0},
        "90d": {"all": 0.999, "unplanned": 1.0, "unknown_s": 12.0}
      },
      "checks": [{
        "name": "", "kind": "", "target": "", "location": "", "status": "", "since": "",
        "reason": "", "cause": "", "message": {"sv": "", "en": ""},
        "why": {"rule": "", "failed": 1, "of": 20, "consecutive": 1, "threshold": 1,
                "first_bad_at": ""},
        "last": {"at": "", "grade": "", "reason": "", "duration_ms": 1.8,
                 "phases_ms": {"resolve": 0.4, "connect": 1.2}, "http_status": null},
        "failed_share": 0.05, "latency_ms": {"p50": 41.0, "p95": 80.2, "p99": 120.0},
        "certificate": null, "addresses": []
      }]
    }]
  }],
  "service_windows": {"active": [], "upcoming": [], "past": []},
  "upgrades": [], "notices": [], "acknowledgements": [], "silences": []
}
"""
"""The shape of the contract's example, section 7."""


async def status(snapshot: Snapshot) -> Any:
    value = json.loads(await render_status_body(snapshot, version="1.2.3"))
    VALIDATOR.validate(value)
    return value


async def first_check(snapshot: Snapshot) -> Any:
    return (await status(snapshot))["environments"][0]["services"][0]["checks"][0]


def shape(value: Any) -> Any:
    """Keys in their order, with lists by their first item; values are left out."""
    match value:
        case dict():
            return {key: shape(item) for key, item in value.items()}
        case [first, *_]:
            return [shape(first)]
    return None


async def test_shape_is_that_of_the_contract() -> None:
    """Every key of the contract's example is there, in its order, and no other."""
    got = shape(await status(make_snapshot(make_red_view())))
    assert json.dumps(got).replace("[]", "null") == json.dumps(shape(json.loads(EXAMPLE)))


async def test_values_are_those_of_the_snapshot() -> None:
    """Instants are UTC with milliseconds, lengths milliseconds, and the numbers the judge's."""
    value = await status(make_snapshot(make_red_view()))
    assert value["generated_at"] == "2026-11-23T13:02:11.120Z"
    assert value["stale_after"] == "2026-11-23T13:02:41.120Z"
    assert value["generator"] == {"name": "driftvakt", "version": "1.2.3", "location": "internet"}
    assert value["status"] == "red"
    check = value["environments"][0]["services"][0]["checks"][0]
    assert check["since"] == "2026-11-23T13:02:00.120Z"
    assert (check["reason"], check["cause"]) == ("connect_refused", "target")
    assert check["why"] == {
        "rule": "red_after",
        "failed": 3,
        "of": 20,
        "consecutive": 3,
        "threshold": 3.0,
        "first_bad_at": "2026-11-23T13:02:00.120Z",
    }
    assert check["last"] == {
        "at": "2026-11-23T13:02:10.120Z",
        "grade": "failed",
        "reason": "connect_refused",
        "duration_ms": 1.8,
        "phases_ms": {"resolve": 0.4, "connect": 1.2},
        "http_status": None,
    }
    assert check["latency_ms"] == {"p50": 41.0, "p95": 80.2, "p99": 120.0}


async def test_how_long_it_holds_is_settable() -> None:
    """``stale_for`` is how long after its making a reader may trust the body."""
    body = await render_status_body(make_snapshot(), version="1", stale_for=60.0)
    assert json.loads(body)["stale_after"] == "2026-11-23T13:03:11.120Z"


async def test_green_has_no_reason() -> None:
    """A green check has neither reason nor cause, and its answer has its status code."""
    check = await first_check(make_snapshot(make_view()))
    assert check["reason"] is check["cause"] is None
    assert check["last"]["http_status"] == 200


async def test_nothing_measured_yet_is_null() -> None:
    """What is not known is null, never 0."""
    check = await first_check(make_snapshot(make_unmeasured_view()))
    assert check["status"] == "unknown"
    for key in ("last", "failed_share", "latency_ms", "certificate"):
        assert check[key] is None, key


async def test_slow_answer_is_told_as_judged() -> None:
    """The last observation has the grade and reason of the judge, who knows what is slow."""
    view = make_view(
        last=make_observation(duration=1.5), status=Status.YELLOW, last_grade=Grade.DEGRADED,
        last_reason=Reason.LATENCY, reason=Reason.LATENCY, cause=Cause.TARGET,
    )  # fmt: skip
    last = (await first_check(make_snapshot(view)))["last"]
    assert (last["grade"], last["reason"]) == ("degraded", "latency")


async def test_certificate_is_shown_though_it_does_not_verify() -> None:
    """An expired certificate has its names, dates and fingerprint, and the chain as sent."""
    leaf = make_certificate(not_after=NOW - DAY, key_type="ec", key_bits=256)
    tls = TlsFacts(chain=(leaf, make_certificate(subject="CN=CA")), verified=False)
    check = await first_check(make_snapshot(make_red_view(last=make_failure(tls=tls))))
    certificate = check["certificate"]
    assert certificate["verified"] is False
    assert certificate["not_after"] == "2026-11-22T13:02:11.120Z"
    assert certificate["names"] == ["expo.ext5.example.se", "192.0.2.10"]
    assert certificate["key"] == {"type": "ec", "bits": 256}
    assert [each["subject"] for each in certificate["chain"]] == [leaf.subject, "CN=CA"]


async def test_a_certificate_tells_how_it_came() -> None:
    """What it replaced, when that was seen; nothing when it was not."""
    check = await first_check(make_snapshot(make_view(changed=make_change(announced="w"))))
    told = {key: check["certificate"][key] for key in ("changed_at", "previous_sha256")}
    assert told == {"changed_at": "2026-11-23T12:02:11.120Z", "previous_sha256": "0a" * 32}
    assert (check["certificate"]["same_issuer"], check["certificate"]["announced"]) == (True, True)
    check = await first_check(make_snapshot(make_view()))
    for key in ("changed_at", "previous_sha256", "same_issuer", "announced"):
        assert check["certificate"][key] is None


async def test_another_address_s_change_is_not_this_certificate_s() -> None:
    """The certificate shown is that of the address whose ends first."""
    shown = make_tls(chain=(make_certificate(sha256="ef" * 32),))
    view = make_view(last=make_observation(tls=shown), changed=make_change())
    check = await first_check(make_snapshot(view))
    assert check["certificate"]["changed_at"] is None


async def test_addresses_are_told_one_by_one() -> None:
    """With ``address: all`` each address has its own status; the certificate is the first to end."""
    soon = make_tls(chain=(make_certificate(not_after=NOW + DAY),))
    parts = (make_observation(), make_observation(address="2001:db8::10", tls=soon))
    view = make_view(
        last=make_observation(tls=None, http=None, address=None, parts=parts),
        addresses=(
            make_address_view(),
            make_address_view(
                "2001:db8::10", status=Status.RED, reason=Reason.TIMEOUT, cause=Cause.TARGET,
                last=make_failure(Reason.TIMEOUT), last_grade=Grade.FAILED,
            ),
            make_address_view("192.0.2.99", status=Status.UNKNOWN, since=None, last=None),
        ),
    )  # fmt: skip
    check = await first_check(make_snapshot(view))
    assert [each["status"] for each in check["addresses"]] == ["green", "red", "unknown"]
    assert check["addresses"][1]["last"]["reason"] == "timeout"
    assert check["addresses"][2]["last"] is None
    assert check["certificate"]["not_after"] == "2026-11-24T13:02:11.120Z"


async def test_many_of_everything_is_valid() -> None:
    """Two environments, services without checks or help, and an empty configuration."""
    bare = make_service_view([], make_service("bare", [], help=None))
    views = [
        make_view(make_check(environment=e, service=s)) for e in ("a", "b") for s in ("x", "y")
    ]
    snapshot = make_snapshot(*views)
    environment = replace(snapshot.environments[1], services=(bare,))
    value = await status(make_snapshot(environments=[snapshot.environments[0], environment]))
    assert [len(each["services"]) for each in value["environments"]] == [2, 1]
    assert value["environments"][1]["services"][0]["help"] is None
    assert (await status(make_snapshot(environments=[])))["environments"] == []


async def test_hostile_text_stays_text() -> None:
    """Quotes, line ends, HTML and broken Unicode in names, titles and certificates stay strings."""
    hostile = '"},{"x":1}\\\n</script>\u202e\u2028\ud800'
    view = make_red_view(
        make_check(target=hostile),
        last=make_failure(detail=hostile, tls=TlsFacts(chain=(make_certificate(subject=hostile),))),
    )
    service = make_service("expo", [view.check], title=make_text(hostile))
    snapshot = make_snapshot(view)
    services = (make_service_view([view], service),)
    environment = replace(snapshot.environments[0], services=services)
    value = await status(make_snapshot(environments=[environment]))
    mended = hostile.replace("\ud800", "?")
    assert value["environments"][0]["services"][0]["title"]["sv"] == mended
    check = value["environments"][0]["services"][0]["checks"][0]
    assert check["target"] == check["certificate"]["subject"].replace("\ud800", "?") == mended


async def test_only_what_changed_is_made_anew() -> None:
    """A renderer kept gives the same body as a new one, whatever was rendered before, on
    the same day or another: what began today began on Monday later.
    """
    kept = StatusRenderer(version="1")
    one, two = make_view(make_check("one")), make_view(make_check("two"))
    first = make_snapshot(one, two)
    red = make_red_view(make_check("two"))
    for snapshot in (
        first,
        make_snapshot(one, red, estate=first.estate, at=NOW + 1),
        first,
        make_snapshot(one, two, estate=first.estate, at=NOW + 3 * 86_400),
        make_snapshot(one, two, estate=first.estate, at=NOW + 8 * 86_400),
        make_snapshot(two),
    ):
        fresh = await render_status_body(snapshot, version="1")
        assert await kept.render(snapshot) == fresh


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (NOW, "2026-11-23T13:02:11.120Z"),
        (1.9996, "1970-01-01T00:00:02.000Z"),
        (253402300799.0, "9999-12-31T23:59:59.000Z"),
        (1e15, "9999-12-31T23:59:59.999Z"),
        (-1e15, "0001-01-01T00:00:00.000Z"),
    ],
)
def test_instants_never_fail(at: float, text: str) -> None:
    """A certificate may claim any date; what no calendar has becomes its nearest end."""
    assert iso_timestamp(at) == text


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("status",), "blue"),
        (("extra",), 1),
        (("environments", 0, "services", 0, "checks", 0, "reason"), "gremlins"),
        (("environments", 0, "services", 0, "checks", 0, "last", "at"), "2026-11-23 13:02"),
        (("environments", 0, "services", 0, "checks", 0, "why", "of"), -1),
    ],
)
async def test_schema_is_strict(path: tuple[Any, ...], value: Any) -> None:
    """The schema refuses what is misspelled, superfluous or of another form."""
    whole = await status(make_snapshot(make_red_view()))
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(ValidationError):
        VALIDATOR.validate(whole)


def test_schema_is_itself_valid() -> None:
    """The schema is a JSON Schema of draft 2020-12."""
    Draft202012Validator.check_schema(SCHEMA)
