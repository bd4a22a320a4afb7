"""The page and its language."""

from __future__ import annotations

import gc
import time
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from monitor.judging.board import Board
from monitor.judging.snapshot import Snapshot
from monitor.model.status import Status
from monitor.plan import Acknowledgement, Silence
from monitor.publish.page import Overview, PageQuery, render_overview, render_wall
from monitor.publish.rendering.language import choose_language
from tests.support.factories import (
    NOW,
    make_check,
    make_failure,
    make_red_view,
    make_service,
    make_service_view,
    make_snapshot,
    make_text,
    make_unmeasured_view,
    make_view,
)
from tests.support.feed_values import make_planned, make_window
from tests.unit.judging.test_board_plans import notice, package, plans
from tests.unit.judging.test_board_windows import START

VOID = {"meta", "link", "br", "input"}


class Outline(HTMLParser):
    """Every element opened, and whether all were closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def count(self, tag: str) -> int:
        return sum(1 for each, _ in self.tags if each == tag)


def test_status_is_told_by_colour_symbol_and_word() -> None:
    """A reader who sees no colours has a shape and a word, a screen reader the word alone."""
    page = render_overview(make_snapshot(make_red_view()), "sv")
    assert (
        '<span class="mark red"><span aria-hidden="true">✖</span> Inte tillgänglig</span>' in page
    )


@pytest.mark.parametrize(
    ("status", "symbol"), [("green", "✔"), ("yellow", "▲"), ("red", "✖"), ("unknown", "?")]
)
def test_each_status_has_a_symbol_of_its_own(status: str, symbol: str) -> None:
    """Four statuses, four shapes."""
    page = render_overview(make_snapshot(make_view(status=Status(status))), "en")
    assert f'aria-hidden="true">{symbol}<' in page


def test_page_is_whole_in_both_languages() -> None:
    """Language, title, sentence, since when and when updated, in the language asked for."""
    snapshot = make_snapshot(make_red_view(), make_unmeasured_view(make_check(service="other")))
    swedish, english = (
        Outline(render_overview(snapshot, "sv")),
        Outline(render_overview(snapshot, "en")),
    )
    assert swedish.tags[0] == ("html", {"lang": "sv"})
    assert english.tags[0] == ("html", {"lang": "en"})
    assert "Senast uppdaterad måndag 23 november 2026 kl. 14.02" in swedish.text
    assert "Last updated" in english.text
    assert "Receptexpedition (EXPO)" in swedish.text
    assert "Dispensing (EXPO)" in english.text
    assert "Använd reservrutinen." in swedish.text
    assert swedish.count("tr") == 2
    assert "1 av 2 tjänster har problem · läget är okänt för 1" in swedish.text
    assert swedish.count("h1") == swedish.count("main") == 1


def test_help_is_for_those_in_trouble() -> None:
    """What to do is told when the service is not green, and not otherwise."""
    assert "Använd reservrutinen" not in render_overview(make_snapshot(make_view()), "sv")


def test_there_is_nothing_inline() -> None:
    """No script, no inline style, no address elsewhere: the strict policy breaks nothing."""
    outline = Outline(render_overview(make_snapshot(make_red_view()), "sv"))
    assert outline.count("style") == 0
    assert [
        dict(attributes).get("src") is not None
        for tag, attributes in outline.tags
        if tag == "script"
    ] == [True]
    for _, attributes in outline.tags:
        assert not {name for name in attributes if name == "style" or name.startswith("on")}
        for name in ("href", "src", "action"):
            assert (attributes.get(name) or "/").startswith(("/", "#"))


def test_hostile_text_is_escaped() -> None:
    """Titles, help and evidence with HTML in them are shown as they are written."""
    hostile = '<script>alert("1")</script><img src=x onerror=y>&amp;'
    view = make_red_view(make_check(target=hostile), last=make_failure(detail=hostile))
    service = make_service("expo", [view.check], title=make_text(hostile), help=make_text(hostile))
    snapshot = make_snapshot(view)
    environment = replace(
        snapshot.environments[0],
        environment=replace(snapshot.environments[0].environment, title=make_text(hostile)),
        services=(make_service_view([view], service),),
    )
    page = render_overview(make_snapshot(environments=[environment]), "sv")
    outline = Outline(page)
    assert outline.count("script") == 1  # ours
    assert outline.count("img") == 0
    assert outline.text.count(hostile) >= 3


def test_nothing_watched_is_said() -> None:
    """An empty configuration gives a page and not an empty table."""
    assert "Inga tjänster övervakas." in render_overview(make_snapshot(environments=[]), "sv")


def test_planned_is_counted_apart() -> None:
    """What a window explains is no problem: its own mark, its own number, its own list."""
    snapshot = make_snapshot(make_red_view())
    service = replace(snapshot.environments[0].services[0], planned=True)
    environment = replace(snapshot.environments[0], services=(service,))
    page = render_overview(make_snapshot(environments=[environment]), "sv")
    assert "Tjänsten är planerat stängd<" in page
    assert '<td class="planned">' in page
    assert "Problem just nu" not in page


def test_a_selection_speaks_of_itself() -> None:
    """Sentence and counts are of what is shown, and no windows are none *for the selection*."""
    snapshot = make_snapshot(make_red_view(), make_unmeasured_view(make_check(service="other")))
    asked = PageQuery(language="sv", statuses=("unknown",))
    page = render_overview(snapshot, "sv", asked)
    assert "Tjänstens läge är okänt<" in page
    assert "Problem just nu" not in page
    assert "Inga servicefönster för urvalet." in page


def test_sides_of_a_group_stand_beside_each_other() -> None:
    """They follow each other, whatever is between them in the file; where they differ is marked."""
    red, green = make_snapshot(make_red_view()), make_snapshot(make_view())
    sides = [
        replace(
            snapshot.environments[0],
            environment=replace(
                snapshot.environments[0].environment, name=name, title=make_text(name), group=group
            ),
        )
        for snapshot, name, group in ((red, "a1", "a"), (green, "b", ""), (green, "a2", "a"))
    ]
    table = render_overview(make_snapshot(environments=sides), "en").partition("<tbody>")[2]
    rows = [row.partition("<")[0] for row in table.split('<th scope="row">')[1:]]
    assert rows == ["a1", "a2", "b"]
    assert table.count("apart") == 2


@pytest.mark.parametrize(
    ("red", "planned", "green", "unknown", "said"),
    [
        (6, 20, 174, 0, "6 av 200 tjänster har problem · 20 planerat stängda"),
        (0, 1, 1, 0, "Ingen av 2 tjänster har problem · 1 planerat stängd"),
        (0, 0, 3, 0, "Alla 3 tjänster är i full drift"),
        (0, 0, 0, 2, "Läget är okänt för alla 2 tjänster"),
        (0, 0, 1, 1, "Ingen av 2 tjänster har problem · läget är okänt för 1"),
        (1, 0, 0, 0, "Tjänsten har problem"),
        (0, 0, 1, 0, "Tjänsten är i full drift"),
    ],
)
def test_one_line_answers(red: int, planned: int, green: int, unknown: int, said: str) -> None:
    """It is right of one, of several and of all, and the wall says the same."""
    bad = make_red_view()
    services = [
        replace(make_service_view([view], make_service(f"{name}{number}")), planned=name == "p")
        for name, view, times in (
            ("r", bad, red),
            ("p", bad, planned),
            ("g", make_view(), green),
            ("u", make_unmeasured_view(), unknown),
        )
        for number in range(times)
    ]
    environment = replace(make_snapshot(bad).environments[0], services=tuple(services))
    snapshot = make_snapshot(environments=[environment])
    assert f">{said}<" in render_overview(snapshot, "sv")
    first, _, rest = said.partition(" · ")
    headline = f"<h1>{first} <small>{rest}</small></h1>" if rest else f"<h1>{first}</h1>"
    assert headline in render_wall(snapshot, PageQuery(language="sv"))


def longest_piece(front: Overview, snapshot: Snapshot, asked: PageQuery) -> float:
    """Seconds of the processor."""
    gc.collect()
    gc.disable()
    longest, number, began = 0.0, 0, time.thread_time()
    try:
        for _ in front.pieces(snapshot, asked):
            number += 1
            longest = max(longest, time.thread_time() - began)
            began = time.thread_time()
    finally:
        gc.enable()
    assert number > 10_000
    return longest


@pytest.mark.parametrize("shape", ["apart", "shared"])
def test_no_piece_of_ten_thousand_services_holds_the_loop(shape: str) -> None:
    """Counting, sorting and comparing are done in pieces of less than 20 ms of the processor, the
    first time and when everything is known.
    """
    red, green = make_red_view(), make_view()
    number, of = (10, 1000) if shape == "apart" else (500, 20)
    environments = []
    for each in range(number):
        name = f"e{each}"
        views = [
            make_service_view(
                [green if (each + other) % 2 else red],
                make_service(f"s{other}", environment=name),
            )
            for other in range(of)
        ]
        one = make_snapshot(red).environments[0]
        about = replace(one.environment, name=name, group=f"g{each // 2}", side=str(each % 2))
        environments.append(replace(one, environment=about, services=tuple(views)))
    snapshot = make_snapshot(environments=environments)
    asked = PageQuery(language="sv", statuses=("red", "green"))
    cold, warm = [], []
    for _ in range(4):
        front = Overview()
        cold.append(longest_piece(front, snapshot, asked))
        warm.append(longest_piece(front, snapshot, asked))
    # what the collector of garbage and the neighbours do is not in every one of four
    assert min(cold) < 0.020
    assert min(warm) < 0.020


def test_two_hundred_services_are_quick() -> None:
    """A page of 200 red services takes some milliseconds (20 with nothing else running)."""
    snapshot = make_snapshot(*(make_red_view(make_check(service=f"s{i}")) for i in range(200)))
    render_overview(snapshot, "sv")
    best = float("inf")
    for _ in range(5):
        started = time.thread_time()
        render_overview(snapshot, "sv")
        best = min(best, time.thread_time() - started)
    assert best < 0.060


@pytest.mark.parametrize(
    ("query", "accept", "default", "chosen"),
    [
        (None, "", "sv", "sv"),
        (None, "", "en", "en"),
        ("en", "sv", "sv", "en"),
        ("sv", "en", "en", "sv"),
        ("de", "en", "sv", "en"),
        (None, "en-GB,en;q=0.9", "sv", "en"),
        (None, "sv-SE,sv;q=0.9,en;q=0.8", "en", "sv"),
        (None, "de, en;q=0.5, sv;q=0.4", "sv", "en"),
        (None, "en;q=0, sv;q=0.1", "en", "sv"),
        (None, "en;q=nonsense", "sv", "sv"),
        (None, "de,*;q=0.1", "sv", "sv"),
        (None, "svx,enx", "en", "en"),
    ],
)
def test_language_is_the_readers(query: str | None, accept: str, default: str, chosen: str) -> None:
    """``?lang=`` first, then the browser's wishes, then the configuration's language."""
    assert choose_language(query, accept, default) == chosen


def test_a_faulty_configuration_is_told() -> None:
    """Everybody learns that the settings are being changed, what is wrong the operator alone."""
    snapshot = replace(make_snapshot(make_red_view()), config_error="driftvakt.yaml:3:5: <b>no</b>")
    for language, words, others in (
        ("sv", "de tidigare gäller", "Inställningarna håller på att ändras"),
        ("en", "the earlier one applies", "The settings are being changed"),
    ):
        told = render_overview(snapshot, language)  # type: ignore[arg-type]
        assert others in told
        assert "driftvakt.yaml" not in told
        page = render_overview(
            snapshot,
            language,  # type: ignore[arg-type]
            PageQuery(language=language, trusted=True),  # type: ignore[arg-type]
        )
        assert words in Outline(page).text
        assert "driftvakt.yaml:3:5: &lt;b&gt;no&lt;/b&gt;" in page
    assert "de tidigare gäller" not in render_overview(make_snapshot(make_red_view()), "sv")


def test_version_packages_and_notices_are_cards() -> None:
    """The countdown and a moved date; a notice with its times; a filter leaves out what does not
    concern it.
    """
    package_16 = package(replaced_by="17.1", was=["2026-10-30"])
    warned = notice("red", title="Fibern <av>", until=9e5, updated=-60, services=["ext5/expo"])
    snapshot = Board(
        plans("v17", "v16", upgrades=(package_16,), notices=(warned,)), START
    ).snapshot(START)
    page = render_overview(snapshot, "sv")
    assert "Versionspaket 16.1 utgår om 2 dagar" in page
    assert "OBS! NYTT DATUM!" in page
    assert "Fibern &lt;av&gt;" in page
    assert '<li class="outage"><details><summary>Fibern' in page
    assert "Senast ändrat" in page
    assert "Version package 16.1 is retired in 2 days" in render_overview(snapshot, "en")
    elsewhere = PageQuery(language="sv", environments=("ext9",))
    assert "Fibern" not in render_overview(snapshot, "sv", elsewhere)


def test_scope_of_a_card_is_told_by_titles() -> None:
    """Whom a notice concerns is said in people's words, and what is not watched by its name."""
    for services, said in ((["ext5/expo"], "EXT5: expo"), (["ext9/x"], "ext9/x")):
        warned = notice("red", until=9e5, services=services)
        snapshot = Board(plans("v17", "v16", notices=(warned,)), START).snapshot(START)
        html = render_overview(snapshot, "sv")
        assert html.partition('<p class="scope">')[2].partition("</p>")[0] == said


