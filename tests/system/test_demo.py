"""The newcomer's first command, as the newcomer meets it: ``driftvakt demo`` in a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "monitor.cli.app", "demo"]
COMMAND_ITSELF = [sys.executable, "-c", "from monitor.entry import main; main()", "demo"]
"""As it is installed, with what it does before anything else."""
ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[()][A-Z0-9])")


class Terminal:
    """A program in a terminal of its own, and all that it has written there."""

    def __init__(self, command: list[str], temporary: Path, size: tuple[int, int]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        # the terminal says how large it is, not whatever this one was started from
        inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=ROOT,
            env={**inherited, "TMPDIR": str(temporary), "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(theirs)
        self._written = b""

    @property
    def text(self) -> str:
        """What was written so far, without colours and cursor movements."""
        return ESCAPE.sub("", self._written.decode("utf-8", "replace")).replace("\r", "")

    @property
    def colours(self) -> bool:
        return b"\x1b[" in self._written

    def read_until(self, *wanted: str) -> None:
        """Reads until every pattern was there."""
        limit = time.monotonic() + PATIENCE
        while not all(re.search(pattern, self.text) for pattern in wanted):
            assert time.monotonic() < limit, f"no {wanted} in\n{self.text[-6000:]}"
            assert self._read(0.1), f"it ended without {wanted}:\n{self.text[-6000:]}"

    def read_to_the_end(self) -> int:
        """Reads until the program ends; gives its exit code."""
        limit = time.monotonic() + PATIENCE
        while self._read(0.1):
            assert time.monotonic() < limit, f"still running:\n{self.text[-3000:]}"
        return self.process.wait(PATIENCE)

    def _read(self, seconds: float) -> bool:
        """Whether there may be more."""
        if select.select([self._ours], [], [], seconds)[0]:
            try:
                self._written += os.read(self._ours, 65_536)
            except OSError:  # Linux: the other side is closed
                return False
        return True

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Where the demo puts its folder."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture(params=[(80, 24), (160, 60)], ids=["small", "large"])
def terminal(request: pytest.FixtureRequest, temporary: Path) -> Iterator[Terminal]:
    running = Terminal(COMMAND, temporary, request.param)
    yield running
    running.close()


def children(pid: int) -> list[int]:
    """Processes whose parent is ``pid``."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(status.parent.name))
    return found


def ended(pid: int) -> bool:
    """Also when it is dead and the process that inherited it has not asked after it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_newcomer_sees_every_colour_and_ctrl_c_ends_it(
    terminal: Terminal, temporary: Path
) -> None:
    """Green, yellow and red with their reasons in words, and the addresses; SIGINT ends it with exit
    code 0, no traceback, and nothing is left behind."""
    terminal.read_until(
        r"● green",
        r"▲ yellow",
        r"■ red",
        "he answer took",  # the rest may be on the next line
        "wrong status|status code",
        "connection was refused|connection was|was refused",
        r"/driftvakt\.yaml",
        r"http://127\.0\.0\.1:\d+/\s",
        r"http://127\.0\.0\.1:\d+/metrics",
        r"/data/status\.json",
    )
    assert terminal.colours
    (folder,) = temporary.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    servers = children(terminal.process.pid)
    assert len(servers) == 1

    terminal.process.send_signal(signal.SIGINT)
    assert terminal.read_to_the_end() == 0
    assert "Traceback" not in terminal.text
    assert "Ended." in terminal.text
    assert list(temporary.iterdir()) == []
    assert all(ended(pid) for pid in servers)


SIGTERM_CAUGHT = 1 << (signal.SIGTERM - 1)


def catches_sigterm(pid: int) -> bool:
    """Whether the program has come as far as to say what SIGTERM does."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) & SIGTERM_CAUGHT)


Demo = subprocess.Popen[bytes]


def found(temporary: Path, pattern: str) -> Callable[[Demo], bool]:
    return lambda _: any(temporary.glob(pattern))


def shows_something(demo: Demo) -> bool:
    assert demo.stdout is not None
    return bool(select.select([demo.stdout], [], [], 0)[0])


