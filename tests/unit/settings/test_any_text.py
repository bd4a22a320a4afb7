"""Whatever stands in a file, loading it gives a configuration or faults, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.configuration.loader import ConfigurationError, Fault, json_schema, load

EXAMPLE = (Path(__file__).parents[3] / "config" / "driftvakt.yaml").read_text(encoding="utf-8")
WORDS = sorted(set(re.findall(r'"([A-Za-z_$-]{2,30})":', str(json_schema()).replace("'", '"'))))

SCALARS = st.one_of(
    st.sampled_from(
        ["ext5", "30s", "0s", "none", "auto", "http", "tcp", "dns", "certificate", "${A}", "'${A}'",
         "${A:-1}", "${", "https://a.example.se/", "a.example.se", "[]", "{}", "*a", "&a x", "null",
         "true", "1.5", "-1", "2xx", "2026-11-24T20:00", "ext5/expo", "FREQ=DAILY", ".inf", ".nan",
         "99999999999999999999", "'[::1]:1'", "!!binary aGVq", "<<", "\"\\u0000\"", "\"\\n\"", "[["]
    ),
    st.text(max_size=10),
)  # fmt: skip
KEYS = st.one_of(st.sampled_from([*WORDS, "<<", "x-a"]), st.text(max_size=5))


def flow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(KEYS, inner).map(lambda pair: f"{pair[0]}: {pair[1]}")
    return st.one_of(
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(pairs, max_size=5).map(lambda items: f"{{{', '.join(items)}}}"),
    )


NESTED = st.recursive(SCALARS, flow, max_leaves=12)
FILES = st.lists(st.tuples(KEYS, NESTED), max_size=6).map(
    lambda pairs: "\n".join(f"{key}: {value}" for key, value in pairs)
)


def try_to_load(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    faults: tuple[Fault, ...] = ()
    try:
        load(file, {"A": "1"})
    except ConfigurationError as error:
        faults = error.faults
    for fault in faults:
        assert fault.line >= 1
        assert fault.column >= 1
        assert "\n" not in str(fault)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "driftvakt.yaml"


quickly = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quickly
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda text: text.encode())))
def test_any_bytes(file: Path, data: bytes) -> None:
    try_to_load(file, data)


@quickly
@given(FILES)
def test_any_structure(file: Path, text: str) -> None:
    try_to_load(file, text.encode())


@quickly
@given(st.data())
def test_the_example_with_one_place_changed(file: Path, data: st.DataObject) -> None:
    """A slip of the hand: some characters of a good file are others."""
    start = data.draw(st.integers(0, len(EXAMPLE) - 1))
    end = min(len(EXAMPLE), start + data.draw(st.integers(0, 12)))
    put = data.draw(st.one_of(SCALARS, st.text(max_size=6)))
    try_to_load(file, (EXAMPLE[:start] + put + EXAMPLE[end:]).encode())


@quickly
@given(st.data())
def test_the_example_with_one_value_changed(file: Path, data: st.DataObject) -> None:
    lines = EXAMPLE.splitlines()
    places = [index for index, line in enumerate(lines) if re.match(r"\s*-? ?\w+: \S", line)]
    index = data.draw(st.sampled_from(places))
    key = lines[index].split(": ")[0]
    lines[index] = f"{key}: {data.draw(NESTED)}"
    try_to_load(file, "\n".join(lines).encode())
