"""A folder of files is one configuration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.configuration.loader import ConfigurationError, load

Write = Callable[..., Path]

CHECKS = "checks: [{name: port, kind: tcp, host: a.example.se, port: 443}]"


def refused(folder: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as error:
        load(folder, {})
    return [str(fault).replace(f"{folder}/", "") for fault in error.value.faults]


def test_mappings_are_merged_and_lists_at_the_top_joined(write: Write, tmp_path: Path) -> None:
    write("defaults: {interval: 1m, latency: {yellow: 2s}}\nlanguage: en", "00-defaults.yaml")
    write(
        f"""
        defaults: {{timeout: 3s, latency: {{red: 9s}}}}
        environments: [{{name: ext5, services: [{{name: expo, {CHECKS}}}]}}]
        """,
        "10-ext5.yml",
    )
    write(f"environments: [{{name: ext6, services: [{{name: expo, {CHECKS}}}]}}]", "20-ext6.yaml")
    estate = load(tmp_path, {}).estate
    assert [one.name for one in estate.environments] == ["ext5", "ext6"]
    check = next(iter(estate.checks()))
    assert (estate.language, check.interval, check.timeout) == ("en", 60.0, 3.0)
    assert (check.thresholds.latency_yellow, check.thresholds.latency_red) == (2.0, 9.0)


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_services_of_an_environment_may_be_spread_over_files(
    write: Write, tmp_path: Path, order: str
) -> None:
    full, added = tuple(order)
    write(
        f"environments: [{{name: ext5, title: Fem, services: [{{name: expo, {CHECKS}}}]}}]",
        f"{full}.yaml",
    )
    write(f"environments: [{{name: ext5, services: [{{name: nll, {CHECKS}}}]}}]", f"{added}.yaml")
    environment = load(tmp_path, {}).estate.environments[0]
    assert environment.title.sv == "Fem"
    assert {one.name for one in environment.services} == {"expo", "nll"}


def test_a_service_in_two_files_is_a_duplicate(write: Write, tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        write(f"environments: [{{name: ext5, services: [{{name: expo, {CHECKS}}}]}}]", name)
    told = "'expo' is the name of another service: first at a.yaml:1:47"
    assert refused(tmp_path) == [f"b.yaml:1:47: environments[0].services[1].name: {told}"]


def test_an_environment_described_in_two_files_is_a_duplicate(write: Write, tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        write(f"environments: [{{name: ext5, weight: 2, services: [{{name: s, {CHECKS}}}]}}]", name)
    told = "'ext5' is the name of another environment: first at a.yaml:1:23"
    assert refused(tmp_path) == [f"b.yaml:1:23: environments[1].name: {told}"]


def test_a_value_set_in_two_files_is_a_fault_that_names_both(write: Write, tmp_path: Path) -> None:
    text = "\nlanguage: sv\ndefaults: {interval: 1m}\n"
    write(f"{text}environments: [{{name: ext5, services: [{{name: s, {CHECKS}}}]}}]", "a.yaml")
    write(text, "b.yaml")
    assert refused(tmp_path) == [
        "b.yaml:2:1: language: already set at a.yaml:2:1: set it in one file",
        "b.yaml:3:12: defaults.interval: already set at a.yaml:3:12: set it in one file",
    ]


def test_the_faults_of_all_files_are_told_at_once(write: Write, tmp_path: Path) -> None:
    write("environments: [", "a.yaml")
    write("langage: sv", "b.yaml")
    write("- x", "c.yaml")
    write("location: ${NOWHERE}", "d.yaml")
    told = refused(tmp_path)
    assert [fault.split(":")[0] for fault in told] == [
        "a.yaml",
        "b.yaml",
        "b.yaml",
        "c.yaml",
        "d.yaml",
    ]


def test_other_files_hidden_files_and_folders_are_not_read(write: Write, tmp_path: Path) -> None:
    write(f"environments: [{{name: ext5, services: [{{name: s, {CHECKS}}}]}}]", "a.yaml")
    write("# nothing yet", "b.yaml")
    for name in (".hidden.yaml", "notes.txt", "a.yaml~", "prometheus/rules.yaml"):
        write("broken: [", name)
    assert [one.name for one in load(tmp_path, {}).estate.environments] == ["ext5"]


def test_a_folder_without_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        load(tmp_path, {})
    assert str(error.value) == f"{tmp_path}:1:1: there is no *.yaml or *.yml file in this folder"
