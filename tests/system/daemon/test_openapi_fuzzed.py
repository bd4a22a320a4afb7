"""The JSON addresses of a daemon that runs, asked by schemathesis for what is allowed and not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.daemon.counting import CountingServer
from tests.support.daemon.running import estate, http_check, running, service
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.system


def test_no_question_meets_an_answer_that_is_not_described(tmp_path: Path) -> None:
    """No fault of ours, no undocumented status, type or body; what is not allowed is refused."""
    window = {
        "id": "w",
        "title": "W",
        "impact": "none",
        "start": "2026-11-24T20:00",
        "end": "2026-11-24T22:00",
        "rrule": "FREQ=WEEKLY",
    }
    with CountingServer() as server:
        config = estate(
            service("expo", http_check("api", server.url("/x"))), service_windows=[window]
        )
        with running(tmp_path, config) as daemon:
            found = subprocess.run(
                [
                    *(sys.executable, "-m", "schemathesis.cli", "run"),
                    *(f"{daemon.url}/api/openapi.json", "--url", f"{daemon.url}/"),
                    *("--checks", "all", "--max-examples", "30", "--seed", "1"),
                    # a name that is well-formed need not be that of a service
                    *("--exclude-checks", "positive_data_acceptance"),
                ],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=6 * PATIENCE,
                check=False,
            )
            assert found.returncode == 0, found.stdout + found.stderr
            assert "ailures:" not in found.stdout
            assert not daemon.events("internal_error")
