"""Every query of every dashboard, asked of the real Prometheus: issue 6, point 3."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.support.shipped import dashboard
from tests.support.daemon.running import estate, http_check, running, service, until
from tests.support.prometheus.programs import Prometheus, prometheus
from tests.support.servers.ca import Authority
from tests.support.servers.http_server import HttpServer, serve_http

pytestmark = pytest.mark.system

WANTED = 'environment=~"$environment",service=~"$service"'
HERE = ' and on (job, instance, environment, service) driftvakt_check_status{location=~"$location"}'
IN_TROUBLE = frozenset(
    {
        "60 * rate(driftvakt_schedule_missed_total[$__rate_interval])",
        *(f"count(driftvakt_service_severity{{{WANTED}}} == {severity}"
          f" unless driftvakt_service_planned{{{WANTED}}} == 1{HERE}) or vector(0)"
          for severity in (1, 2)),
        f"count(driftvakt_stated_differs_seconds{{{WANTED}}} > 0{HERE}) or vector(0)",
    }
)  # fmt: skip
"""Something only once a run was left out, nothing is known of a service and the like."""
VARIABLES = {
    "$__rate_interval": "8s", "$window": "8s", "$environment": ".*", "$service": ".*",
    "$check": ".*", "$location": ".*",
}  # fmt: skip


def queries() -> Iterator[tuple[str, str]]:
    """Where it stands and what it asks: panels, annotations and variables."""
    for name in ("overview", "service", "monitor"):
        document = dashboard(name)
        for panel in document["panels"]:
            for target in panel.get("targets", ()):
                yield f"{name}: {panel['title']}", target["expr"]
        for one in document["annotations"]["list"]:
            yield f"{name}: {one['name']}", one["expr"]
        for one in document["templating"]["list"]:
            if one["type"] == "query":
                yield f"{name}: ${one['name']}", one["query"]["query"]


def asked(query: str) -> str:
    """As Grafana would send it."""
    values = re.fullmatch(r"label_values\((.*), (\w+)\)", query)
    if values is not None:
        query = f"count by ({values[2]}) ({values[1]})"
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    return query


def config(plain: HttpServer, secure: HttpServer, authority: Authority) -> dict[str, Any]:
    now = datetime.now(UTC)
    tls = {"ca_file": str(authority.ca_file)}
    window = {
        "id": "work",
        "title": "Work",
        "impact": "outage",
        "start": (now + timedelta(days=1)).isoformat(timespec="seconds"),
        "end": (now + timedelta(days=2)).isoformat(timespec="seconds"),
    }
    under_way = {
        "id": "now",
        "title": "Closed",
        "impact": "outage",
        "start": (now - timedelta(hours=1)).isoformat(timespec="seconds"),
        "end": (now + timedelta(days=1)).isoformat(timespec="seconds"),
        "services": ["ext5/nll"],
    }
    stated = {"url": plain.url("/stated"), "jsonpath": "$.expo", "map": {"up": "green"}}
    receiver = {"name": "hook", "kind": "webhook", "url": plain.url("/hook"), "on": ["red"]}
    return estate(
        service("expo", http_check("api", secure.url(), tls=tls), stated_url=stated),
        service("lf", http_check("api", plain.url("/broken"))),
        service("nll", http_check("api", plain.url("/broken"))),
        defaults={"interval": "300ms", "retry_interval": "200ms", "timeout": "2s"},
        service_windows=[window, under_way],
        upgrades=[{"package": "16.1", "retires": f"{now + timedelta(days=9):%Y-%m-%d}"}],
        notifications=[receiver],
    )


def some(found: list[dict[str, Any]]) -> bool:
    """Whether there is a number in it."""
    return any(one["value"][1] != "NaN" for one in found)


def without_data(asked_of: Prometheus) -> list[str]:
    return [
        f"{where}: {query}"
        for where, query in queries()
        if not some(asked_of.query(asked(query.removesuffix(" or vector(0)"))))
        and query not in IN_TROUBLE
    ]


def test_there_is_something_to_ask() -> None:
    assert len(list(queries())) > 40
    assert {query for _, query in queries()} >= IN_TROUBLE


async def test_every_query_has_an_answer(tmp_path: Path, authority: Authority) -> None:
    """A daemon that watches a good and a broken server, scraped each second: each panel shows
    something, and each query is one that Prometheus understands.
    """
    async with AsyncExitStack() as stack:
        plain = await stack.enter_async_context(serve_http())
        context = authority.server_context(authority.valid)
        secure = await stack.enter_async_context(serve_http(tls=context))
        secure.answer("/")
        plain.answer("/broken", status=503)
        plain.answer("/stated", body=b'{"expo": "up"}')
        plain.answer("/hook")

        async def entered(context: Any) -> Any:
            return await asyncio.to_thread(stack.enter_context, context)

        daemon = await entered(running(tmp_path / "daemon", config(plain, secure, authority)))
        scraped = daemon.url.removeprefix("http://")
        (tmp_path / "prometheus").mkdir()
        place = "127.0.0.1:9"  # nobody is to be told
        found = await entered(prometheus(tmp_path, scraped=scraped, alerts_to=place))

        def all_there() -> bool:
            return not without_data(found)

        await asyncio.to_thread(until, all_there, lambda: f"nothing of {without_data(found)}")
