"""What a reader asks for in the address, and links that keep it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from monitor.judging.snapshot import EnvironmentView, ServiceView
from monitor.model.status import Status
from monitor.publish.rendering.language import Language

MOST_NAMES = 50
"""Names of one kind that are filtered by at most; further ones are left out."""
LONGEST = 200
"""Characters of a name; the rest is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """Language, filters, and whether it is for a screen on a wall."""

    language: Language = "sv"
    chosen: bool = False
    """Whether the address names the language; links then name it too."""
    environments: tuple[str, ...] = ()
    """Names; empty: all."""
    services: tuple[str, ...] = ()
    """Parts of ``ENV/SERVICE`` or of a title in either language; empty: all."""
    statuses: tuple[str, ...] = ()
    """Colours, or ``planned``; empty: all."""
    trusted: bool = False
    """Whether the reader is an operator: by a password, or on this machine."""
    kiosk: bool = False
    until: str = ""
    """Before which instant the incidents of a service are wanted; empty: the newest."""
    event: str = ""
    """The id of a transition whose incident is wanted."""

    @property
    def suffix(self) -> str:
        """What a link to a page without filters carries: empty, or from the ``?`` on."""
        return _query(self._kept())

    @property
    def filtered(self) -> bool:
        return bool(self.environments or self.services or self.statuses)

    def home(self) -> str:
        """The address of the front page with all that was asked for."""
        return "/" + _query(self._kept() + self._filters())

    def only(self, status: str) -> str:
        """The address of the front page with the services of one status, or ``planned``."""
        rest = [pair for pair in self._filters() if pair[0] != "status"]
        return "/" + _query([*self._kept(), *rest, ("status", status)])

    def other_language(self, path: str) -> str:
        """The same page in the other language."""
        other = "en" if self.language == "sv" else "sv"
        older = [("until", self.until)] if self.until else []
        return path + _query([("lang", other), *self._filters(), *older])

    def service_link(self, id_: str) -> str:
        return f"/s/{quote(id_)}{self.suffix}"

    def older(self, path: str, until: str) -> str:
        """The page of a service with the incidents before that instant."""
        return path + _query([*self._kept(), ("until", until)])

    def wants_environment(self, view: EnvironmentView) -> bool:
        return not self.environments or view.environment.name in self.environments

    def wants_service(self, view: ServiceView) -> bool:
        if self.statuses and counted_as(view) not in self.statuses:
            return False
        if not self.services:
            return True
        title = view.service.title
        texts = (view.service.id.casefold(), title.sv.casefold(), title.en.casefold())
        return any(part.casefold() in text for part in self.services for text in texts)

    def _kept(self) -> list[tuple[str, str]]:
        return [("lang", str(self.language))] if self.chosen else []

    def _filters(self) -> list[tuple[str, str]]:
        return [
            *(("env", name) for name in self.environments),
            *(("service", name) for name in self.services),
            *(("status", name) for name in self.statuses),
        ]


def counted_as(view: ServiceView) -> str:
    """What a service is counted as: its colour, or ``planned`` where a window explains it."""
    planned = view.planned and view.status in (Status.RED, Status.YELLOW)
    return "planned" if planned else view.status.value


def names(given: Sequence[str]) -> tuple[str, ...]:
    """Names from a query, bounded; empty ones (an empty field of the form) are left out."""
    cleaned = (name.strip()[:LONGEST] for name in given[:MOST_NAMES])
    return tuple(name.encode("utf-8", "replace").decode() for name in cleaned if name)


def _query(pairs: list[tuple[str, str]]) -> str:
    return f"?{urlencode(pairs)}" if pairs else ""
