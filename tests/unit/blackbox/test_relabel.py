"""Rules that make labels of labels, as Prometheus carries them out."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.blackbox.relabel import RelabelRule, relabelled

BEFORE = {"__address__": "a.test:80", "team": "Blue", "job": "web"}


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        ({"source_labels": ["__address__"], "target_label": "x"}, {"x": "a.test:80"}),
        (
            {"source_labels": ["job", "team"], "separator": "-", "target_label": "x"},
            {"x": "web-Blue"},
        ),
        (
            {"source_labels": ["__address__"], "regex": "(.+):(?P<port>.+)", "target_label": "x",
             "replacement": "$1/${port}$$"},
            {"x": "a.test/80$"},
        ),
        ({"source_labels": ["__address__"], "regex": "a", "target_label": "x"}, {}),
        ({"target_label": "x", "replacement": "y"}, {"x": "y"}),
        ({"target_label": "team", "replacement": ""}, {"team": None}),
        ({"source_labels": ["team"], "regex": "Blue", "action": "keep"}, {}),
        ({"source_labels": ["team"], "regex": "Lue", "action": "keep"}, None),
        ({"source_labels": ["team"], "regex": "Blue", "action": "drop"}, None),
        ({"source_labels": ["team"], "target_label": "job", "action": "keepequal"}, None),
        ({"source_labels": ["team"], "target_label": "job", "action": "dropequal"}, {}),
        ({"source_labels": ["team"], "target_label": "x", "action": "lowercase"}, {"x": "blue"}),
        ({"source_labels": ["team"], "target_label": "x", "action": "uppercase"}, {"x": "BLUE"}),
        ({"regex": "te(.*)", "replacement": "x_$1", "action": "labelmap"}, {"x_am": "Blue"}),
        ({"regex": "te.*", "action": "labeldrop"}, {"team": None}),
        ({"regex": "__.*|team", "action": "labelkeep"}, {"job": None}),
    ],
)  # fmt: skip
def test_a_rule(rule: dict[str, Any], changed: dict[str, str | None] | None) -> None:
    """What it sets, what it takes away, whether it drops the target."""
    found = relabelled(BEFORE, [RelabelRule.model_validate(rule)])
    if changed is None:
        assert found is None
    else:
        assert found == {k: v for k, v in {**BEFORE, **changed}.items() if v is not None}


def test_rules_follow_each_other() -> None:
    """Each sees what the one before it made."""
    rules = [
        RelabelRule(source_labels=["__address__"], target_label="a"),
        RelabelRule(source_labels=["a"], target_label="b"),
        RelabelRule(source_labels=["b"], regex="a.test:80", action="drop"),
        RelabelRule(target_label="c", replacement="never"),
    ]
    assert relabelled(BEFORE, rules[:2]) == {**BEFORE, "a": "a.test:80", "b": "a.test:80"}
    assert relabelled(BEFORE, rules) is None
