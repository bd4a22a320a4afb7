"""The page that people read: the whole at ``/``, each service at ``/s/ENV/SERVICE``.

    query      what a reader asks for in the address, and links that keep it
    words      the page's own words in two languages
    overview   the front page
    matrix     environments × services
    lost       the page at an address that there is nothing at
    wall       everything on one screen, read from afar
    plans      service windows, upgrades, notices
    service    one service: checks, latency, days, transitions
    incidents  its transitions, from the first worsening until it is green again
    evidence   what a transition rests on
    charts     the plots, as plain values
    shared     the templates' environment, and what all pages have
    templates  HTML (Jinja2, everything escaped); style sheets, scripts and icon.svg are served as they are

A status is told three times over: by colour, by a symbol of its own shape, and by a word. There
is no inline script and no inline style. docs/page.md.
"""

from monitor.publish.page.evidence import render_evidence
from monitor.publish.page.overview import Overview, render_overview
from monitor.publish.page.query import PageQuery
from monitor.publish.page.service import render_service
from monitor.publish.page.wall import render_wall

__all__ = [
    "Overview",
    "PageQuery",
    "render_evidence",
    "render_overview",
    "render_service",
    "render_wall",
]
