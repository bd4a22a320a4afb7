"""Pure: the addresses of our own pages that others link to, from the root of the site on.

Whoever sends one away (mails, webhooks, feeds) puts ``public_url`` before it.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode


def service_path(service: str) -> str:
    """The page of ``ENV/SERVICE``."""
    return f"/s/{quote(service)}"


def event_anchor(id_: str) -> str:
    """The place on the page of a service where the transition of this id is told."""
    return f"event-{id_}"


def event_path(service: str, id_: str) -> str:
    """Where the page of ``ENV/SERVICE`` tells the transition of this id, within its incident,
    however old it is. That of an incident's first transition is the incident's own.
    """
    return f"{service_path(service)}?event={quote(id_)}#{event_anchor(id_)}"


def environment_path(name: str) -> str:
    """The front page with one environment on it."""
    return f"/?{urlencode({'env': name})}"


def evidence_path(id_: str) -> str:
    """The evidence of the transition of this id: a browser is given a page, a program JSON."""
    return f"/api/v1/evidence/{quote(id_)}"
