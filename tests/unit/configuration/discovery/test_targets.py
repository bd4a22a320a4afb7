"""Documents of targets: what is read, and that nothing in them is believed."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from pathlib import Path

import pytest

from monitor.configuration.discovery.store import read_files
from monitor.configuration.discovery.targets import (
    MAX_BYTES,
    MAX_LABELS,
    MAX_VALUE,
    DiscoveryError,
    read_targets,
)


def document(*groups: object) -> bytes:
    return json.dumps(list(groups)).encode()


def test_targets_of_all_groups_and_files_in_their_order() -> None:
    """Each with its group's labels; the same pair is there once."""
    one = document({"targets": ["b:1", "a:2"], "labels": {"node": "x"}}, {"targets": ["c"]})
    other = document({"targets": ["b:1"], "labels": {"node": "x"}}, {"targets": ["b:1"]})
    found = read_targets((one, other), 10)
    assert [(f.target, dict(f.labels)) for f in found] == [
        ("b:1", {"node": "x"}),
        ("a:2", {"node": "x"}),
        ("c", {}),
        ("b:1", {}),
    ]


@pytest.mark.parametrize(
    ("target", "host", "port"),
    [
        ("expo.example.se:8443", "expo.example.se", 8443),
        ("expo.example.se", "expo.example.se", None),
        ("[2001:db8::1]:443", "2001:db8::1", 443),
        ("https://expo.example.se/fhir", "expo.example.se", 443),
        ("http://expo.example.se:8080/", "expo.example.se", 8080),
        ("expo:port", None, None),
        ("[", None, None),
    ],
)
def test_host_and_port(target: str, host: str | None, port: int | None) -> None:
    """Of ``host:port`` and of whole addresses; nothing where there is none."""
    [found] = read_targets((document({"targets": [target]}),), 1)
    assert (found.host, found.port) == (host, port)


def test_json_as_go_reads_it() -> None:
    """Keys in any capitals."""
    [found] = read_targets((b'[{"Targets": ["a:1"], "LABELS": {"Node": "x"}}]',), 1)
    assert (found.target, dict(found.labels)) == ("a:1", {"Node": "x"})


def test_files_as_prometheus_reads_them(tmp_path: Path) -> None:
    """YAML by its name, numbers in it as text, a mark before JSON."""
    (tmp_path / "a.json").write_bytes(BOM_UTF8 + document({"targets": ["a"]}))
    (tmp_path / "b.yml").write_text("- targets: [b, 9115]\n  labels: {n: 1.50, on: yes, none: }\n")
    (tmp_path / "c.yaml").write_text("# nothing yet\n")
    read_now = [
        read_targets(read_files(tmp_path / name), 9) for name in ("a.json", "*.yml", "c.yaml")
    ]
    assert [[one.target for one in some] for some in read_now] == [["a"], ["b", "9115"], []]
    assert dict(read_now[1][0].labels) == {"n": "1.50", "on": "yes", "none": ""}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- targets: [a", "b.yml:1:14: not YAML"),
        ("targets: [a]", "not a list of groups"),
        ("- {target: [a]}", "unknown key 'target'"),
        ("- {targets: [!!binary /w==]}", "not UTF-8"),
        ("- {targets: [a], labels: {a: [1]}}", "the label a of group 0 is not text"),
        ("- a", "group 0 is not an object"),
    ],
)
def test_yaml_that_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """With what is wrong with it."""
    (tmp_path / "b.yml").write_text(text)
    with pytest.raises(DiscoveryError, match=said):
        read_targets(read_files(tmp_path / "b.yml"), 9)


@pytest.mark.parametrize(
    "empty", [b"null", b"[]", b'[{"targets": []}]', b'[{"labels": null}]', b"[{}]"]
)
def test_no_target_is_no_fault(empty: bytes) -> None:
    assert read_targets((empty,), 1) == []


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'["\\ud800"]', "not JSON"),
        (b"{}", "not a list of groups"),
        (b"[null]", "group 0 is not an object"),
        (b'[{}, {"target": []}]', "group 1 has an unknown key 'target'"),
        (b'[{"targets": "a"}]', "the targets of group 0 are not a list"),
        (b'[{"targets": [1]}]', "a target of group 0 is not text"),
        (b'[{"targets": [""]}]', "a target of group 0 is empty"),
        (b'[{"targets": ["a\\nb"]}]', "a target of group 0 holds a control character"),
        (b'[{"targets": ["a\\u202eb"]}]', "a target of group 0 holds a control character"),
        (b'[{"labels": []}]', "the labels of group 0 are not an object"),
        (b'[{"labels": {"a-b": ""}}]', "group 0 has a label with a bad name 'a-b'"),
        (b'[{"labels": {"a": 1}}]', "the label a of group 0 is not text"),
        (b'[{"labels": {"a": "\\r\\nX-Evil: 1"}}]', "the label a of group 0 holds a control"),
        (b'[{"targets": ["a", "b", "c"]}]', "more than 2 targets"),
        (document({"targets": ["x" * (MAX_VALUE + 1)]}), f"more than {MAX_VALUE} characters"),
        (
            document({"labels": {f"l{n}": "" for n in range(MAX_LABELS + 1)}}),
            f"more than {MAX_LABELS} labels",
        ),
        (b" " * (MAX_BYTES + 1), "larger than 10 MiB"),
    ],
)
def test_anything_else_is_refused_with_what_is_wrong(bad: bytes, said: str) -> None:
    with pytest.raises(DiscoveryError, match=said):
        read_targets((bad,), 2)
