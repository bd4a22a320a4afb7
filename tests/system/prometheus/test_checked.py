"""Prometheus' own tool reads what is committed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE
from tests.support.servers.programs import require_program

pytestmark = pytest.mark.system
FOLDER = Path(__file__).parents[3] / "config" / "prometheus"


def said(*words: str | Path) -> str:
    promtool = require_program("promtool")
    done = subprocess.run(
        [promtool, *words], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_rules() -> None:
    assert "SUCCESS" in said("check", "rules", "--lint-fatal", FOLDER / "driftvakt.rules.yml")


def test_the_configuration_of_prometheus() -> None:
    """It finds the rules beside it."""
    assert "SUCCESS" in said("check", "config", FOLDER / "prometheus.yml")


def test_the_routes_of_alertmanager() -> None:
    """What is red goes to those who are woken, what is planned to nobody."""
    amtool = require_program("amtool")

    def routed(**labels: str) -> str:
        words = [f"{key}={value}" for key, value in labels.items()]
        config = f"--config.file={FOLDER / 'alertmanager.yml'}"
        command = [amtool, "config", "routes", "test", config, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
        return done.stdout.strip()

    assert routed(alertname="DriftvaktServiceRed", severity="critical") == "page"
    assert routed(alertname="DriftvaktServiceRedPlanned", severity="info") == "nobody"
    assert routed(alertname="DriftvaktServiceYellow", severity="warning") == "office"
