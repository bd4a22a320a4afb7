"""What ``${NAME}`` put in is a secret, unless it says openly what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.configuration.loader import load
from monitor.model.estate import Estate
from monitor.support.redaction import secrets_of

CONFIG = """
environments:
  - name: ext5
    title: ${TITLE}
    services:
      - name: expo
        title: EXPO
        checks:
          - name: api
            kind: http
            url: https://${HOST}:${PORT}/${PLANTED}/x?key=open-sesame
            interval: ${EVERY:-30s}
            tls: {insecure_skip_verify: "${SKIP}"}
"""
ENVIRON = {
    "TITLE": "Expedition five",
    "HOST": "expo.example.se",
    "PORT": "8443",
    "PLANTED": "swordfish-1",
    "SKIP": "false",
    "EVERY": "300s",
}


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    path = tmp_path / "driftvakt.yaml"
    path.write_text(CONFIG)
    return load(path, ENVIRON).estate


def test_a_secret_of_the_environment_is_masked(estate: Estate) -> None:
    """Wherever it was put; and no target shows it."""
    assert "swordfish-1" in secrets_of(estate)
    [check] = estate.checks()
    assert "sword" not in check.target
    assert check.target.startswith("https://expo.example.se:8443/***/x")


def test_what_everybody_may_know_is_no_secret(estate: Estate) -> None:
    """Hosts, ports, titles, lengths of time and words of the configuration are not blanked."""
    assert not secrets_of(estate) & {"expo.example.se", "8443", "Expedition five", "300s", "false"}
