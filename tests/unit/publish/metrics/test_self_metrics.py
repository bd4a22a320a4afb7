"""The monitor's metrics of itself, and hostile text anywhere."""

from __future__ import annotations

import asyncio
import platform
import time

import pytest

from monitor.judging.grade import GOOD
from monitor.publish.metrics.exposition import escape, number
from monitor.publish.metrics.histogram import Histogram, bound_label
from monitor.publish.metrics.metrics import Metrics
from tests.support.exposition_reader import Scraper, parse
from tests.support.factories import (
    NOW,
    make_certificate,
    make_check,
    make_observation,
    make_snapshot,
    make_tls,
    make_view,
)

HOSTILE = 'a"b\\c\nprobe_success{x="1"} 1\n# TYPE x gauge\u202e <script>åäö'


async def test_daemon_metrics_appear_as_they_become_known(
    metrics: Metrics, scrape: Scraper
) -> None:
    """What has not happened yet has no instant; counters without labels start at 0."""
    got = await scrape(make_snapshot())
    assert "driftvakt_status_file_timestamp_seconds" not in got.names
    assert "driftvakt_config_last_reload_successful" not in got.names
    assert got.one("driftvakt_status_file_write_failures_total") == 0
    assert got.one("driftvakt_internal_errors_total") == 0
    metrics.reloaded(True, NOW)
    metrics.reloaded(False, NOW + 60)
    metrics.status_written(NOW + 1)
    metrics.status_write_failed()
    metrics.internal_error()
    metrics.in_flight(7)
    metrics.overloaded(True)
    metrics.missed("overlap")
    metrics.lateness(0.003)
    metrics.loop_lag(0.2)
    got = await scrape(make_snapshot())
    assert got.one("driftvakt_config_last_reload_successful") == 0
    assert got.one("driftvakt_config_last_reload_timestamp_seconds") == NOW
    assert got.one("driftvakt_status_file_timestamp_seconds") == NOW + 1
    assert got.one("driftvakt_status_file_write_failures_total") == 1
    assert got.one("driftvakt_internal_errors_total") == 1
    assert got.one("driftvakt_probes_in_flight") == 7
    assert got.one("driftvakt_overloaded") == 1
    assert got.one("driftvakt_schedule_missed_total", kind="overlap") == 1
    assert got.one("driftvakt_schedule_lateness_seconds_bucket", le="0.005") == 1
    assert got.one("driftvakt_loop_lag_seconds_sum") == pytest.approx(0.2)


async def test_build_and_process_are_known(scrape: Scraper) -> None:
    """Version, Python and the process's own figures are there; ``_created`` samples are not."""
    got = await scrape(make_snapshot())
    version = platform.python_version()
    assert got.one("driftvakt_build_info", version="1.2.3", python=version) == 1
    assert "process_resident_memory_bytes" in got.names
    assert not {name for name in got.names if name.endswith("_created")}


async def test_hostile_text_stays_inside_its_label(scrape: Scraper) -> None:
    """Quotes, backslashes and line ends in certificates and targets make no sample of their own."""
    leaf = make_certificate(subject=HOSTILE, issuer=HOSTILE, names=(HOSTILE, "ok.example.se"))
    view = make_view(
        make_check(target=HOSTILE, location=HOSTILE),
        make_observation(tls=make_tls(chain=(leaf,), cipher=HOSTILE)),
    )
    got = await scrape(make_snapshot(view))
    ((labels, _),) = got.all("probe_ssl_last_chain_info")
    assert labels["subject"] == labels["issuer"] == labels["target"] == HOSTILE
    assert labels["subjectalternative"] == f"{HOSTILE},ok.example.se"
    assert len(got.all("probe_success")) == 1


async def test_lone_surrogates_do_not_break_a_scrape(scrape: Scraper) -> None:
    """Text that is not valid Unicode loses that character and nothing else."""
    got = await scrape(make_snapshot(make_view(make_check(target="a\ud800b"))))
    assert got.one("probe_success", target="a?b") == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (True, "1"),
        (0.041, "0.041"),
        (NOW, "1795438931.12"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
        (1e-05, "1e-05"),
        (12345678901234567890.0, "1.2345678901234567e+19"),
    ],
)
def test_numbers_are_written_whole(value: float, text: str) -> None:
    """No digit is lost, and infinities are spelled as Prometheus reads them."""
    assert number(value) == text


def test_plain_text_is_not_copied() -> None:
    """Escaping costs nothing where nothing is to be escaped."""
    text = "https://expo.ext5.example.se/"
    assert escape(text) is text


def test_histogram_bounds_are_inclusive() -> None:
    """A value on a bound belongs to it, as ``le`` says."""
    histogram = Histogram((1.0, 2.0))
    for value in (1.0, 1.5, 2.0, 2.1):
        histogram.observe(value)
    assert histogram.cumulative() == [1, 3, 4]
    assert [bound_label(b) for b in (0.005, 1.0, 10.0, float("inf"))] == [
        "0.005",
        "1",
        "10",
        "+Inf",
    ]


async def test_scrapes_at_once_do_not_mix(metrics: Metrics) -> None:
    """Renderings that overlap give each its own snapshot, whole."""
    one = make_snapshot(*(make_view(make_check(f"a{i}")) for i in range(300)))
    two = make_snapshot(*(make_view(make_check(f"b{i}")) for i in range(200)))
    bodies = await asyncio.gather(*(metrics.render(each) for each in (one, two, one)))
    for body, first, number_of in zip(bodies, "aba", (300, 200, 300), strict=True):
        checks = [
            labels["check"] for name, labels, _ in parse(body.plain()) if name == "probe_success"
        ]
        assert len(checks) == number_of
        assert {check[0] for check in checks} == {first}


async def test_rendering_gives_way_to_the_loop(metrics: Metrics) -> None:
    """While a thousand checks are rendered the event loop gets its turn many times."""
    views = [make_view(make_check(f"c{i}")) for i in range(1000)]
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count())
    started = time.thread_time()
    await (await metrics.render(make_snapshot(*views))).gzip()
    worked = time.thread_time() - started
    counting.cancel()
    assert turns >= worked / 0.010


async def test_observing_is_cheap(metrics: Metrics) -> None:
    """Counting a probe costs microseconds, since every probe pays it."""
    check, seen = make_check(), make_observation()
    metrics.observe(check, seen, GOOD)
    best = float("inf")
    for _ in range(5):
        started = time.thread_time()
        for _ in range(1000):
            metrics.observe(check, seen, GOOD)
        best = min(best, time.thread_time() - started)
    assert best / 1000 < 20e-6
