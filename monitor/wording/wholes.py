"""A service, an environment and everything, in words."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from monitor.judging.snapshot import CheckView, EnvironmentView, ServiceView, Snapshot
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.wording.checks import (
    addresses,
    blamed,
    evidence_clause,
    expires_at,
    held_back,
    ignorance,
    recovering,
    service_subject,
    source,
    validity,
)
from monitor.wording.claims import environment_claim, lead, service_claim
from monitor.wording.grammar import (
    LISTED,
    enumeration,
    joined_sentences,
    one_line,
    plural,
    sentence,
    title,
)
from monitor.wording.locations import locations, unmeasured_from
from monitor.wording.planned import (
    as_measured,
    beside_planned,
    measured_message,
    planned_environment,
    planned_lead,
)
from monitor.wording.plans import notice_message
from monitor.wording.reasons import whose
from monitor.wording.times import Clock

_TROUBLED = (Status.RED, Status.YELLOW)


def service_message(
    view: ServiceView,
    zone: ZoneInfo,
    environment: Text | None = None,
    *,
    now: float | None = None,
) -> Text:
    """A service in full sentences. ``environment`` is its title; the name is used without one.
    ``now`` is when it is read: instants are whole without it.
    """
    clock = Clock(zone, now)
    service = view.service
    where = title(environment, service.environment)
    subject = service_subject(service.title, service.name, where)
    since = clock.says(view.since)
    if _noticed(view):
        return joined_sentences(
            (_by_notice(view, subject, since), measured_message(view), *_grounds(view, clock))
        )
    if view.status is not view.measured or (view.planned and view.status is not Status.GREEN):
        return joined_sentences(
            (planned_lead(view, subject, clock), measured_message(view), *_grounds(view, clock))
        )
    expiring = _expiring(view, subject, clock)
    if expiring is not None:
        return expiring
    return joined_sentences((lead(service_claim(view), subject, since), *_grounds(view, clock)))


def _expiring(view: ServiceView, subject: Text, clock: Clock) -> Text | None:
    """A service that works, and has a certificate near its end."""
    bad = [check for check in view.checks if check.status in _TROUBLED and not check.retired]
    ends = [(end, check) for check in bad if (end := expires_at(check)) is not None]
    if not ends or len(ends) < len(bad):
        return None
    end, check = min(ends, key=lambda one: one[0])
    when, who = clock.says(end), source(check.check)
    works = Text(
        sv=f"{subject.sv} fungerar, men certifikatet går ut {when.sv}",
        en=f"{subject.en} works, but the certificate expires {when.en}",
    )
    shown = Text(sv=f"det visar {who.sv}", en=f"this is shown by {who.en}")
    return joined_sentences((sentence(works), sentence(shown), _others(view, check)))


def _grounds(view: ServiceView, clock: Clock) -> Sequence[Text | None]:
    """What a service's measured status rests on."""
    if view.measured is Status.GREEN:
        return (unmeasured_from(view.checks),)
    if view.measured is Status.UNKNOWN:
        return _unknown_grounds(view, clock)
    check = deciding(view)
    if check is None:
        return ()
    return (
        shown_by(check),
        addresses(check),
        locations(check),
        validity(check, clock.zone),
        recovering(check),
        whose(check.cause) if check.cause is not None and not view.planned else None,
        held_back(check, clock),
        _others(view, check),
    )


def deciding(view: ServiceView) -> CheckView | None:
    """The check that speaks for a service: the worst, critical first, then the heaviest."""
    bad = [check for check in view.checks if check.status in _TROUBLED and not check.retired]
    if not bad:
        return None
    return max(bad, key=lambda c: (c.status.severity, c.check.critical, c.check.weight, -c.since))


def shown_by(check: CheckView) -> Text:
    """``Det visar kontrollen api mot …, där de 3 senaste mätningarna misslyckades (…).``"""
    who, seen = source(check.check), evidence_clause(check)
    return Text(
        sv=f"Det visar {who.sv}, där {seen.sv}.",
        en=f"This is shown by {who.en}, where {seen.en}.",
    )


