"""A bundle as plain text that one pastes into a mail to the service desk.

Made of the JSON alone, wherever that was read.
"""

from __future__ import annotations

from typing import Any

from monitor.evidence import words
from monitor.evidence.text_writer import INDENT, TextWriter
from monitor.model.status import Status
from monitor.support.json_read import read_json
from monitor.wording import reason_phrase, status_word
from monitor.wording.reasons import whose
from probes.observation import Cause, Reason


class NotEvidenceError(ValueError):
    """What was read is no bundle of this version. The text says what it is."""


def read_bundle(body: bytes) -> dict[str, Any]:
    """The decoded bundle. Raises :class:`NotEvidenceError`."""
    try:
        document = read_json(body)
    except ValueError as error:
        raise NotEvidenceError(str(error)) from None
    if not isinstance(document, dict) or not isinstance(document.get("transition"), dict):
        raise NotEvidenceError("it is not evidence of a transition")
    if document.get("schema_version") != 1:
        raise NotEvidenceError("it was made by another version of driftvakt")
    return document


def mail(document: dict[str, Any], language: str) -> str:
    """The text, ending in a line break; ``language`` is ``sv`` or ``en``.

    Raises :class:`NotEvidenceError` for a document that lacks what every bundle has.
    """
    return _written(document, language).text()


def mail_sections(document: dict[str, Any], language: str) -> list[tuple[str, str]]:
    """The same as headings with the text below each. Raises :class:`NotEvidenceError`."""
    return _written(document, language).sections()


def _written(document: dict[str, Any], language: str) -> _Mail:
    try:
        written = _Mail(document, language)
        written.write()
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
        raise NotEvidenceError("it is not evidence of a transition") from None
    return written


