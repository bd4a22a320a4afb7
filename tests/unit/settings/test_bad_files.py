"""Every bad file is refused with exactly the faults that stand beside it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from monitor.configuration.loader import ConfigurationError, json_schema, load
from monitor.settings.validate import plain_values
from monitor.settings.yaml_tree import compose

HERE = Path(__file__).parent
BAD = sorted(file.stem for file in (HERE / "bad").glob("*.yaml"))

SECRET = "hunter2 is/secret"

NOT_YAML = "it is no YAML document that a validator could be given"
TWO_PLACES = "it takes two places to see the fault"
ENVIRONMENT = "it takes the environment to see the fault"
CODE = "it takes more than a pattern to see the fault"
SCHEMA_CANNOT_KNOW = {
    "alias_bomb": NOT_YAML,
    "alias_inside_itself": NOT_YAML,
    "alias_without_anchor": NOT_YAML,
    "bad_discovery_templates": CODE,
    "bad_listen_port": CODE,
    "control_character": NOT_YAML,
    "duplicate_keys": NOT_YAML,
    "duplicate_names": TWO_PLACES,
    "empty_file": NOT_YAML,
    "key_is_list": NOT_YAML,
    "latency_red_below_yellow": TWO_PLACES,
    "malformed_placeholder": CODE,
    "max_in_flight_twice": TWO_PLACES,
    "merge_key_of_text": NOT_YAML,
    "missing_variables": ENVIRONMENT,
    "nested_too_deep": NOT_YAML,
    "not_utf8": NOT_YAML,
    "only_comments": NOT_YAML,
    "placeholder_in_flow_unquoted": NOT_YAML,
    "references_to_nothing": TWO_PLACES,
    "syntax_tab": NOT_YAML,
    "syntax_unclosed_list": NOT_YAML,
    "syntax_wrong_indent": NOT_YAML,
    "two_documents": NOT_YAML,
    "unknown_tag": NOT_YAML,
    "window_ends_before_start": TWO_PLACES,
    "window_red_below_yellow": TWO_PLACES,
}
"""Bad files that the JSON Schema cannot refuse, and why."""


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(json_schema())


@pytest.mark.parametrize("name", BAD)
def test_every_fault_is_told_at_once_and_where(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole message, with file, line, column, path and the nearest right word."""
    monkeypatch.chdir(HERE)
    with pytest.raises(ConfigurationError) as refused:
        load(Path("bad") / f"{name}.yaml", {"SECRET": SECRET})
    expected = (HERE / "bad" / f"{name}.expected").read_text(encoding="utf-8")
    assert f"{refused.value}\n" == expected


@pytest.mark.parametrize("name", [name for name in BAD if name not in SCHEMA_CANNOT_KNOW])
def test_the_schema_refuses_what_the_models_refuse(name: str) -> None:
    file = HERE / "bad" / f"{name}.yaml"
    tree = compose(file.read_bytes(), file.name)
    assert tree is not None
    assert not validator().is_valid(plain_values(tree))


def test_there_are_many_bad_files_each_with_its_message() -> None:
    assert len(BAD) >= 40
    assert sorted(file.stem for file in (HERE / "bad").glob("*.expected")) == BAD
    assert set(BAD) >= set(SCHEMA_CANNOT_KNOW)


def test_no_expected_message_holds_a_secret() -> None:
    """`hunter2` stands in bad files where secrets stand; no message may repeat it."""
    for file in (HERE / "bad").glob("*.expected"):
        assert "hunter" not in file.read_text(encoding="utf-8"), file.name
