"""What of one configuration goes on in another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.model.diff import difference, sharing, usable
from monitor.model.estate import Check, Environment, Estate, Promise, Retention, WebSettings
from monitor.model.status import Thresholds
from probes.tcp import TcpSettings
from tests.support.factories import (
    make_check,
    make_environment_view,
    make_service,
    make_service_view,
    make_text,
    make_view,
)

SETTINGS = TcpSettings(host="expo.ext5.example.se", port=443)


def estate(*checks: Check, **more: Any) -> Estate:
    views = [make_view(check) for check in checks]
    return Estate(
        environments=(make_environment_view([make_service_view(views)]).environment,), **more
    )


def check(name: str = "api", **more: Any) -> Check:
    return make_check(name, **{"kind": "tcp", "settings": SETTINGS, **more})


def test_the_same_is_kept() -> None:
    """Equal values, made anew: nothing is different, up to the environment."""
    found = difference(estate(check()), estate(check(settings=SETTINGS.model_copy())))
    assert found.kept == {"ext5/expo/api"}
    assert (found.begun, found.ended, found.judged_anew) == (frozenset(), (), ())
    assert found.same_services == {"ext5/expo"}
    assert found.same_environments == {"ext5"}


@pytest.mark.parametrize(
    "change",
    [
        {"settings": TcpSettings(host="expo.ext5.example.se", port=8443)},
        {"interval": 60.0},
        {"timeout": 5.0},
        {"kind": "http"},
        {"location": "sjunet"},
        {"port": 8443},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_measures_something_else_begins_anew(change: dict[str, Any]) -> None:
    """Another target, kind, place, interval or time-out: its observations mean something else."""
    found = difference(estate(check(), check("b")), estate(check(**change), check("b")))
    assert found.restarted == ("ext5/expo/api",)
    assert found.begun == {"ext5/expo/api"}
    assert found.ended == ("ext5/expo/api",)
    assert found.kept == {"ext5/expo/b"}


@pytest.mark.parametrize(
    "change",
    [
        {"thresholds": Thresholds(red_after=7)},
        {"weight": 3.0},
        {"critical": True},
        {"majority": 0.9},
        {"retry_interval": 7.0},
        {"promises": (Promise(scope="ext5", seconds=60.0),)},
        {"host_concurrency": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_only_weighed_otherwise_keeps_its_state(change: dict[str, Any]) -> None:
    """The same observations, other numbers."""
    found = difference(estate(check()), estate(check(**change)))
    assert found.judged_anew == ("ext5/expo/api",)
    assert found.begun == frozenset()
    assert found.same_services == frozenset()


def test_checks_come_and_go() -> None:
    """By their ids."""
    found = difference(estate(check("a"), check("b")), estate(check("b"), check("c")))
    assert found.added == ("ext5/expo/c",)
    assert found.removed == ("ext5/expo/a",)
    assert found.kept == {"ext5/expo/b"}


CERT: dict[str, Any] = {"cert_file": Path("/c.pem"), "key_file": Path("/k.pem")}


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("listen", {"listen_port": 1}),
        ("data_dir", {"data_dir": Path("/elsewhere")}),
        ("store", {"store": "postgresql://db.example.se/x"}),
        ("retention", {"retention": Retention(observations=1.0)}),
        ("web.tls", {"web": WebSettings(**CERT, username="anna")}),
    ],
)
def test_what_cannot_change_is_named_and_stays(key: str, change: dict[str, Any]) -> None:
    """Until the restart every reload names it again; the rest is taken."""
    old, new = estate(check()), estate(check("b"), language="en", **change)
    assert difference(old, new).needs_restart == (key,)
    taken = usable(old, new)
    assert difference(taken, new).needs_restart == (key,)
    assert difference(old, taken).needs_restart == ()
    assert (taken.language, taken.environments) == ("en", new.environments)
    assert taken.web.username == new.web.username


def test_another_certificate_of_the_web_server_needs_no_restart() -> None:
    """Only to begin or to end speaking TLS does."""
    old = estate(check(), web=WebSettings(**CERT))
    new = replace(old, web=replace(old.web, cert_file=Path("/other.pem")))
    assert difference(old, new).needs_restart == ()
    assert usable(old, new).web.cert_file == Path("/other.pem")


def environment(name: str, **weights: float) -> Environment:
    """An environment of services of one check each, of these weights."""
    services = tuple(
        make_service(
            service, [check(environment=name, service=service, weight=weight)], environment=name
        )
        for service, weight in weights.items()
    )
    return Environment(name=name, title=make_text(name), services=services)


def test_what_is_equal_is_shared_with_the_configuration_before() -> None:
    """A reload that changes one service leaves all others, and their checks, the very same values."""
    old = Estate(environments=(environment("ext5", expo=1.0, epr=1.0), environment("ext6", a=1.0)))
    new = Estate(environments=(environment("ext5", expo=1.0, epr=2.0), environment("ext6", a=1.0)))
    shared = sharing(old, new)
    assert shared == new
    assert difference(old, shared) == difference(old, new)
    [changed, same] = shared.environments
    assert same is old.environments[1]
    assert changed.services[0] is old.environments[0].services[0]
    assert changed.services[1].checks[0] is new.environments[0].services[1].checks[0]
    again = Estate(
        environments=(environment("ext5", expo=1.0, epr=1.0), environment("ext6", a=1.0))
    )
    kept = sharing(old, again).environments
    assert all(one is was for one, was in zip(kept, old.environments, strict=True))
