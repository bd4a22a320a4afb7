"""The rules for Prometheus: what is committed is what is made, and each alert is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from monitor.cli import app
from monitor.export.rules import alerts, rules
from monitor.export.yaml_text import yaml_text

ROOT = Path(__file__).parents[3]
COMMITTED = ROOT / "config" / "prometheus" / "driftvakt.rules.yml"
ALERTS = [alert for group in alerts().values() for alert in group]
NAMES = sorted({alert.name for alert in ALERTS})


def alerting(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule for group in document["groups"] for rule in group["rules"] if "alert" in rule]


def test_what_is_committed_is_what_is_made() -> None:
    """Make it anew with ``driftvakt export rules > config/prometheus/driftvakt.rules.yml``."""
    result = CliRunner().invoke(app, ["export", "rules"])
    assert result.exit_code == 0
    assert result.stdout == COMMITTED.read_text("utf-8")


def test_the_text_says_what_the_document_does() -> None:
    assert YAML(typ="safe").load(yaml_text(rules())) == rules()


def test_addresses_are_those_given() -> None:
    """Of the page, of the runbooks, and the job's name; a slash at the end is not doubled."""
    words = ["--url", "https://drift.example.se/", "--job", "watch"]
    made = CliRunner().invoke(app, ["export", "rules", *words]).stdout
    assert "https://drift.example.se/runbooks/DriftvaktServiceRed.md" in made
    assert "page: https://drift.example.se/s/{{ $labels.environment }}" in made
    assert 'up{job="watch"}' in made
    assert "localhost" not in made
    words = ["--runbooks", "https://wiki.example.se/r/"]
    made = CliRunner().invoke(app, ["export", "rules", *words]).stdout
    assert "https://wiki.example.se/r/DriftvaktAbsent.md" in made


def test_options_of_the_rules_are_of_nothing_else() -> None:
    result = CliRunner().invoke(app, ["export", "schema", "--url", "https://drift.example.se"])
    assert result.exit_code == 2


@pytest.mark.parametrize("rule", alerting(rules()), ids=lambda rule: str(rule["alert"]))
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
    labelled = [(one.name, one.severity, *sorted(one.labels.items())) for one in ALERTS]
    assert len(set(labelled)) == len(labelled)


def test_each_alert_has_a_runbook_and_each_runbook_an_alert() -> None:
    pages = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
    assert [page.stem for page in pages] == NAMES
    for page in pages:
        text = page.read_text("utf-8")
        assert text.startswith(f"# {page.stem}\n")
        assert text.count("\n## ") >= 3, page
