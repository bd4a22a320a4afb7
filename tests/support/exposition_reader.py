"""Reading the Prometheus text format back, strictly."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from monitor.judging.snapshot import Snapshot

_LINE = re.compile(r"^(?P<name>[a-z_]+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")
_LABEL = re.compile(r'([a-z0-9_]+)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')

Sample = tuple[str, dict[str, str], float]


def parse(body: bytes) -> list[Sample]:
    """The samples of a text in the Prometheus format, strictly."""
    samples: list[Sample] = []
    text = body.decode("utf-8")
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        if line.startswith(("# HELP ", "# TYPE ")):
            continue
        match = _LINE.match(line)
        assert match, line
        written = match["labels"] or ""
        labels = _LABEL.findall(written)
        assert ",".join(f'{k}="{v}"' for k, v in labels) == written, line
        unescaped = {
            k: re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], v) for k, v in labels
        }
        samples.append((match["name"], unescaped, float(match["value"])))
    return samples


class Scrape:
    """One rendering, to be asked for samples."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.samples = parse(body)

    @property
    def names(self) -> set[str]:
        return {name for name, _, _ in self.samples}

    def all(self, name: str, **labels: str) -> list[tuple[dict[str, str], float]]:
        return [
            (found, value)
            for each, found, value in self.samples
            if each == name and labels.items() <= found.items()
        ]

    def one(self, name: str, **labels: str) -> float:
        found = self.all(name, **labels)
        assert len(found) == 1, (name, labels, found)
        return found[0][1]


Scraper = Callable[[Snapshot], Awaitable[Scrape]]
