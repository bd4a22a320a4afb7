"""XML and archives that unpack to more than they are, or point where nobody should go."""

from __future__ import annotations

from typing import Any

from probes.net.context import ProbeContext
from probes.observation import Cause, Reason
from tests.support.hostile.harness import Attack, suffer
from tests.support.probes.asking import ask_http
from tests.support.servers.hostile.documents import xml
from tests.support.servers.hostile.process import HostileServers
from tests.support.servers.raw_server import close_at_once, serve_raw
from tests.support.turns import Gauge


def xpath(path: str, **rule: Any) -> dict[str, Any]:
    return {"expect": {"xpath": [{"path": path, **(rule or {"exists": True})}]}}


async def test_no_xml_hurts(context: ProbeContext, attackers: HostileServers, gauge: Gauge) -> None:
    """Entities, depth, width and lies: told as what the expectation did not find."""
    kinds = [
        (Reason.XPATH, xpath("//zzz")),
        (Reason.SOAP_FAULT, {"expect": {"soap": {"fault": "none"}}}),
        (Reason.SOAP_FAULT, {"expect": {"soap": {"fault": "expected"}}}),
    ]
    attacks = [
        Attack(server=name, reason=reason, label=f"{number}", settings=settings)
        for number, (reason, settings) in enumerate(kinds)
        for name in attackers.named("xml: ")
    ]
    assert await suffer(gauge, context, attackers, attacks) == []


async def test_no_path_hurts(
    context: ProbeContext, attackers: HostileServers, gauge: Gauge
) -> None:
    """Paths whose work multiplies with the document, over what is let in of each."""
    paths = [
        "//*[count(.//*) > 1000000]",
        "//*[preceding::*[following::*]]/zzz",
        "//*[contains(string(/), 'zzz')]",
    ]
    attacks = [
        Attack(server=name, reason=Reason.XPATH, label=path, settings=xpath(path))
        for path in paths
        for name in attackers.named("xml: ")
    ]
    assert await suffer(gauge, context, attackers, attacks) == []


async def test_nothing_is_fetched(context: ProbeContext) -> None:
    """External DTDs, entities, schemas, stylesheets and includes stay where they are."""
    async with serve_raw(close_at_once) as elsewhere:
        there = elsewhere.url("/x").encode()
        for document in (
            b'<!DOCTYPE r SYSTEM "' + there + b'"><r/>',
            b'<!DOCTYPE r PUBLIC "-//x" "' + there + b'"><r/>',
            b'<!DOCTYPE r [<!ENTITY a SYSTEM "' + there + b'">]><r>&a;</r>',
            b'<!DOCTYPE r [<!ENTITY % a SYSTEM "' + there + b'"> %a;]><r/>',
            b'<r xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="' + there + b'"/></r>',
            b'<r xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
            b' i:schemaLocation="u ' + there + b'"/>',
            b'<?xml-stylesheet href="' + there + b'"?><r/>',
            b'<?xml-model href="' + there + b'"?><r/>',
        ):
            async with serve_raw(xml(document)) as server:
                await ask_http(context, server.url(), **xpath("//r"))
                await ask_http(context, server.url(), expect={"soap": {"fault": "none"}})
        assert elsewhere.accepted == 0


GOOD = {"zip: sound", "zip: names that climb"}
LONG = {"zip: 50 MiB of XML"}


async def test_no_archive_hurts(
    context: ProbeContext, attackers: HostileServers, gauge: Gauge
) -> None:
    """Ratio, number, overlap and lies about size; what takes too long is ended by the deadline, and
    is then our own limit.
    """
    settings = {"expect": {"zip": {"contains": ["*.xml"]}}}
    attacks = [
        Attack(server=name, reason=None if name in GOOD else Reason.BODY, settings=settings)
        for name in attackers.named("zip: ")
        if name not in LONG
    ]
    attacks += [
        Attack(server=name, reason=Reason.TIMEOUT, cause=Cause.MONITOR, settings=settings)
        for name in LONG
    ]
    assert await suffer(gauge, context, attackers, attacks) == []
