"""Calendars over HTTP and from files: asked politely, kept, stale in time, and never the end of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs
from tenacity import wait_none

from monitor.model.estate import Estate
from monitor.plan.calendars import calendar_sources
from monitor.polling.calendar_poller import Calendars
from monitor.polling.calendar_reader import calendar_warnings
from monitor.polling.http_fetch import MOST_BYTES
from monitor.settings.sections import Calendar
from tests.support.patience import PATIENCE
from tests.support.servers.http_server import HttpServer, serve_http
from tests.unit.judging.test_board import check, estate
from tests.unit.plan.test_ics import EVENING, NOW, ics

ONE = ics(f"UID:one\n{EVENING}")
TWO = ics(f"UID:one\n{EVENING}", f"UID:two\n{EVENING}")


@dataclass(slots=True)
class Bench:
    """Calendars of one test, with a clock of its own."""

    folder: Path
    now: float = NOW
    changes: int = 0
    open: list[Calendars] = field(default_factory=list)

    def estate(self, *calendars: dict[str, Any]) -> Estate:
        made = [Calendar.model_validate(one) for one in calendars]
        return replace(
            estate(("expo", (check(),))), data_dir=self.folder, later={"calendars": made}
        )

    def changed(self) -> None:
        self.changes += 1

    @asynccontextmanager
    async def reading(self, *given: dict[str, Any], **how: Any) -> AsyncIterator[Calendars]:
        made_of = self.estate(*given)
        settings = {"every": 0.02, "look_every": 0.02, "wait": wait_none(), **how}
        calendars = Calendars(made_of, self.changed, lambda: self.now, **settings)
        calendars.adopt(await calendars.prepare(made_of))
        async with calendars:
            yield calendars


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(folder=tmp_path)


async def until(found: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not found():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


def ids(calendars: Calendars) -> list[str]:
    return sorted(window.id for window in calendars.windows)


def trouble(calendars: Calendars, now: float = NOW) -> str:
    return calendars.views(now)[0].trouble


async def test_a_calendar_is_read_and_asked_whether_it_has_changed(bench: Bench) -> None:
    """By ETag and Last-Modified; what has not changed is not made anew."""
    async with serve_http() as server:
        stamps = {"ETag": '"v1"', "Last-Modified": "Mon, 23 Nov 2026 12:00:00 GMT"}

        async def handler(request: web.BaseRequest) -> web.Response:
            if request.headers.get("If-None-Match") == '"v1"':
                return web.Response(status=304)
            return web.Response(body=ONE, headers=stamps)

        server.handlers["/w.ics"] = handler
        async with bench.reading({"url": server.url("/w.ics")}) as calendars:
            await until(lambda: len(server.arrivals) >= 3)
            assert ids(calendars) == ["one"]
            assert bench.changes == 1
            last = server.arrivals[-1].headers
            assert last["If-None-Match"] == '"v1"'
            assert last["If-Modified-Since"] == stamps["Last-Modified"]
            bench.now += 500
            await until(lambda: calendars.views(bench.now)[0].last_success == bench.now)
            assert not calendars.views(bench.now)[0].stale


async def test_what_changes_is_told(bench: Bench) -> None:
    """Other windows, once each time."""
    async with serve_http() as server:
        server.answer("/w.ics", body=ONE)
        async with bench.reading({"url": server.url("/w.ics")}) as calendars:
            await until(lambda: ids(calendars) == ["one"])
            server.answer("/w.ics", body=TWO)
            await until(lambda: ids(calendars) == ["one", "two"])
            assert bench.changes == 2


async def test_the_last_good_one_is_kept_and_stale_in_time(bench: Bench) -> None:
    """Also by the next process, while the server is away."""
    async with serve_http() as server:
        url = server.url("/w.ics")
        server.answer("/w.ics", body=ONE)
        async with bench.reading({"url": url}) as calendars:
            await until(lambda: ids(calendars) == ["one"])
            await until(lambda: list((bench.folder / "calendars").glob("*.json")))
    async with bench.reading({"url": url}) as calendars:
        assert ids(calendars) == ["one"]
        await until(lambda: "no connection" in trouble(calendars))
        assert ids(calendars) == ["one"]
        [view] = calendars.views(NOW + 3_599)
        assert (view.last_success, view.stale) == (NOW, False)
        assert calendars.views(NOW + 3_601)[0].stale


async def test_a_calendar_that_was_never_read_is_stale(bench: Bench) -> None:
    """And holds nothing."""
    async with serve_http() as server:
        server.answer("/w.ics", status=404)
        async with bench.reading({"url": server.url("/w.ics"), "name": "agency"}) as calendars:
            await until(lambda: trouble(calendars))
            [view] = calendars.views(NOW)
            assert (view.name, view.last_success, view.stale, view.trouble) == (
                "agency",
                None,
                True,
                "HTTP 404",
            )
            assert calendars.windows == ()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": 500}, "HTTP 500"),
        ({"body": b"<html>Logga in</html>"}, "does not begin as a calendar"),
        ({"body": ONE[:-18]}, "cut off"),
        ({"body": b"BEGIN:VCALENDAR" + b" " * MOST_BYTES}, "larger than"),
        ({"body": ONE, "headers": {"Content-Encoding": "gzip"}}, "compressed"),
        ({"status": 302, "headers": {"Location": "/w.ics"}}, "redirects"),
        ({"body": ONE, "delay": 5.0}, "no answer within 0.2 s"),
    ],
)
async def test_what_cannot_be_read_changes_no_window(
    bench: Bench, answer: dict[str, Any], said: str
) -> None:
    """A fault, a log-in page, half a file, a flood, a loop, silence; then it is well again."""
    async with serve_http() as server:
        server.answer("/w.ics", body=ONE)
        async with bench.reading({"url": server.url("/w.ics")}, timeout=0.2) as calendars:
            await until(lambda: ids(calendars) == ["one"])
            server.answer("/w.ics", **answer)
            await until(lambda: said in trouble(calendars))
            assert ids(calendars) == ["one"]
            server.answer("/w.ics", body=TWO)
            await until(lambda: ids(calendars) == ["one", "two"])
            assert trouble(calendars) == ""


async def test_what_may_pass_is_tried_again_at_once(bench: Bench) -> None:
    """Three times, and not before the next turn; an answer that is final once."""
    async with serve_http() as server:
        for status, times in ((503, 3), (404, 1)):
            server.arrivals.clear()
            server.answer("/w.ics", status=status)
            async with bench.reading({"url": server.url("/w.ics")}, every=600.0) as calendars:
                await until(lambda: trouble(calendars))
                assert len(server.arrivals) == times


async def test_a_server_that_asks_to_be_left_alone_is(bench: Bench) -> None:
    """No second attempt, and no next turn before its time."""
    async with serve_http() as server:
        server.answer("/w.ics", status=503, headers={"Retry-After": "600"})
        async with bench.reading({"url": server.url("/w.ics")}) as calendars:
            await until(lambda: trouble(calendars))
            await asyncio.sleep(0.2)
            assert len(server.arrivals) == 1


async def test_a_file_is_read_again_when_it_is_another(bench: Bench) -> None:
    """Gone, back, and no calendar: the last good one counts."""
    file = bench.folder / "windows.ics"
    file.write_bytes(ONE)
    async with bench.reading({"file": str(file)}) as calendars:
        assert ids(calendars) == ["one"]
        await until(lambda: list((bench.folder / "calendars").glob("*.json")))
        file.unlink()
        await until(lambda: "cannot be read" in trouble(calendars))
        file.write_bytes(b"nothing")
        await until(lambda: "does not begin" in trouble(calendars))
        assert ids(calendars) == ["one"]
        file.write_bytes(TWO)
        await until(lambda: ids(calendars) == ["one", "two"])
        assert trouble(calendars) == ""
        [kept] = (bench.folder / "calendars").glob("*.json")
        await until(lambda: b"UID:two" in kept.read_bytes())
    file.write_bytes(b"nothing")
    async with bench.reading({"file": str(file)}) as calendars:
        assert ids(calendars) == ["one", "two"]


async def logged(bench: Bench, *given: dict[str, Any]) -> list[dict[str, Any]]:
    """What is logged of calendars until each has been tried once."""
    with capture_logs() as found:
        async with bench.reading(*given) as calendars:
            await until(lambda: all(one.successful is not None for one in calendars.views(NOW)))
            await until(lambda: found)
            await calendars.prepare(bench.estate(*given))
    return [dict(one) for one in found if one["log_level"] == "warning"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>Logga in</html>", "it does not begin as a calendar"),
        (ONE[:-20], "it is cut off"),
        (ONE.replace(b"UID:one", "UID:å".encode("latin-1")), "it is not UTF-8"),
        (None, "it cannot be read: No such file or directory"),
    ],
)
async def test_a_file_that_is_bad_at_the_start_is_told(
    bench: Bench, body: bytes | None, said: str
) -> None:
    """In the log, once; in the view; and by ``driftvakt check``; whether or not one was good before."""
    file = bench.folder / "windows.ics"
    given = {"file": str(file)}
    for _ in range(2):
        if body is not None:
            file.write_bytes(body)
        else:
            file.unlink(missing_ok=True)
        [warning] = await logged(bench, given)
        assert (warning["event"], warning["error"]) == ("calendar_not_read", said)
        [checked] = calendar_warnings(bench.estate(given), NOW)
        assert checked.startswith(f"{file}: ")
        assert checked.endswith(said)
        file.write_bytes(ONE)
        async with bench.reading(given):
            await until(lambda: list((bench.folder / "calendars").glob("*.json")))


async def test_a_zone_that_nobody_knows_is_told(bench: Bench) -> None:
    """In the log, in the view, and by ``driftvakt check``; so is an event that is left out."""
    file = bench.folder / "windows.ics"
    odd = "DTSTART;TZID=Mars/Phobos:20261124T200000\nDURATION:PT2H"
    file.write_bytes(ics(odd, f"UID:bad\n{EVENING}\nRRULE:FREQ=HOURLY"))
    given = {"file": str(file)}
    zones, left_out = await logged(bench, given)
    assert (zones["event"], zones["zones"]) == ("calendar_zones_unknown", ["Mars/Phobos"])
    assert left_out["event"] == "calendar_events_left_out"
    checked = calendar_warnings(bench.estate(given), NOW)
    assert ["left out: bad" in checked[0], "Mars/Phobos" in checked[1]] == [True, True]
    async with bench.reading(given) as calendars:
        await until(lambda: calendars.views(NOW)[0].unknown_zones == ("Mars/Phobos",))
        assert calendars.views(NOW)[0].successful


async def test_the_charset_of_an_answer(bench: Bench) -> None:
    """Is followed, and what is kept needs it no more."""
    body = ics(f"UID:one\n{EVENING}\nSUMMARY:Underhåll").decode().encode("iso-8859-1")
    async with serve_http() as server:
        server.answer(
            "/w.ics", body=body, headers={"Content-Type": "text/calendar; charset=iso-8859-1"}
        )
        source = {"url": server.url("/w.ics")}
        async with bench.reading(source) as calendars:
            await until(lambda: ids(calendars) == ["one"])
            await until(lambda: list((bench.folder / "calendars").glob("*.json")))
        server.answer("/w.ics", status=404)
        async with bench.reading(source) as calendars:
            assert [window.title.sv for window in calendars.windows] == ["Underhåll"]
        server.answer("/w.ics", body=body, headers={"Content-Type": "text/calendar"})
        async with bench.reading(source) as calendars:
            await until(lambda: trouble(calendars) == "it is not UTF-8")


async def test_another_configuration_keeps_what_goes_on(bench: Bench) -> None:
    """No new question to an address that stays; one that is gone is asked no more."""
    async with serve_http() as server:
        server.answer("/a.ics", body=ONE)
        server.answer("/b.ics", body=ics(f"UID:b\n{EVENING}"))
        a, b = {"url": server.url("/a.ics")}, {"url": server.url("/b.ics"), "name": "b"}
        async with bench.reading(a, every=600.0) as calendars:
            await until(lambda: ids(calendars) == ["one"])
            prepared = await calendars.prepare(bench.estate(a, b))
            assert [window.id for window in prepared.windows] == ["one"]
            calendars.adopt(prepared)
            calendars.follow()
            await until(lambda: ids(calendars) == ["b", "one"])
            assert paths(server) == ["/a.ics", "/b.ics"]
            calendars.adopt(await calendars.prepare(bench.estate(b)))
            calendars.follow()
            assert ids(calendars) == ["b"]
            await asyncio.sleep(0.05)
            assert paths(server) == ["/a.ics", "/b.ics"]


def paths(server: HttpServer) -> list[str]:
    return sorted(one.path for one in server.arrivals)


def test_names_show_no_address(bench: Bench) -> None:
    """The path of a private calendar is its secret: a host or a file's name says enough."""
    made = bench.estate(
        {"url": "https://cal.example.se/private-4711/basic.ics"},
        {"url": "https://cal.example.se/other.ics?key=1"},
        {"file": "/srv/plans/windows.ics"},
        {"file": "/srv/windows.ics", "name": "ours"},
    )
    names = [source.name for source in calendar_sources(made)]
    assert names == ["cal.example.se", "cal.example.se-2", "windows.ics", "ours"]
