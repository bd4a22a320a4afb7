"""The demo's configuration is an ordinary one."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.configuration.loader import load
from monitor.demo.config import configuration, write_configuration
from monitor.demo.script import SERVICES
from monitor.plan import windows_of

PORTS = {service: 40_000 + number for number, service in enumerate(SERVICES)}


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_ordinary_loader_takes_it_without_a_word(tmp_path: Path, language: str) -> None:
    """No fault, no warning; two environments, three services each, three kinds of check."""
    (tmp_path / "ca.pem").touch()
    loaded = load(write_configuration(tmp_path, PORTS, language), {})
    estate = loaded.estate
    assert not loaded.warnings
    assert estate.language == language
    assert estate.data_dir == tmp_path / "data"
    assert (estate.listen_host, estate.listen_port) == ("127.0.0.1", 0)
    assert [environment.name for environment in estate.environments] == ["ext5", "ext6"]
    assert sorted(service.id for service in estate.services()) == sorted(SERVICES)
    assert {check.kind for check in estate.checks()} == {"http", "certificate", "tcp"}
    assert [window.id for window in windows_of(estate)] == ["database"]


def test_it_is_in_a_hurry(tmp_path: Path) -> None:
    """Red takes three failures: with these it is a matter of two seconds."""
    (tmp_path / "ca.pem").touch()
    for check in load(write_configuration(tmp_path, PORTS, "en"), {}).estate.checks():
        assert check.interval <= 2.0
        assert check.retry_interval == 0.5
        assert check.timeout == 2.0


def test_each_check_goes_to_the_port_of_its_service(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    for check in load(write_configuration(tmp_path, PORTS, "en"), {}).estate.checks():
        assert check.port == PORTS[check.service_id]


def test_a_folder_with_a_strange_name_is_quoted() -> None:
    text = configuration(PORTS, "en", Path('/tmp/a: "b" #c'))
    assert 'data_dir: "/tmp/a: \\"b\\" #c"' in text
