"""libyaml is only asked where it reads a text as the parser in Python does, places and all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.settings.errors import ConfigurationError
from monitor.settings.yaml_composer import Composer, Unsure
from monitor.settings.yaml_events import events, quick_events
from monitor.settings.yaml_tree import Mapping, Node, Scalar, Sequence

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for folder in ("config", "tests", "docs")
    for suffix in ("yaml", "yml")
    for path in (ROOT / folder).rglob(f"*.{suffix}")
)
FENCED = re.compile(r"^```ya?ml\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = [
    text
    for path in sorted((ROOT / "docs").rglob("*.md"))
    for text in FENCED.findall(path.read_text())
]
TEXTS = [*(path.read_text(encoding="utf-8", errors="replace") for path in FILES), *EXAMPLES]

CHANGED = st.sampled_from(
    ["a", "b: ", "- ", "\n", "\n  ", "\n    ", " ", "  ", "'x'", '"y"', "'", '"', ": ", ":", "{", "}",
     "[", "]", ", ", ",", "#", "# c", "\n\n", "|", "|-", "|+\n", ">", ">-\n", "|2", "&a ", "*a", "*a ",
     "<<: ", "? ", "?", "!", "!!str ", "!x ", "---", "...", "\n---\n", "%", "@", "`", "\\", "\\n",
     "\\x41", "\\u00e5", "\\/", "\\ ", "\\\n", "\r\n", "\r", "å", "1", "-", "--", "-a", ":a", "a:b",
     "a#b", "=", "~", "null", "${A}", "${A:-b}", "http://x:80/y?z=1", "\t", "\x85", "\u2028", "\ufeff",
     "\x07", "\U0001f600", "\xa0", "a: b\n", "- c\n", "\n  - d\n", "k: {x: 1, y: [2, 3]}\n"]
)  # fmt: skip
"""Pieces that parsers of YAML have disagreed on."""
PIECES = st.lists(CHANGED, max_size=14).map("".join)

WORDS = st.one_of(
    st.sampled_from(
        ["", "30s", "true", "off", "0o17", "1e3", "~", "a b", "Hej!", "vad?", "a: b", "x #y"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
)
TREES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(WORDS, st.integers(-9, 9), st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(WORDS.filter(bool), inner, max_size=4)
    ),
    max_leaves=20,
)
thoroughly = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def told(node: Node | None) -> Iterator[object]:
    """All that a tree holds, place by place."""
    if node is None:
        return
    yield type(node)
    yield node.mark, node.size, node.depth
    if isinstance(node, Scalar):
        for one in fields(node):
            value = getattr(node, one.name)
            yield type(value), repr(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from told(item)
    elif isinstance(node, Mapping):
        for key, value in node.entries.items():
            yield key, node.keys[key]
            yield from told(value)


def read_quickly(text: str) -> list[object] | None:
    """What libyaml gives; ``None`` where it is not asked, or the other has the last word."""
    quick = quick_events(text)
    if quick is None:
        return None
    composer = Composer("f", quick)
    try:
        tree = composer.document()
    except (yaml.YAMLError, ConfigurationError, Unsure):
        return None
    return None if composer.faults else list(told(tree))


def check_equal(text: str) -> bool:
    """Whether libyaml was believed; then the other reads the same."""
    quickly = read_quickly(text)
    if quickly is None:
        return False
    composer = Composer("f", events(text))
    assert list(told(composer.document())) == quickly
    assert not composer.faults
    return True


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_of_ours_reads_the_same(path: Path) -> None:
    """The bad ones, too."""
    check_equal(path.read_text(encoding="utf-8", errors="replace"))


def test_every_example_of_the_pages_reads_the_same() -> None:
    assert len(EXAMPLES) > 20
    for text in EXAMPLES:
        check_equal(text)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: str(path.name)
)
def test_a_configuration_as_people_write_it_is_read_quickly(path: Path) -> None:
    """Anchors, merge keys, placeholders, blocks and comments are no reason to step aside."""
    assert check_equal(path.read_text(encoding="utf-8"))


def test_what_every_operator_uses_is_read_quickly() -> None:
    assert check_equal(
        "# a comment\n"
        "x-tls: &siths {min_version: TLSv1.2, 'ca_file': \"siths.pem\"}\n"
        "a: {<<: *siths, max: 3}  # another\n"
        "b:\n  <<: [*siths, *siths]\n  url: https://a.example.se/x?y=1&z=!\n"
        "c: |\n  Hej!\n  Hur mår du?\n\n  Bra.\n"
        "d: >-\n  one\n  two\n"
        "e:\n- ${A}\n- \"${B:-x}\"\n- 'it''s'\n- \"\\u00e5\\n\"\n- [1, [2, {k: v}]]\n"
        "f:\ng: ~\n"
    )


@thoroughly
@given(PIECES)
@example("b: ")
@example("- ")
@example("? ")
@example("|\n \n  x\n")
@example("|+\n#")
@example("*a : b")
@example("&a a: *a")
@example("- >#")
@example("\x85a")
@example("a:\n  - \n  - b\n")
@example("{a: , b}")
@example("[a: b, c]")
@example('{"a":1, b:2}')
@example("a: 'b\n\n  c'\r\nd: e\r")
def test_any_pieces(text: str) -> None:
    check_equal(text)


@thoroughly
@given(
    TREES,
    st.booleans(),
    st.integers(1, 9),
    st.booleans(),
    st.sampled_from([None, "'", '"', "|", ">"]),
)
def test_whatever_a_program_writes(
    tree: Any, flow: bool, indent: int, unicode: bool, style: str | None
) -> None:
    """In every style that PyYAML can write."""
    check_equal(
        yaml.dump(
            tree,
            default_flow_style=flow,
            indent=indent,
            allow_unicode=unicode,
            default_style=style,  # type: ignore[arg-type, unused-ignore]
            width=30,
        )
    )


@thoroughly
@given(st.sampled_from([text for text in TEXTS if text]), st.data())
def test_a_slip_of_the_hand(text: str, data: st.DataObject) -> None:
    """Files and examples of ours, with some characters changed."""
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 8)))
        text = text[:start] + data.draw(st.one_of(CHANGED, st.just(""))) + text[end:]
    check_equal(text)
