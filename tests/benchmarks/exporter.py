"""Debian's ``prometheus-blackbox-exporter``, and the process that has it probe."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from tests.benchmarks.processes import BenchmarkError, Process, program, running, wait_until

HOST = "127.0.0.1"


@contextlib.contextmanager
def exporter(folder: Path, ca_file: Path, core: int) -> Iterator[tuple[Process, int]]:
    """The exporter's process, kept to one core, and its port. It verifies what we verify."""
    http_options = {
        "preferred_ip_protocol": "ip4",
        "tls_config": {"ca_file": str(ca_file)},
    }
    module = {"prober": "http", "timeout": "10s", "http": http_options}
    config = folder / "blackbox.yml"
    config.write_text(json.dumps({"modules": {"bench": module}}))
    with socket.create_server((HOST, 0)) as free:
        port: int = free.getsockname()[1]
    command = [program("prometheus-blackbox-exporter"), f"--config.file={config}"]
    with running(
        [*command, f"--web.listen-address={HOST}:{port}"],
        core=core,
        log=folder / "exporter.log",
        environment={"GOMAXPROCS": "1"},
    ) as process:
        wait_until(lambda: _healthy(port) or None, "the exporter's start")
        yield process, port


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/-/healthy")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def asked(folder: Path, port: int, url: str, rate: float, core: int) -> Iterator[None]:
    """Meanwhile the exporter is asked to probe ``url``, evenly, ``rate`` times a second."""
    probe = f"http://{HOST}:{port}/probe?{urlencode({'module': 'bench', 'target': url})}"
    log, said = folder / "load.log", folder / "load.json"
    with said.open("wb") as out:
        command = [sys.executable, "-m", "tests.benchmarks.load", probe, str(rate)]
        with running(command, core=core, log=log, stdout=out.fileno()) as process:
            yield
            process.terminate()
            process.wait(15)
    counted = json.loads(said.read_text() or "{}")
    if not counted or counted["failed"]:
        raise BenchmarkError(f"the exporter's probes failed: {counted} {log.read_text()[-500:]}")
