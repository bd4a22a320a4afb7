"""Where alerts lead to."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession

from monitor.export.rules import rules
from tests.unit.publish.site import FixedSource, serve


@pytest.fixture(scope="module")
def addresses() -> set[str]:
    return {
        urlsplit(rule["annotations"]["runbook_url"]).path
        for group in rules()["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }


async def test_each_alert_leads_to_a_runbook(addresses: set[str]) -> None:
    """By default it is the daemon that shows them."""
    assert len(addresses) > 10
    async with serve(FixedSource()) as url, ClientSession(url) as client:
        for address in addresses:
            async with client.get(address) as answer:
                assert (answer.status, answer.content_type) == (200, "text/plain"), address
                assert (await answer.text()).startswith("# ")


@pytest.mark.parametrize("name", ["no.md", "..%2fmetrics.md", "%00"])
async def test_there_are_no_others(name: str) -> None:
    """Only what is known by its name is shown."""
    async with serve(FixedSource()) as url, ClientSession(url) as client:
        async with client.get(f"{url}/runbooks/{name}") as answer:
            assert answer.status in (400, 404)
