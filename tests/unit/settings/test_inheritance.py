"""Defaults, then the environment, the service, the check: the nearest wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from monitor.model.estate import Check, Promise
from monitor.settings.inherit import BUILT_IN

OneCheck = Callable[..., Check]
CERTIFICATE = "kind: certificate, host: expo.ext5.example.se"
DNS = "kind: dns, host: expo.ext5.example.se"

KEYS: list[tuple[str, str, str, Callable[[Check], Any], Any, Any]] = [
    ("interval", "1m", "2m", lambda check: check.interval, 60.0, 120.0),
    ("retry_interval", "3s", "4s", lambda check: check.retry_interval, 3.0, 4.0),
    ("timeout", "1s", "2s", lambda check: check.timeout, 1.0, 2.0),
    ("yellow_after", "2", "3", lambda check: check.thresholds.yellow_after, 2, 3),
    ("red_after", "5", "6", lambda check: check.thresholds.red_after, 5, 6),
    ("green_after", "5", "6", lambda check: check.thresholds.green_after, 5, 6),
    ("degraded_after", "5", "6", lambda check: check.thresholds.degraded_after, 5, 6),
    ("majority", "0.6", "0.7", lambda check: check.majority, 0.6, 0.7),
    ("host_concurrency", "1", "2", lambda check: check.host_concurrency, 1, 2),
    ("latency", "{red: 9s}", "{red: 8s}", lambda check: check.thresholds.latency_red, 9.0, 8.0),
    ("window", "{size: 9}", "{size: 8}", lambda check: check.thresholds.window_size, 9, 8),
]


@pytest.mark.parametrize(("key", "far", "near", "get", "far_value", "near_value"), KEYS)
@pytest.mark.parametrize(
    ("farther", "nearer"),
    [("defaults", "environment"), ("environment", "service"), ("service", "check")],
)
def test_the_nearest_wins(
    one_check: OneCheck,
    key: str,
    far: str,
    near: str,
    get: Callable[[Check], Any],
    far_value: Any,
    near_value: Any,
    farther: str,
    nearer: str,
) -> None:
    assert get(one_check(**{farther: f"{key}: {far}"})) == far_value
    assert get(one_check(**{farther: f"{key}: {far}", nearer: f"{key}: {near}"})) == near_value


def test_without_a_word_the_contract_s_defaults_hold(one_check: OneCheck) -> None:
    check = one_check()
    assert (check.interval, check.retry_interval, check.timeout) == (30.0, 5.0, 10.0)
    assert (check.majority, check.weight, check.critical) == (0.5, 1.0, False)
    assert check.host_concurrency == 8
    told = check.thresholds
    assert (told.yellow_after, told.red_after, told.green_after, told.degraded_after) == (
        1,
        3,
        2,
        3,
    )
    assert (told.window_size, told.window_yellow, told.window_red) == (20, 0.25, 0.6)
    assert (told.latency_yellow, told.latency_red) == (1.0, 5.0)
    assert BUILT_IN["majority"] == 0.5


def test_a_kind_s_own_defaults_hold_where_the_operator_said_nothing(one_check: OneCheck) -> None:
    certificate = one_check(kind=CERTIFICATE)
    assert certificate.interval == 300.0
    assert certificate.thresholds.degraded_after == 1
    assert certificate.thresholds.latency_red is None
    assert one_check(kind=DNS).thresholds.latency_yellow is None


def test_what_the_operator_said_anywhere_beats_a_kind_s_defaults(one_check: OneCheck) -> None:
    certificate = one_check(
        kind=CERTIFICATE, defaults="interval: 1m, latency: {red: 3s}, degraded_after: 2"
    )
    assert certificate.interval == 60.0
    assert certificate.thresholds.degraded_after == 2
    assert (certificate.thresholds.latency_yellow, certificate.thresholds.latency_red) == (
        None,
        3.0,
    )


def test_latency_and_window_are_inherited_key_by_key(one_check: OneCheck) -> None:
    told = one_check(
        "latency: {red: 4s}, window: {size: 10}",
        service="latency: {yellow: 2s}",
        environment="window: {red: 0.7}",
        defaults="window: {yellow: 0.3, size: 99}",
    ).thresholds
    assert (told.latency_yellow, told.latency_red) == (2.0, 4.0)
    assert (told.window_size, told.window_yellow, told.window_red) == (10, 0.3, 0.7)


@pytest.mark.parametrize("off", ["latency: none", "latency: null", "latency: {yellow: , red: }"])
def test_latency_can_be_switched_off_and_on_again(one_check: OneCheck, off: str) -> None:
    told = one_check(service=off).thresholds
    assert (told.latency_yellow, told.latency_red) == (None, None)
    told = one_check("latency: {yellow: 2s}", service=off).thresholds
    assert (told.latency_yellow, told.latency_red) == (2.0, None)


def test_min_interval_is_a_promise_that_bounds_interval_and_retries(one_check: OneCheck) -> None:
    check = one_check("interval: 1s", environment="min_interval: 5s", service="min_interval: 8s")
    assert check.promises == (
        Promise(scope="ext5", seconds=5.0),
        Promise(scope="ext5/expo", seconds=8.0),
    )
    assert (check.interval, check.retry_interval) == (8.0, 8.0)


def test_a_promise_shorter_than_the_interval_still_stands(one_check: OneCheck) -> None:
    check = one_check("interval: 30s, retry_interval: 1s", environment="min_interval: 2s")
    assert check.promises == (Promise(scope="ext5", seconds=2.0),)
    assert (check.interval, check.retry_interval) == (30.0, 2.0)


def test_a_retry_is_never_slower_than_the_interval(one_check: OneCheck) -> None:
    assert one_check("interval: 1s").retry_interval == 1.0


def test_weight_and_critical_are_not_inherited_but_defaults_speak_of_checks(
    one_check: OneCheck,
) -> None:
    above = one_check(environment="weight: 3, critical: true", service="weight: 4, critical: true")
    assert (above.weight, above.critical) == (1.0, False)
    defaults = one_check(defaults="weight: 2, critical: true")
    assert (defaults.weight, defaults.critical) == (2.0, True)
    nearer = one_check("weight: 0, critical: false", defaults="weight: 2, critical: true")
    assert (nearer.weight, nearer.critical) == (0.0, False)


def test_each_level_has_its_own_weight_critical_and_majority(
    load_text: Callable[..., Any],
) -> None:
    environment = load_text(
        """
        environments:
          - name: ext5
            weight: 2
            majority: 0.8
            services:
              - name: expo
                critical: true
                majority: 0.9
                checks: [{name: a, kind: tcp, host: a.example.se, port: 1}]
              - name: nll
                checks: [{name: a, kind: tcp, host: a.example.se, port: 1}]
        """
    ).environments[0]
    assert (environment.weight, environment.critical, environment.majority) == (2.0, False, 0.8)
    expo, nll = environment.services
    assert (expo.weight, expo.critical, expo.majority) == (1.0, True, 0.9)
    assert (nll.critical, nll.majority, nll.checks[0].majority) == (False, 0.8, 0.8)
    assert expo.checks[0].majority == 0.9


def test_a_location_may_be_a_check_s_own(one_check: OneCheck) -> None:
    assert one_check().location == "internet"
    assert one_check("location: sjunet").location == "sjunet"
