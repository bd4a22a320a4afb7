"""The first change of docs/first-change.md can be made, and its test holds only with it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "first-change.md").read_text("utf-8")
DIFFS = re.findall(r"^```diff\n\+\+\+ (\S+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
[TEST] = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def changed(text: str, diff: str) -> str:
    """The text with each piece of a diff made in the one place where its old lines stand."""
    for piece in diff.split("@@\n"):
        lines = piece.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if not line.startswith("+"))
        assert text.count(old) == 1, f"not once in the file:\n{old}"
        text = text.replace(old, "".join(line[1:] for line in lines if not line.startswith("-")))
    return text


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A tree of its own with what the change touches and its test."""
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "probes", tmp_path / "probes", ignore=unwanted)
    (tmp_path / "tests" / "support").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "support" / "responses.py", tmp_path / "tests" / "support")
    (tmp_path / "test_first.py").write_text(TEST, "utf-8")
    return tmp_path


def run_test(copy: Path) -> subprocess.CompletedProcess[str]:
    """The page's test, run in the copy."""
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_first.py"]
    return subprocess.run(words, cwd=copy, capture_output=True, text=True, check=False)


def test_the_change_is_what_makes_the_test_hold(copy: Path) -> None:
    """Without it the test fails, for the key is unknown; with it, it holds."""
    before = run_test(copy)
    assert before.returncode == 1, before.stdout
    assert "absent_headers" in before.stdout
    assert len(DIFFS) == 3
    for name, diff in DIFFS:
        file = copy / name
        file.write_text(changed(file.read_text("utf-8"), diff), "utf-8")
    after = run_test(copy)
    assert after.returncode == 0, after.stdout + after.stderr
    assert "1 passed" in after.stdout
