"""Debian's ``prometheus-blackbox-exporter``, and questions to it and to us."""

from __future__ import annotations

import contextlib
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from prometheus_client.parser import text_string_to_metric_families

from tests.servers.programs import require_program


@dataclass(frozen=True, slots=True)
class Told:
    """What was answered: the series, with their labels' names, and the values of those without."""

    status: int
    text: str

    @property
    def success(self) -> float | None:
        return self.values.get("probe_success")

    @property
    def values(self) -> dict[str, float]:
        return {
            sample.name: sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
            if not sample.labels
        }

    @property
    def series(self) -> set[tuple[str, ...]]:
        """Names, with the phase where there is one."""
        return {
            (sample.name, sample.labels.get("phase", ""))
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
        }


def asked(base: str, module: str, target: str, timeout: float | None = None, **more: str) -> Told:
    """One scrape of ``/probe``."""
    query = urlencode({"module": module, "target": target, **more})
    request = urllib.request.Request(f"{base}/probe?{query}")
    if timeout is not None:
        request.add_header("X-Prometheus-Scrape-Timeout-Seconds", str(timeout))
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return Told(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Told(error.code, error.read().decode())


@contextlib.contextmanager
def exporter(modules: Path, port: int) -> Iterator[str]:
    """Its base address."""
    program = require_program("prometheus-blackbox-exporter")
    process = subprocess.Popen(
        [program, f"--config.file={modules}", f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 15
        while not _healthy(base):
            assert process.poll() is None, "the exporter has ended"
            assert time.monotonic() < end, "the exporter does not start"
            time.sleep(0.05)
        yield base
    finally:
        process.kill()
        process.wait(5)


def _healthy(base: str) -> bool:
    try:
        with urllib.request.urlopen(base + "/-/healthy", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
