"""Dashboards for Grafana: what is committed is what is made, and each is whole."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monitor.cli import app
from monitor.export.dashboards import DASHBOARDS, URL
from monitor.export.grafana import GREEN, RED

ROOT = Path(__file__).parents[3]
NAMES = sorted(DASHBOARDS)


def made(*words: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["export", "dashboard", *words])
    assert result.exit_code == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


@pytest.mark.parametrize("name", NAMES)
def test_what_is_committed_is_what_is_made(name: str) -> None:
    """Make it anew with ``driftvakt export dashboard --name NAME``."""
    file = ROOT / "config" / "grafana" / "dashboards" / f"{name}.json"
    assert made("--name", name) == json.loads(file.read_text("utf-8"))


def test_the_first_is_the_overview() -> None:
    assert made() == DASHBOARDS["overview"](URL)
    assert "https://drift.example.se" in json.dumps(made("--url", "https://drift.example.se/"))


@pytest.mark.parametrize(
    "words",
    [
        ["dashboard", "--job", "x"], ["schema", "--name", "service"], ["rules", "--name", "service"],
        ["dashboard", "--name", "other"],
    ],
)  # fmt: skip
def test_options_that_do_not_belong_are_refused(words: list[str]) -> None:
    assert CliRunner().invoke(app, ["export", *words]).exit_code == 2


@pytest.mark.parametrize("name", NAMES)
def test_panels_are_whole_and_beside_each_other(name: str) -> None:
    """Ids once, nothing over anything else or over the edge, every query with its source."""
    document = DASHBOARDS[name](URL)
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
    assert [DASHBOARDS[name](URL)["uid"] for name in NAMES] == [
        "driftvakt-monitor", "driftvakt-overview", "driftvakt-service",
    ]  # fmt: skip


def test_severities_have_the_words_and_colours() -> None:
    """0 green, 1 unknown, 2 yellow, 3 red, as the metric has them."""
    [mapping] = next(
        one["fieldConfig"]["defaults"]["mappings"]
        for one in DASHBOARDS["overview"](URL)["panels"]
        if one["title"] == "Services"
    )
    told = {key: (one["text"], one["color"]) for key, one in mapping["options"].items()}
    assert [told[str(number)][0] for number in range(4)] == ["green", "unknown", "yellow", "red"]
    assert (told["0"][1], told["3"][1]) == (GREEN, RED)
