"""Pure: estates of any size, each service on an address of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass

INTERVAL = 30.0
RETRY = 5.0
ENVIRONMENTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How many services, of how many checks."""

    services: int
    checks: int = 1

    def __str__(self) -> str:
        return f"{self.services:,} x {self.checks}"

    @property
    def all_checks(self) -> int:
        return self.services * self.checks


def shapes(sizes: list[int]) -> list[Shape]:
    """As many checks once a service each, once five a service."""
    ones = [Shape(services=size) for size in sizes]
    return [*ones, *(Shape(services=size // 5, checks=5) for size in sizes)]


def address(number: int) -> str:
    """An address of loopback for each service."""
    return f"127.{1 + number // 65_536}.{number // 256 % 256}.{number % 256}"


def configuration(
    shape: Shape, port: int, hook: int, interval: float = INTERVAL, retry: float = RETRY
) -> str:
    """YAML as a person or a program writes it. The number of environments is always the same, so
    that what costs a walk over an environment grows with the estate.
    """
    defaults = {
        "interval": f"{interval:g}s",
        "retry_interval": f"{retry:g}s",
        # what was down for minutes of a short life would else stay yellow for minutes more
        "window": {"size": 20, "yellow": 1.0, "red": 1.0},
    }
    receiver = {"name": "hook", "kind": "webhook", "url": f"http://127.0.0.1:{hook}/"}
    lines = [
        "language: en",
        f"defaults: {json.dumps(defaults)}",
        f"notifications: [{json.dumps(receiver)}]",
        "environments:",
    ]
    each = -(-shape.services // ENVIRONMENTS)
    for number in range(shape.services):
        if number % each == 0:
            lines += [f"  - name: e{number // each}", "    services:"]
        lines += [
            f"      - name: s{number % each}",
            f"        title: {{sv: Tjänst {number}, en: Service {number}}}",
            "        checks:",
        ]
        for check in range(shape.checks):
            url = f"http://{address(number)}:{port}/c{check}"
            lines += [
                f"          - name: c{check}",
                "            kind: http",
                f"            url: {url}",
            ]
    return "\n".join(lines) + "\n"
