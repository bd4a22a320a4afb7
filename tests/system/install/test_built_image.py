"""The image itself: built by ``make image``, run as its user with a root that nobody can write to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemon.running import Running, until

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[3]
USER = 65_532
CONFIG = {
    "environments": [
        {
            "name": "ext5",
            "title": "EXT5",
            "services": [
                {
                    "name": "expo",
                    "title": "EXPO",
                    "checks": [{"name": "port", "kind": "tcp", "host": "127.0.0.1", "port": 9}],
                }
            ],
        }
    ]
}
SHUT = """
set -eu
mount --bind "$1" "$1"
mount -t tmpfs -o mode=0755 tmpfs "$1/var/lib/driftvakt"
chown 65532:65532 "$1/var/lib/driftvakt"
mount -o remount,ro,bind "$1"
exec chroot --userspec=65532:65532 "$1" /usr/bin/env -i PATH=/opt/driftvakt/bin:/usr/bin:/bin \
  PYTHONDONTWRITEBYTECODE=1 DRIFTVAKT_CONFIG=/etc/driftvakt \
  driftvakt run --listen 127.0.0.1:0 --data-dir /var/lib/driftvakt --log-format json
"""
"""What an engine does with ``--read-only`` and a volume, done by hand."""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The root of a container of the image."""
    store = Path(os.environ.get("STORE") or tmp_path_factory.mktemp("images"))
    environ = {**os.environ, "STORE": str(store), "IMAGE": "localhost/driftvakt-test"}
    built = subprocess.run(
        ["make", "image"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    buildah = shutil.which("buildah")
    assert buildah is not None
    options = ["--root", f"{store}/root", "--runroot", f"{store}/run", "--storage-driver", "vfs"]

    def told(*words: str) -> str:
        done = subprocess.run(
            [buildah, *options, *words], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    container = told("from", "localhost/driftvakt-test")
    try:
        yield Path(told("mount", container))
    finally:
        told("rm", container)


def test_it_runs_as_its_user_and_writes_nowhere_but_in_its_volume(
    image: Path, tmp_path: Path
) -> None:
    """It is healthy, says so to the image's own health check, and ends in order."""
    (image / "etc/driftvakt").mkdir(exist_ok=True)
    (image / "etc/driftvakt/driftvakt.yaml").write_text(json.dumps(CONFIG))
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", SHUT, "sh", str(image)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    daemon = Running(tmp_path, process)
    try:
        daemon.event("started")
        assert daemon.get("/-/healthy").startswith(b"last tick")
        assert Path(f"/proc/{daemon.pid}").stat().st_uid == USER
        until(lambda: daemon.get("/status.json"), lambda: daemon.log)
        assert daemon.stop() == 0
        assert daemon.events("status_file_not_written") == []
    finally:
        daemon.kill()


def test_the_image_holds_what_the_wheel_holds(image: Path, tmp_path: Path) -> None:
    """Each file of ours, byte by byte, and no other."""
    subprocess.run(
        [".venv/bin/python", "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), "."],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )  # fmt: skip
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        ours = {
            name: packed.read(name)
            for name in packed.namelist()
            if name.startswith(("monitor/", "probes/"))
        }
    [site] = image.glob("opt/driftvakt/lib/python3*/site-packages")
    theirs = {
        str(path.relative_to(site)): path.read_bytes()
        for package in ("monitor", "probes")
        for path in (site / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert theirs == ours
