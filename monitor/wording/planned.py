"""Planned is not broken: a service or an environment that is as a service window says."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.judging.snapshot import EnvironmentView, ServiceView
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.wording.claims import Claim, service_claim
from monitor.wording.grammar import plural, title
from monitor.wording.times import Clock

_UNDER_WAY = Text(sv="enligt ett pågående servicefönster", en="by a service window under way")
_MEASURED = {
    Claim.FULL: Text(
        sv="Mätningarna visar att den är i full drift.",
        en="The measurements show it in full operation.",
    ),
    Claim.INDICATIONS: Text(
        sv="Mätningarna visar tecken på störningar.",
        en="The measurements show signs of disturbance.",
    ),
    Claim.REDUCED: Text(
        sv="Mätningarna visar nedsatt funktionalitet.",
        en="The measurements show reduced function.",
    ),
    Claim.RISK: Text(
        sv="Mätningarna visar att den riskerar att inte vara tillgänglig.",
        en="The measurements show it at risk of being unavailable.",
    ),
    Claim.GONE: Text(
        sv="Mätningarna visar att den inte är tillgänglig.",
        en="The measurements show it unavailable.",
    ),
    Claim.UNKNOWN: Text(
        sv="Vad mätningarna visar är okänt.", en="What the measurements show is unknown."
    ),
}


def planned_lead(view: ServiceView, subject: Text, clock: Clock) -> Text:
    """``Planerat avbrott i tjänsten X i EXT10 till måndag 06.00 (Tekniskt underhåll).``"""
    return _planned(view.declared, subject, _window([view], clock))


def planned_environment(view: EnvironmentView, subject: Text, clock: Clock) -> Text:
    """The same of an environment, or of as many of its services as are planned so."""
    services = [each for each in view.services if each.planned and each.status is view.status]
    if 0 < len(services) < len(view.services):
        number, of = len(services), len(view.services)
        subject = Text(
            sv=f"{number} av {plural(of, 'tjänst', 'tjänster')} i {subject.sv}",
            en=f"{number} of {plural(of, 'service', 'services')} in {subject.en}",
        )
    return _planned(view.status, subject, _window(services, clock))


def _planned(status: Status, subject: Text, window: Text) -> Text:
    if status is Status.RED:
        return Text(
            sv=f"Planerat avbrott i {subject.sv} {window.sv}.",
            en=f"Planned outage of {subject.en} {window.en}.",
        )
    return Text(
        sv=f"Planerat arbete: störningar kan förekomma i {subject.sv} {window.sv}.",
        en=f"Planned work: disturbances may occur in {subject.en} {window.en}.",
    )


def _window(services: Sequence[ServiceView], clock: Clock) -> Text:
    """``till måndag 06.00 (Tekniskt underhåll)``, by the last one to end."""
    windows = [each.window for each in services if each.window is not None]
    if not windows:
        return _UNDER_WAY
    last = max(windows, key=lambda window: window.end)
    name, end = title(last.window.title, last.window.id), clock.until(last.end)
    return Text(sv=f"{end.sv} ({name.sv})", en=f"{end.en} ({name.en})")


def measured_message(view: ServiceView) -> Text:
    """What is measured of a service while a window or a notice says how it is."""
    return _MEASURED[service_claim(view)]


def as_measured(view: EnvironmentView) -> Text | None:
    """How many of an environment's services are in full operation, whatever is declared."""
    of = len(view.services)
    well = sum(each.measured is Status.GREEN for each in view.services)
    if well == of:
        return Text(sv="Mätningarna visar full drift.", en="The measurements show full operation.")
    return Text(
        sv=f"Enligt mätningarna är {well} av {plural(of, 'tjänst', 'tjänster')} i full drift.",
        en=f"By measurement {well} of {plural(of, 'service', 'services')} are in full operation.",
    )


def beside_planned(view: EnvironmentView) -> Text | None:
    """Those that are planned, in an environment where others are in trouble."""
    number = sum(each.planned and each.status is not Status.GREEN for each in view.services)
    if not number:
        return None
    have = "has" if number == 1 else "have"
    return Text(
        sv=f"Därutöver har {plural(number, 'tjänst', 'tjänster')} planerat arbete.",
        en=f"Besides, {plural(number, 'service', 'services')} {have} planned work.",
    )
