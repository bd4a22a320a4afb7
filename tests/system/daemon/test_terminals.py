"""Every command on terminals and pipes as they are met: no traceback, and codes that mean something."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.daemon.running import ROOT, command, estate, http_check, service, write_config
from tests.unit.cli.test_status import body

pytestmark = pytest.mark.system
GREEN, RED = "green.json", "red.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration, and what a daemon would have written."""
    (tmp_path / GREEN).write_bytes(body("green"))
    (tmp_path / RED).write_bytes(body("red"))
    write_config(
        tmp_path,
        estate(
            service("expo", http_check("api", "http://127.0.0.1:9/")),
            notifications=[{"name": "hook", "kind": "webhook", "url": "http://127.0.0.1:9/å●"}],
            data_dir=str(tmp_path / "data"),
        ),
    ).rename(tmp_path / "c.yaml")
    return tmp_path


def shell(folder: Path, line: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """A line of a shell in which ``driftvakt`` is the command; ``$?`` of its own is told last."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LC_", "LANG"))}
    words = shlex.join(command())
    done = subprocess.run(
        ["bash", "-c", f'driftvakt() {{ {words} "$@"; }}; {line}'],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=50,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode("utf-8", "replace")
    assert b"Exception ignored" not in done.stderr
    return done


COMMANDS = {
    "status --file green.json": 0,
    "status --file red.json": 2,
    "status --file red.json --json": 2,
    "status --file missing.json": 3,
    "status --fil green.json": 3,
    "check --config c.yaml": 0,
    "probe http://127.0.0.1:9/": 1,
    "probe e/s/c --config c.yaml": 2,
    "notify --test hook --config c.yaml": 1,
    "notify --help": 0,
    "replay --config c.yaml": 2,
    "evidence --config c.yaml": 1,
    "export rules": 0,
    "export schema": 0,
    "manual": 0,
    "completion bash": 0,
    "--help": 0,
}
POSIX = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_in_ascii(folder: Path, words: str) -> None:
    """It says what it says elsewhere as well as that can be written, and ends with the same code."""
    done = shell(folder, f"driftvakt {words}", PYTHONIOENCODING="ascii")
    assert done.returncode == COMMANDS[words]


@pytest.mark.parametrize("environ", [{"PYTHONIOENCODING": "latin-1:strict"}, POSIX])
def test_other_encodings(folder: Path, environ: dict[str, str]) -> None:
    """By a setting of Python's, or by the locale."""
    assert shell(folder, "driftvakt status --file green.json", **environ).returncode == 0


def test_a_table_in_ascii(folder: Path) -> None:
    """Each status keeps a sign and a word of its own."""
    done = shell(folder, "driftvakt status --file red.json", PYTHONIOENCODING="ascii")
    assert b"# red" in done.stdout


def test_json_in_ascii(folder: Path) -> None:
    """Is the same document."""
    done = shell(folder, "driftvakt status --file red.json --json", PYTHONIOENCODING="ascii")
    assert json.loads(done.stdout) == json.loads((folder / RED).read_bytes())


def test_a_file_that_is_written_is_utf_8(folder: Path) -> None:
    """Whatever the terminal's encoding: its readers want that."""
    there = shell(folder, "driftvakt export rules", PYTHONIOENCODING="utf-8").stdout
    assert there.decode() != there.decode("ascii", "replace")
    assert shell(folder, "driftvakt export rules", PYTHONIOENCODING="latin-1").stdout == there


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("driftvakt status --file {} | true; exit ${PIPESTATUS[0]}", None),
        ("driftvakt status --file {} | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}", None),
        ("driftvakt status --file {} --json >&-", None),
        ("driftvakt status --file {} <&- >&- 2>&-", None),
        ("driftvakt status --file {} >/dev/full", 3),
        ("driftvakt status --file {} --json >/dev/full 2>&1", 3),
        ("driftvakt status --file {} 1</dev/null", 3),
        ("driftvakt status --file missing.json 2>&1 | true; exit ${PIPESTATUS[0]}", 3),
        ("driftvakt status --file missing.json 2>/dev/full", 3),
    ],
)
def test_the_code_of_status_where_output_is_lost(folder: Path, line: str, code: int | None) -> None:
    """The colour's where the reader went away or nobody reads; 3 where it could not be told."""
    done = shell(folder, line.replace("{}", RED))
    assert done.returncode == (2 if code is None else code)


@pytest.mark.parametrize("words", ["export schema", "--help"])
def test_what_cannot_be_written_is_a_failure(folder: Path, words: str) -> None:
    """A full disk is said and is exit 1; a reader that has had enough is neither."""
    full = shell(folder, f"driftvakt {words} >/dev/full")
    assert full.returncode == 1
    assert full.stderr.endswith(b"standard output cannot be written: No space left on device\n")
    left = shell(folder, f"driftvakt {words} | true; exit ${{PIPESTATUS[0]}}")
    assert (left.returncode, left.stderr) == (0, b"")


def test_watching_ends_with_its_reader(folder: Path) -> None:
    """``status --watch`` into a pipe that is closed is over, with 0."""
    line = (
        "driftvakt status --watch --file green.json | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}"
    )
    assert shell(folder, line).returncode == 0
