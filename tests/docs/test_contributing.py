"""What whoever works here relies on: the same rules before a commit as in CI, and the tests of a change."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.support.patience import PATIENCE
from tests.support.spreading import spread, unit_of_work

ROOT = Path(__file__).parents[2]


def test_a_commit_is_held_to_what_lint_runs() -> None:
    """The hooks of pre-commit are the commands of ``make lint``, in its order, fetched from nowhere."""
    [repository] = YAML(typ="safe").load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))[
        "repos"
    ]
    assert repository["repo"] == "local"
    hooks = repository["hooks"]
    assert {(hook["language"], hook["pass_filenames"]) for hook in hooks} == {("system", False)}
    recipe = re.search(
        r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    assert recipe is not None
    wanted = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe[1].splitlines()]
    assert [hook["entry"] for hook in hooks] == wanted


@pytest.fixture(scope="module")
def tests_of() -> Callable[..., list[str]]:
    loader = SourceFileLoader("changed_tests", str(ROOT / "scripts" / "changed-tests"))
    spec = importlib.util.spec_from_loader("changed_tests", loader)
    assert spec is not None
    module: Any = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    found: Callable[..., list[str]] = module.tests_of
    return found


TESTS = {
    "tests/unit/judging/test_fold.py": "from monitor.judging.fold import observe\n",
    "tests/unit/judging/test_board.py": "from monitor.judging import fold\n",
    "tests/property/test_judge_properties.py": "import monitor.judging.fold\n",
    "tests/unit/probes/net/test_x509.py": "from probes import x509\n",
    "tests/docs/test_docs.py": 'PAGE = "reasons.md"\n',
    "tests/system/daemon/test_stop.py": "from monitor.model.status import Status\n",
    "tests/unit/publish/test_pages.py": "from tests.support.views import view\n",
}


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (
            ["monitor/judging/fold.py"],
            [
                "tests/unit/judging/test_fold.py",
                "tests/property/test_judge_properties.py",
                "tests/unit/judging/test_board.py",
            ],
        ),
        (["tests/system/daemon/test_stop.py"], ["tests/system/daemon/test_stop.py"]),
        (["docs/reasons.md"], ["tests/docs/test_docs.py"]),
        (["probes/net/x509.py", "LICENSE"], ["tests/unit/probes/net/test_x509.py"]),
        (["tests/support/views.py"], ["tests/unit/publish/test_pages.py"]),
        (["tests/unit/gone.py", "monitor/new.py"], []),
    ],
)
def test_a_change_has_its_tests(
    tests_of: Callable[..., list[str]], files: list[str], found: list[str]
) -> None:
    """What mirrors it first, then what imports or names it; of systems only what was changed itself."""
    assert tests_of(files, TESTS) == found


def test_worlds_are_spread_between_the_files_that_wait() -> None:
    """None is lost, files stay whole, and what is left over comes last."""
    unit, first, second = (
        "tests/unit/test_a.py::",
        "tests/system/test_b.py::",
        "tests/system/test_c.py::",
    )
    worlds = [f"tests/simulation/test_d.py::{number}" for number in range(3)]
    files = [f"{unit}1", f"{first}1", f"{first}2", f"{second}1"]
    wanted = [f"{unit}1", *worlds[:2], f"{first}1", f"{first}2", worlds[2], f"{second}1"]
    assert spread([*worlds, *files], str) == wanted
    assert spread([*worlds, f"{unit}1"], str) == [f"{unit}1", *worlds]
    assert len({unit_of_work(one) for one in (*worlds, *files)}) == 6


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(one) for one in listed]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_busy_ones_end_with_their_parent(number: signal.Signals, tmp_path: Path) -> None:
    """However ``scripts/busy`` ends, the two that it has started do not outlive it."""
    begun = tmp_path / "begun"
    told = f"touch {shlex.quote(str(begun))}; exec sleep 0.5"
    with subprocess.Popen(["sh", str(ROOT / "scripts" / "busy"), "sh", "-c", told]) as running:
        limit = time.monotonic() + PATIENCE
        while not begun.exists():
            assert time.monotonic() < limit
            time.sleep(0.01)
        started = children(running.pid)
        assert len(started) == 3
        running.send_signal(number)
    limit = time.monotonic() + PATIENCE
    while any(alive(pid) for pid in started):
        assert time.monotonic() < limit, started
        time.sleep(0.01)
    assert running.returncode in (143, -number)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_what_the_busy_ones_are_beside_says_how_it_went() -> None:
    """Its exit code is the script's."""
    words = ["sh", str(ROOT / "scripts" / "busy"), "sh", "-c", "exit 7"]
    done = subprocess.run(words, env=dict(os.environ), timeout=PATIENCE, check=False)
    assert done.returncode == 7
