"""What a reader gets at an address that there is nothing at, or that cannot be answered."""

from __future__ import annotations

from monitor.judging.snapshot import Snapshot
from monitor.publish.page.query import PageQuery
from monitor.publish.page.shared import TEMPLATES, frame
from monitor.publish.page.words import WORDS

_LOST = TEMPLATES.get_template("lost.html")


def render_lost(snapshot: Snapshot, asked: PageQuery, reason: str = "") -> str:
    """The page that says so, with the way to the front page. ``reason`` is what is wrong with what
    was asked for; empty where there is nothing.
    """
    said = WORDS[asked.language]["unanswered" if reason else "lost"]
    return _LOST.render(frame(snapshot, asked, "/", said), reason=reason)
