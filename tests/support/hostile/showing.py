"""Everything that shows an observation to somebody, and what must hold of each."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from importlib import resources

import structlog
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console, RenderableType

from monitor.console.probe import probe_report
from monitor.console.probe_json import probe_json
from monitor.console.status import status_table
from monitor.judging.board import Board
from monitor.judging.grade import Verdict, grade
from monitor.judging.snapshot import Snapshot
from monitor.model.estate import Check, CheckId, Environment, Estate
from monitor.publish.metrics.metrics import Metrics
from monitor.publish.page import render_overview as render_page
from monitor.publish.status.renderer import render_status_body as render_status
from monitor.support import logging_setup
from probes.observation import Observation
from tests.support.factories import NoSettings, make_check, make_service, make_text

SCHEMA = json.loads(
    resources.files("monitor.publish.status").joinpath("status.schema.json").read_text("utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)
# ECMA-48's controls, and Unicode's that turn or break a line: none may reach a terminal or a log
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
HOSTILE_TAGS = {"script", "img", "iframe", "svg", "object", "embed", "base"}


class _Page(HTMLParser):
    """Counts what a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if (tag, tuple(name for name, _ in attrs)) == ("script", ("src", "defer")):
            assert (attrs[0][1] or "").startswith("/page.js?v="), attrs
            return  # the page's own
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


def checks_of(number: int) -> tuple[Check, ...]:
    return tuple(
        make_check(
            f"c{n}",
            id=CheckId(f"ext5/expo/c{n}"),
            location="internet",
        )
        for n in range(number)
    )


def snapshot_of(observations: Sequence[Observation]) -> Snapshot:
    """What the board makes of each, every one a check of its own."""
    checks = checks_of(len(observations))
    service = make_service("expo", checks)
    environment = Environment(name="ext5", title=make_text("EXT5"), services=(service,))
    now = max(seen.at for seen in observations) + 1.0
    board = Board(Estate(environments=(environment,)), now - 10.0)
    for _ in range(3):  # thrice, so that failures are red and told
        for check, seen in zip(checks, observations, strict=True):
            board.observe(check.id, seen, now)
    return board.snapshot(now)


def terminal(shown: RenderableType, width: int = 200) -> str:
    """What a terminal would be sent; rich's own colours are left out."""
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


async def show(observations: Sequence[Observation]) -> None:
    """Shows the observations everywhere. Raises ``AssertionError`` where one does harm."""
    snapshot = snapshot_of(observations)
    await _metrics(snapshot, observations)
    document = json.loads(await render_status(snapshot, version="1.2.3"))
    VALIDATOR.validate(document)
    for language in ("sv", "en"):
        _page(render_page(snapshot, language))
        _clean(terminal(status_table(snapshot, language, messages=True)))
        for seen in observations:
            report = probe_report("c0", NoSettings(), seen, verdict_of(seen), language)
            _clean(terminal(report))
    for seen in observations:
        json.dumps(probe_json(seen, verdict_of(seen)))


def verdict_of(seen: Observation) -> Verdict:
    return grade(seen, make_check().thresholds)


async def _metrics(snapshot: Snapshot, observations: Sequence[Observation]) -> None:
    metrics = Metrics("1.2.3")
    checks = {check.check.id: check.check for check in snapshot.checks()}
    for check, seen in zip(checks.values(), observations, strict=True):
        metrics.observe(check, seen, verdict_of(seen))
    text = (await metrics.render(snapshot)).plain().decode("utf-8")
    samples = [
        sample for family in text_string_to_metric_families(text) for sample in family.samples
    ]
    statuses = [sample for sample in samples if sample.name == "driftvakt_check_status"]
    assert len(statuses) == 4 * len(observations)
    for sample in samples:
        for value in sample.labels.values():
            assert len(value) <= 1000
            assert not CONTROLS.search(value), (sample.name, value)


def _page(html: str) -> None:
    page = _Page()
    page.feed(html)
    assert not HOSTILE_TAGS & set(page.tags)
    assert not {name for name in page.attributes if name.startswith("on")}
    assert not CONTROLS.search(html.replace("\t", ""))


def _clean(text: str) -> None:
    found = CONTROLS.search(text)
    assert found is None, f"a control character reaches the terminal: {found}"


def log_lines(
    observations: Sequence[Observation], log_format: logging_setup.LogFormat
) -> list[str]:
    """What is logged of each observation: a line each, however it is written."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        stream = io.StringIO()
        logging_setup.set_up(log_format, "debug", stream=stream)
        log = structlog.get_logger("driftvakt")
        for seen in observations:
            log.debug("observed", check="ext5/expo/api", reason=seen.reason, detail=seen.detail)
        return stream.getvalue().splitlines()
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
