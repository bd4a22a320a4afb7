"""YAML as operators write it: 1.2 scalars, anchors and merge keys, bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from monitor.configuration.loader import ConfigurationError
from monitor.model.estate import Estate
from monitor.settings.validate import plain_values
from monitor.settings.yaml_tree import Mapping, Sequence, compose, plain_value
from probes.http.settings import HttpSettings


def read(text: str) -> Any:
    tree = compose(text.encode(), "f")
    assert tree is not None
    return plain_values(tree)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("off", "off"), ("yes", "yes"), ("No", "No"), ("true", True), ("False", False),
        ("~", None), ("null", None), ("", None), ("7", 7), ("-7", -7), ("0o17", 15), ("0x1F", 31),
        ("017", 17), ("1_000", "1_000"), ("1.5", 1.5), ("1e3", 1000.0), (".5", 0.5), ("1.", 1.0),
        ("4.0.1", "4.0.1"), ("20:30", "20:30"), ("2026-11-24", "2026-11-24"), ("-", "-"),
        ("9" * 101, "9" * 101), ("1e99", 1e99), ("+", "+"), (".", "."),
    ],
)  # fmt: skip
def test_plain_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    assert plain_value(text) == value
    assert type(plain_value(text)) is type(value)


def test_quoted_and_tagged_scalars() -> None:
    assert read("- '5'\n- \"5\"\n- !!str 5\n- !!int 5\n- !!float 5\n- |-\n  5\n") == [
        "5", "5", "5", 5, 5.0, "5",
    ]  # fmt: skip


def test_merge_keys_bring_what_the_mapping_does_not_say_itself() -> None:
    told = read(
        "a: &a {x: 1, y: 1}\n"
        "b: &b {y: 2, z: 2}\n"
        "c: {<<: *a, y: 3}\n"
        "d: {z: 4, <<: [*a, *b]}\n"
        "e: {'<<': 5}\n"
    )
    assert told["c"] == {"x": 1, "y": 3}
    assert told["d"] == {"x": 1, "y": 1, "z": 4}
    assert told["e"] == {"<<": 5}


def test_operators_share_tls_settings_by_anchors(load_text: Callable[..., Estate]) -> None:
    checks = load_text(
        """
        x-tls: &siths {min_version: TLSv1.2, ca_file: siths.pem}
        environments:
          - name: ext5
            services:
              - name: expo
                checks:
                  - {name: a, kind: http, url: "https://a.example.se/", tls: *siths}
                  - name: b
                    kind: http
                    url: https://b.example.se/
                    tls:
                      <<: *siths
                      min_version: TLSv1.3
        """
    ).checks()
    one, other = (check.settings for check in checks)
    assert isinstance(one, HttpSettings)
    assert isinstance(other, HttpSettings)
    assert one.tls.ca_file == other.tls.ca_file
    assert (one.tls.min_version, other.tls.min_version) == ("TLSv1.2", "TLSv1.3")


def test_every_node_knows_its_place() -> None:
    tree = compose(b"\xef\xbb\xbfa: 1\r\nb:\r\n  - x: \xc3\xa5\xc3\xa4 # y\r\n    z:\r\n", "f")
    assert isinstance(tree, Mapping)
    items = tree.entries["b"]
    assert isinstance(items, Sequence)
    listed = items.items[0]
    assert isinstance(listed, Mapping)
    assert [str(listed.keys[key]) for key in "xz"] == ["f:3:5", "f:4:5"]
    assert [str(listed.entries[key].mark) for key in "xz"] == ["f:3:8", "f:4:5"]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 50_000,
        "- " * 50_000,
        "&a [*a]",
        "a: !!python/object:os.system x",
        '"\\ud800"',
        '"\\UFFFFFFFF"',
        "%YAML 9.9.9\n---\na",
        "%YAML 1.\n---\na",
        "%TAG ! tag:x,2000:\n---\n!x a",
        "? [a]\n: b",
        "'unclosed",
        "a: b: c",
        "@a",
        "\x00",
        "a: \ud7ff\u0085\u2028b: [",
    ],
)
def test_what_cannot_be_read_is_one_fault_with_a_place(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        compose(text.encode(), "f")
    assert len(refused.value.faults) == 1
    assert refused.value.faults[0].line >= 1


def test_a_directive_does_not_bring_back_yaml_1_1() -> None:
    assert read("%YAML 1.1\n---\n[off, 0o10]") == ["off", 8]


def test_duplicate_keys_are_all_told() -> None:
    with pytest.raises(ConfigurationError) as refused:
        compose(b"a: 1\nb: {c: 1, c: 2}\na: 2\na: 3\n", "f")
    assert [str(fault) for fault in refused.value.faults] == [
        'f:2:11: the key "c" is here twice: first on line 2',
        'f:3:1: the key "a" is here twice: first on line 1',
        'f:4:1: the key "a" is here twice: first on line 1',
    ]
