"""The Atom feed, held against what RFC 4287 asks of every feed and entry."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from lxml import etree

from monitor.judging.snapshot import Snapshot
from monitor.model.records import Entry
from monitor.model.status import Status
from monitor.publish.feeds.atom import MOST_TRANSITIONS, feed
from monitor.publish.feeds.revisions import Revision, Revisions, revised
from monitor.publish.rendering.language import Language
from monitor.publish.rendering.scope import Scope
from tests.support.factories import NOW, make_text
from tests.support.factories_record import make_entry, make_transition
from tests.support.feed_values import HOSTILE, hostile, make_notice, make_planned, make_window

A = "{http://www.w3.org/2005/Atom}"
TAG = re.compile(r"tag:[A-Za-z0-9.-]+,[0-9]{4}(-[0-9]{2}){0,2}:[A-Za-z0-9._~:@!$&'()*+,;=/?%-]*")


def made(
    snapshot: Snapshot,
    entries: Iterable[Entry] = (),
    revisions: Revisions | None = None,
    scope: Scope | None = None,
    language: Language = "en",
) -> etree._Element:
    notices = snapshot.agenda.notices
    known = revised({}, snapshot, notices) if revisions is None else revisions
    body = feed(snapshot, entries, notices, known, scope or Scope(), language)
    root = etree.fromstring(body)
    strict(root, snapshot.estate.public_url)
    return root


def strict(root: etree._Element, public: str = "") -> None:
    """RFC 4287, sections 4.1.1 and 4.1.2: what must be there, and how often."""
    assert root.tag == f"{A}feed"
    for name in ("id", "title", "updated"):
        assert len(root.findall(f"{A}{name}")) == 1
    assert root.findtext(f"{A}author/{A}name")
    alone = [
        (link.get("rel"), link.get("type"), link.get("hreflang"))
        for link in root.findall(f"{A}link")
    ]
    assert len(alone) == len(set(alone)), "4.1.1: no two alternates of one type and language"
    assert [link.get("rel") for link in root.findall(f"{A}link")].count("self") == 1
    ids = [root.findtext(f"{A}id"), *(one.findtext(f"{A}id") for one in entries(root))]
    assert len(set(ids)) == len(ids)
    assert all(TAG.fullmatch(one or "") for one in ids), ids
    for one in entries(root):
        for name in ("id", "title", "updated", "published", "content"):
            assert len(one.findall(f"{A}{name}")) == 1, name
        assert published(one) <= updated(one) <= updated(root)
        assert one.findtext(f"{A}title")
    for link in root.iter(f"{A}link"):
        assert urlsplit(link.get("href") or "").netloc == urlsplit(public).netloc


def entries(root: etree._Element) -> list[etree._Element]:
    return root.findall(f"{A}entry")


def updated(one: etree._Element) -> datetime:
    return datetime.fromisoformat(one.findtext(f"{A}updated") or "")


def published(one: etree._Element) -> datetime:
    return datetime.fromisoformat(one.findtext(f"{A}published") or "")


def titles(root: etree._Element) -> list[str]:
    return [one.findtext(f"{A}title") or "" for one in entries(root)]


def test_there_is_one_entry_for_each_transition_window_and_notice() -> None:
    """In the reader's language, with the whole sentence, an environment's own left out."""
    snapshot = make_planned([make_window(message=make_text("Kort.", "Short."))], [make_notice()])
    both = [make_entry(0), make_entry(1, transition=make_transition(1, service=None))]
    root = made(snapshot, both)
    assert sorted(titles(root)) == [
        "EXT5: Dispensing (EXPO): not available",
        "Notice",
        "Service window: Certificate replacement",
    ]
    text = " ".join(one.findtext(f"{A}content") or "" for one in entries(root))
    for part in ("Transition 0.", "No impact is expected.", "Short.", "We change networks."):
        assert part in text
    assert "Driftmeddelande" in titles(made(snapshot, both, language="sv"))


def test_without_anything_to_tell_it_is_a_feed_still() -> None:
    """With an instant that stays the same."""
    assert updated(made(make_planned())) == updated(made(make_planned(at=NOW + 99)))


def test_a_changed_window_is_the_same_entry_updated() -> None:
    """Its id stays, ``updated`` is when the change was seen, ``Cancelled`` is said."""
    before = make_planned([make_window()])
    known = revised({}, before, ())
    after = make_planned([make_window(cancelled=True)], at=NOW + 60)
    [old], [new] = (
        entries(made(before, revisions=known)),
        entries(made(after, revisions=revised(known, after, ()))),
    )
    assert old.findtext(f"{A}id") == new.findtext(f"{A}id")
    assert (updated(new) - updated(old)).total_seconds() == 60
    assert new.findtext(f"{A}title") == "Cancelled: Certificate replacement"


def test_a_recurring_window_is_one_entry_that_moves_on() -> None:
    """``updated`` when a time is over, for the entry tells the next then."""
    window = make_window(1, rule="FREQ=DAILY")
    known = {"window/w1": Revision(fingerprint="", number=0, changed_at=NOW - 9)}
    [first] = entries(made(make_planned([window]), revisions=known))
    [second] = entries(made(make_planned([window], at=NOW + 4 * 3600), revisions=known))
    assert (updated(second) - updated(first)).total_seconds() > 3 * 3600
    assert first.findtext(f"{A}id") == second.findtext(f"{A}id")
    assert first.findtext(f"{A}content") != second.findtext(f"{A}content")


def test_a_notice_is_not_told_before_its_time() -> None:
    """And says when it was changed."""
    known = {"notice/n1": Revision(fingerprint="", number=3, changed_at=NOW - 600)}
    early = make_planned((), [make_notice()], at=NOW - 7200)
    assert entries(made(early)) == []
    [one] = entries(made(make_planned((), [make_notice()]), revisions=known))
    assert updated(one).timestamp() == NOW - 600


def test_readers_can_ask_for_one_service_or_environment() -> None:
    """Windows and notices that concern it stay, those of all too."""
    windows = [
        make_window(id="here", services=frozenset({"ext5/expo"})),
        make_window(id="there", services=frozenset({"ext6/expo"})),
        make_window(id="all"),
    ]
    snapshot = make_planned(windows)
    for scope in (Scope(environment="ext5"), Scope(environment="ext5", service="ext5/expo")):
        root = made(snapshot, scope=scope)
        ends = sorted((one.findtext(f"{A}id") or "").rpartition("/")[2] for one in entries(root))
        assert ends == ["all", "here"]


def test_hostile_titles_are_text() -> None:
    """What XML cannot say is replaced, the rest stands as it is."""
    snapshot = hostile(make_planned([make_window(title=make_text(HOSTILE))]))
    root = made(snapshot, [make_entry(0)])
    assert all("A & B <script>" in title for title in titles(root))
    assert not list(root.iter("{*}script"))


def test_a_feed_is_bounded_and_newest_first() -> None:
    """The newest hundred transitions."""
    many = [make_entry(number) for number in range(MOST_TRANSITIONS + 50)]
    root = made(make_planned(), many)
    assert len(entries(root)) == MOST_TRANSITIONS
    assert updated(entries(root)[0]) == updated(root)
    times = [updated(one) for one in entries(root)]
    assert times == sorted(times, reverse=True)


def test_planned_red_says_that_it_is_planned() -> None:
    """In its title, and the colour as its category."""
    entry = make_entry(0)
    planned = replace(entry, transition=make_transition(0, planned=True, after=Status.RED))
    [one] = entries(made(make_planned(), [planned]))
    assert (one.findtext(f"{A}title") or "").endswith("not available, planned")
    category = one.find(f"{A}category")
    assert category is not None
    assert category.get("term") == "red"


def test_transition_links_to_its_incident() -> None:
    """In the feed's language; of a service that is watched no more to the front page."""
    snapshot = make_planned()
    here = make_entry(0, transition=make_transition(0, service="expo"))
    gone = make_entry(0, transition=make_transition(0, service="gone"))
    incident = f"s/ext5/expo?event={here.id}&lang=en#event-{here.id}"
    for entry, page in ((here, incident), (gone, "./?lang=en")):
        [one] = entries(made(snapshot, [entry]))
        pages = [link.get("href") for link in one if link.get("type") == "text/html"]
        assert pages == [page]


def test_with_a_public_address_every_reference_begins_with_it() -> None:
    """Readers that lose a feed's own address, as mail programs do, still lead people right."""
    snapshot = make_planned([make_window(24)], [make_notice()])
    public = "https://drift.example.se/status/"
    known = replace(snapshot, estate=replace(snapshot.estate, public_url=public))
    entries = [make_entry()]

    def references(shown: Snapshot) -> list[str]:
        return [str(link.get("href")) for link in made(shown, entries).iter(f"{A}link")]

    absolute = [urljoin(public, one) for one in references(snapshot)]
    assert references(known) == absolute
    id_ = entries[0].id
    assert f"{public}s/ext5/expo?event={id_}&lang=en#event-{id_}" in absolute
