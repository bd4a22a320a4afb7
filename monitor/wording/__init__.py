"""Pure: full sentences in Swedish and English, in the agency's own words.

A message says what (service and check), where (target), since when (local time with weekday), on
what evidence, and whose trouble it is. Every message is whole sentences that a person can act on;
green ones are short. *Unknown* says that we do not know, and why.

No clock and no I/O: instants are seconds since the epoch, zones are arguments. Text that came from
outside (a probe's detail, a title) is put on one line.

    grammar       plurals, lists, one line
    times         instants and lengths of time
    reasons       every reason and cause in words
    claims        what a status claims, as the agency's five sentences and "we do not know"
    checks        one check and its evidence
    locations     from where it fails, works, and is not measured
    findings      what one check measures and found, of a service that is known
    certificates  a certificate that was changed
    facts         a service in trouble on one line
    wholes        a service, an environment, everything
    stated        what an owner states itself
    by_hand       who acknowledged or silenced what
    plans         version packages and notices
    window_events what happens to a service window
    transitions   what changed, and the all-clear
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.wording.by_hand import by_hand_mark, by_hand_message
    from monitor.wording.certificates import change_message
    from monitor.wording.checks import check_message, source
    from monitor.wording.claims import status_word
    from monitor.wording.facts import service_facts, short_instant
    from monitor.wording.findings import check_finding, measured_by
    from monitor.wording.locations import place_title
    from monitor.wording.plans import notice_message, upgrade_message
    from monitor.wording.reasons import reason_phrase
    from monitor.wording.stated import stated_message
    from monitor.wording.times import duration, instant
    from monitor.wording.transitions import message_of, transition_message
    from monitor.wording.wholes import environment_message, overall_message, service_message
    from monitor.wording.window_events import window_message
else:
    _HOMES = {
        "by_hand_mark": "by_hand",
        "by_hand_message": "by_hand",
        "change_message": "certificates",
        "check_finding": "findings",
        "check_message": "checks",
        "duration": "times",
        "environment_message": "wholes",
        "instant": "times",
        "measured_by": "findings",
        "message_of": "transitions",
        "notice_message": "plans",
        "overall_message": "wholes",
        "place_title": "locations",
        "reason_phrase": "reasons",
        "service_facts": "facts",
        "service_message": "wholes",
        "short_instant": "facts",
        "source": "checks",
        "stated_message": "stated",
        "status_word": "claims",
        "transition_message": "transitions",
        "upgrade_message": "plans",
        "window_message": "window_events",
    }

    def __getattr__(name: str) -> object:
        """Reads a room's module when it is asked for: a word for a status needs no sentences."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return found


__all__ = [
    "by_hand_mark",
    "by_hand_message",
    "change_message",
    "check_finding",
    "check_message",
    "duration",
    "environment_message",
    "instant",
    "measured_by",
    "message_of",
    "notice_message",
    "overall_message",
    "place_title",
    "reason_phrase",
    "service_facts",
    "service_message",
    "short_instant",
    "source",
    "stated_message",
    "status_word",
    "transition_message",
    "upgrade_message",
    "window_message",
]
