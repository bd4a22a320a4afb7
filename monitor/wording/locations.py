"""From where a check fails, from where it works, and from where nobody measures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from monitor.judging.snapshot import CheckView
from monitor.model.estate import Location
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.wording.grammar import enumeration, plural, sentence, title
from probes.observation import Reason

MOST_WORDS = 25
"""Of a sentence that can be read."""

_OUT_OF_REACH = frozenset(
    {
        Reason.DNS,
        Reason.CONNECT_REFUSED,
        Reason.CONNECT_TIMEOUT,
        Reason.CONNECT_ERROR,
        Reason.TIMEOUT,
        Reason.RESET,
    }
)
"""Reasons for which nothing of the service is to be had; with others it answers, and wrongly."""


def locations(view: CheckView) -> Text | None:
    """``Nås inte från Sjunet; från internet i full drift.``: nothing where all places say the same."""
    places = view.locations
    if len({place.status for place in places}) < 2:
        return None
    said = _clauses(places, _names)
    if max(len(said.sv.split()), len(said.en.split())) > MOST_WORDS:
        said = _clauses(places, _number)
    return sentence(said)


def unmeasured_from(views: Iterable[CheckView]) -> Text | None:
    """``Mäts inte från internet.``: of a service, the places from which nothing of it is known,
    while others know.
    """
    known: dict[Location, bool] = {}
    for view in views:
        for place in view.locations:
            [location] = place.check.locations
            some = place.status is not Status.UNKNOWN
            known[location] = known.get(location, False) or some
    missing = [place_title(one) for one, some in known.items() if not some]
    if not missing or len(missing) == len(known):
        return None
    names = enumeration(missing)
    return Text(sv=f"Mäts inte från {names.sv}.", en=f"Not measured from {names.en}.")


def place_title(location: Location) -> Text:
    """What a location is called."""
    return title(location.title, location.name)


def _clauses(places: Sequence[CheckView], called: Callable[[Sequence[CheckView]], Text]) -> Text:
    """What there is to say, the worst first."""
    by_status = {status: [one for one in places if one.status is status] for status in Status}
    said: list[Text] = []
    if red := by_status[Status.RED]:
        names = called(red)
        away = all(one.reason in _OUT_OF_REACH for one in red)
        sv, en = ("nås inte", "out of reach") if away else ("inte tillgänglig", "not available")
        said.append(Text(sv=f"{sv} från {names.sv}", en=f"{en} from {names.en}"))
    if yellow := by_status[Status.YELLOW]:
        names = called(yellow)
        said.append(Text(sv=f"störning från {names.sv}", en=f"disturbance from {names.en}"))
    if green := by_status[Status.GREEN]:
        names = called(green)
        said.append(
            Text(sv=f"från {names.sv} i full drift", en=f"from {names.en} in full operation")
        )
    if unknown := by_status[Status.UNKNOWN]:
        names = called(unknown)
        said.append(Text(sv=f"mäts inte från {names.sv}", en=f"not measured from {names.en}"))
    return Text(sv="; ".join(one.sv for one in said), en="; ".join(one.en for one in said))


def _names(places: Sequence[CheckView]) -> Text:
    return enumeration([place_title(one.check.locations[0]) for one in places])


def _number(places: Sequence[CheckView]) -> Text:
    number = len(places)
    return Text(sv=plural(number, "plats", "platser"), en=plural(number, "place", "places"))
