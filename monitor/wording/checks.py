"""One check in words: its claim, its evidence, whose trouble it is."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from monitor.judging.snapshot import AddressView, CheckView
from monitor.model.estate import Check
from monitor.model.status import Rule, Status
from monitor.model.text import Text
from monitor.wording.certificates import surprise
from monitor.wording.claims import check_claim, lead_by
from monitor.wording.details import detail_text
from monitor.wording.grammar import (
    capital,
    enumeration,
    joined_sentences,
    one_line,
    plural,
    sentence,
    title,
)
from monitor.wording.locations import locations
from monitor.wording.reasons import reason_phrase, whose
from monitor.wording.times import Clock, instant, percent, seconds_short
from probes.net.weak_cipher import cipher_weakness
from probes.observation import Cause, Grade, Observation, Reason, TlsFacts

_NOTHING = Text(sv="", en="")


def check_message(
    view: CheckView,
    zone: ZoneInfo,
    service: Text | None = None,
    environment: Text | None = None,
    *,
    now: float | None = None,
) -> Text:
    """One check in full sentences. ``service`` and ``environment`` are their titles; the names
    are used without them. ``now`` is when it is read: instants are whole without it.
    """
    clock = Clock(zone, now)
    check = view.check
    subject = service_subject(service, check.service, title(environment, check.environment))
    if view.status is Status.UNKNOWN:
        return joined_sentences((_unknown(view, subject, clock), retired(view)))
    said = lead_by(check_claim(view), source(view.check), subject, clock.says(view.since))
    if view.status is Status.GREEN:
        return joined_sentences(
            (said, locations(view), weakness(view), surprise(view, zone), retired(view))
        )
    return joined_sentences(
        (
            said,
            sentence(evidence_clause(view)),
            addresses(view),
            locations(view),
            validity(view, zone),
            recovering(view),
            whose(view.cause) if view.cause is not None else None,
            held_back(view, clock),
            surprise(view, zone),
            retired(view),
        )
    )


def weakness(view: CheckView) -> Text | None:
    """What a client takes and nobody should offer: a word, and no colour."""
    seen = view.last
    if seen is None or seen.grade is not Grade.GOOD or seen.tls is None:
        return None
    # what kind `http` says of an answer that is good is this; `certificate` has other notes too
    words = seen.detail if view.check.kind == "http" else cipher_weakness(seen.tls)
    if not words:
        return None
    detail = detail_text(words)
    return Text(
        sv=f"Anslutningen godtas men är svag: {detail.sv}.",
        en=f"The connection is accepted but weak: {detail.en}.",
    )


def retired(view: CheckView) -> Text | None:
    """It belonged to a version package that is retired."""
    if not view.retired:
        return None
    package = one_line(view.retired)
    if view.status is Status.RED:
        return Text(
            sv=f"Det är väntat: versionspaket {package} har utgått.",
            en=f"This is expected: version package {package} is retired.",
        )
    return Text(
        sv=f"Versionspaket {package} har utgått och ska inte svara längre.",
        en=f"Version package {package} is retired and should not answer any more.",
    )


def service_subject(titled: Text | None, name: str, where: Text) -> Text:
    """``tjänsten Receptexpedition (EXPO) i EXT5``."""
    known = title(titled, name)
    return Text(sv=f"tjänsten {known.sv} i {where.sv}", en=f"the service {known.en} in {where.en}")


def source(check: Check) -> Text:
    """``kontrollen api mot https://…``, ``the api check of https://…``."""
    name, target = check.name, one_line(check.target)
    if not target:
        return Text(sv=f"kontrollen {name}", en=f"the {name} check")
    return Text(sv=f"kontrollen {name} mot {target}", en=f"the {name} check of {target}")


def evidence_clause(view: CheckView) -> Text:
    """What the check saw, as a clause: how many of how many failed, and why."""
    why = view.why
    run = why.consecutive
    share_sv = f"{why.failed} av {plural(why.of, 'mätning', 'mätningar')}"
    share_en = f"{why.failed} of {plural(why.of, 'measurement', 'measurements')}"
    latest = Text(
        sv="den senaste mätningen" if run == 1 else f"de {run} senaste mätningarna",
        en="the latest measurement" if run == 1 else f"the latest {run} measurements",
    )
    if why.rule is Rule.WINDOW:
        limit = percent(why.threshold)
        said = Text(
            sv=f"{share_sv} misslyckades (gränsen är {limit.sv})",
            en=f"{share_en} failed (the limit is {limit.en})",
        )
    elif why.rule is Rule.GREEN_AFTER:
        said = Text(
            sv="tjänsten svarar igen, men med anmärkning",
            en="the service answers again, but is still degraded",
        )
    elif why.rule is Rule.DEGRADED_AFTER and run:
        said = _degraded(view, latest)
    elif run:
        said = Text(
            sv=f"{latest.sv} misslyckades ({share_sv})", en=f"{latest.en} failed ({share_en})"
        )
    elif why.failed:
        said = Text(sv=f"{share_sv} misslyckades", en=f"{share_en} failed")
    else:
        said = Text(
            sv="en tidigare mätning gav anmärkning", en="an earlier measurement was degraded"
        )
    because = _because(view)
    if because is None:
        return said
    return Text(
        sv=f"{said.sv}. Senaste orsak: {because.sv}",
        en=f"{said.en}. The latest reason: {because.en}",
    )


