"""Measured values, under the blackbox exporter's names."""

from __future__ import annotations

import pytest

from monitor.model.status import Status
from monitor.publish.metrics import families
from monitor.publish.metrics.exposition import Family
from probes.observation import Cause, Grade, HttpFacts, Phases, Reason, TlsFacts
from tests.support.exposition_reader import Scraper
from tests.support.factories import (
    DAY,
    NOW,
    make_certificate,
    make_check,
    make_failure,
    make_http,
    make_observation,
    make_red_view,
    make_snapshot,
    make_tls,
    make_unmeasured_view,
    make_view,
)

LABELS = {
    "environment": "ext5",
    "service": "expo",
    "check": "api",
    "location": "internet",
    "target": "https://expo.ext5.example.se/fhir/metadata",
}


async def test_good_https_answer_has_every_value_measured(scrape: Scraper) -> None:
    """A good HTTPS answer gives each probe value once, with the five labels and no other."""
    last = make_observation(http=make_http(last_modified=NOW - 60, redirects=2))
    got = await scrape(make_snapshot(make_view(last=last)))
    expected = {
        "probe_success": 1,
        "probe_duration_seconds": 0.041,
        "probe_dns_lookup_time_seconds": 0.0004,
        "probe_http_status_code": 200,
        "probe_http_version": 1.1,
        "probe_http_redirects": 2,
        "probe_http_ssl": 1,
        "probe_http_content_length": 1234,
        "probe_http_uncompressed_body_length": 1234,
        "probe_http_last_modified_timestamp_seconds": NOW - 60,
        "probe_ip_protocol": 4,
        "probe_failed_due_to_regex": 0,
        "probe_ssl_earliest_cert_expiry": NOW + 60 * DAY,
        "probe_ssl_last_chain_expiry_timestamp_seconds": NOW + 60 * DAY,
    }
    for name, value in expected.items():
        assert got.all(name) == [(LABELS, value)], name


async def test_phases_are_those_that_were_reached(scrape: Scraper) -> None:
    """Each phase reached has a series; one that was not has none, and none is 0."""
    last = make_failure(phases=Phases(resolve=0.0004, connect=0.0012))
    got = await scrape(make_snapshot(make_red_view(last=last)))
    phases = {labels["phase"]: value for labels, value in got.all("probe_http_duration_seconds")}
    assert phases == {"resolve": 0.0004, "connect": 0.0012}


async def test_phases_of_other_kinds_are_not_called_http(scrape: Scraper) -> None:
    """A tcp check has a duration but no HTTP phases."""
    check = make_check("port", kind="tcp")
    got = await scrape(make_snapshot(make_view(check, make_observation(http=None, tls=None))))
    assert "probe_http_duration_seconds" not in got.names
    assert got.one("probe_duration_seconds") == 0.041


async def test_what_was_not_measured_is_absent(scrape: Scraper) -> None:
    """A refused connection says nothing of HTTP or TLS, and nothing is published of them."""
    got = await scrape(make_snapshot(make_red_view()))
    assert got.one("probe_success") == 0
    absent = {n for n in got.names if n.startswith(("probe_http_s", "probe_ssl_", "probe_tls_"))}
    assert absent == set()
    assert "probe_failed_due_to_regex" not in got.names
    assert "driftvakt_certificate_expiry_timestamp_seconds" not in got.names


async def test_length_that_was_not_sent_is_absent(scrape: Scraper) -> None:
    """Without Content-Length, Last-Modified and a readable version there are no such series."""
    http = HttpFacts(status=200, version="strange")
    got = await scrape(make_snapshot(make_view(last=make_observation(http=http))))
    assert got.one("probe_http_status_code") == 200
    assert got.one("probe_http_ssl") == 0
    assert not got.names & {
        "probe_http_version",
        "probe_http_content_length",
        "probe_http_uncompressed_body_length",
        "probe_http_last_modified_timestamp_seconds",
    }


async def test_slow_but_answered_is_success(scrape: Scraper) -> None:
    """An answer over ``latency.red`` makes the check red while probe_success stays 1."""
    view = make_red_view(reason=Reason.LATENCY, last=make_observation(duration=6.0))
    got = await scrape(make_snapshot(view))
    assert got.one("probe_success") == 1
    assert got.one("probe_duration_seconds") == 6.0
    assert got.one("driftvakt_check_status", status="red") == 1


async def test_unverified_certificate_still_shows_its_dates(scrape: Scraper) -> None:
    """An expired certificate has its dates; only the verified chain's expiry is missing."""
    leaf = make_certificate(not_after=NOW - DAY)
    tls = TlsFacts(chain=(leaf,), verified=False)
    last = make_failure(Reason.TLS_EXPIRED, tls=tls)
    got = await scrape(make_snapshot(make_red_view(last=last, reason=Reason.TLS_EXPIRED)))
    assert got.one("probe_ssl_earliest_cert_expiry") == NOW - DAY
    assert got.one("driftvakt_certificate_expiry_timestamp_seconds", position="leaf") == NOW - DAY
    assert got.one("probe_ssl_last_chain_info", serialnumber="1a2b3c") == 1
    assert "probe_ssl_last_chain_expiry_timestamp_seconds" not in got.names
    assert "probe_tls_version_info" not in got.names


