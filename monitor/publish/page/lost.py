"""What a reader gets at an address that there is nothing at."""

from __future__ import annotations

from monitor.judging.snapshot import Snapshot
from monitor.publish.page.query import PageQuery
from monitor.publish.page.shared import TEMPLATES, frame
from monitor.publish.page.words import WORDS

_LOST = TEMPLATES.get_template("lost.html")


def render_lost(snapshot: Snapshot, asked: PageQuery) -> str:
    """The page that says so, with the way to the front page."""
    return _LOST.render(frame(snapshot, asked, "/", WORDS[asked.language]["lost"]))
