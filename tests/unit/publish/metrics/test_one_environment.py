"""``/metrics?environment=ENV``: what concerns one environment, and nothing of another."""

from __future__ import annotations

from datetime import date

import pytest
from aiohttp import ClientSession

from monitor.judging.snapshot import Snapshot
from monitor.model.status import Status
from monitor.model.upstream_status import StatedView
from monitor.plan import Upgrade, UpgradeView
from monitor.plan.agenda import agenda
from monitor.publish.metrics.metrics import Exposition, Metrics
from tests.support.exposition_reader import Scrape
from tests.support.factories import NOW, make_check, make_red_view, make_snapshot, make_view
from tests.support.feed_values import STOCKHOLM, make_window
from tests.support.web_site import FixedSource, serve

WINDOWS = (
    make_window(id="ours", environments=frozenset({"ext6"})),
    make_window(id="theirs", environments=frozenset({"ext5"})),
    make_window(id="one", services=frozenset({"ext6/expo"})),
    make_window(id="another", services=frozenset({"ext5/expo"})),
    make_window(id="all"),
)


def both() -> Snapshot:
    """Two environments with everything that there may be of each."""
    checks = [
        make_check(environment=environment, service=service)
        for environment in ("ext5", "ext6")
        for service in ("expo", "nll")
    ]
    package = Upgrade(
        package="16.1",
        retires=date(2020, 5, 29),
        absent=frozenset(check.id for check in checks),
        zone=STOCKHOLM,
    )
    stated = StatedView(status=Status.RED, says="Stopp", at=NOW, differs_since=NOW, trouble="")
    return make_snapshot(
        *(
            make_red_view(check) if check.service == "expo" else make_view(check)
            for check in checks
        ),
        agenda=agenda(WINDOWS, NOW),
        upgrades=(UpgradeView(upgrade=package, retired=True, days_left=-1),),
        stated={"ext5": stated, "ext6": stated, "ext5/expo": stated, "ext6/expo": stated},
    )


async def test_its_lines_are_those_that_it_has_among_all(metrics: Metrics) -> None:
    """The very same, in the same order, under the same headers."""
    snapshot = both()
    everything = (await metrics.render(snapshot)).plain().splitlines()
    alone = (await metrics.render(snapshot, "ext6")).plain().splitlines()
    assert [one for one in alone if b"environment=" in one] == [
        one for one in everything if b'environment="ext6"' in one
    ]
    assert {one for one in alone if one.startswith(b"#")} == {
        one for one in everything if one.startswith(b"#")
    }


async def test_windows_are_those_that_concern_it(metrics: Metrics) -> None:
    """As a whole, by one of its services, or with all."""
    got = Scrape((await metrics.render(both(), "ext6")).plain())
    starts = got.all("driftvakt_service_window_start_timestamp_seconds")
    assert {labels["id"] for labels, _ in starts} == {"ours", "one", "all"}


async def test_each_is_kept_by_itself(metrics: Metrics) -> None:
    """Whoever asks for one, the other and all in turn gets what was asked for, also as gzip."""
    snapshot = both()
    bodies: dict[str | None, bytes] = {}
    for _ in range(2):
        for name in ("ext5", None, "ext6"):
            made = await metrics.render(snapshot, name)
            text = b"".join(one for one in made.pieces() if b"ext" in one)
            assert bodies.setdefault(name, text) == text
    assert len(set(bodies.values())) == 3


async def test_an_unknown_one_is_an_error(metrics: Metrics) -> None:
    """There is nothing to be told of it."""
    with pytest.raises(KeyError):
        await metrics.render(make_snapshot(), "ext7")


async def test_an_unknown_one_is_not_found() -> None:
    """And the answer says what to do; of one that is watched there is an answer."""
    source = FixedSource()
    async with serve(source) as url, ClientSession(url) as client:
        for coding in ("gzip", "identity"):
            headers = {"Accept-Encoding": coding}
            async with client.get("/metrics?environment=ext5", headers=headers) as answer:
                assert await answer.text() == source.text_of("ext5").decode()
            async with client.get("/metrics?environment=nowhere", headers=headers) as answer:
                assert answer.status == 404
                assert "environment must be the name of one that is watched" in await answer.text()


async def test_one_that_goes_while_it_is_asked_for_is_not_found() -> None:
    """As after a reload between the question and the answer."""

    class Gone(FixedSource):
        async def metrics(self, environment: str | None = None) -> Exposition:
            raise KeyError(environment)

    async with (
        serve(Gone()) as url,
        ClientSession(url) as client,
        client.get("/metrics?environment=ext5") as answer,
    ):
        assert answer.status == 404
