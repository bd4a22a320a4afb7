"""By which names the server is known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aiohttp import ClientSession

from monitor.publish.web.host_header import Hosts
from monitor.publish.web.server import own_names
from tests.support.factories import make_snapshot
from tests.support.web_site import FixedSource, serve


@pytest.mark.parametrize(
    "header",
    [
        "127.0.0.1",
        "127.0.0.1:9815",
        "192.0.2.7:80",
        "[::1]:9815",
        "[2001:db8::1]",
        "localhost",
        "LOCALHOST:9815",
        "drift.localhost",
        "drift.example.se:443",
        "Drift.Example.SE.",
        "a.apps.example.se",
    ],
)
def test_names_of_ours(header: str) -> None:
    """Addresses, loopback, what was allowed: whatever the port."""
    assert Hosts(["drift.example.se", "*.apps.example.se"]).known(header)


@pytest.mark.parametrize(
    "header",
    [
        "ond.example.se",
        "drift.example.se.ond.example",
        "apps.example.se",
        "127.0.0.1.ond.example",
        "localhost.ond.example",
        "xlocalhost",
        "[::1].ond.example:80",
        "",
        ":80",
        "a b",
    ],
)
def test_names_of_others(header: str) -> None:
    """Any other name is somebody else's, however much it looks like ours."""
    assert not Hosts(["drift.example.se", "*.apps.example.se"]).known(header)
    assert Hosts(["*"]).known(header)


def test_the_machine_s_own_names_are_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """As ``hostname`` has it, long and short, where we listen, and what the settings add."""
    monkeypatch.setattr("socket.gethostname", lambda: "vakt.inre.example.se")
    names = set(own_names(make_snapshot().estate))
    assert {"vakt.inre.example.se", "vakt", "127.0.0.1"} <= names


def test_so_is_the_name_that_readers_were_given() -> None:
    """Who sets ``public_url`` need not say its host again."""
    estate = replace(make_snapshot().estate, public_url="https://drift.example.se/status/")
    assert "drift.example.se" in set(own_names(estate))


async def test_a_stranger_s_name_reads_nothing_but_health() -> None:
    """421 at every address, whatever the method; the health of the process is no secret."""
    source = FixedSource()
    async with serve(source) as url, ClientSession(url) as client:
        stranger = {"Host": "ond.example.se"}
        for path in (
            "/",
            "/status.json",
            "/metrics",
            "/api/v2/summary.json",
            "/nothing",
            "/-/ready",
        ):
            async with client.get(path, headers=stranger) as answer:
                assert answer.status == 421, path
                assert "web.allowed_hosts" in await answer.text()
        async with client.options("/status.json", headers=stranger) as answer:
            assert answer.status == 421
        async with client.get("/-/healthy", headers=stranger) as answer:
            assert answer.status == 200
        async with client.get("/status.json", headers={"Host": "localhost:1"}) as answer:
            assert answer.status == 200
