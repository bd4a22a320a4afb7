"""Pure: where whoever is told reads on.

Links begin with ``public_url``, the page's address as readers know it. Without one there are none: by which name
others reach us cannot be known here. What is watched no more has no page: its link is that of what is.
"""

from __future__ import annotations

from monitor.model.addresses import environment_path, event_path
from monitor.model.estate import Estate
from monitor.notify.message import Message


class Links:
    """The links of one configuration."""

    def __init__(self, estate: Estate) -> None:
        self._public = estate.public_url
        self._environments = {one.name for one in estate.environments}
        self._services: set[str] = {one.id for one in estate.services()}

    def page(self) -> str | None:
        """The front page."""
        return self._public or None

    def environment(self, name: str) -> str | None:
        """The front page with that environment on it."""
        return self._absolute(environment_path(name) if name in self._environments else "/")

    def incident(self, message: Message) -> str | None:
        """The incident that the message tells of, on its service's page."""
        if message.subject not in self._services:
            return self.environment(message.environment)
        return self._absolute(event_path(message.subject, message.transition))

    def _absolute(self, path: str) -> str | None:
        return self._public + path.removeprefix("/") if self._public else None
