"""What was wrong with a service, on its page: incidents, certificates, planned days."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientSession

from monitor.model.estate import ServiceId
from monitor.model.records import Entry, Past
from monitor.model.status import Status
from monitor.model.time_in_status import Availability, DayShare, TimeInStatus
from monitor.publish.page import PageQuery, render_service
from monitor.publish.page.charts import bars
from monitor.publish.page.incidents import PAGE, incident_page
from monitor.publish.page.words import WORDS
from tests.support.factories import (
    DAY,
    NOW,
    make_certificate,
    make_check,
    make_observation,
    make_red_view,
    make_snapshot,
    make_tls,
    make_view,
)
from tests.support.factories_record import make_entry, make_transition
from tests.support.web_site import FixedSource, serve
from tests.unit.publish.page.test_service import HOSTILE, report

UTC = ZoneInfo("UTC")


def course(number: int) -> list[Entry]:
    """So many transitions: red, green, red … an hour after the other."""
    return [
        make_entry(
            place,
            transition=make_transition(place, at=NOW + 3600 * place, since=NOW + 3600 * place - 3),
        )
        for place in range(number)
    ]


def test_transitions_are_told_as_incidents() -> None:
    """A red one and its green one are one incident: length, reason, its own address, evidence."""
    entries = course(3)
    page = incident_page(entries, NOW + 7500, UTC, "en", newest=True)
    lasting, ended = page.cards
    assert (ended.lasted, lasting.lasted) == ("1 hour", "5 minutes and 3 seconds")
    assert ended.why == "The connection was refused (api)"
    assert ended.link == f"/s/ext5/expo?event={entries[0].id}#{ended.anchor}"
    assert ended.evidence == f"/api/v1/evidence/{entries[0].id}"
    assert [change.evidence for change in ended.changes] == [ended.evidence, ""]
    assert "still so" in lasting.span
    assert page.older == ""


def test_older_incidents_are_on_the_page_before() -> None:
    """A full page asks for what is before its oldest whole incident; none is lost or told twice."""
    entries = course(PAGE + 11)
    newest = incident_page(entries[-PAGE:], NOW, UTC, "sv", newest=True)
    until = float(newest.older)
    rest = [each for each in entries if each.transition.at < until]
    oldest = incident_page(rest[-PAGE:], NOW, UTC, "sv", newest=False)
    links = [card.link for card in (*newest.cards, *oldest.cards)]
    assert len(links) == len(set(links)) == (PAGE + 12) // 2
    assert oldest.older == ""


async def test_link_to_an_incident_finds_it_however_old() -> None:
    """The event's id leads to its page, where it is open and marked and over; what is no id or no
    instant is refused.
    """
    entries = course(3 * PAGE)
    source = FixedSource(entries=entries, history=Past(seen={}, entries=entries[-PAGE:]))
    source.reports[ServiceId("ext5/expo")] = report()
    async with serve(source) as url, ClientSession(url) as client:
        address = f"/s/ext5/expo?lang=en&event={entries[4].id}"
        async with client.get(address) as answer:
            html = await answer.text()
        assert f'wanted" id="event-{entries[4].id}"' in html
        assert html.count("wanted") == 1
        assert "and on" not in html
        assert f"event-{entries[6].id}" not in html
        async with client.get(f"/s/ext5/expo?event={entries[-2].id}") as answer:
            assert f'wanted" id="event-{entries[-2].id}"' in await answer.text()
        for query in ("event=x", "until=soon", "until=%ff"):
            async with client.get(f"/s/ext5/expo?{query}") as answer:
                assert answer.status == 400


@pytest.mark.parametrize(("status", "shown"), [(Status.GREEN, False), (Status.RED, True)])
def test_help_is_there_while_it_is_needed(status: Status, *, shown: bool) -> None:
    """Of a service in full operation nobody needs to be told what to do."""
    snapshot = make_snapshot(make_view(status=status))
    html = render_service(snapshot, "ext5/expo", PageQuery(), report(), None)
    assert ("Använd reservrutinen." in html) is shown


def test_certificate_is_shown_in_its_own_words() -> None:
    """Names, issuer and how much is left, as a bar and in words, and no latency; escaped."""
    leaf = make_certificate(
        names=("expo.ext5.example.se", HOSTILE),
        issuer=HOSTILE,
        not_before=NOW - 30 * DAY,
        not_after=NOW + 10 * DAY,
    )
    seen = make_observation(tls=make_tls(chain=(leaf,)))
    check = make_check("cert", kind="certificate", target="expo.ext5.example.se:443")
    snapshot = make_snapshot(make_view(check, seen))
    html = render_service(snapshot, "ext5/expo", PageQuery(), report(), None)
    assert "expo.ext5.example.se, &lt;script&gt;" in html
    assert HOSTILE not in html
    assert "10 dygn kvar av 40 dygn" in html
    assert '<rect class="part" width="25.0"' in html
    assert "Läser certifikatet hos expo.ext5.example.se:443" in html
    assert "p95" not in html


def test_check_says_what_it_found_and_not_what_the_service_is() -> None:
    """The claim about the service stands once, above."""
    html = render_service(make_snapshot(make_red_view()), "ext5/expo", PageQuery(), report(), None)
    checks = html.partition('id="checks"')[2].partition("</section>")[0]
    assert "misslyckades" in checks
    assert "tjänsten Receptexpedition" not in checks


@pytest.mark.parametrize(
    ("shares", "tone", "label"),
    [
        (TimeInStatus(red=10, planned_red=10), "planned", "0 %, planerat avbrott"),
        (TimeInStatus(green=90, red=10, planned_red=10), "planned", "90 %, planerat avbrott"),
        (TimeInStatus(green=80, red=20, planned_red=10), "red", "80 %, planerat avbrott"),
        (TimeInStatus(green=100), "green", "100 %"),
        (TimeInStatus(green=99_999_999, red=1), "green", "99,999 %"),
    ],
)
def test_planned_day_is_no_red_day(shares: TimeInStatus, tone: str, label: str) -> None:
    """Hatched where nothing but planned work was amiss; nothing is rounded up to a whole."""
    day: DayShare = replace(report().days[0], shares=shares)
    [bar] = bars([day], WORDS["sv"], ",")
    assert (bar.tone, bar.share.replace("\N{NO-BREAK SPACE}", " ")) == (tone, label)


def test_percentages_tell_how_much_was_measured() -> None:
    """A hundred percent of an hour in a day is said to be of that hour."""
    shares = TimeInStatus(green=3_600_000, unknown=82_800_000)
    told = replace(report(), availability=Availability((shares,) * 4))
    html = render_service(make_snapshot(), "ext5/expo", PageQuery(language="en"), told, None)
    assert "<strong>100%</strong><br>measured 4.166% of the time" in html
