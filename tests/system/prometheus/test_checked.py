"""Prometheus' own tool reads what is committed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.servers.programs import require_program

pytestmark = pytest.mark.system
FOLDER = Path(__file__).parents[3] / "config" / "prometheus"


def said(*words: str | Path) -> str:
    promtool = require_program("promtool")
    done = subprocess.run(
        [promtool, *words], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_rules() -> None:
    assert "SUCCESS" in said("check", "rules", "--lint-fatal", FOLDER / "driftvakt.rules.yml")
