"""The rules for Prometheus: each alert is whole, and printed with the addresses asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from monitor.cli.app import command_line
from monitor.support.shipped import rules

ROOT = Path(__file__).parents[3]
COMMITTED = ROOT / "config" / "prometheus" / "driftvakt.rules.yml"


def alerting(text: str) -> list[dict[str, Any]]:
    document = YAML(typ="safe").load(text)
    return [rule for group in document["groups"] for rule in group["rules"] if "alert" in rule]


ALERTS = alerting(rules())
NAMES = sorted({str(rule["alert"]) for rule in ALERTS})


def test_what_is_printed_is_what_is_shipped() -> None:
    result = CliRunner().invoke(command_line(), ["export", "rules"])
    assert result.exit_code == 0
    assert result.stdout == COMMITTED.read_text("utf-8")


def test_a_job_of_any_name_is_quoted() -> None:
    [absent] = [one for one in alerting(rules(job='a"b\\c')) if one["alert"] == "DriftvaktAbsent"]
    assert absent["expr"] == 'up{job="a\\"b\\\\c"} == 0\nor\nabsent(up{job="a\\"b\\\\c"})'


def test_addresses_are_those_given() -> None:
    """Of the page, of the runbooks, and the job's name; a slash at the end is not doubled."""
    words = ["--url", "https://drift.example.se/", "--job", "watch"]
    made = CliRunner().invoke(command_line(), ["export", "rules", *words]).stdout
    assert "https://drift.example.se/runbooks/DriftvaktServiceRed.md" in made
    assert "page: https://drift.example.se/s/{{ $labels.environment }}" in made
    assert 'up{job="watch"}' in made
    assert "localhost" not in made
    words = ["--runbooks", "https://wiki.example.se/r/"]
    made = CliRunner().invoke(command_line(), ["export", "rules", *words]).stdout
    assert "https://wiki.example.se/r/DriftvaktAbsent.md" in made


def test_options_of_the_rules_are_of_nothing_else() -> None:
    result = CliRunner().invoke(
        command_line(), ["export", "schema", "--url", "https://drift.example.se"]
    )
    assert result.exit_code == 2


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_each_alert_is_whole(rule: dict[str, Any]) -> None:
    """Both languages, an address of the page and of a runbook, a severity that routes know."""
    notes = rule["annotations"]
    assert set(notes) == {
        "summary", "summary_sv", "summary_en", "description", "description_sv", "page", "runbook_url",
    }  # fmt: skip
    assert all(text.strip() for text in notes.values())
    assert notes["summary_sv"] != notes["summary_en"]
    assert notes["description_sv"] != notes["description"]
    assert rule["labels"]["severity"] in ("critical", "warning", "info")


def test_no_two_alerts_are_the_same() -> None:
    """Name and labels make an alert's identity."""
    labelled = [(one["alert"], *sorted(one["labels"].items())) for one in ALERTS]
    assert len(set(labelled)) == len(labelled)


def test_each_alert_has_a_runbook_and_each_runbook_an_alert() -> None:
    pages = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
    assert [page.stem for page in pages] == NAMES
    for page in pages:
        text = page.read_text("utf-8")
        assert text.startswith(f"# {page.stem}\n")
        assert text.count("\n## ") >= 3, page
