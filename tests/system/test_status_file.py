"""The status file under real crashes and on real file systems without room or rights."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest

from monitor.support.atomic_file import write_whole
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
KILLS = 50
NOBODY = 65534

WRITER = """
import itertools, json, os, sys
from pathlib import Path
from monitor.support.atomic_file import write_whole

path = Path(sys.argv[1])
for i in itertools.count():
    body = json.dumps({"writer": os.getpid(), "i": i, "fill": "x" * (i * 7919 % 300_000), "end": i})
    write_whole(path, body.encode())
    if i == 0:
        print("begun", flush=True)
"""


class Reader:
    """Reads the file in a tight loop and remembers the first body that is not whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reads = 0
        self.writers: set[int] = set()
        self.fault = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def wait_for(self, writer: int) -> None:
        """Until something of that process was read."""
        deadline = time.monotonic() + PATIENCE
        while writer not in self.writers and not self.fault:
            assert time.monotonic() < deadline, f"nothing of {writer} in {self.reads} reads"
            time.sleep(0.001)

    def _run(self) -> None:
        while not self._stop.is_set() and not self.fault:
            try:
                body = self.path.read_bytes()
                value = json.loads(body)
                if value["i"] != value["end"]:
                    self.fault = "two bodies in one"
            except (OSError, ValueError, KeyError) as error:
                self.fault = f"after {self.reads} reads: {error!r}"
                return
            self.reads += 1
            self.writers.add(value["writer"])


def test_reader_never_sees_half_a_file_while_writers_are_killed(tmp_path: Path) -> None:
    """Fifty writers die by SIGKILL at random instants of their writing; every read is a whole file.

    What the dead left behind is gone after the next write.
    """
    path = tmp_path / "status.json"
    write_whole(path, b'{"writer": 0, "i": 0, "end": 0}')
    instants = random.Random(2026)
    lifetimes: list[float] = []
    left_half = 0
    with Reader(path) as reader:
        for number in range(KILLS):
            writer = subprocess.Popen(
                [sys.executable, "-S", "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE
            )
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"begun\n"
            if number % 2:  # the others may die before anybody has read a word of theirs
                reader.wait_for(writer.pid)
            lifetimes.append(instants.uniform(0.0, 0.08))
            time.sleep(lifetimes[-1])
            writer.send_signal(signal.SIGKILL)
            assert writer.wait(PATIENCE) == -signal.SIGKILL
            writer.stdout.close()
            left_half += any(entry.suffix == ".tmp" for entry in tmp_path.iterdir())
    assert reader.fault == ""
    assert len(reader.writers) > KILLS / 2
    assert left_half > 0, "no writer was killed within its write: the test shows nothing"
    write_whole(path, b"{}")
    assert list(tmp_path.iterdir()) == [path]


def in_child(work: Callable[[], None]) -> None:
    """Runs ``work`` in a forked child, whose limits and user may be changed for good."""
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join(PATIENCE)
    assert child.exitcode == 0


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that other users can reach, with a status file in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        write_whole(folder / "status.json", b"old")
        yield folder
        folder.chmod(0o755)


def test_unwritable_folder_leaves_the_old_file(shared_folder: Path) -> None:
    """A folder that the user may not write to: PermissionError, and the old file is untouched."""
    shared_folder.chmod(0o555)

    def work() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        with pytest.raises(PermissionError):
            write_whole(shared_folder / "status.json", b"new")

    in_child(work)
    assert (shared_folder / "status.json").read_bytes() == b"old"


def test_file_that_may_not_grow_leaves_the_old_one(shared_folder: Path) -> None:
    """The system refuses to write on after some bytes: OSError, no half file, no leftover."""

    def work() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
        with pytest.raises(OSError, match="File too large"):
            write_whole(shared_folder / "status.json", b"x" * 100_000)

    in_child(work)
    assert [entry.name for entry in shared_folder.iterdir()] == ["status.json"]
    assert (shared_folder / "status.json").read_bytes() == b"old"


FULL_DISK = """
    import errno, os, sys
    from pathlib import Path
    from monitor.support.atomic_file import write_whole

    path = Path(sys.argv[1]) / "status.json"
    write_whole(path, b"old")
    try:
        write_whole(path, b"x" * 1_000_000)
    except OSError as error:
        assert error.errno == errno.ENOSPC, error
    else:
        raise AssertionError("the disk was not full")
    assert path.read_bytes() == b"old"
    assert os.listdir(sys.argv[1]) == ["status.json"]
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    print("all as it should be")
"""


def _may_mount() -> bool:
    tried = subprocess.run(
        ["unshare", "-Urm", "true"], capture_output=True, timeout=PATIENCE, check=False
    )
    return tried.returncode == 0


def test_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """On a file system of 128 KiB, mounted for this test alone without root: ENOSPC, the old file
    stays, and the next body that fits is written."""
    if not _may_mount():
        pytest.skip("no user namespaces here: sysctl -w kernel.unprivileged_userns_clone=1")
    script = 'mount -t tmpfs -o size=128k none "$1" && exec "$2" -S -c "$3" "$1"'
    done = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", script, "sh", str(tmp_path), sys.executable,
         textwrap.dedent(FULL_DISK)],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "all as it should be\n"), done.stderr
