"""Pure: ``/feed.atom``, an Atom feed (RFC 4287) of what has happened and what is planned.

One entry for each transition of a service, for each service window and for each notice. Ids are
``tag:`` URIs (RFC 4151) that never change; ``updated`` moves when an entry says something new.
References begin with ``public_url``. Without one they are relative (RFC 3986, 5.1.3: to the feed's own
address), so that they are right behind every proxy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from lxml import etree

from monitor import wording
from monitor.judging.snapshot import Snapshot
from monitor.model.addresses import event_path
from monitor.model.records import Entry
from monitor.model.text import Text
from monitor.model.timestamps import iso_timestamp
from monitor.plan import Notice, Occurrence
from monitor.publish.feeds.revisions import Revisions
from monitor.publish.rendering.language import Language
from monitor.publish.rendering.scope import Scope
from monitor.wording.window_events import impact_message

ATOM = "http://www.w3.org/2005/Atom"
MOST_TRANSITIONS = 100
MOST_WINDOWS = 100
"""Entries of a kind at most."""
UPCOMING = 60 * 86_400.0
PAST = 30 * 86_400.0
"""Seconds ahead and back for which windows and notices are told."""
_LANGUAGES: tuple[Language, ...] = ("sv", "en")
_BAD = dict.fromkeys((*range(9), 11, 12, *range(14, 32)), "�")
_BAD |= {0xFFFE: "\N{REPLACEMENT CHARACTER}", 0xFFFF: "\N{REPLACEMENT CHARACTER}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    id: str
    title: str
    updated: float
    published: float
    content: str
    category: str
    page: str = "/"
    """The path where people read of it."""
    link: str | None = None


def feed(
    snapshot: Snapshot,
    entries: Iterable[Entry],
    notices: Iterable[Notice],
    revisions: Revisions,
    scope: Scope,
    language: Language,
) -> bytes:
    """The document; newest first. ``entries`` may be in any order."""
    base = f"tag:driftvakt,2026:{quote(snapshot.estate.location, safe='')}"
    told = sorted(entries, key=lambda one: one.transition.at, reverse=True)
    services = [one for one in told if one.transition.service is not None]
    items = [_transition(one, snapshot, base, language) for one in services[:MOST_TRANSITIONS]]
    items += _windows(snapshot, revisions, scope, base, language)
    items += [
        _notice(one, snapshot, revisions, base, language)
        for one in notices
        if one.begun(snapshot.at)
        and (one.ends is None or one.ends > snapshot.at - PAST)
        and scope.touches(one.environments, one.services)
    ]
    items.sort(key=lambda one: (-one.updated, one.id))
    return _document(items, base, scope, language, snapshot.estate.public_url)


def _transition(entry: Entry, snapshot: Snapshot, base: str, language: Language) -> _Item:
    one = entry.transition
    name = (one.service or "").rpartition("/")[2]
    service, environment, known = name, one.environment, False
    for view in snapshot.environments:
        if view.environment.name == one.environment:
            environment = view.environment.title.pick(language)
            for each in view.services:
                if each.service.name == name:
                    service, known = each.service.title.pick(language), True
    word = wording.status_word(one.after).pick(language)
    planned = (", planerat" if language == "sv" else ", planned") if one.planned else ""
    return _Item(
        id=f"{base}/transition/{entry.id}",
        title=f"{environment}: {service}: {word}{planned}",
        updated=one.at,
        published=one.at,
        content=entry.message.pick(language),
        category=one.after.value,
        page=event_path(f"{one.environment}/{name}", entry.id) if known else "/",
        link=f"api/v1/evidence/{entry.id}" if one.worsening else None,
    )


def _windows(
    snapshot: Snapshot, revisions: Revisions, scope: Scope, base: str, language: Language
) -> list[_Item]:
    at = snapshot.at
    times: dict[str, list[Occurrence]] = {}
    for one in snapshot.agenda.occurrences:
        near = at - PAST <= one.end and one.start <= at + UPCOMING
        if near and scope.touches(one.window.environments, one.window.services):
            times.setdefault(one.window.id, []).append(one)
    chosen = [_window(found, snapshot, revisions, base, language) for found in times.values()]
    chosen.sort(key=lambda item: -item.updated)
    return chosen[:MOST_WINDOWS]


def _window(
    times: Sequence[Occurrence],
    snapshot: Snapshot,
    revisions: Revisions,
    base: str,
    language: Language,
) -> _Item:
    """At the time under way, else the next, else the last. A new turn is an update."""
    at, zone = snapshot.at, snapshot.estate.timezone
    over = [one for one in times if one.end <= at]
    one = next((each for each in times if each.end > at), times[-1])
    window = one.window
    known = revisions.get(f"window/{window.id}")
    changed = known.changed_at if known is not None else at
    turned = [each.end for each in over if each is not one]
    sv = language == "sv"
    title = window.title.pick(language)
    if window.cancelled:
        title = f"Inställt: {title}" if sv else f"Cancelled: {title}"
    else:
        title = f"Servicefönster: {title}" if sv else f"Service window: {title}"
    when = tuple(wording.instant(edge, zone).pick(language) for edge in (one.start, one.end))
    lines = [f"Från {when[0]} till {when[1]}." if sv else f"From {when[0]} to {when[1]}."]
    lines.append(impact_message(window.impact).pick(language))
    if window.message is not None:
        lines.append(window.message.pick(language))
    where = sorted({*window.environments, *window.services})
    if where:
        lines.append(f"Berör: {', '.join(where)}." if sv else f"Concerns: {', '.join(where)}.")
    return _Item(
        id=f"{base}/window/{quote(window.id, safe='')}",
        title=title,
        updated=max((changed, *turned)),
        published=changed,
        content="\n".join(lines),
        category="window",
    )


def _notice(
    one: Notice, snapshot: Snapshot, revisions: Revisions, base: str, language: Language
) -> _Item:
    known = revisions.get(f"notice/{one.id}")
    changed = one.updated or (known.changed_at if known is not None else snapshot.at)
    # one that was written ahead is news when its time comes
    told_at = max(changed, one.begins if one.begins is not None else changed)
    fallback = Text(sv="Driftmeddelande", en="Notice")
    return _Item(
        id=f"{base}/notice/{quote(one.id, safe='')}",
        title=(one.title or fallback).pick(language),
        updated=told_at,
        published=told_at,
        content=one.message.pick(language),
        category="notice",
    )


def _document(
    items: Sequence[_Item], base: str, scope: Scope, language: Language, public: str
) -> bytes:
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})  # type: ignore[dict-item] # lxml takes it
    root.set("{http://www.w3.org/XML/1998/namespace}lang", language)
    narrowed = scope.service or scope.environment
    title = "Driftinformation" if language == "sv" else "Service status"
    _add(root, "id", f"{base}/feed/{narrowed or ''}")
    _add(root, "title", f"{title}: {narrowed}" if narrowed else title)
    # nothing has ever been told: an instant that stays the same
    _add(root, "updated", iso_timestamp(max((one.updated for one in items), default=0.0)))
    _add(_add(root, "author"), "name", "Driftvakt")
    _add(root, "generator", "Driftvakt")
    query: dict[str, str] = {}
    if scope.service is not None:
        query["service"] = scope.service
    elif scope.environment is not None:
        query["env"] = scope.environment
    for here in _LANGUAGES:
        address = f"feed.atom?{urlencode({'lang': here, **query}, safe='/')}"
        rel = "self" if here == language else "alternate"
        _link(root, rel, public + address, "application/atom+xml", here)
    _link(root, "alternate", _page(public, "/", language), "text/html", language)
    for one in items:
        entry = _add(root, "entry")
        _add(entry, "id", one.id)
        _add(entry, "title", one.title)
        _add(entry, "updated", iso_timestamp(one.updated))
        _add(entry, "published", iso_timestamp(one.published))
        _add(entry, "content", one.content).set("type", "text")
        _add(entry, "category").set("term", one.category)
        _link(entry, "alternate", _page(public, one.page, language), "text/html", language)
        if one.link is not None:
            _link(entry, "related", public + one.link, "application/json", None)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def _page(public: str, path: str, language: Language) -> str:
    """The reference to a page of ours, in that language."""
    shown, mark, place = path.removeprefix("/").partition("#")
    joint = "&" if "?" in shown else "?"
    return f"{public or ('' if shown else './')}{shown}{joint}lang={language}{mark}{place}"


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{ATOM}}}{name}")
    if text is not None:
        element.text = xml_text(text)
    return element


def _link(parent: etree._Element, rel: str, href: str, kind: str, language: str | None) -> None:
    link = _add(parent, "link")
    link.set("rel", rel)
    link.set("href", href)
    link.set("type", kind)
    if language is not None:
        link.set("hreflang", language)


def xml_text(text: str) -> str:
    """Without what XML 1.0 (section 2.2) has no way to say."""
    return text.encode("utf-8", "replace").decode("utf-8").translate(_BAD)
