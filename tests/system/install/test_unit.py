"""The systemd unit: sound, hardened, and no harder than the program can bear."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import parses
from tests.support.patience import PATIENCE
from tests.support.servers.programs import require_program

ROOT = Path(__file__).parents[3]
UNIT = ROOT / "config/systemd/driftvakt.service"
CREDENTIALS = ROOT / "config/systemd/credentials.conf"
EXPOSED_AT_MOST = 20
"""Tenths, as systemd-analyze counts them: below 2.0 of 10."""

STAPLING_WITHOUT_WRITABLE_CODE = """
import ctypes, sys
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
if ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0):
    sys.exit(77)
from OpenSSL import SSL
try:
    SSL.Context(SSL.TLS_CLIENT_METHOD).set_ocsp_client_callback(lambda *_: True)
except MemoryError:
    sys.exit(1)
"""


def settings(path: Path) -> list[tuple[str, str]]:
    """The ``key=value`` lines, in order."""
    lines = path.read_text("utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and line[0] not in "#["]
    return [(key, value) for key, equals, value in pairs if equals]


@pytest.mark.system
def test_the_unit_is_exposed_less_than_two() -> None:
    """``systemd-analyze security`` counts less than 2.0 of 10."""
    program = require_program("systemd-analyze")
    judged = subprocess.run(
        [program, "security", "--offline=true", f"--threshold={EXPOSED_AT_MOST}", str(UNIT)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout[-2000:] + judged.stderr
    assert "Overall exposure level" in judged.stdout


@pytest.mark.system
def test_the_threshold_bites(tmp_path: Path) -> None:
    """The same unit without its sandbox is refused: the test above can fail."""
    program = require_program("systemd-analyze")
    bare = tmp_path / UNIT.name
    kept = ("[", "Type=", "ExecStart=")
    lines = UNIT.read_text("utf-8").splitlines()
    bare.write_text("\n".join(line for line in lines if line.startswith(kept)), "utf-8")
    judged = subprocess.run(
        [program, "security", "--offline=true", f"--threshold={EXPOSED_AT_MOST}", str(bare)],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert judged.returncode != 0


@pytest.mark.system
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    """Unit and drop-in together, the program apart: ``systemd-analyze verify`` says nothing."""
    program = require_program("systemd-analyze")
    unit = tmp_path / UNIT.name
    text = UNIT.read_text("utf-8")
    unit.write_text(text.replace("/opt/driftvakt/bin/driftvakt", sys.executable), "utf-8")
    dropins = tmp_path / f"{UNIT.name}.d"
    dropins.mkdir()
    (dropins / "credentials.conf").write_bytes(CREDENTIALS.read_bytes())
    verified = subprocess.run(
        [program, "verify", "--man=no", "--recursive-errors=no", str(unit)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")


def test_the_command_line_of_the_unit_is_one_of_ours() -> None:
    """Every option of ``ExecStart`` exists."""
    [start] = [value for key, value in settings(UNIT) if key == "ExecStart"]
    program, *words = shlex.split(start)
    assert program.endswith("/bin/driftvakt")
    assert parses(words) == "run"


def test_the_unit_and_the_daemon_agree() -> None:
    """Notifications with a watchdog, data where the unit makes room for them, reload by SIGHUP, and
    descriptors for the 500 probes of the default, two each.
    """
    said = dict(settings(UNIT))
    assert said["Type"] == "notify"
    assert int(said["WatchdogSec"]) >= 10
    assert f"--data-dir /var/lib/{said['StateDirectory']}" in said["ExecStart"]
    assert said["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert int(said["LimitNOFILE"]) > 2 * 500


def test_credentials_are_read_from_where_systemd_puts_them() -> None:
    """The drop-in names files of root, and says the configuration's word for them."""
    loaded = [value.split(":") for key, value in settings(CREDENTIALS) if key == "LoadCredential"]
    assert loaded
    assert all(source.startswith("/etc/driftvakt/secrets/") for _, source in loaded)
    named = [name for name, _ in loaded]
    assert any(f"${{CREDENTIALS_DIRECTORY}}/{name}" in CREDENTIALS.read_text() for name in named)


@pytest.mark.system
def test_the_sandbox_lets_a_stapled_response_be_asked_for() -> None:
    """pyOpenSSL's callbacks are code made at run time. Where the kernel's ban on that breaks them,
    the unit must not ask for the ban.
    """
    tried = subprocess.run(
        [sys.executable, "-c", STAPLING_WITHOUT_WRITABLE_CODE],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    if tried.returncode == 77:
        return  # a kernel before 6.3 has no such ban to try
    banned = dict(settings(UNIT)).get("MemoryDenyWriteExecute") == "yes"
    assert not (banned and tried.returncode == 1), "revocation: ocsp would break under this unit"
