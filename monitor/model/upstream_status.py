"""Pure: the colour that an agency states itself, beside the one that is measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitor.model.estate import Estate, StatedSource
from monitor.model.status import Status
from probes.expect.json_body import NotAnswered
from probes.observation import clean

OUTDATED = 600.0
"""Seconds after the last success after which nothing is known of what is stated."""
SAYS = 100
"""Characters of a word that is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What was read the last time."""

    status: Status | None
    says: str
    """Its own word; empty when none was found."""
    trouble: str = ""
    """Why it means nothing here, in words of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedView:
    """What is stated of one service or environment, at an instant."""

    status: Status
    """Unknown when it is not known."""
    says: str
    at: float | None
    """When it was last read, in seconds since the epoch."""
    differs_since: float | None
    """Since when it has been another than what is measured; ``None`` while it is the same, or one
    of them is not known."""
    trouble: str


def upstream_sources(estate: Estate) -> dict[str, StatedSource]:
    """By ``ENV`` and ``ENV/SERVICE``."""
    found = {one.name: one.stated for one in estate.environments if one.stated is not None}
    return found | {one.id: one.stated for one in estate.services() if one.stated is not None}


def read_statement(body: bytes, source: StatedSource) -> Statement:
    """What a body says. Never raises for what it holds; takes as long as its paths: for a thread."""
    try:
        word = _word(body, source)
    except NotAnswered as error:
        return Statement(status=None, says="", trouble=clean(str(error)))
    if word is None:
        return Statement(status=None, says="", trouble="the path selects nothing")
    words = {ours.strip().casefold(): status for ours, status in source.words}
    status = words.get(word.strip().casefold())
    shown = clean(word.strip(), SAYS)
    if status is None:
        return Statement(status=None, says=shown, trouble="its word is not in the map")
    return Statement(status=Status(status), says=shown)


def _word(body: bytes, source: StatedSource) -> str | None:
    """The first value that the path selects, as text."""
    from probes.expect import jsonpath, xpath
    from probes.expect.json_body import parse_json
    from probes.expect.xml_body import read_xml

    found: Iterable[object]
    if source.jsonpath is not None:
        found = jsonpath.JsonPathQuery(source.jsonpath).select(parse_json(body))
    else:
        query = xpath.XPathQuery(source.xpath or "", dict(source.namespaces))
        found = query.select(read_xml(body, None))
    value = next(iter(found), None)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) else None


class UpstreamComparison:
    """Remembers since when what is stated and what is measured have differed. Over a restart that
    is forgotten.
    """

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def look(
        self, stated: Mapping[str, Status], measured: Iterable[tuple[str, Status]], now: float
    ) -> Mapping[str, float]:
        """By subject since when they have differed, of those that do. Not to know is no colour."""
        found: dict[str, float] = {}
        for subject, status in measured:
            says = stated.get(subject, Status.UNKNOWN)
            if Status.UNKNOWN not in (says, status) and says is not status:
                found[subject] = min(self._since.get(subject, now), now)
        self._since = found
        return found