async def test_certificate_expiry_has_a_position(scrape: Scraper) -> None:
    """Leaf, the earliest of the intermediates, and our own client certificate; a root that is sent
    along is none of these.
    """
    chain = (
        make_certificate(),
        make_certificate(not_after=NOW + 900 * DAY),
        make_certificate(not_after=NOW + 300 * DAY),
        make_certificate(not_after=NOW + 100 * DAY, self_signed=True),
    )
    tls = make_tls(chain=chain, client=make_certificate(not_after=NOW + 5 * DAY))
    got = await scrape(make_snapshot(make_view(last=make_observation(tls=tls))))
    name = "driftvakt_certificate_expiry_timestamp_seconds"
    by_position = {labels["position"]: value for labels, value in got.all(name)}
    assert by_position == {
        "leaf": NOW + 60 * DAY,
        "intermediate": NOW + 300 * DAY,
        "client": NOW + 5 * DAY,
    }
    labels, _ = got.all(name)[0]
    assert set(labels) == {"environment", "service", "check", "location", "position"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("TLSv1", "TLS 1.0"), ("TLSv1.1", "TLS 1.1"), ("TLSv1.2", "TLS 1.2"), ("TLSv1.3", "TLS 1.3")],
)
async def test_tls_version_is_spelled_as_by_blackbox(
    scrape: Scraper, ours: str, theirs: str
) -> None:
    """Dashboards made for the blackbox exporter find the version that they look for."""
    last = make_observation(tls=make_tls(version=ours))
    got = await scrape(make_snapshot(make_view(last=last)))
    assert got.all("probe_tls_version_info") == [({**LABELS, "version": theirs}, 1)]
    assert got.one("probe_tls_cipher_info", cipher="TLS_AES_256_GCM_SHA384") == 1


async def test_chain_info_has_the_labels_of_blackbox(scrape: Scraper) -> None:
    """The five labels of blackbox 0.27, names joined by commas, the serial in whole bytes."""
    tls = make_tls(chain=(make_certificate(serial="abc"),))
    got = await scrape(make_snapshot(make_view(last=make_observation(tls=tls))))
    ((labels, value),) = got.all("probe_ssl_last_chain_info")
    assert value == 1
    assert {k: v for k, v in labels.items() if k not in LABELS} == {
        "fingerprint_sha256": "ab" * 32,
        "subject": "CN=expo.ext5.example.se,O=Example",
        "issuer": "CN=SITHS e-id Function CA v1,O=Inera AB",
        "subjectalternative": "expo.ext5.example.se,192.0.2.10",
        "serialnumber": "0abc",
    }


async def test_each_address_has_its_own_series(scrape: Scraper) -> None:
    """With ``address: all`` there is one series an address and none without the label."""
    parts = (
        make_observation(address="192.0.2.10"),
        make_failure(address="2001:db8::10"),
    )
    last = make_observation(
        address=None, http=None, tls=None, parts=parts, grade=Grade.FAILED,
        reason=Reason.CONNECT_REFUSED, cause=Cause.TARGET,
    )  # fmt: skip
    got = await scrape(make_snapshot(make_view(last=last)))
    assert got.all("probe_success") == [
        ({**LABELS, "address": "192.0.2.10"}, 1),
        ({**LABELS, "address": "2001:db8::10"}, 0),
    ]
    assert got.one("probe_ip_protocol", address="2001:db8::10") == 6
    assert got.one("probe_ssl_earliest_cert_expiry", address="192.0.2.10") == NOW + 60 * DAY
    expiry = got.all("driftvakt_certificate_expiry_timestamp_seconds", position="leaf")
    assert [labels["address"] for labels, _ in expiry] == ["192.0.2.10"]


async def test_addresses_may_come_and_go(scrape: Scraper) -> None:
    """An address that the name no longer has takes its series with it."""
    check = make_check()
    first = make_view(check, make_observation(parts=(make_observation(address="192.0.2.1"),)))
    second = make_view(check, make_observation(parts=(make_observation(address="192.0.2.2"),)))
    snapshot = make_snapshot(first)
    await scrape(snapshot)
    got = await scrape(make_snapshot(second, estate=snapshot.estate))
    assert {labels["address"] for labels, _ in got.all("probe_http_status_code")} == {"192.0.2.2"}


async def test_stale_observation_is_not_published(scrape: Scraper) -> None:
    """Once the newest observation says nothing any more, its values go, though the view stays."""
    view = make_view()
    age = view.check.stale_after
    fresh = make_snapshot(view, at=NOW - 1 + age)
    assert "probe_success" in (await scrape(fresh)).names
    got = await scrape(make_snapshot(view, at=NOW - 0.9 + age, estate=fresh.estate))
    assert not {name for name in got.names if name.startswith("probe_")}
    assert "driftvakt_certificate_expiry_timestamp_seconds" not in got.names
    assert got.one("driftvakt_last_observation_timestamp_seconds") == NOW - 1


async def test_nothing_measured_yet_is_unknown_and_no_more(scrape: Scraper) -> None:
    """Before the first observation a check is unknown, and no value is made up for it."""
    got = await scrape(make_snapshot(make_unmeasured_view()))
    assert got.one("driftvakt_check_status", status="unknown") == 1
    assert not {name for name in got.names if name.startswith("probe_")}
    assert "driftvakt_last_observation_timestamp_seconds" not in got.names
    assert "driftvakt_check_reason" not in got.names


async def test_families_come_in_one_piece(scrape: Scraper) -> None:
    """Each family is together under one header, however many checks and services there are."""
    views = [
        make_view(make_check(f"c{i}", service=f"s{i % 3}"), status=Status.GREEN) for i in range(600)
    ]
    got = await scrape(make_snapshot(*views))
    order = [name for name, _, _ in got.samples if name.startswith("probe_")]
    runs = [name for i, name in enumerate(order) if i == 0 or order[i - 1] != name]
    assert len(runs) == len(set(runs))
    for family in (each for each in vars(families).values() if isinstance(each, Family)):
        assert got.body.count(f"# TYPE {family.name} ".encode()) <= 1
    assert len(got.all("probe_success")) == 600
