"""A network and name resolution of the benchmark's own, so that nothing else is measured with it.

``unshare`` (util-linux) gives a process a loopback of its own and its own view of ``/etc``; a user
namespace lets it do so without being root, where the machine allows that. Within, all names are
looked up at 127.0.0.1:53, by the system's resolver as ever.
"""

from __future__ import annotations

import fcntl
import json
import socket
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.processes import BenchmarkError, program

_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1
_FILES = {
    "/etc/resolv.conf": "nameserver 127.0.0.1\n",
    "/etc/nsswitch.conf": "hosts: files dns\n",
}


def run_apart(command: Sequence[str], told: Any) -> Any:
    """Runs a program with namespaces of its own; gives what its last line says in JSON. The other
    lines go to ``told``. Raises :class:`BenchmarkError`.
    """
    unshare = [program("unshare"), "--map-root-user", "--net", "--mount", "--"]
    with subprocess.Popen([*unshare, *command], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            last = ""
            for line in process.stdout:
                if last:
                    told(last)
                last = line.rstrip()
            process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
    if process.returncode:
        raise BenchmarkError(f"no figures, exit {process.returncode}: {last}")
    return json.loads(last)


def settle(folder: Path) -> None:
    """Within the namespaces: brings up loopback, and has names looked up at 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))
    for place, content in _FILES.items():
        ours = folder / Path(place).name
        ours.write_text(content)
        try:
            subprocess.run(
                [program("mount"), "--bind", str(ours), place], check=True, capture_output=True
            )
        except subprocess.CalledProcessError as error:
            raise BenchmarkError(f"{place}: {error.stderr.decode().strip()}") from None
