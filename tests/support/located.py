"""Views of a check that is measured from several locations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.judging.snapshot import CheckView
from monitor.model.estate import Estate, Location
from monitor.model.status import Rule, Status
from monitor.model.text import Text

SJUNET = Location(name="sjunet", title=Text(sv="Sjunet", en="Sjunet"), weight=2.0)
INTERNET = Location(name="internet", title=Text(sv="internet", en="the internet"))
PLACES = (SJUNET, INTERNET)


def seen_from(location: Location, view: CheckView) -> CheckView:
    """The view as that of one location."""
    return replace(view, check=replace(view.check, location=location.name, locations=(location,)))


def together(status: Status, places: Sequence[CheckView], rule: Rule | None = None) -> CheckView:
    """The whole check, for which the first of its places speaks."""
    said = places[0]
    locations = tuple(place.check.locations[0] for place in places)
    colour = status in (Status.YELLOW, Status.RED)
    return replace(
        said,
        check=replace(said.check, locations=locations),
        status=status,
        reason=said.reason if colour else None,
        cause=said.cause if colour else None,
        why=replace(said.why, rule=rule or said.why.rule),
        locations=tuple(places),
    )


def declared(estate: Estate, *locations: Location) -> Estate:
    """The estate with these places declared."""
    return replace(estate, locations=locations)