@pytest.mark.parametrize(
    ("instant", "number"),
    [
        ("entry", signal.SIGINT),
        ("entry", signal.SIGTERM),
        ("folder", signal.SIGINT),
        ("servers", signal.SIGTERM),
        ("ca", signal.SIGTERM),
        ("configuration", signal.SIGINT),
        ("data", signal.SIGTERM),
        ("status", signal.SIGTERM),
        ("shown", signal.SIGINT),
    ],
)
def test_a_signal_ends_it_in_order_however_far_it_has_come(
    temporary: Path, instant: str, number: signal.Signals
) -> None:
    """From the program's first line on: exit code 0, no word on standard error, nothing left; a second
    signal changes nothing.
    """
    reached: Callable[[Demo], bool] = {
        "entry": lambda demo: catches_sigterm(demo.pid),
        "folder": found(temporary, "*"),
        "servers": lambda demo: bool(children(demo.pid)),
        "ca": found(temporary, "*/ca.pem"),
        "configuration": found(temporary, "*/driftvakt.yaml"),
        "data": found(temporary, "*/data"),
        "status": found(temporary, "*/data/status.json"),
        "shown": shows_something,
    }[instant]
    running = subprocess.Popen(
        COMMAND_ITSELF,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with running:
        limit = time.monotonic() + PATIENCE
        while not (catches_sigterm(running.pid) and reached(running)):
            assert running.poll() is None, "it ended by itself"
            assert time.monotonic() < limit, f"it never came to its {instant}"
            time.sleep(0.001)
        running.send_signal(number)
        running.send_signal(number)
        _, said = running.communicate(timeout=PATIENCE)
    assert (running.returncode, said) == (0, b"")
    assert list(temporary.iterdir()) == []


def test_swedish(temporary: Path) -> None:
    terminal = Terminal([*COMMAND, "--language", "sv"], temporary, (160, 60))
    try:
        terminal.read_until("● grön", "▲ gul", "Certifikatets giltighetstid")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.read_to_the_end() == 0
    finally:
        terminal.close()


def test_without_a_terminal_it_writes_lines(temporary: Path) -> None:
    """A table now and then, and each change as a sentence on a line of its own."""
    wanted = {
        ("● green", "is resolved"),
        ("▲ yellow", "took too long"),
        ("■ red", "HTTP 503"),
    }
    written = ""
    with (temporary.parent / "errors").open("w+") as errors:
        running = subprocess.Popen(
            COMMAND,
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        with running:
            assert running.stdout is not None
            for line in running.stdout:
                written += line
                if re.match(r"\d\d:\d\d:\d\d  ", line):
                    wanted -= {parts for parts in wanted if all(part in line for part in parts)}
                if not wanted:
                    running.send_signal(signal.SIGINT)
                    break
            written += running.stdout.read()
        assert wanted == set()
        assert running.returncode == 0
        errors.seek(0)
        assert errors.read() == ""
    assert "\x1b" not in written
    assert written.count("Ctrl-C ends it") == 1
    assert list(temporary.iterdir()) == []


def test_for_ends_it_by_itself(temporary: Path) -> None:
    """Exit code 0, and nothing left."""
    done = subprocess.run(
        [*COMMAND, "--for", "1s"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert list(temporary.iterdir()) == []


def test_a_killed_demo_leaves_no_servers_and_no_keys(temporary: Path) -> None:
    terminal = Terminal(COMMAND, temporary, (120, 40))
    try:
        terminal.read_until("● green")
        (servers,) = children(terminal.process.pid)
        terminal.process.kill()
        terminal.process.wait()
        limit = time.monotonic() + PATIENCE
        while not ended(servers):
            assert time.monotonic() < limit
            time.sleep(0.02)
        left = [file for file in temporary.rglob("*") if file.is_file()]
        assert not [file for file in left if b"PRIVATE" in file.read_bytes()]
    finally:
        terminal.close()


@pytest.mark.parametrize("lines", [1, 12])
def test_a_reader_that_has_seen_enough_ends_it(temporary: Path, lines: int) -> None:
    """As ``driftvakt demo | head`` does; no traceback, nothing left."""
    running = subprocess.Popen(
        COMMAND,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stderr is not None
    for _ in range(lines):
        running.stdout.readline()
    running.stdout.close()
    running.wait(PATIENCE)
    said = running.stderr.read()
    running.stderr.close()
    assert "Traceback" not in said
    assert list(temporary.iterdir()) == []
