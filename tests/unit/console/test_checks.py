"""What would run."""

from __future__ import annotations

import pytest

from monitor.console.checks import checks_lines, checks_table, hosts_table
from monitor.model.estate import (
    Check,
    CheckId,
    Environment,
    Estate,
    Location,
    Promise,
    Service,
    ServiceId,
)
from monitor.model.text import Text
from monitor.scheduling.load import probes_per_minute
from monitor.scheduling.phase import phases
from tests.support.plain_text import lines
from tests.support.views import make_check


def check(name: str, **given: object) -> Check:
    return make_check(name, id=CheckId(f"ext5/expo/{name}"), **given)


def estate(*checks: Check) -> Estate:
    title = Text(sv="EXT5", en="EXT5")
    service = Service(
        id=ServiceId("ext5/expo"), environment="ext5", name="expo", title=title, checks=checks
    )
    return Estate(environments=(Environment(name="ext5", title=title, services=(service,)),))


def test_a_check_has_its_rhythm_on_one_line() -> None:
    """Its name, kind, target, interval, retry, timeout and phase."""
    watched = estate(check("api"))
    shown = "\n".join(lines(checks_table(watched)))
    phase = phases(watched.checks())[CheckId("ext5/expo/api")]
    line = next(line for line in shown.splitlines() if "ext5/expo/api" in line)
    assert line.split() == [
        "ext5/expo/api",
        "http",
        "https://expo.ext5.example.se/fhir/metadata",
        "30s",
        "5s",
        "10s",
        f"{phase.offset:.1f}s",
    ]


def test_thousands_of_checks_are_lines_that_say_the_same() -> None:
    """Without the frame of a table, whose drawing would take minutes: the same cells in the same order."""
    watched = estate(check("api"), check("certificate", kind="certificate", interval=300.0))
    drawn = [line.split() for line in lines(checks_table(watched)) if not set(line) <= set(" ─━")]
    assert [line.split() for line in checks_lines(watched) if line] == drawn


def test_a_line_is_no_shorter_than_its_target() -> None:
    """Nothing is folded: a program reads it."""
    target = f"https://expo.example.se/{'x' * 300}"
    assert any(
        f"  {target}  " in line for line in checks_lines(estate(check("api", target=target)))
    )


def test_below_it_stands_what_every_host_bears() -> None:
    shown = "\n".join(lines(checks_table(estate(check("api"), check("port", interval=60.0)))))
    line = shown.splitlines()[-1]
    assert line.split() == ["expo.ext5.example.se", "2", "3.0", "24.0"]


def test_swedish_decimals() -> None:
    assert "2,0" in "\n".join(lines(hosts_table(estate(check("api")), "sv")))


def test_probes_per_minute_adds_up_by_host() -> None:
    """Whatever the port or the service."""
    watched = estate(check("a"), check("b", port=8443), check("c", host="other", interval=10.0))
    assert probes_per_minute(watched) == {"expo.ext5.example.se": 4.0, "other": 6.0}


def test_trouble_is_measured_at_the_retry_interval() -> None:
    assert probes_per_minute(estate(check("a")), unsettled=True) == {"expo.ext5.example.se": 12.0}


@pytest.mark.parametrize("unsettled", [False, True])
def test_a_promise_bounds_the_rate_of_all_that_share_it(unsettled: bool) -> None:
    """Three checks of one port with ``min_interval: 30s`` are two probes a minute together."""
    promise = (Promise(scope="ext5", seconds=30.0),)
    watched = estate(*(check(name, promises=promise) for name in "abc"))
    rate = probes_per_minute(watched, unsettled=unsettled)["expo.ext5.example.se"]
    assert rate <= 2.0
    assert rate == pytest.approx(2.0, rel=0.05)


def test_a_configured_name_is_no_markup() -> None:
    assert "[red]x" in "\n".join(lines(checks_table(estate(check("api", target="[red]x")))))


def test_an_empty_estate_has_empty_tables() -> None:
    assert probes_per_minute(estate()) == {}
    assert "Check" in "\n".join(lines(checks_table(estate())))


def test_what_is_measured_from_elsewhere_alone_does_not_run() -> None:
    """It has no line, and takes nothing of its host's share."""
    far = Location(name="sjunet", title=Text(sv="Sjunet", en="Sjunet"))
    watched = estate(check("api"), check("far", location="sjunet", locations=(far,)))
    shown = "\n".join(lines(checks_table(watched)))
    assert "ext5/expo/far" not in shown
    assert probes_per_minute(watched) == probes_per_minute(estate(check("api")))
