"""Derived values: statuses, reasons, counters and histograms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.judging.grade import GOOD, Verdict
from monitor.model.status import Status
from monitor.model.transition import Transition
from monitor.publish.metrics.metrics import Metrics
from probes.observation import Cause, Grade, Observation, Reason
from tests.support.exposition_reader import Scraper
from tests.support.factories import (
    NOW,
    make_change,
    make_check,
    make_failure,
    make_observation,
    make_red_view,
    make_service_view,
    make_snapshot,
    make_unmeasured_view,
    make_view,
)

CHECK = {"environment": "ext5", "service": "expo", "check": "api", "location": "internet"}
FAILED = Verdict(grade=Grade.FAILED, reason=Reason.CONNECT_REFUSED, cause=Cause.TARGET)


async def test_statuses_are_state_sets(scrape: Scraper) -> None:
    """Four series a check, a service and an environment; 1 for the one that holds."""
    got = await scrape(make_snapshot(make_red_view()))
    for name in ("check", "service", "environment"):
        found = got.all(f"driftvakt_{name}_status")
        assert {labels["status"]: value for labels, value in found} == {
            "green": 0,
            "yellow": 0,
            "red": 1,
            "unknown": 0,
        }


@pytest.mark.parametrize(("status", "severity"), [("green", 0), ("unknown", 1), ("yellow", 2)])
async def test_severity_orders_the_statuses(scrape: Scraper, status: str, severity: int) -> None:
    """0 green, 1 unknown, 2 yellow, 3 red: an alert can compare it with a number."""
    got = await scrape(make_snapshot(make_view(status=Status(status))))
    assert got.one("driftvakt_service_severity", environment="ext5", service="expo") == severity


async def test_reason_is_there_while_it_holds(scrape: Scraper) -> None:
    """The reason has its cause, and goes when the check is green again."""
    red = make_snapshot(make_red_view())
    got = await scrape(red)
    assert got.all("driftvakt_check_reason") == [
        ({**CHECK, "reason": "connect_refused", "cause": "target"}, 1)
    ]
    got = await scrape(make_snapshot(make_view(), estate=red.estate))
    assert "driftvakt_check_reason" not in got.names


async def test_own_trouble_is_a_reason_of_cause_monitor(scrape: Scraper) -> None:
    """The monitor's own trouble makes the check unknown and is named as the monitor's."""
    view = make_unmeasured_view(reason=Reason.INTERNAL, cause=Cause.MONITOR, trouble="overloaded")
    got = await scrape(make_snapshot(view))
    assert got.one("driftvakt_check_reason", reason="internal", cause="monitor") == 1


async def test_planned_is_published(scrape: Scraper) -> None:
    """A service whose status a window explains is planned."""
    view = make_service_view([make_red_view()], planned=True, declared=Status.RED)
    snapshot = make_snapshot(make_red_view())
    environment = replace(snapshot.environments[0], services=(view,))
    got = await scrape(make_snapshot(environments=[environment]))
    assert got.one("driftvakt_service_planned") == 1


async def test_transition_counters_exist_from_the_first(metrics: Metrics, scrape: Scraper) -> None:
    """All twelve changes start at 0, so that the first one is seen as an increase."""
    snapshot = make_snapshot()
    got = await scrape(snapshot)
    found = got.all("driftvakt_transitions_total")
    assert len(found) == 12
    assert {value for _, value in found} == {0}
    assert got.one("driftvakt_last_transition_timestamp_seconds") == NOW - 3600
    change = Transition(
        at=NOW, since=NOW - 11, environment="ext5", service="expo",
        before=Status.GREEN, after=Status.RED,
    )  # fmt: skip
    metrics.transition(change)
    metrics.transition(replace(change, service=None))
    # a window that explains what is red is no change of status
    metrics.transition(replace(change, at=NOW + 5, before=Status.RED, planned=True))
    got = await scrape(snapshot)
    assert got.one("driftvakt_transitions_total", **{"from": "green", "to": "red"}) == 1
    assert sum(value for _, value in got.all("driftvakt_transitions_total")) == 1
    assert got.one("driftvakt_last_transition_timestamp_seconds") == NOW


async def test_latency_is_a_classic_histogram(metrics: Metrics, scrape: Scraper) -> None:
    """Buckets are cumulative and inclusive, +Inf equals the count, the sum is in seconds."""
    check = make_check()
    for duration in (0.005, 0.041, 0.3, 42.0):
        metrics.observe(check, make_observation(duration=duration), GOOD)
    got = await scrape(make_snapshot(make_view(check)))
    name = "driftvakt_probe_latency_seconds"
    buckets = {labels["le"]: value for labels, value in got.all(f"{name}_bucket")}
    assert buckets["0.005"] == 1
    assert buckets["0.05"] == 2
    assert buckets["0.5"] == 3
    assert buckets["10"] == 3
    assert buckets["+Inf"] == got.one(f"{name}_count") == 4
    assert got.one(f"{name}_sum") == pytest.approx(42.346)
    assert list(buckets.values()) == sorted(buckets.values())
    assert set(got.all(f"{name}_count")[0][0]) == set(CHECK)


async def test_latency_of_a_service_is_that_of_all_its_checks(
    metrics: Metrics, scrape: Scraper
) -> None:
    """One histogram a service where the configuration says so, with its labels alone; or none."""
    one, two = make_check(), make_check("other")
    snapshot = make_snapshot(make_view(one), make_view(two))
    of_services = replace(snapshot, estate=replace(snapshot.estate, latency_histogram="service"))
    of_none = replace(snapshot, estate=replace(snapshot.estate, latency_histogram="none"))
    for check, duration in ((one, 0.2), (one, 0.3), (two, 42.0)):
        metrics.observe(check, make_observation(duration=duration), GOOD)
    name = "driftvakt_probe_latency_seconds"
    got = await scrape(of_services)
    assert got.all(f"{name}_count") == [({"environment": "ext5", "service": "expo"}, 3)]
    assert got.one(f"{name}_sum") == pytest.approx(42.5)
    buckets = {labels["le"]: value for labels, value in got.all(f"{name}_bucket")}
    assert (buckets["0.1"], buckets["0.25"], buckets["10"], buckets["+Inf"]) == (0, 1, 2, 3)
    assert name.encode() not in (await scrape(of_none)).body
    assert len((await scrape(snapshot)).all(f"{name}_count")) == 2  # what was counted stays


async def test_refusal_is_a_failure_and_no_latency(metrics: Metrics, scrape: Scraper) -> None:
    """How fast a target refuses is not how fast it answers; a timeout says how long it takes."""
    check = make_check()
    metrics.observe(check, make_failure(), FAILED)
    timeout = make_failure(Reason.TIMEOUT, duration=10.0)
    metrics.observe(check, timeout, replace(FAILED, reason=Reason.TIMEOUT))
    metrics.observe(check, timeout, replace(FAILED, reason=Reason.TIMEOUT))
    got = await scrape(make_snapshot(make_view(check)))
    failures = got.all("driftvakt_probe_failures_total")
    assert failures == [
        ({**CHECK, "reason": "connect_refused"}, 1),
        ({**CHECK, "reason": "timeout"}, 2),
    ]
    assert got.one("driftvakt_probe_latency_seconds_count") == 2


async def test_too_slow_counts_as_failure_and_latency(metrics: Metrics, scrape: Scraper) -> None:
    """An answer over ``latency.red`` failed for its latency, and its latency was measured."""
    check = make_check()
    verdict = Verdict(grade=Grade.FAILED, reason=Reason.LATENCY, cause=Cause.TARGET)
    metrics.observe(check, make_observation(duration=6.0), verdict)
    got = await scrape(make_snapshot(make_view(check)))
    assert got.one("driftvakt_probe_failures_total", reason="latency") == 1
    assert got.one("driftvakt_probe_latency_seconds_bucket", le="10") == 1


async def test_own_trouble_is_not_the_targets(metrics: Metrics, scrape: Scraper) -> None:
    """A probe that failed for the monitor's sake is in neither the failures nor the latencies."""
    check = make_check()
    seen = make_failure(Reason.INTERNAL, cause=Cause.MONITOR)
    verdict = Verdict(grade=Grade.FAILED, reason=Reason.INTERNAL, cause=Cause.MONITOR)
    metrics.observe(check, seen, verdict)
    got = await scrape(make_snapshot(make_view(check)))
    assert "driftvakt_probe_failures_total" not in got.names
    assert got.one("driftvakt_probe_latency_seconds_count") == 0