def _others(view: ServiceView, shown: CheckView) -> Text | None:
    others = [c for c in view.checks if c is not shown and c.status in _TROUBLED and not c.retired]
    if not others:
        return None
    names = enumeration([title(None, check.check.name) for check in others])
    if len(others) == 1:
        return Text(
            sv=f"Även kontrollen {names.sv} visar störningar.",
            en=f"The {names.en} check shows trouble too.",
        )
    return Text(
        sv=f"Även kontrollerna {names.sv} visar störningar.",
        en=f"The checks {names.en} show trouble too.",
    )


def _unknown_grounds(view: ServiceView, clock: Clock) -> Sequence[Text | None]:
    if view.gone:
        package = one_line(view.checks[0].retired)
        return (
            Text(
                sv=f"Dess kontroller hör till versionspaket {package}, som har utgått.",
                en=f"Its checks belong to version package {package}, which is retired.",
            ),
        )
    blind = [c for c in view.checks if c.status is Status.UNKNOWN and not c.retired]
    if not blind:
        return (
            Text(
                sv="Tjänsten har inga kontroller som mäter den.",
                en="The service has no checks that measure it.",
            ),
        )
    return (*_blind_grounds(blind[0], clock), _also_blind(len(blind) - 1))


def _blind_grounds(check: CheckView, clock: Clock) -> Sequence[Text | None]:
    return (
        sentence(ignorance(check, clock)),
        locations(check),
        blamed(check),
        held_back(check, clock),
    )


def _also_blind(number: int) -> Text | None:
    if not number:
        return None
    know = "knows" if number == 1 else "know"
    return Text(
        sv=f"Läget är okänt även för {plural(number, 'annan kontroll', 'andra kontroller')}.",
        en=f"Of the others, {plural(number, 'check', 'checks')} {know} nothing either.",
    )


def _noticed(view: ServiceView) -> bool:
    """Whether a notice says worse than all else."""
    if view.notice is None:
        return False
    otherwise = max(view.measured.severity, view.declared.severity)
    return view.notice.says.severity > otherwise


def _by_notice(view: ServiceView, subject: Text, since: Text) -> Text:
    said = notice_message(view.notice) if view.notice is not None else Text(sv="", en="")
    if view.status is Status.RED:
        lead_in = Text(
            sv=f"Enligt ett driftmeddelande har {subject.sv} inte varit tillgänglig sedan {since.sv}.",
            en=f"According to a notice, {subject.en} has not been available since {since.en}.",
        )
    else:
        lead_in = Text(
            sv=f"Enligt ett driftmeddelande kan störningar förekomma i {subject.sv}.",
            en=f"According to a notice, disturbances may occur in {subject.en}.",
        )
    return joined_sentences((lead_in, said))


def environment_message(view: EnvironmentView, zone: ZoneInfo, *, now: float | None = None) -> Text:
    """An environment in full sentences; ``now`` is when it is read."""
    clock = Clock(zone, now)
    said = _environment_lead(view, clock)
    if view.status is Status.GREEN:
        return said
    if view.planned:
        return joined_sentences((said, as_measured(view), _unplanned(view)))
    if not view.services:
        return joined_sentences(
            (said, Text(sv="Inga tjänster övervakas där.", en="No services are monitored there."))
        )
    bad = [each for each in _worst_first(view.services) if not each.planned]
    if not bad:
        return joined_sentences((said, _blind_services(view), *_why_blind(view, clock)))
    grounds = deciding(bad[0])
    return joined_sentences(
        (
            said,
            _affected(bad, len(view.services)),
            shown_by(grounds) if grounds is not None else None,
            whose(grounds.cause) if grounds is not None and grounds.cause is not None else None,
            beside_planned(view),
            _blind_services(view),
        )
    )


def _why_blind(view: EnvironmentView, clock: Clock) -> Sequence[Text | None]:
    """Why nothing is known, by the example of the first check that knows nothing."""
    for service in view.services:
        for check in service.checks:
            if service.status is Status.UNKNOWN and check.status is Status.UNKNOWN:
                return _blind_grounds(check, clock)
    return ()


