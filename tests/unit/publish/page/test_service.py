"""The page of one service, the filters, and what keeps them in the address."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientSession

from monitor.model.estate import ServiceId
from monitor.model.records import Entry, Past, Seen
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.model.time_in_status import NOTHING_KNOWN, AvailabilityReport, DayShare, TimeInStatus
from monitor.model.transition import Transition
from monitor.publish.page import Overview, PageQuery, render_overview, render_service
from monitor.publish.page.charts import bars, plot
from monitor.publish.page.query import names
from monitor.publish.page.words import WORDS
from probes.observation import Grade, Phases, Reason
from tests.support.factories import NOW, make_check, make_red_view, make_snapshot, make_text
from tests.support.web_site import FixedSource, serve

UTC = ZoneInfo("UTC")
HOSTILE = '<script>alert("1")</script>'


def seen(at: float, duration: float, grade: Grade = Grade.GOOD) -> Seen:
    return Seen(at, duration, grade, None, None, Phases(), None, 200, "")


def entry(message: str = "Det är rött.") -> Entry:
    moved = Transition(
        at=NOW,
        since=NOW,
        environment="ext5",
        service="expo",
        before=Status.GREEN,
        after=Status.RED,
        reason=Reason.STATUS,
    )
    return Entry(transition=moved, message=Text(sv=message, en="It is red."))


def report() -> AvailabilityReport:
    day = DayShare(
        day=date(2026, 11, 23),
        start=NOW - 60,
        end=NOW,
        shares=TimeInStatus(green=54_000, red=6_000),
    )
    return AvailabilityReport(at=NOW, availability=NOTHING_KNOWN, days=(day,))


def page(past: Past | None, asked: PageQuery | None = None) -> str:
    snapshot = make_snapshot(make_red_view())
    return render_service(snapshot, "ext5/expo", asked or PageQuery(), report(), past)


def test_service_page_tells_all() -> None:
    """The sentence, why the colour, a plot, days, and events with links to their evidence."""
    check = make_red_view().check
    past = Past(seen={check.id: [seen(NOW - 60, 0.04)]}, entries=[entry()])
    swedish = page(past)
    for text in (
        "Varför den här färgen",
        "Röd efter 3 misslyckade mätningar i rad. 3 av de 20 senaste misslyckades.",
        'class="plot"',
        "2026-11-23: 90\N{NO-BREAK SPACE}%",
        "80,2 ms",
        "Hämtar https://expo.ext5",
    ):
        assert text in swedish
    assert f'href="/api/v1/evidence/{entry().id}"' in swedish
    assert "Det är rött." in swedish
    english = page(past, PageQuery(language="en"))
    assert "Why this colour" in english
    assert "2026-11-23: 90%" in english
    assert "It is red." in english


def test_unreadable_history_is_said() -> None:
    """Without a history the rest of the page is there, and what is missing is no empty plot."""
    html = page(None)
    assert "Historiken kan inte läsas just nu." in html
    assert "Inga incidenter är kända." not in html


def test_service_page_escapes_hostile_text() -> None:
    """What history and configuration say is shown as it is written."""
    view = make_red_view(make_check(target=HOSTILE))
    html = render_service(
        make_snapshot(view),
        "ext5/expo",
        PageQuery(),
        report(),
        Past(seen={}, entries=[entry(HOSTILE)]),
    )
    assert HOSTILE not in html
    assert html.count("&lt;script&gt;") >= 2


def test_unknown_service_is_refused() -> None:
    """A service that is not watched has no page."""
    with pytest.raises(KeyError):
        render_service(make_snapshot(make_red_view()), "ext5/no", PageQuery(), report(), None)


def test_plot_shows_medians_and_failures() -> None:
    """A slow answer does not hide what is usual; a failure has its place; gaps break the line."""
    some = [seen(NOW - 7200 + i, 0.040) for i in range(9)] + [seen(NOW - 7195, 4.0)]
    drawn = plot([*some, seen(NOW - 10, 0.1, Grade.FAILED)], NOW, UTC)
    assert drawn is not None
    assert (drawn.median, drawn.top, drawn.failed, drawn.measured) == ("40 ms", "50 ms", 1, 11)
    assert drawn.failures == (717,)
    assert plot([seen(NOW - 90_000, 0.04)], NOW, UTC) is None


def test_line_is_broken_by_failures_and_by_gaps() -> None:
    """What is measured every ten minutes is one line; an hour without is a gap in it, and so is
    a failure.
    """

    def pieces(*minutes: int, failed: int = 0) -> int:
        some = [
            seen(NOW - 60 * each, 0.04, Grade.FAILED if each == failed else Grade.GOOD)
            for each in minutes
        ]
        drawn = plot(some, NOW, UTC)
        assert drawn is not None
        return drawn.path.count("M")

    every_ten = range(600, 0, -10)
    assert pieces(*every_ten) == 1
    assert pieces(*(each for each in every_ten if not 200 < each < 300)) == 2
    assert pieces(*every_ten, failed=300) == 2


def test_axis_begins_with_the_oldest_measurement() -> None:
    """Two hours are not the last dot of a day; of seconds a minute is shown; times are round."""
    two_hours = plot([seen(NOW - 60 * each, 0.0045678) for each in range(120)], NOW, UTC, ",")
    assert two_hours is not None
    assert two_hours.path.startswith("M1.5 ")
    assert 4 <= len(two_hours.hours) <= 7
    assert all(name.endswith(("00", "20", "30", "40", "10", "50")) for _, name in two_hours.hours)
    assert (two_hours.median, two_hours.top) == ("4,57 ms", "5 ms")
    moments = plot([seen(NOW - each, 0.04) for each in range(12)], NOW, UTC)
    assert moments is not None
    first = float(moments.path[1:].partition(" ")[0])
    assert 0.78 < first / 720 < 0.82
    day = plot([seen(NOW - 3600 * each, 1.25) for each in range(25)], NOW, UTC)
    assert day is not None
    assert day.median == "1.25 s"
    assert len(day.hours) == 6


def test_words_are_of_the_language() -> None:
    """The environment by its title, stretches of time in words, each told once."""
    view = make_red_view()
    check = view.check
    past = Past(seen={check.id: [seen(NOW - 60, 0.00457)]}, entries=[])
    snapshot = make_snapshot(view)
    [environment] = snapshot.environments
    titled = replace(environment.environment, title=Text(sv="Extern test 5", en="External test 5"))
    snapshot = replace(snapshot, environments=(replace(environment, environment=titled),))
    swedish = render_service(snapshot, "ext5/expo", PageQuery(), report(), past)
    assert "i Extern test 5" in swedish
    assert "i ext5" not in swedish
    for text in ("Senaste dygnet", "Senaste 90 dagarna", "4,57 ms"):
        assert text in swedish
    lead = swedish.partition('class="lead"')[2].partition("</section>")[0]
    assert lead.casefold().count("sedan") == 1
    english = render_service(snapshot, "ext5/expo", PageQuery(language="en"), report(), past)
    assert "External test 5" in english
    assert "Last 24 hours" in english
    assert "4.57 ms" in english


def test_feed_is_of_what_the_page_is_of() -> None:
    """A service's page names the service's own feed, and its other language."""
    html = page(None, PageQuery(language="en"))
    assert 'href="/feed.atom?lang=en&amp;service=ext5/expo"' in html
    assert '<link rel="alternate" hreflang="sv" href="/s/ext5/expo?lang=sv">' in html
    front = render_overview(make_snapshot(make_red_view()), "sv")
    assert 'href="/feed.atom?lang=sv"' in front


def test_bars_never_round_up_to_a_whole() -> None:
    """A second of outage is no day of a hundred percent; a day not measured is grey."""
    day = report().days[0]
    almost = replace(day, shares=TimeInStatus(green=86_399_000, red=1_000))
    nothing = replace(day, shares=TimeInStatus(unknown=1000))
    found = bars([almost, nothing], WORDS["sv"], ",")
    assert [bar.share for bar in found] == ["99,998\N{NO-BREAK SPACE}%", "inget mätt"]
    assert [bar.tone for bar in found] == ["green", "unknown"]


def test_drawings_are_well_formed() -> None:
    """Each SVG is XML, without style attributes and scripts."""
    check = make_red_view().check
    html = page(Past(seen={check.id: [seen(NOW - 60, 0.04)]}, entries=[]))
    drawings = html.split("<svg")[1:]
    assert len(drawings) == 2
    for each in drawings:
        root = ET.fromstring("<svg" + each.partition("</svg>")[0] + "</svg>")
        assert not any("style" in element.attrib for element in root.iter())


def test_filters_choose_and_stay() -> None:
    """An environment by name, a service by a part of its id or title; both stay in the link to
    the other language, and a filter that nothing passes says so.
    """
    snapshot = make_snapshot(
        make_red_view(), make_red_view(make_check(service="other", environment="ext6"))
    )
    asked = PageQuery(environments=("ext5",), services=("expo",))
    html = render_overview(snapshot, "sv", asked)
    assert "/s/ext5/expo" in html
    assert "/s/ext6/other" not in html
    assert "/?lang=en&amp;env=ext5&amp;service=expo" in html
    assert "Ingen tjänst passar urvalet." in render_overview(
        snapshot, "sv", PageQuery(services=("zzz",))
    )


def test_filter_is_bounded_and_escaped() -> None:
    """A hostile address is cut, mended and shown as text."""
    assert names(["", " a ", "x" * 500, "\ud800"]) == ("a", "x" * 200, "?")
    assert len(names(["a"] * 1000)) == 50
    html = render_overview(
        make_snapshot(make_red_view()), "sv", PageQuery(services=(f'"{HOSTILE}',))
    )
    assert HOSTILE not in html


def test_language_stays_in_links() -> None:
    """Who chose a language keeps it on the next page; others get plain links."""
    snapshot = make_snapshot(make_red_view())
    chosen = render_overview(snapshot, "en", PageQuery(language="en", chosen=True))
    assert 'href="/s/ext5/expo?lang=en"' in chosen
    assert 'href="/s/ext5/expo"' in render_overview(snapshot, "sv")


def test_rows_are_made_anew_when_something_changed() -> None:
    """What is kept of a row is never shown of another status, language or link."""
    front, view = Overview(), make_red_view()
    first = make_snapshot(view)
    assert "".join(front.pieces(first, PageQuery())) == render_overview(first, "sv")
    assert "".join(front.pieces(first, PageQuery(language="en"))) == render_overview(first, "en")
    environment = first.environments[0]
    greener = replace(environment.services[0], status=Status.GREEN)
    second = replace(first, environments=(replace(environment, services=(greener,)),))
    assert "".join(front.pieces(second, PageQuery())) == render_overview(second, "sv")


async def test_pages_are_served_and_small() -> None:
    """200 red services fit in 100 kB as sent; a service's page is there, another is 404, and all
    carry the strict policy.
    """
    views = [make_red_view(make_check(service=f"s{i}")) for i in range(200)]
    source = FixedSource(now=make_snapshot(*views))
    source.reports[ServiceId("ext5/s1")] = report()
    async with serve(source) as url, ClientSession(url, auto_decompress=False) as client:
        async with client.get("/") as answer:
            assert answer.status == 200
            assert answer.headers["Content-Encoding"] == "gzip"
            assert len(await answer.read()) < 100_000
            policy = answer.headers["Content-Security-Policy"]
            assert "script-src 'self'" in policy
            assert "unsafe" not in policy
        for path, status in (("/s/ext5/s1?lang=en", 200), ("/s/ext5/no", 404), ("/page.js", 200)):
            async with client.get(path) as answer:
                assert answer.status == status


async def test_large_page_is_sent_while_it_is_made() -> None:
    """All of it, compressed or not; of HEAD the headers."""
    views = [make_red_view(make_check(service=f"s{i}")) for i in range(600)]
    source = FixedSource(now=make_snapshot(*views))
    whole = render_overview(source.now, "sv")
    async with serve(source) as url, ClientSession(url) as client:
        for accepted in ("gzip", "identity"):
            headers = {"Accept-Encoding": accepted, "Accept-Language": "sv"}
            async with client.get("/", headers=headers) as answer:
                assert answer.headers["Transfer-Encoding"] == "chunked"
                assert answer.headers.get("Content-Encoding", "identity") == accepted
                assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
                assert await answer.text() == whole
        async with client.head("/") as answer:
            assert answer.status == 200
            assert await answer.read() == b""


async def test_listeners_hear_of_transitions_until_the_end() -> None:
    """Each listener gets the transition, one too many is asked to come back, a stop ends all."""
    source = FixedSource()
    source.events._most = 1
    async with serve(source) as url, ClientSession(url) as client:
        async with client.get("/api/v1/events") as answer:
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            assert b"retry" in await answer.content.readline()
            async with client.get("/api/v1/events") as refused:
                assert refused.status == 503
            source.events.tell(entry("Nu är det rött."))
            source.events.close()
            rest = (await answer.content.read()).decode()
        assert "event: hello" in rest
        assert "event: transition" in rest
        assert "Nu är det rött." in rest
    assert source.events.listeners == 0


async def test_silence_is_broken_by_a_sign_of_life() -> None:
    """A listener hears of nothing happening too."""
    source = FixedSource()
    source.events._tick = 0.02
    async with serve(source) as url, ClientSession(url) as client:
        async with client.get("/api/v1/events") as answer:
            async for line in answer.content:
                if line == b"event: tick\n":
                    break


def test_slow_listener_is_let_go() -> None:
    """A full queue is emptied and ended; nobody else waits for it, and it never grows."""
    source = FixedSource()
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(2)
    source.events._queues.add(queue)
    for _ in range(3):
        source.events.tell(entry(make_text("x").sv))
    assert queue.get_nowait() is None