def test_windows_are_near_the_top_and_whole_below() -> None:
    """In a line each before what is in trouble, and as cards further down."""
    snapshot = make_planned([make_window(hours=-1), make_window(id="later")])
    html = render_overview(snapshot, "en")
    assert html.index("Under way") < html.index('id="matrix"') < html.rindex("Under way")
    assert html.count('<li class="card') == 2


def said(kind: type[Acknowledgement | Silence], **scope: frozenset[str]) -> Snapshot:
    one = kind(
        id="x", because="Omstart <b>", author="Åsa <i>", written_at=NOW - 60, ends=NOW + 60, **scope
    )  # fmt: skip
    snapshot = make_planned()
    if isinstance(one, Silence):
        return replace(snapshot, agenda=replace(snapshot.agenda, silences=(one,)))
    return replace(snapshot, agenda=replace(snapshot.agenda, acknowledgements=(one,)))


def test_who_is_at_a_service_stands_beside_it() -> None:
    """In its line, and below with why and until when; gone with its end, also where rows are kept."""
    snapshot = said(Acknowledgement, services=frozenset(("ext5/expo",)))
    overview = Overview()
    page = "".join(overview.pieces(snapshot, PageQuery(language="sv")))
    assert page.count("kvitterat av Åsa &lt;i&gt;") == 1
    assert "Kvitterat av Åsa &lt;i&gt; sedan" in page
    assert "Omstart &lt;b&gt;" in page
    silent = said(Silence, environments=frozenset(("ext5",)))
    assert "silenced by Åsa" in render_overview(silent, "en")
    other = said(Acknowledgement, services=frozenset(("ext5/other",)))
    assert "kvitterat" not in "".join(overview.pieces(other, PageQuery(language="sv")))
    over = replace(snapshot, at=NOW + 60)
    assert "vitterat av" not in "".join(overview.pieces(over, PageQuery(language="sv")))