class _Mail(TextWriter):
    """One text in the making."""

    def __init__(self, document: dict[str, Any], language: str) -> None:
        super().__init__(language, str(document["generator"]["timezone"]))
        self._document = document

    def write(self) -> None:
        self._what()
        if self._document["observation"] is not None:
            self._observed(self._document["observation"])
        if self._document["request"] is not None:
            self._asked(self._document["request"])
        if self._document["observation"] is not None:
            self._answered(self._document["observation"])
        self._decided()
        self._about()

    # the parts, from above

    def _what(self) -> None:
        document = self._document
        change, titles = document["transition"], document["titles"]
        self.head(words.TITLE)
        self.space()
        named = titles or {}
        if change["service"] is not None:
            where = f"{change['environment']}/{change['service']}"
            self.pair(words.SERVICE, self.titled(named.get("service"), where), "")
        title = self.titled(named.get("environment"), change["environment"])
        self.pair(words.ENVIRONMENT, title, "")
        before, after = (self.say(status_word(Status(change[key]))) for key in ("from", "to"))
        planned = f" ({self.say(words.PLANNED)})" if change["planned"] else ""
        self.pair(words.CHANGE, f"{before} -> {after}{planned}", "")
        if change["window"] is not None:
            self.pair(words.WINDOW, change["window"], "")
        self.pair(words.WHEN, self.instant(change["at"]), "")
        self.pair(words.SINCE, self.instant(change["since"]), "")
        if change["reason"] is not None:
            reason = self.say(reason_phrase(Reason(change["reason"])))
            self.pair(words.REASON, f"{reason} ({change['reason']})", "")
        if change["cause"] is not None:
            self.pair(words.CAUSE, self.say(whose(Cause(change["cause"]))), "")
        self.pair(words.ID, document["id"], "")
        self.head(words.SUMMARY)
        self.line(self.pick(document["message"]), after="")

    def _observed(self, seen: dict[str, Any]) -> None:
        self.head(words.CONNECTION)
        self.pair(words.MEASURED, self.instant(seen["at"]))
        if seen["detail"]:
            self.pair(words.DETAIL, seen["detail"])
        if seen["resolved"]:
            self.pair(words.RESOLVED, ", ".join(seen["resolved"]))
        if seen["address"] is not None:
            self.pair(words.CONNECTED, seen["address"])
        self.pair(words.PHASES, self.phases(seen))
        if seen["addresses"]:
            self.line(f"{self.say(words.ADDRESSES)}:")
        for part in seen["addresses"]:
            self._outcome(part)

    def _asked(self, asked: dict[str, Any]) -> None:
        self.head(words.REQUEST)
        if "method" in asked:
            self.line(f"{asked['method']} {asked['url']}")
            for header in asked["headers"]:
                self.line(f"{header['name']}: {header['value']}")
            self._request_body(asked["body"])
            if asked["proxy"] is not None:
                self.pair(words.PROXY, asked["proxy"])
        else:
            self.line(" ".join(filter(None, (asked["kind"], asked["target"]))))
        tls = asked["tls"]
        if tls is None:
            return
        if tls["ca_file"] is not None:
            self.pair(words.CA_FILE, tls["ca_file"])
        if tls["server_name"] is not None:
            self.pair(words.SERVER_NAME, tls["server_name"])
        versions = [tls[key] for key in ("min_version", "max_version") if tls[key] is not None]
        if versions:
            self.pair(words.VERSIONS, " - ".join(versions))
        if tls["insecure_skip_verify"]:
            self.line(self.say(words.UNVERIFIED))
        own = tls["client_certificate"]
        if own is not None:
            self.pair(words.OUR_CERTIFICATE, own["subject"] or own["file"])

    def _request_body(self, body: dict[str, Any] | None) -> None:
        if body is None:
            return
        if body["file"] is not None:
            said = f"{self.say(words.FROM_FILE)} {body['file']}"
        else:
            said = f"{body['bytes']} {self.say(words.BYTES)}"
        self.pair(words.REQUEST_BODY, said)

    def _answered(self, seen: dict[str, Any]) -> None:
        answer = seen["response"]
        if answer is not None:
            self.head(words.ANSWER)
            if answer["url"] is not None:
                self.pair(words.REDIRECTED, answer["url"])
            self.line(f"HTTP/{answer['version']} {answer['status']} {answer['phrase']}")
            for header in answer["headers"]:
                self.line(f"{header['name']}: {header['value']}")
            if answer["headers_cut"]:
                self.line(self.say(words.HEADERS_LEFT_OUT))
            self._body(answer["body"])
        elif "method" in (self._document["request"] or {}):
            self.head(words.ANSWER)
            self.line(self.say(words.NO_ANSWER))
        if seen["dns"] is not None:
            self.head(words.DNS)
            self.line(seen["dns"]["rcode"])
            for one in seen["dns"]["answers"]:
                self.line(one)
        if seen["tls"] is not None:
            self._tls(seen["tls"])

    def _body(self, body: dict[str, Any]) -> None:
        if not body["text"] and not body["base64"]:
            return
        size = f" ({body['bytes']} {self.say(words.BODY_BYTES)})" if body["bytes"] else ""
        self.head(words.BODY, size)
        if body["base64"] is not None:
            self.line(self.say(words.DATA))
        for line in (body["base64"] or body["text"]).split("\n"):
            self.quoted(line)
        if body["cut"]:
            self.line(self.say(words.GOES_ON))

    def _tls(self, tls: dict[str, Any]) -> None:
        self.head(words.TLS)
        verified = self.say(words.VERIFIED if tls["verified"] else words.NOT_VERIFIED)
        self.line(", ".join(filter(None, (tls["version"], tls["cipher"], verified))))
        for place, certificate in enumerate(tls["chain"], 1):
            self._certificate(f"{self.say(words.CERTIFICATE)} {place}", certificate)
        if tls["chain_cut"]:
            self.line(self.say(words.MORE))
        if tls["client"] is not None:
            self._certificate(self.say(words.OUR_CERTIFICATE), tls["client"])

    def _certificate(self, label: str, certificate: dict[str, Any]) -> None:
        deeper = INDENT * 2
        self.line(f"{label}: {certificate['subject']}")
        self.pair(words.ISSUER, certificate["issuer"], deeper)
        self.pair(words.SERIAL, certificate["serial"], deeper)
        valid = (self.instant(certificate[key]) for key in ("not_before", "not_after"))
        self.pair(words.VALID, " - ".join(valid), deeper)
        if certificate["names"]:
            more = f" {self.say(words.MORE)}" if certificate["names_cut"] else ""
            self.pair(words.NAMES, ", ".join(certificate["names"]) + more, deeper)
        self.pair(words.SHA256, certificate["sha256"], deeper)

    def _decided(self) -> None:
        why, recent = self._document["why"], self._document["recent"]
        if recent:
            self.head(words.RECENT)
            for each in recent:
                self._outcome(each)
        if why is None:
            return
        rule = words.RULES.get(why["rule"])
        counted = self.say(words.COUNTED).format(**why)
        limit = f"{why['threshold']:g}"
        said = f"{self.say(rule).format(threshold=limit)}: " if rule is not None else ""
        self.pair(words.RULE, f"{said}{counted} ({why['rule']})")

    def _about(self) -> None:
        document = self._document
        made = document["generator"]
        self.head(words.ABOUT)
        if document["check"] is not None:
            self.pair(words.CHECK, f"{document['check']['id']} ({document['check']['kind']})")
        places = (document["check"] or {}).get("locations", ())
        here = document["check"]["location"] if places else made["location"]
        self.pair(words.LOCATION, here)
        for place in places:
            status = self.say(status_word(Status(place["status"])))
            why = f" ({place['reason']})" if place["reason"] is not None else ""
            self.line(f"  {place['name']}: {status}{why}, {self.instant(place['since'])}")
        self.line(f"{made['name']} {made['version']}")
        self.line(self.say(words.CLOCK).format(zone=self.zone))
        self.line(self.say(words.MASKED))

    # the pieces

    def _outcome(self, each: dict[str, Any]) -> None:
        grade = self.say(words.GRADES[each["grade"]])
        told = [each["address"], grade, each["reason"], self.ms(each["duration_ms"])]
        said = ", ".join(part for part in told if part)
        detail = f": {each['detail']}" if each["detail"] else ""
        self.line(f"{self.instant(each['at'])}, {said}{detail}")
