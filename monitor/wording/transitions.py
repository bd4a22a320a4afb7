"""What changed: the sentence of a notification, a feed entry or a log line; and the all-clear."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from monitor.judging.snapshot import EnvironmentView, ServiceView, Snapshot
from monitor.model.estate import Environment
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.model.transition import Transition
from monitor.wording.checks import service_subject
from monitor.wording.claims import Claim, claim_of, lead
from monitor.wording.grammar import capital, joined_sentences, one_line, title
from monitor.wording.reasons import reason_phrase, whose
from monitor.wording.times import Clock, duration
from monitor.wording.wholes import environment_message, service_message

_BEFORE = {
    Status.GREEN: Text(
        sv="Innan dess var den i full drift.", en="Before that it was in full operation."
    ),
    Status.YELLOW: Text(
        sv="Innan dess hade den störningar.", en="Before that it had disturbances."
    ),
    Status.RED: Text(
        sv="Innan dess var den inte tillgänglig.", en="Before that it was not available."
    ),
    Status.UNKNOWN: Text(sv="Innan dess var läget okänt.", en="Before that its state was unknown."),
}
"""*Den* is right for both *tjänsten* and *testmiljön*."""


_RECONFIGURED = Text(
    sv="Ändringen beror bara på nya inställningar i övervakningen.",
    en="The change is only due to new settings of the monitor.",
)


def transition_message(transition: Transition, snapshot: Snapshot) -> Text:
    """What a transition means to a reader; ``snapshot`` is of the moment after it."""
    environment, service = _views(transition, snapshot)
    view = service if transition.service is not None else environment
    known = environment.environment if environment is not None else None
    return message_of(transition, known, view, snapshot.estate.timezone)


def message_of(
    transition: Transition,
    environment: Environment | None,
    view: ServiceView | EnvironmentView | None,
    zone: ZoneInfo,
) -> Text:
    """The same of a ``view`` of the service or the environment that it is of, of the moment after
    it; ``None`` where they are not known.
    """
    said = _message(transition, environment, view, zone)
    return joined_sentences((said, _RECONFIGURED)) if transition.reconfigured else said


def _message(
    transition: Transition,
    environment: Environment | None,
    view: ServiceView | EnvironmentView | None,
    zone: ZoneInfo,
) -> Text:
    subject = _subject(transition, environment, view)
    since = Clock(zone, transition.at).says(transition.since)
    if transition.after is Status.GREEN:
        if transition.before in (Status.YELLOW, Status.RED):
            over = _finished if transition.was_planned else _resolved
            return joined_sentences((over(subject, since), _lasted(transition)))
        if transition.began is not None:  # not knowing in between ended nothing
            before = _BEFORE[transition.before]
            return joined_sentences((_resolved(subject, since), _lasted(transition), before))
        return joined_sentences((lead(Claim.FULL, subject, since), _BEFORE[transition.before]))
    if view is not None and view.status is transition.after:
        where = environment.title if environment is not None else None
        said = (
            service_message(view, zone, where, now=transition.at)
            if isinstance(view, ServiceView)
            else environment_message(view, zone, now=transition.at)
        )
        return joined_sentences((_over(transition), said, _before(transition)))
    return joined_sentences(
        (
            lead(claim_of(transition.after), subject, since),
            *_reason(transition),
            _before(transition),
        )
    )


def _over(transition: Transition) -> Text | None:
    """A service window has ended and what it explained has not."""
    if not transition.overrun:
        return None
    name = one_line(transition.window) if transition.window is not None else ""
    called = f" {name}" if name else ""
    return Text(
        sv=f"Servicefönstret{called} är över, men störningen kvarstår.",
        en=f"The service window{called} is over, but the disturbance is not.",
    )


def _before(transition: Transition) -> Text | None:
    return _BEFORE[transition.before] if transition.changes_status else None


def _views(
    transition: Transition, snapshot: Snapshot
) -> tuple[EnvironmentView | None, ServiceView | None]:
    for environment in snapshot.environments:
        if environment.environment.name == transition.environment:
            for service in environment.services:
                if service.service.name == _service_name(transition):
                    return environment, service
            return environment, None
    return None, None


def _service_name(transition: Transition) -> str | None:
    """A service's own name, however it is addressed (``expo`` or ``ext5/expo``)."""
    return transition.service.rpartition("/")[2] if transition.service is not None else None


def _subject(
    transition: Transition,
    environment: Environment | None,
    view: ServiceView | EnvironmentView | None,
) -> Text:
    known = title(environment.title if environment is not None else None, transition.environment)
    name = _service_name(transition)
    if name is None:
        return Text(sv=f"testmiljön {known.sv}", en=f"the test environment {known.en}")
    titled = view.service.title if isinstance(view, ServiceView) else None
    return service_subject(titled, name, known)


def _resolved(subject: Text, since: Text) -> Text:
    return Text(
        sv=f"Störningen är åtgärdad: {subject.sv} är i full drift sedan {since.sv}.",
        en=f"The disturbance is resolved: {subject.en} has been in full operation"
        f" since {since.en}.",
    )


def _finished(subject: Text, since: Text) -> Text:
    return Text(
        sv=f"Det planerade arbetet är avslutat: {subject.sv} är i full drift sedan {since.sv}.",
        en=f"The planned work is finished: {subject.en} has been in full operation"
        f" since {since.en}.",
    )


def _lasted(transition: Transition) -> Text | None:
    """From the first bad observation to the first good one."""
    began = transition.began
    if began is None or not began < transition.since:
        return None
    length = duration(transition.since - began)
    what = "Arbetet pågick" if transition.was_planned else "Störningen varade"
    return Text(sv=f"{what} i {length.sv}.", en=f"It lasted {length.en}.")


def _reason(transition: Transition) -> Sequence[Text | None]:
    """The transition's own words, when the snapshot has moved on."""
    if transition.reason is None:
        return ()
    phrase = reason_phrase(transition.reason, transition.cause)
    check = one_line(transition.check) if transition.check is not None else ""
    if check:
        phrase = Text(
            sv=f"enligt kontrollen {check} är orsaken att {phrase.sv}",
            en=f"according to the {check} check, the cause is that {phrase.en}",
        )
    return (
        Text(sv=f"{capital(phrase.sv)}.", en=f"{capital(phrase.en)}."),
        whose(transition.cause) if transition.cause is not None else None,
    )