async def test_each_address_has_a_latency_and_the_check_one_failure(
    metrics: Metrics, scrape: Scraper
) -> None:
    """Of three addresses two answered and one refused: two latencies, one failed probe."""
    parts: tuple[Observation, ...] = (make_observation(), make_failure(), make_observation())
    metrics.observe(make_check(), make_failure(parts=parts), FAILED)
    got = await scrape(make_snapshot())
    assert got.one("driftvakt_probe_latency_seconds_count") == 2
    assert got.one("driftvakt_probe_failures_total") == 1


async def test_new_configuration_drops_what_is_gone(metrics: Metrics, scrape: Scraper) -> None:
    """After a reload a check that stays keeps its counts, and one that is gone leaves nothing."""
    stays, goes = make_check("stays"), make_check("goes")
    for check in (stays, goes):
        metrics.observe(check, make_failure(), FAILED)
    await scrape(make_snapshot(make_view(stays), make_view(goes)))
    got = await scrape(make_snapshot(make_view(stays)))
    assert {labels["check"] for _, labels, _ in got.samples if "check" in labels} == {"stays"}
    assert got.one("driftvakt_probe_failures_total", check="stays") == 1
    got = await scrape(make_snapshot(make_view(stays), make_view(goes)))
    assert not got.all("driftvakt_probe_failures_total", check="goes")


async def test_a_changed_certificate_has_its_instant(scrape: Scraper) -> None:
    """It stays when the old certificate comes back, or none is seen."""
    view = make_view(changed=make_change(), newest_change=make_change())
    name = "driftvakt_certificate_changed_timestamp_seconds"
    snapshot = make_snapshot(view)
    for last, changed in (
        (view.last, view.changed),
        (make_observation(tls=None), None),
    ):
        shown = replace(view, last=last, changed=changed)
        got = await scrape(make_snapshot(shown, estate=snapshot.estate))
        assert got.all(name) == [({**CHECK, "position": "leaf"}, NOW - 3600)]
    later = replace(view, newest_change=make_change(at=NOW))
    got = await scrape(make_snapshot(later, estate=snapshot.estate))
    assert got.one(name) == NOW


async def test_what_later_versions_know_is_not_made_up(scrape: Scraper) -> None:
    """No ratio, window, notification or change is published before there is something to publish."""
    got = await scrape(make_snapshot())
    assert not got.names & {
        "driftvakt_availability_ratio",
        "driftvakt_service_window_active",
        "driftvakt_notifications_total",
        "driftvakt_certificate_changed_timestamp_seconds",
    }