def _degraded(view: CheckView, latest: Text) -> Text:
    """Slow in plain words; anything else that is worth a remark."""
    one = view.why.consecutive == 1
    if view.reason is Reason.LATENCY:
        slow = "var långsam" if one else "var långsamma"
        return Text(sv=f"{latest.sv} {slow}", en=f"{latest.en} {'was' if one else 'were'} slow")
    be = "was" if one else "were"
    return Text(sv=f"{latest.sv} gav anmärkning", en=f"{latest.en} {be} degraded")


def _seen(view: CheckView) -> Observation | None:
    """The observation that the reason is of."""
    if view.evidence is not None:
        return view.evidence
    return view.last if view.last_grade is not Grade.GOOD else None


def _because(view: CheckView) -> Text | None:
    """The reason in words, with the probe's own clause as evidence."""
    phrase, shown = _reason(view)
    if phrase is None or not shown.sv:
        return phrase
    return Text(sv=f"{phrase.sv} ({shown.sv})", en=f"{phrase.en} ({shown.en})")


def short_reason(view: CheckView) -> Text | None:
    """The evidence alone, such as ``HTTP 503``; the reason in words where there is none."""
    phrase, shown = _reason(view)
    return shown if shown.sv else phrase


def _reason(view: CheckView) -> tuple[Text | None, Text]:
    seen = _seen(view)
    reason = view.reason or (seen.reason if seen else None)
    if reason is None:
        return None, _NOTHING
    phrase = reason_phrase(reason, view.cause if view.reason else seen.cause if seen else None)
    if seen is None:
        return phrase, _NOTHING
    shown = _slowness(view, seen) if reason is Reason.LATENCY else _NOTHING
    if not shown.sv:
        shown = detail_text(seen.detail)
    return phrase, shown


def _slowness(view: CheckView, seen: Observation) -> Text:
    """The measured time against the threshold that it passed."""
    took = seen.duration
    for limit in (view.check.thresholds.latency_red, view.check.thresholds.latency_yellow):
        if limit is not None and took >= limit:
            measured, allowed = seconds_short(took), seconds_short(limit)
            return Text(
                sv=f"{measured.sv}, gränsen är {allowed.sv}",
                en=f"{measured.en}, the limit is {allowed.en}",
            )
    return _NOTHING


def addresses(view: CheckView) -> Text | None:
    """With ``address: all``: which of them are in trouble."""
    worst = [part for part in view.addresses if part.status in (Status.RED, Status.YELLOW)]
    if not worst:
        return None
    which = enumeration([_address(part) for part in worst])
    of = len(view.addresses)
    have = "has" if len(worst) == 1 else "have"
    return Text(
        sv=f"Av {plural(of, 'adress', 'adresser')} har {len(worst)} störningar: {which.sv}.",
        en=f"Of {plural(of, 'address', 'addresses')} {len(worst)} {have} trouble: {which.en}.",
    )


def _address(part: AddressView) -> Text:
    address = one_line(part.address)
    shown = Text(sv=address or "okänd adress", en=address or "unknown address")
    if part.reason is None:
        return shown
    phrase = reason_phrase(part.reason, part.cause)
    return Text(sv=f"{shown.sv} ({phrase.sv})", en=f"{shown.en} ({phrase.en})")


def validity(view: CheckView, zone: ZoneInfo) -> Text | None:
    """Until when the certificate is valid, when that is the matter."""
    seen = _seen(view)
    tls = seen.tls if seen else None
    if tls is None:
        return None
    if view.cause is not Cause.TARGET:
        return _own_validity(view, tls, zone)
    if view.reason is Reason.TLS_NOT_YET_VALID and tls.leaf is not None:
        when = instant(tls.leaf.not_before, zone)
        return Text(
            sv=f"Certifikatet börjar gälla {when.sv}.",
            en=f"The certificate becomes valid on {when.en}.",
        )
    end = _end(tls)
    if end is None:
        return None
    when = instant(end, zone)
    if view.reason is Reason.TLS_EXPIRED:
        return Text(
            sv=f"Certifikatet gick ut {when.sv}.", en=f"The certificate expired on {when.en}."
        )
    if view.reason is Reason.EXPIRY:
        return Text(
            sv=f"Certifikatet går ut {when.sv}.", en=f"The certificate expires on {when.en}."
        )
    return None


