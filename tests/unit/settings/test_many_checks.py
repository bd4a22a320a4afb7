"""Ten thousand checks: what one more costs in time and in memory, as ratios and counts."""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from yaml.cyaml import CParser

from monitor.configuration.loader import Loaded, load
from monitor.settings.yaml_tree import compose
from probes.http import probe as http
from probes.http.settings import HttpSettings
from probes.net.context import ProbeContext

KIB = 1024


def text_of(services: int, checks: int, *, flow: bool = True) -> str:
    """A configuration of so many services of so many checks, each on a host of its own."""
    lines = ["defaults: {interval: 30s}", "environments:"]
    for number in range(services):
        if number % 100 == 0:
            lines += [f"  - name: e{number // 100}", "    services:"]
        lines += [f"      - name: s{number}", "        checks:"]
        for check in range(checks):
            host = f"127.1.{number // 250}.{1 + number % 250}:{8000 + check}"
            keys = {"name": f"c{check}", "kind": "http", "url": f"http://{host}/{number}/{check}"}
            if flow:
                lines.append(f"          - {json.dumps(keys)}")
            else:
                named = [f"{key}: {value}" for key, value in keys.items()]
                lines += [f"          - {named[0]}", *(f"            {one}" for one in named[1:])]
    return "\n".join(lines) + "\n"


def cpu(work: Callable[[], object], rounds: int = 3) -> float:
    """Seconds of this thread's CPU time, at the least of some rounds."""
    found = []
    for _ in range(rounds):
        gc.collect()
        begun = time.thread_time()
        work()
        found.append(time.thread_time() - begun)
    return min(found)


def parse(text: str) -> None:
    """What libyaml alone takes."""
    take = CParser(text).get_event
    while take() is not None:
        pass


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[str], Loaded]:
    def loaded(text: str) -> Loaded:
        file = tmp_path / "driftvakt.yaml"
        file.write_text(text)
        return load(file, {})

    return loaded


@pytest.mark.parametrize("flow", [True, False], ids=["flow", "block"])
@pytest.mark.parametrize(("services", "checks"), [(600, 1), (120, 5)])
def test_a_configuration_is_read_at_a_few_times_the_cost_of_its_parser(
    loaded: Callable[[str], Loaded], services: int, checks: int, flow: bool
) -> None:
    """The tree with its places at ten times; validated, inherited and frozen at thirty. (Read by the
    parser in Python it is fifty times for the tree alone.)
    """
    text = text_of(services, checks, flow=flow)
    data = text.encode()
    least = cpu(lambda: parse(text))
    assert cpu(lambda: compose(data, "f")) < 10 * least
    assert cpu(lambda: loaded(text)) < 30 * least


def test_one_more_check_costs_as_much_as_any_other(loaded: Callable[[str], Loaded]) -> None:
    """Nothing that is done for a check looks at the others."""
    few, many = text_of(200, 1), text_of(1600, 1)
    assert cpu(lambda: loaded(many)) < 1.6 * 8 * cpu(lambda: loaded(few))


def test_a_check_takes_two_and_a_half_kibibytes(loaded: Callable[[str], Loaded]) -> None:
    """Its service with it; what thousands of checks have in common is there once."""
    text = text_of(500, 1)
    loaded(text)  # what is made once for all
    gc.collect()
    tracemalloc.start()
    kept = loaded(text)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    checks = list(kept.estate.checks())
    assert size / len(checks) < 2.5 * KIB
    assert len({id(check.thresholds) for check in checks}) == 1
    settings = [check.settings for check in checks if isinstance(check.settings, HttpSettings)]
    assert len({id(one.tls) for one in settings}) == len({id(one.expect) for one in settings}) == 1


async def test_a_probe_takes_four_kibibytes(loaded: Callable[[str], Loaded]) -> None:
    """What it must be, of which most say the same, is worked out once."""
    checks = list(loaded(text_of(500, 1)).estate.checks())
    async with ProbeContext() as context:
        http.prepare(HttpSettings(url="http://127.0.0.1/"), 10.0, context)
        gc.collect()
        tracemalloc.start()
        probes = [http.prepare(check.settings, 10.0, context) for check in checks]  # type: ignore[arg-type]
        gc.collect()
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert size / len(probes) < 4 * KIB
