"""The page that people read: the whole at ``/``, each service at ``/s/ENV/SERVICE``.

    asked      what a reader asks for in the address, and links that keep it
    words      the page's own words in two languages
    front      environments and services as rows, service windows, upgrades, notices
    single     one service: checks, latency, days, transitions
    drawing    the plots, as plain values
    templates  HTML (Jinja2, everything escaped); style.css, page.js and icon.svg are served as they are

A status is told three times over: by colour, by a symbol of its own shape, and by a word. There
is no inline script and no inline style. docs/page.md.
"""

from monitor.publish.page.asked import Asked
from monitor.publish.page.front import Front, render
from monitor.publish.page.single import render_service

__all__ = ["Asked", "Front", "render", "render_service"]