def _environment(view: EnvironmentView) -> Text:
    known = title(view.environment.title, view.environment.name)
    return Text(sv=f"testmiljön {known.sv}", en=f"the test environment {known.en}")


def _worst_first(services: Sequence[ServiceView]) -> list[ServiceView]:
    bad = [service for service in services if service.status in _TROUBLED]
    return sorted(bad, key=lambda s: (-s.status.severity, -s.measured.severity, s.since))


def _unplanned(view: EnvironmentView) -> Text | None:
    """What no window explains, in an environment that is planned to be as it is."""
    bad = [each for each in _worst_first(view.services) if not each.planned]
    return _affected(bad, len(view.services))


def _affected(bad: Sequence[ServiceView], of: int) -> Text | None:
    if not bad or of == 1:
        return None
    number = len(bad)
    names = enumeration(_titles(bad), number)
    affected, be = ("berörd", "is") if number == 1 else ("berörda", "are")
    return Text(
        sv=f"{number} av {plural(of, 'tjänst', 'tjänster')} är {affected}: {names.sv}.",
        en=f"{number} of {plural(of, 'service', 'services')} {be} affected: {names.en}.",
    )


def _titles(services: Sequence[ServiceView]) -> list[Text]:
    """Of as many as may be listed."""
    return [title(each.service.title, each.service.name) for each in services[: LISTED + 1]]


def _blind_services(view: EnvironmentView) -> Text | None:
    blind = [each for each in view.services if each.status is Status.UNKNOWN]
    if not blind:
        return None
    number, of = len(blind), len(view.services)
    names = enumeration(_titles(blind), number)
    return Text(
        sv=f"Läget är okänt för {number} av {plural(of, 'tjänst', 'tjänster')}: {names.sv}.",
        en=f"Of {plural(of, 'service', 'services')} {number} {'is' if number == 1 else 'are'}"
        f" unknown: {names.en}.",
    )


def overall_message(snapshot: Snapshot) -> Text:
    """Everything: a sentence for each environment that is not in full operation, worst first."""
    views = snapshot.environments
    clock = Clock(snapshot.estate.timezone, snapshot.at)
    if not views:
        return Text(sv="Inga testmiljöer övervakas.", en="No test environments are monitored.")
    if len(views) == 1:
        return environment_message(views[0], clock.zone, now=clock.now)
    matters = sorted(
        (view for view in views if view.status is not Status.GREEN),
        key=lambda view: (view.planned, -view.status.severity, view.since),
    )
    if not matters:
        since = clock.says(snapshot.since)
        return Text(
            sv=f"Samtliga {len(views)} testmiljöer är i full drift sedan {since.sv}.",
            en=f"All {len(views)} test environments have been in full operation since {since.en}.",
        )
    said = [_environment_lead(view, clock) for view in matters[:LISTED]]
    return joined_sentences(
        (*said, _more(len(matters) - len(said)), _well(len(views) - len(matters)))
    )


def _environment_lead(view: EnvironmentView, clock: Clock) -> Text:
    if view.planned and view.status is not Status.GREEN:
        return planned_environment(view, _environment(view), clock)
    return lead(environment_claim(view), _environment(view), clock.says(view.since))


def _more(number: int) -> Text | None:
    if number < 1:
        return None
    be = "is" if number == 1 else "are"
    return Text(
        sv=f"Ytterligare {plural(number, 'testmiljö', 'testmiljöer')} är inte i full drift.",
        en=f"Another {plural(number, 'test environment', 'test environments')} {be}"
        " not in full operation.",
    )


def _well(number: int) -> Text | None:
    """The rest, which are green."""
    if number < 1:
        return None
    if number == 1:
        return Text(
            sv="Den andra testmiljön är i full drift.",
            en="The other test environment is in full operation.",
        )
    return Text(
        sv=f"Övriga {number} testmiljöer är i full drift.",
        en=f"The {number} other test environments are in full operation.",
    )
