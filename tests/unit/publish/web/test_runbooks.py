"""What an alert's ``runbook_url`` leads to."""

from __future__ import annotations

import re

from aiohttp import ClientSession

from monitor.publish.web.runbooks import runbooks
from monitor.support.shipped import rules
from tests.support.web_site import FixedSource, serve


def test_there_is_one_for_every_alert() -> None:
    names = {f"{name}.md" for name in re.findall(r"- alert: (\w+)", rules())}
    assert set(runbooks()) == names


async def test_it_is_served_as_plain_text() -> None:
    async with serve(FixedSource()) as url, ClientSession(url) as client:
        async with client.get("/runbooks/DriftvaktServiceRed.md") as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
            assert (await answer.text()).startswith("# DriftvaktServiceRed\n")
        for path in ("/runbooks/Other.md", "/runbooks/..%2Fmetrics.md", "/runbooks/"):
            async with client.get(path) as answer:
                assert answer.status == 404
