"""Every alert by ``promtool test rules``: it fires when it should, and not when it nearly would."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.support.patience import PATIENCE
from tests.support.prometheus.cases import CASES, Case
from tests.support.prometheus.programs import shipped
from tests.support.servers.programs import require_program

pytestmark = pytest.mark.system
GROUPS: list[dict[str, Any]] = shipped("driftvakt.rules.yml")["groups"]
NAMES = sorted(
    {str(rule["alert"]) for group in GROUPS for rule in group["rules"] if "alert" in rule}
)


def asked(case: Case) -> dict[str, Any]:
    """The case as a test of promtool's, by the series that Prometheus makes of what fires."""
    keys = sorted({key for one in case.firing for key in one})
    fires = f'ALERTS{{alertname="{case.alert}",alertstate="firing"}}'
    each = [",".join(f'{key}="{one[key]}"' for key in sorted(one)) for one in case.firing]
    samples = [{"labels": f"{{{labels}}}", "value": 1} for labels in each]
    return {
        "name": case.what,
        "interval": f"{case.step}s",
        "input_series": [{"series": name, "values": is_} for name, is_ in case.series.items()],
        "promql_expr_test": [
            {
                "expr": f"count by ({','.join(keys)}) ({fires})" if keys else fires,
                "eval_time": f"{case.at * case.step}s",
                "exp_samples": samples,
            }
        ],
    }


def groups_for(name: str) -> list[dict[str, Any]]:
    """The alert's own group, and those that record what alerts read: promtool evaluates all that
    it is given at every step of days, and the rest is a third of it.
    """
    found = [
        group
        for group in GROUPS
        if any("record" in rule or rule.get("alert") == name for rule in group["rules"])
    ]
    assert any(rule.get("alert") == name for group in found for rule in group["rules"])
    return found


def promtool(
    folder: Path, name: str, step: int, tests: Iterable[dict[str, Any]]
) -> tuple[int, str]:
    groups = groups_for(name)
    given, path = folder / "rules.yml", folder / "cases.yml"
    given.write_text(json.dumps({"groups": groups}, ensure_ascii=False), "utf-8")
    document = {
        "rule_files": [str(given)],
        "evaluation_interval": f"{step}s",
        "group_eval_order": [group["name"] for group in groups],
        "tests": list(tests),
    }
    path.write_text(json.dumps(document), "utf-8")  # JSON is YAML
    words = [require_program("promtool"), "test", "rules", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_it_fires_when_it_should_and_only_then(name: str, tmp_path: Path) -> None:
    """Each alert has cases of both kinds."""
    cases = [case for case in CASES if case.alert == name]
    assert any(case.firing for case in cases)
    assert not all(case.firing for case in cases)
    [step] = {case.step for case in cases}
    code, said = promtool(tmp_path, name, step, map(asked, cases))
    assert code == 0, said


def test_every_rule_has_fired() -> None:
    """Also each of those that share a name: each severity, span and objective."""
    for alert in (rule for group in GROUPS for rule in group["rules"] if "alert" in rule):
        name, labels = alert["alert"], alert["labels"]
        assert any(
            case.alert == name
            and all(one[key] == labels[key] for key in one if key in labels)
            and set(labels) & {"within", "span", "objective"} <= set(one)
            for case in CASES
            for one in case.firing
        ), (name, labels)


@pytest.mark.parametrize("name", NAMES)
def test_what_it_says_is_whole(name: str, tmp_path: Path) -> None:
    """No template fails, and none asks for a label that is not there. promtool is told to expect
    nothing, so that it prints what it got.
    """
    case = next(case for case in CASES if case.alert == name and case.firing)
    test = asked(case)
    test["alert_rule_test"] = [
        {"alertname": name, "eval_time": f"{case.at * case.step}s", "exp_alerts": []}
    ]
    test["promql_expr_test"] = []
    code, said = promtool(tmp_path, name, case.step, [test])
    assert code != 0
    assert "summary_sv" in said
    assert f"runbooks/{name}.md" in said
    for wrong in ("<error", "<no value>", "{{", "//s", "/s//"):
        assert wrong not in said


def test_it_would_be_seen(tmp_path: Path) -> None:
    """The tool does find fault."""
    case = Case("DriftvaktServiceRed", "nothing", {}, 3, ({"severity": "critical"},))
    code, said = promtool(tmp_path, case.alert, 60, [asked(case)])
    assert code == 1
    assert "FAILED" in said
