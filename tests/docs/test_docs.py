"""The documentation names all that there is, and its examples work."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer.main

from monitor.cli.app import command_line
from monitor.configuration.loader import json_schema, load
from monitor.model.estate import Estate
from monitor.publish.metrics.metrics import Metrics
from probes.certificate.settings import CertificateSettings
from probes.dns.settings import DnsSettings
from probes.kind import Kind
from probes.kinds import load_kinds
from probes.net.context import ProbeContext
from probes.observation import Cause, DnsFacts, Reason
from tests.support.evidence_bundle import document, http_check, make_answer
from tests.support.factories import (
    NOW,
    make_certificate,
    make_check,
    make_failure,
    make_snapshot,
    make_tls,
)
from tests.support.servers.raw_server import serve_raw

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])


def words(page: str) -> set[str]:
    """All names between backticks, outside blocks of code."""
    text = re.sub(
        r"^```.*?^```", "", (DOCS / page).read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    spans = re.findall(r"`([^`]+)`", text)
    return {word for span in spans for word in re.findall(r"[A-Za-z0-9_-]+", span)}


def configuration_keys() -> Iterator[tuple[str, str]]:
    schema = json_schema()
    for key in schema["properties"]:
        yield "top level", key
    for name, definition in schema["$defs"].items():
        for key in definition.get("properties", {}):
            yield name, key


@pytest.mark.parametrize(("where", "key"), sorted(set(configuration_keys())))
def test_every_configuration_key_is_documented(where: str, key: str) -> None:
    assert key in words("configuration.md"), f"{key} of {where}"


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_documented(reason: Reason) -> None:
    assert f"| `{reason}` |" in (DOCS / "reasons.md").read_text("utf-8")


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_is_documented(cause: Cause) -> None:
    assert f"| `{cause}` |" in (DOCS / "status.md").read_text("utf-8")


async def test_every_metric_is_documented() -> None:
    body = (await Metrics("0").render(make_snapshot())).plain().decode()
    families = set(re.findall(r"^# TYPE (\S+) ", body, re.MULTILINE))
    ours = {name for name in families if name.startswith(("probe_", "driftvakt_"))}
    assert len(ours) > 30
    assert ours - words("metrics.md") == set()


def test_every_command_and_option_is_documented() -> None:
    text = (DOCS / "operations.md").read_text("utf-8")
    group: Any = typer.main.get_command(command_line())
    for name, command in group.commands.items():
        assert f"driftvakt {name}" in text
        for parameter in command.params:
            for option in getattr(parameter, "opts", []):
                if option.startswith("--") and option != "--help":
                    assert option in text, f"{option} of {name}"


def schema_keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node.get("properties", {})
        for value in node.values():
            yield from schema_keys(value)
    elif isinstance(node, list):
        for value in node:
            yield from schema_keys(value)


def test_every_status_key_is_documented() -> None:
    schema = json.loads((ROOT / "monitor/publish/status/status.schema.json").read_text("utf-8"))
    phases = {"resolve", "connect", "tls", "processing", "transfer"}
    assert set(schema_keys(schema)) - words("status-json.md") - phases == set()


def keys(node: Any) -> Iterator[str]:
    """Of all objects in a document."""
    if isinstance(node, dict):
        yield from node
    for value in node.values() if isinstance(node, dict) else node:
        if isinstance(value, (dict, list)):
            yield from keys(value)


@pytest.mark.parametrize("kind", ["http", "dns", "certificate"])
def test_every_key_of_evidence_is_documented(kind: str) -> None:
    """Of a bundle with all that there may be in it."""
    checks = {
        "http": http_check(body="x", tls={"cert_file": "c.pem", "key_file": "k.pem"}),
        "dns": make_check(kind="dns", settings=DnsSettings(host="expo.example.se")),
        "certificate": make_check(kind="certificate", settings=CertificateSettings(host="expo.example.se")),
    }  # fmt: skip
    failure = make_failure(
        at=NOW,
        answer=make_answer(),
        tls=make_tls(client=make_certificate()),
        dns=DnsFacts(rcode="NOERROR", answers=()),
    )
    whole = replace(failure, parts=(replace(failure, address="192.0.2.1"),))
    found = set(keys(document([whole], check=checks[kind])))
    assert len(found) > 80
    assert found - words("evidence.md") == set()


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )


def load_text(folder: Path, text: str) -> Estate:
    (folder / "my.yaml").write_text(text, "utf-8")
    return load(folder / "my.yaml", {}).estate


def test_the_first_configuration_loads(tmp_path: Path) -> None:
    """What README shows first is what a newcomer types first."""
    [example] = blocks(ROOT / "README.md", "yaml")
    assert len(example.splitlines()) == 10
    (tmp_path / "my.yaml").write_text(example, "utf-8")
    loaded = load(tmp_path / "my.yaml", {})
    assert [check.id for check in loaded.estate.checks()] == [
        "here/driftvakt/page",
        "here/driftvakt/port",
    ]
    assert loaded.warnings == ()


async def test_the_first_configuration_is_green_on_any_machine(tmp_path: Path) -> None:
    """Its checks are good where a page answers at its ``listen``: they need no server of one's own."""
    [example] = blocks(ROOT / "README.md", "yaml")
    assert "\nlisten: 127.0.0.1:9815\n" in example

    async def healthy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")
        await writer.drain()

    async with serve_raw(healthy) as server, ProbeContext() as context:
        here = example.replace("9815", str(server.port))
        for check in load_text(tmp_path, here).checks():
            kind = load_kinds()[check.kind]
            assert not (await kind.prepare(check.settings, 5.0, context)()).failed


async def test_the_example_of_a_kind_works() -> None:
    """A reader can copy it."""
    [source] = blocks(DOCS / "probes.md", "python")
    made: dict[str, Any] = {}
    exec(compile(source, "probes.md", "exec", dont_inherit=True), made)
    kind = made["BANNER"]
    assert isinstance(kind, Kind)

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.ext5.example.se ready\r\n")
        await writer.drain()

    async with serve_raw(greet) as server, ProbeContext() as context:
        for begins, failed in (("220 ", False), ("554 ", True)):
            settings = kind.settings.model_validate(
                {"host": server.host, "port": server.port, "begins": begins}
            )
            assert (await kind.prepare(settings, 5.0, context)()).failed is failed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_link_leads_nowhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target
