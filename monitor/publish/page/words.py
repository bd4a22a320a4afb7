"""The page's own words. What is said of a status is worded in :mod:`monitor.wording`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from monitor.publish.page.front_words import FRONT_WORDS
from monitor.publish.page.service_words import SERVICE_WORDS
from monitor.publish.page.wall_words import WALL_WORDS
from monitor.publish.rendering.language import Language

_BOTH: dict[str, tuple[str, str]] = {
    "title": ("Driftinformation", "Service status"),
    "service": ("Tjänst", "Service"),
    "status": ("Status", "Status"),
    "since": ("Sedan", "Since"),
    "message": ("Vad som gäller", "What applies"),
    "updated": ("Senast uppdaterad", "Last updated"),
    "old_config": (
        "Inställningarna på disken är felaktiga, och de tidigare gäller",
        "The configuration on the disk is faulty, and the earlier one applies",
    ),
    "stretched": (
        "Övervakningen har mer att göra än den hinner med: det går {} gånger så lång tid mellan mätningarna som avsett.",
        "The monitor has more to do than time: there is {} times as long between measurements as intended.",
    ),
    "follow": ("Prenumerera", "Subscribe"),
    "calendar": ("kalender med servicefönster", "calendar of service windows"),
    "stale": (
        "Uppgifterna kan vara inaktuella: sidan har inte fått något nytt från övervakningen.",
        "This may be out of date: the page has heard nothing new from the monitor.",
    ),
    "other_label": ("In English", "På svenska"),
    "skip": ("Hoppa till innehållet", "Skip to the content"),
    "help": ("Vad du kan göra", "What you can do"),
    "planned": ("planerat", "planned"),
    "nothing": ("Inga tjänster övervakas.", "No services are watched."),
    "no_match": ("Ingen tjänst passar urvalet.", "No service matches the filter."),
    "machine": ("Öppna data", "Open data"),
    "filter": ("Urval", "Filter"),
    "environment": ("Miljö", "Environment"),
    "all": ("Alla", "All"),
    "search": ("Tjänstens namn", "Name of the service"),
    "show": ("Visa", "Show"),
    "clear": ("Visa allt", "Show all"),
    "counts": ("Tjänster per status", "Services by status"),
    "windows": ("Servicefönster", "Service windows"),
    "active": ("Pågår nu", "Under way"),
    "upcoming": ("Kommande", "Upcoming"),
    "past": ("Avslutade", "Past"),
    "no_windows": ("Inga servicefönster är planerade.", "No service windows are planned."),
    "none": ("Ingen påverkan väntas.", "No effect is expected."),
    "disturbance": ("Störningar kan förekomma.", "Disturbances may occur."),
    "outage": ("Planerat avbrott.", "A planned outage."),
    "cancelled": ("INSTÄLLT", "CANCELLED"),
    "package": ("Versionspaket", "Version package"),
    "notice": ("Driftmeddelande", "Notice"),
    "written_by": ("Skrivet av", "Written by"),
    "by_hand": ("Kvitterat och tystat", "Acknowledged and silenced"),
    "from": ("Från", "From"),
    "until": ("Till", "Until"),
    "changed": ("Senast ändrat", "Last changed"),
    "everything": ("alla miljöer", "all environments"),
    "upgrades": ("Uppgraderingar", "Upgrades"),
    "notices": ("Driftmeddelanden", "Notices"),
}

_BOTH |= FRONT_WORDS | SERVICE_WORDS | WALL_WORDS
WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "sv": MappingProxyType({key: both[0] for key, both in _BOTH.items()}),
        "en": MappingProxyType({key: both[1] for key, both in _BOTH.items()}),
    }
)
