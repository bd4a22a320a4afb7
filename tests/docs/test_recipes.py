"""Every recipe of ``docs/recipes.md`` can be used as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from monitor.configuration.loader import json_schema
from monitor.settings.validate import plain_values
from monitor.settings.yaml_tree import compose
from monitor.support.redaction import secrets_of
from probes.kinds import load_kinds
from probes.net.context import ProbeContext
from tests.support.recipe_book import PARTS, TEXT, blocks, load_recipe

RECIPES = [
    pytest.param(block, id=f"{name} {number}")
    for name, part in PARTS.items()
    for number, block in enumerate(blocks(part))
]
WANTED = (
    "FHIR behind OAuth2",
    "SOAP behind mutual TLS",
    "An export file with a deadline",
    "A version package that must be present",
    "A version package that must be gone after its date",
    "Without a client certificate: refused",
    "Through a proxy",
    "A SAML assertion as the bearer",
)
WORD = "hemligt%2Flösen"


@pytest.mark.parametrize("name", WANTED)
def test_there_is_a_recipe_for_each_need(name: str) -> None:
    """With a paragraph and a configuration, and listed at the top."""
    part = PARTS[name]
    assert "```yaml" in part
    assert len(part.partition("```")[0].splitlines()) >= 4
    assert f"- [{name}](#" in TEXT


def test_the_list_leads_to_each() -> None:
    """As headings are linked to: small letters, hyphens, no other signs."""
    listed = re.findall(r"^- \[(.*)\]\(#(.*)\)$", TEXT, re.MULTILINE)
    assert [name for name, _ in listed] == list(PARTS)
    for name, anchor in listed:
        assert anchor == re.sub(r"[^a-z0-9 -]", "", name.lower()).replace(" ", "-")


@pytest.mark.parametrize("recipe", RECIPES)
async def test_a_recipe_loads_and_can_be_run(recipe: str, tmp_path: Path) -> None:
    """Without a fault, a warning or a piece of advice; its probes can be made."""
    loaded = load_recipe(recipe, tmp_path, {"PROXY_PASSWORD": WORD})
    assert loaded.warnings == ()
    assert loaded.advice == ()
    kinds = load_kinds()
    async with ProbeContext() as context:
        for check in loaded.estate.checks():
            kinds[check.kind].prepare(check.settings, check.timeout, context)
            assert check.host.endswith(".example.se")
    assert "PROXY_PASSWORD" not in recipe or "hemligt/lösen" in secrets_of(loaded.estate)


@pytest.mark.parametrize("recipe", RECIPES)
def test_an_editor_accepts_a_recipe(recipe: str) -> None:
    """The JSON Schema says the same."""
    tree = compose(recipe.encode(), "recipe")
    assert tree is not None
    assert list(Draft202012Validator(json_schema()).iter_errors(plain_values(tree))) == []
