"""What a status claims, and the sentence that claims it.

The agency's page gives yellow and red two meanings each; a claim says which of them it is:

    full         green    i full drift
    indications  yellow   indikationer på störningar: slowness, or the first failures
    reduced      yellow   konstaterad störning, nedsatt funktionalitet: a part fails, or some of
                          the calls do
    risk         red      riskerar att inte vara tillgänglig för flertalet användare: most calls
                          fail or take too long, or a certificate is about to expire
    gone         red      inte tillgänglig
    unknown      unknown  we do not know
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from monitor.model.status import Rule, Status
from monitor.model.text import Text
from monitor.wording.grammar import capital
from probes.observation import Reason

if TYPE_CHECKING:
    from monitor.judging.snapshot import CheckView, EnvironmentView, ServiceView

_WORDS = {
    Status.GREEN: Text(sv="i full drift", en="in full operation"),
    Status.YELLOW: Text(sv="störning", en="disturbance"),
    Status.RED: Text(sv="inte tillgänglig", en="not available"),
    Status.UNKNOWN: Text(sv="okänt", en="unknown"),
}


def status_word(status: Status) -> Text:
    """A status in a word or two, for a table or a badge."""
    return _WORDS[status]


class Claim(Enum):
    FULL = auto()
    INDICATIONS = auto()
    REDUCED = auto()
    RISK = auto()
    GONE = auto()
    UNKNOWN = auto()


_IT_ANSWERS = frozenset(
    {
        Reason.LATENCY,
        Reason.EXPIRY,
        Reason.STALE,
        Reason.SIZE,
        Reason.TLS_WEAK,
        Reason.TLS_ISSUER,
        Reason.TLS_REVOKED,
        Reason.ADDRESS_CHANGED,
        Reason.UNEXPECTED_SUCCESS,
    }
)
"""Reasons with which a service may be red and yet answer somebody."""

_BY_STATUS = {
    Status.GREEN: Claim.FULL,
    Status.YELLOW: Claim.INDICATIONS,
    Status.RED: Claim.GONE,
    Status.UNKNOWN: Claim.UNKNOWN,
}


def claim_of(status: Status) -> Claim:
    """What a status claims when nothing more is known."""
    return _BY_STATUS[status]


def check_claim(view: CheckView) -> Claim:
    if view.status is Status.YELLOW:
        if view.why.rule in (Rule.WINDOW, Rule.GREEN_AFTER, Rule.RED_AFTER):
            return Claim.REDUCED
        some_gone = any(part.status is Status.RED for part in view.addresses) or any(
            place.status is Status.RED for place in view.locations
        )
        return Claim.REDUCED if some_gone else Claim.INDICATIONS
    if view.status is Status.RED:
        in_part = any(part.status is not Status.RED for part in view.addresses) or any(
            place.status in (Status.YELLOW, Status.GREEN) for place in view.locations
        )
        risk = view.why.rule is Rule.WINDOW or view.reason in _IT_ANSWERS or in_part
        return Claim.RISK if risk else Claim.GONE
    return claim_of(view.status)


def service_claim(view: ServiceView) -> Claim:
    """A service is gone when a critical check says so, or all of them do."""
    if view.measured is Status.YELLOW:
        for check in view.checks:
            if check.status is Status.RED or check_claim(check) is Claim.REDUCED:
                return Claim.REDUCED
        return Claim.INDICATIONS
    if view.measured is Status.RED:
        if len(view.checks) == 1:  # as most are: of thousands a page speaks at once
            gone = check_claim(view.checks[0]) is Claim.GONE
            return Claim.GONE if gone else Claim.RISK
        claims = [check_claim(check) for check in view.checks]
        if any(
            claim is Claim.GONE and check.check.critical
            for check, claim in zip(view.checks, claims, strict=True)
        ):
            return Claim.GONE
        return Claim.GONE if all(claim is Claim.GONE for claim in claims) else Claim.RISK
    return claim_of(view.measured)


def environment_claim(view: EnvironmentView) -> Claim:
    if view.status is Status.YELLOW:
        reduced = any(
            service.status is Status.RED or service_claim(service) is Claim.REDUCED
            for service in view.services
        )
        return Claim.REDUCED if reduced else Claim.INDICATIONS
    if view.status is Status.RED:
        gone = all(service_claim(service) is Claim.GONE for service in view.services)
        return Claim.GONE if gone else Claim.RISK
    return claim_of(view.status)


def lead(claim: Claim, subject: Text, since: Text) -> Text:
    """The first sentence about a whole: ``subject`` is ``tjänsten X``, ``the service X``."""
    sv, en = subject.sv, subject.en
    match claim:
        case Claim.FULL:
            said_sv = f"{sv} är i full drift"
            said_en = f"{en} has been in full operation"
        case Claim.INDICATIONS:
            said_sv = f"det finns indikationer på störningar i {sv}"
            said_en = f"there have been indications of disturbance in {en}"
        case Claim.REDUCED:
            said_sv = f"{sv} har en konstaterad störning och fungerar med nedsatt funktionalitet"
            said_en = f"{en} has had a confirmed disturbance and worked with reduced function"
        case Claim.RISK:
            said_sv = f"{sv} riskerar att inte vara tillgänglig för flertalet användare"
            said_en = f"{en} has been at risk of being unavailable to the majority of its users"
        case Claim.GONE:
            said_sv = f"{sv} har inte varit tillgänglig"
            said_en = f"{en} has not been available"
        case Claim.UNKNOWN:
            said_sv = f"läget för {sv} är okänt"
            said_en = f"the state of {en} has been unknown"
    return Text(
        sv=f"{capital(said_sv)} sedan {since.sv}.", en=f"{capital(said_en)} since {since.en}."
    )


def lead_by(claim: Claim, source: Text, subject: Text, since: Text) -> Text:
    """The same with its source first: ``Enligt kontrollen api mot … är tjänsten X …``."""
    sv, en = subject.sv, subject.en
    match claim:
        case Claim.FULL:
            said_sv = f"är {sv} i full drift"
            said_en = f"{en} is in full operation"
        case Claim.INDICATIONS:
            said_sv = f"finns det indikationer på störningar i {sv}"
            said_en = f"there are indications of disturbance in {en}"
        case Claim.REDUCED:
            said_sv = f"har {sv} en konstaterad störning och fungerar med nedsatt funktionalitet"
            said_en = f"{en} has a confirmed disturbance and works with reduced function"
        case Claim.RISK:
            said_sv = f"riskerar {sv} att inte vara tillgänglig för flertalet användare"
            said_en = f"{en} risks being unavailable to the majority of its users"
        case Claim.GONE:
            said_sv = f"är {sv} inte tillgänglig"
            said_en = f"{en} is not available"
        case Claim.UNKNOWN:
            said_sv = f"är läget för {sv} okänt"
            said_en = f"the state of {en} is unknown"
    return Text(
        sv=f"Enligt {source.sv} {said_sv}. Så har det varit sedan {since.sv}.",
        en=f"According to {source.en}, {said_en}. It has been so since {since.en}.",
    )