def _end(tls: TlsFacts) -> float | None:
    return tls.verified_not_after if tls.verified_not_after is not None else tls.earliest_not_after


def expires_at(view: CheckView) -> float | None:
    """When the server's certificate ends, where that is all that the check finds amiss."""
    seen = _seen(view)
    if view.status is not Status.YELLOW or view.reason is not Reason.EXPIRY or seen is None:
        return None
    return None if seen.tls is None or view.cause is not Cause.TARGET else _end(seen.tls)


def _own_validity(view: CheckView, tls: TlsFacts, zone: ZoneInfo) -> Text | None:
    """The same of our own client certificate."""
    if view.reason is not Reason.EXPIRY or tls.client is None:
        return None
    when = instant(tls.client.not_after, zone)
    return Text(
        sv=f"Vårt eget klientcertifikat går ut {when.sv}.",
        en=f"Our own client certificate expires on {when.en}.",
    )


def recovering(view: CheckView) -> Text | None:
    """What is still missing for the all-clear, once the newest measurement was good."""
    if view.last_grade is not Grade.GOOD or view.addresses:
        return None
    if view.status is Status.YELLOW and view.why.rule is Rule.WINDOW:
        return Text(
            sv="Den senaste mätningen lyckades, men andelen misslyckade är ännu för hög.",
            en="The latest measurement succeeded, but the share of failed ones is still too high.",
        )
    needed = view.check.thresholds.green_after
    if needed < 2:
        return None
    return Text(
        sv=f"Den senaste mätningen lyckades, men det krävs {needed} i rad"
        " innan störningen räknas som åtgärdad.",
        en=f"The latest measurement succeeded, but it takes {needed} in a row"
        " for the disturbance to count as resolved.",
    )


def held_back(view: CheckView, clock: Clock) -> Text | None:
    """Until when nothing is measured, because the server has asked us to stay away."""
    if view.held_until is None:
        return None
    until = clock.until(view.held_until)
    return Text(
        sv=f"Mätningen hålls tillbaka {until.sv} eftersom servern har bett om det.",
        en=f"The check is held back {until.en} because the server asked for it.",
    )


def blamed(view: CheckView) -> Text | None:
    """Whose fault it is that a check does not know; nobody's when the server has asked for it."""
    asked = view.held_until is not None and view.why.rule is Rule.STALE
    return whose(view.cause) if view.cause is not None and not asked else None


def ignorance(view: CheckView, clock: Clock) -> Text:
    """Why a check does not know, as a clause."""
    who = source(view.check)
    since = clock.says(view.since)
    if view.why.rule is Rule.QUORUM:
        return Text(
            sv=f"{who.sv} mäts från för få platser sedan {since.sv}",
            en=f"{who.en} has been measured from too few places since {since.en}",
        )
    if view.why.rule is Rule.MONITOR or view.trouble:
        phrase = reason_phrase(view.reason or Reason.INTERNAL, view.cause)
        seen = detail_text(view.trouble)
        shown = Text(sv=f" ({seen.sv})", en=f" ({seen.en})") if seen.sv else _NOTHING
        return Text(
            sv=f"{who.sv} har inte kunnat mäta sedan {since.sv}. Orsak: {phrase.sv}{shown.sv}",
            en=f"{who.en} has been unable to measure since {since.en}. The reason:"
            f" {phrase.en}{shown.en}",
        )
    if view.last is None:
        return Text(
            sv=f"{who.sv} har inte gett någon mätning sedan {since.sv}",
            en=f"{who.en} has made no measurement since {since.en}",
        )
    if view.why.rule is Rule.UNMEASURED:
        return Text(
            sv=f"{who.sv} har ännu inte gjort tillräckligt många mätningar"
            f" (den senaste {clock.says(view.last.at).sv})",
            en=f"{who.en} has not made enough measurements yet"
            f" (the latest {clock.says(view.last.at).en})",
        )
    newest = clock.says(view.last.at)
    return Text(
        sv=f"{who.sv} mätte senast {newest.sv}, och det är för länge sedan",
        en=f"{who.en} last measured {newest.en}, and that is too long ago",
    )


def _unknown(view: CheckView, subject: Text, clock: Clock) -> Text:
    why = ignorance(view, clock)
    failing = view.why.rule is Rule.UNMEASURED and view.why.consecutive > 0
    return joined_sentences(
        (
            Text(
                sv=f"Vi vet inte om {subject.sv} fungerar. {capital(why.sv)}.",
                en=f"We do not know whether {subject.en} works. {capital(why.en)}.",
            ),
            sentence(evidence_clause(view)) if failing else None,
            locations(view),
            blamed(view),
            held_back(view, clock),
            surprise(view, clock.zone),
        )
    )
