"""What an agency states itself: read, understood, compared, and never taken for what is measured."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from monitor.model.estate import Estate, StatedSource
from monitor.model.status import Status
from monitor.model.upstream_status import OUTDATED, UpstreamComparison, read_statement
from monitor.polling.upstream_poller import StatedWatch
from monitor.settings.upstream import StatedUrl
from tests.support.servers.http_server import serve_http
from tests.unit.judging.test_board import check, estate
from tests.unit.polling.test_calendar_poller import until

NOW = 1_795_600_000.0
WORDS = {"OK": "green", "Störning": "yellow", "Stopp": "red"}


def source(url: str = "https://agency.example.se/status", **more: Any) -> StatedSource:
    path = more or {"jsonpath": "$.systems[?@.name == 'EXPO'].state"}
    return StatedUrl.model_validate({"url": url, "map": WORDS, **path}).source()


def stated(url: str, **more: Any) -> Estate:
    made = estate(("expo", (check(),)))
    [environment] = made.environments
    [service] = environment.services
    asked = replace(service, stated=source(url, **more))
    whole = replace(environment, services=(asked,), stated=source(url, jsonpath="$.all"))
    return replace(made, environments=(whole,))


def page(expo: str = "OK", every: str = "OK") -> bytes:
    return orjson.dumps({"all": every, "systems": [{"name": "EXPO", "state": expo}]})


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        (page("Störning"), {}, (Status.YELLOW, "Störning", "")),
        (page(" stopp "), {}, (Status.RED, "stopp", "")),
        (page("Underhåll"), {}, (None, "Underhåll", "its word is not in the map")),
        (b'{"systems": []}', {}, (None, "", "the path selects nothing")),
        (b"<s><EXPO>OK</EXPO></s>", {"xpath": "//EXPO"}, (Status.GREEN, "OK", "")),
        (
            b'<s xmlns="urn:x"><EXPO v="Stopp"/></s>',
            {"xpath": "//a:EXPO/@v", "namespaces": {"a": "urn:x"}},
            (Status.RED, "Stopp", ""),
        ),
        (
            b'{"ok": true}',
            {"jsonpath": "$.ok", "map": {"true": "green"}},
            (Status.GREEN, "true", ""),
        ),
        (b"[1]", {"jsonpath": "$[0]", "map": {"1": "red"}}, (Status.RED, "1", "")),
    ],
)
def test_a_statement_is_read(body: bytes, path: dict[str, Any], expected: tuple[Any, ...]) -> None:
    """The first value of the path, by the map, whatever its case."""
    found = read_statement(body, source(**path))
    assert (found.status, found.says, found.trouble) == expected


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"<html>", {}),
        (b"", {}),
        (b"[" * 100_000, {}),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', {"xpath": "//a"}),
    ],
)
def test_what_is_none_means_nothing(body: bytes, path: dict[str, Any]) -> None:
    """And says why."""
    found = read_statement(body, source(**path))
    assert found.status is None
    assert found.trouble


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "jsonpath or xpath"),
        ({"jsonpath": "$.a", "xpath": "//a"}, "jsonpath or xpath"),
        ({"xpath": "//a:b"}, "prefix a"),
        ({"jsonpath": "$.a", "map": {}}, "map"),
        ({"jsonpath": "$.a", "map": {"OK": "blue"}}, "green"),
    ],
)
def test_settings_that_make_no_sense_are_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        StatedUrl.model_validate({"url": "https://a.example.se/", "map": WORDS, **more})
    assert said in str(refused.value)


def test_how_long_they_have_differed() -> None:
    """From the first look at which they did; not to know is no difference."""
    red, green, unknown = {"e": Status.RED}, {"e": Status.GREEN}, {"e": Status.UNKNOWN}
    made = UpstreamComparison()
    assert made.look(red, [("e", Status.GREEN)], 1.0) == {"e": 1.0}
    assert made.look(red, [("e", Status.YELLOW)], 2.0) == {"e": 1.0}
    assert made.look(red, [("e", Status.UNKNOWN)], 3.0) == {}
    assert made.look(green, [("e", Status.RED)], 4.0) == {"e": 4.0}
    assert made.look(green, [("e", Status.GREEN)], 5.0) == {}
    assert made.look(unknown, [("e", Status.GREEN), ("f", Status.RED)], 6.0) == {}


async def test_one_address_is_asked_once_for_all_that_it_states() -> None:
    """Politely; and what was read counts until it is out of date."""
    now = [NOW]
    measured = {"ext5/expo": Status.GREEN, "ext5": Status.YELLOW}.__getitem__
    async with serve_http() as server:
        server.answer("/s", body=page("Stopp", "Störning"))
        async with StatedWatch(stated(server.url("/s")), lambda: now[0], every=600.0) as watch:
            await until(lambda: watch.views(NOW)["ext5/expo"].status is Status.RED)
            await until(lambda: watch.views(NOW)["ext5"].status is Status.YELLOW)
            assert len(server.arrivals) == 1
            watch.look(measured, NOW)
            watch.look(measured, NOW + 90)
            views = watch.views(NOW + 90)
            assert (views["ext5/expo"].differs_since, views["ext5"].differs_since) == (NOW, None)
            late = watch.views(NOW + OUTDATED + 1)["ext5/expo"]
            assert (late.status, late.says, late.differs_since) == (Status.UNKNOWN, "Stopp", None)


async def test_trouble_is_told_and_over_again() -> None:
    """What was read before counts meanwhile."""
    async with serve_http() as server:
        server.answer("/s", body=page("Stopp"))
        async with StatedWatch(stated(server.url("/s")), lambda: NOW, every=0.02) as watch:
            await until(lambda: watch.views(NOW)["ext5/expo"].status is Status.RED)
            server.answer("/s", status=500)
            await until(lambda: watch.views(NOW)["ext5/expo"].trouble == "HTTP 500")
            assert watch.views(NOW)["ext5/expo"].status is Status.RED
            server.answer("/s", body=page("OK"))
            await until(lambda: watch.views(NOW)["ext5/expo"].status is Status.GREEN)
            assert watch.views(NOW)["ext5/expo"].trouble == ""


async def test_another_configuration_asks_elsewhere() -> None:
    """An address that is gone is asked no more, one that stays no sooner."""
    async with serve_http() as server:
        server.answer("/a", body=page("Stopp"))
        server.answer("/b", body=page("OK"))
        async with StatedWatch(stated(server.url("/a")), lambda: NOW, every=600.0) as watch:
            await until(lambda: watch.views(NOW)["ext5/expo"].status is Status.RED)
            watch.follow(stated(server.url("/a")))
            assert watch.views(NOW)["ext5/expo"].status is Status.RED
            watch.follow(stated(server.url("/b")))
            await until(lambda: watch.views(NOW)["ext5/expo"].status is Status.GREEN)
            watch.follow(estate(("expo", (check(),))))
            assert watch.views(NOW) == {}
            await asyncio.sleep(0.05)
            assert [one.path for one in server.arrivals] == ["/a", "/b"]
