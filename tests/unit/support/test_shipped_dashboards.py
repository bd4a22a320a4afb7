"""Dashboards for Grafana: each is whole, and printed with the addresses asked for."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

import pytest
from typer.testing import CliRunner

from monitor.cli.app import command_line
from monitor.support.shipped import dashboard, shipped
from probes.settings import parse_duration

NAMES = ("monitor", "overview", "service")
GREEN, RED = "#2f9e58", "#d03b3b"
"""As on the page."""


def made(*words: str) -> dict[str, Any]:
    result = CliRunner().invoke(command_line(), ["export", "dashboard", *words])
    assert result.exit_code == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_every_dashboard_shipped_can_be_printed() -> None:
    folder = shipped("config/grafana/dashboards")
    assert sorted(file.stem for file in folder.iterdir()) == sorted(NAMES)
    for name in NAMES:
        assert made("--name", name) == dashboard(name)


def test_the_first_is_the_overview() -> None:
    assert made() == dashboard("overview")
    text = json.dumps(made("--url", "https://drift.example.se/"))
    assert '"https://drift.example.se"' in text
    assert "localhost" not in text


@pytest.mark.parametrize(
    "words",
    [
        ["dashboard", "--job", "x"], ["schema", "--name", "service"], ["rules", "--name", "service"],
        ["dashboard", "--name", "other"],
    ],
)  # fmt: skip
def test_options_that_do_not_belong_are_refused(words: list[str]) -> None:
    assert CliRunner().invoke(command_line(), ["export", *words]).exit_code == 2


@pytest.mark.parametrize("name", NAMES)
def test_panels_are_whole_and_beside_each_other(name: str) -> None:
    """Ids once, nothing over anything else or over the edge, every query with its source."""
    document = dashboard(name)
    panels = document["panels"]
    assert len({one["id"] for one in panels}) == len(panels)
    for one in panels:
        place = one["gridPos"]
        assert place["x"] + place["w"] <= 24
        if one["type"] != "row":
            assert one["title"]
            assert one["targets"]
            assert len({each["refId"] for each in one["targets"]}) == len(one["targets"])
            for each in one["targets"]:
                assert each["expr"]
                assert each["datasource"]["uid"] == "${datasource}"
    for one, other in combinations((each["gridPos"] for each in panels), 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)


def test_each_has_an_address_of_its_own_that_stays() -> None:
    """Links and bookmarks name it."""
    assert [dashboard(name)["uid"] for name in NAMES] == [
        "driftvakt-monitor", "driftvakt-overview", "driftvakt-service",
    ]  # fmt: skip


def test_severities_have_the_words_and_colours() -> None:
    """0 green, 1 unknown, 2 yellow, 3 red, as the metric has them."""
    [mapping] = next(
        one["fieldConfig"]["defaults"]["mappings"]
        for one in dashboard("overview")["panels"]
        if one["title"] == "Services of $environment"
    )
    told = {key: (one["text"], one["color"]) for key, one in mapping["options"].items()}
    assert [told[str(number)][0] for number in range(4)] == ["green", "unknown", "yellow", "red"]
    assert (told["0"][1], told["3"][1]) == (GREEN, RED)
    planned = {told[str(number)][1] for number in range(10, 14)}
    assert planned == {"blue"}, "planned is a value of its own"


@pytest.mark.parametrize("name", ["overview", "service"])
def test_windows_fit_checks_of_five_minutes(name: str) -> None:
    """Whatever is counted a probe is looked at over a time in which there are two probes: with
    Grafana's own ``$__rate_interval`` a check of five minutes has gaps.
    """
    document = dashboard(name)
    queries = [
        target["expr"]
        for panel in document["panels"]
        for target in panel.get("targets", ())
        if "[" in target.get("expr", "")
    ]
    assert queries
    assert {window for query in queries for window in re.findall(r"\[([^\]]+)\]", query)} == {
        "$window"
    }
    [window] = [one for one in document["templating"]["list"] if one["name"] == "window"]
    assert parse_duration(window["current"]["value"]) >= 2 * parse_duration("5m")
    assert min(map(parse_duration, window["query"].split(","))) >= 2 * parse_duration("5m")
