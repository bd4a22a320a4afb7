"""The page's own words. What is said of a status is worded in :mod:`monitor.wording`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

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
    "machine": ("För program", "For programs"),
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
    "outage": ("Avbrott väntas.", "An outage is expected."),
    "cancelled": ("INSTÄLLT", "CANCELLED"),
    "package": ("Versionspaket", "Version package"),
    "notice": ("Driftmeddelande", "Notice"),
    "from": ("Från", "From"),
    "until": ("Till", "Until"),
    "changed": ("Senast ändrat", "Last changed"),
    "everything": ("alla miljöer", "all environments"),
    "upgrades": ("Uppgraderingar", "Upgrades"),
    "notices": ("Driftmeddelanden", "Notices"),
    "back": ("Alla tjänster", "All services"),
    "checks": ("Kontroller", "Checks"),
    "why": ("Varför den här färgen", "Why this colour"),
    "rule": ("Regel", "Rule"),
    "failed": ("Misslyckade av de senaste", "Failed of the newest"),
    "in_a_row": ("I följd", "In a row"),
    "threshold": ("Gräns", "Threshold"),
    "target": ("Mål", "Target"),
    "last": ("Senaste mätning", "Newest measurement"),
    "latency": ("Svarstid senaste dygnet", "Latency of the last day"),
    "no_latency": ("Inget har mätts det senaste dygnet.", "Nothing was measured in the last day."),
    "availability": ("Tillgänglighet 90 dagar", "Availability over 90 days"),
    "last_24h": ("Senaste dygnet", "Last 24 hours"),
    "last_7d": ("Senaste 7 dagarna", "Last 7 days"),
    "last_30d": ("Senaste 30 dagarna", "Last 30 days"),
    "last_90d": ("Senaste 90 dagarna", "Last 90 days"),
    "unplanned": ("utan planerade avbrott", "without planned outages"),
    "unmeasured": ("inget mätt", "nothing measured"),
    "days_table": ("Dagarna som tabell", "The days as a table"),
    "day": ("Dag", "Day"),
    "share": ("Tillgänglig", "Available"),
    "transitions": ("Händelser", "Events"),
    "no_transitions": ("Inga händelser är kända.", "No events are known."),
    "evidence": ("Underlag", "Evidence"),
    "away": ("Historiken kan inte läsas just nu.", "The history cannot be read just now."),
    "failures": ("misslyckade", "failed"),
    "median": ("median", "median"),
    "rule_red_after": ("Misslyckade i följd (red_after)", "Failures in a row (red_after)"),
    "rule_yellow_after": (
        "Misslyckade i följd (yellow_after)",
        "Failures in a row (yellow_after)",
    ),
    "rule_degraded_after": (
        "Försämrade i följd (degraded_after)",
        "Degraded in a row (degraded_after)",
    ),
    "rule_window": ("Andel misslyckade (window)", "Share of failures (window)"),
    "rule_green_after": (
        "Lyckade i följd innan det är bättre (green_after)",
        "Good in a row before it is better (green_after)",
    ),
    "rule_good": ("Inget fel gäller", "No fault holds"),
    "rule_unmeasured": ("För lite är mätt ännu", "Too little is measured yet"),
    "rule_stale": ("Senaste mätningen är för gammal", "The newest measurement is too old"),
    "rule_monitor": ("Övervakningens eget fel", "The monitor's own trouble"),
}

WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "sv": MappingProxyType({key: both[0] for key, both in _BOTH.items()}),
        "en": MappingProxyType({key: both[1] for key, both in _BOTH.items()}),
    }
)
