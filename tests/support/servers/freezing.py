"""A disk that stops answering: a file system of its own that the kernel freezes.

Whoever writes there waits in the kernel until it is thawed, and cannot be killed meanwhile, as with
a dying disk or a storage network that is gone. Reading goes on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

_FREEZE, _THAW = 0xC0045877, 0xC0045878
"""``FIFREEZE`` and ``FITHAW`` of linux/fs.h."""
_SIZE = 48 * 2**20


class Freezing:
    """Mounted at ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Inside of it nobody's write there comes to its end. It is thawed when this process dies, too."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        read, write = os.pipe()
        thaws = "import fcntl, os, sys; os.read(0, 1); fcntl.ioctl(int(sys.argv[1]), int(sys.argv[2]), 0)"
        guard = subprocess.Popen(
            [shutil.which("python3") or "python3", "-S", "-c", thaws, str(descriptor), str(_THAW)],
            stdin=read,
            pass_fds=[descriptor],
            stderr=subprocess.DEVNULL,
        )
        os.close(read)
        try:
            fcntl.ioctl(descriptor, _FREEZE, 0)
            yield
        finally:
            os.close(write)
            guard.wait()
            os.close(descriptor)


def why_not() -> str:
    """Why there can be none here; empty when there can."""
    if os.geteuid() != 0:
        return "only root may mount a file system that freezes"
    if not Path("/dev/loop-control").exists():
        return "there are no loop devices"
    return ""


@contextlib.contextmanager
def freezing_disk() -> Iterator[Freezing]:
    """An empty disk, gone at the end."""
    # not below pytest's folders: what clears those up must not wait for it
    folder = Path(tempfile.mkdtemp(prefix="driftvakt-disk-"))
    image, mounted = folder / "image", folder / "disk"
    mounted.mkdir()
    try:
        with image.open("wb") as file:
            file.truncate(_SIZE)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, capture_output=True)
        subprocess.run(["mount", "-o", "loop", str(image), str(mounted)], check=True)
        try:
            yield Freezing(mounted)
        finally:
            subprocess.run(["umount", "--lazy", str(mounted)], check=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
