"""Our own network, without any canary: what the kernel and our resolver know is ours, and shown so."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon.running import ROOT

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


def cut_off(how: str, folder: Path) -> dict[str, Any]:
    """What a daemon says whose network is cut so, in namespaces of its own."""
    unshare = shutil.which("unshare")
    assert unshare is not None
    done = subprocess.run(
        [
            *(unshare, "--map-root-user", "--net", "--mount", "--"),
            *(sys.executable, "-m", "tests.support.daemon.cut_off", how, str(folder)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("route", "no route"),
        ("address", "no route"),
        ("link", "no route"),
        ("carrier", "cable on the way to"),
    ],
)
def test_a_network_of_ours_that_is_cut_is_ours_by_name_as_by_address(
    how: str, words: str, tmp_path: Path
) -> None:
    """No route, no address, the link down or the cable out: nobody is blamed, and it says why."""
    said = cut_off(how, tmp_path)

    assert said["transitions"] == []
    for name, check in said["checks"].items():
        assert (check["status"], check["cause"]) == ("unknown", "monitor"), (name, check)
    by_name = said["checks"]["by-name"]
    assert words in by_name["why"]
    assert "our resolver" in by_name["why"]


def test_a_resolver_of_ours_that_hangs_is_ours(tmp_path: Path) -> None:
    """What needs a name is unknown, a ``dns`` check by the system's resolver too; a target that is
    silent by its address is red all the same.
    """
    said = cut_off("resolver", tmp_path)

    shown = said["checks"]
    for name in ("by-name", "port-by-name", "name"):
        assert (shown[name]["status"], shown[name]["cause"]) == ("unknown", "monitor"), shown
        assert "our resolver 127.0.0.1 does not answer" in shown[name]["why"]
    assert (shown["by-address"]["status"], shown["by-address"]["cause"]) == ("red", "target")


def test_a_resolver_that_answers_has_told(tmp_path: Path) -> None:
    """A name that does not exist and a target that is silent are red: it is not us."""
    said = cut_off("nothing", tmp_path)

    shown = {name: (one["status"], one["cause"]) for name, one in said["checks"].items()}
    assert shown == {
        "by-address": ("red", "target"),
        "by-name": ("red", "network"),
        "port-by-name": ("red", "network"),
        "name": ("red", "target"),
    }
