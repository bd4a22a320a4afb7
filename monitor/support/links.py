"""Pure: the addresses at which people read on, for whoever reads of it elsewhere.

They begin with ``public_url``, the page's address as readers know it. Without one there are none: by which
name others reach us cannot be known here.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode


def page_link(base: str) -> str | None:
    """That of the front page. ``base`` is empty, or ends with a slash; so it is everywhere here."""
    return base or None


def environment_link(base: str, name: str) -> str | None:
    """That of the front page with one environment on it."""
    return f"{base}?{urlencode({'env': name})}" if base else None


def service_link(base: str, environment: str, name: str) -> str | None:
    """That of a service's page, with its events."""
    return f"{base}s/{quote(environment)}/{quote(name)}" if base else None
