"""A bundle as plain text that one pastes into a mail to the service desk.

At most 100 columns, no tabs, no line that begins with ``>`` or ``From`` (which mail programs change),
nothing that is not printable. Works from the JSON alone, wherever that was read.
"""

from __future__ import annotations

import json
import textwrap
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.estate import Text
from monitor.evidence import words
from monitor.judge import Status
from monitor.wording import reason_phrase, status_word
from monitor.wording.reasons import whose
from probes.observation import Cause, Reason, clean

COLUMNS = 100
_INDENT = "  "
_PLAIN = str.maketrans({"…": "...", "→": "->", "–": "-", "—": "-", "”": '"', "“": '"', "’": "'"})
_LINE_LIMIT = 4000


class NotEvidenceError(ValueError):
    """What was read is no bundle of this version. The text says what it is."""


def read(body: bytes) -> dict[str, Any]:
    """The decoded bundle. Raises :class:`NotEvidenceError`."""
    try:
        document = json.loads(body)
    except ValueError:
        raise NotEvidenceError("it is not JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("transition"), dict):
        raise NotEvidenceError("it is not evidence of a transition")
    if document.get("schema_version") != 1:
        raise NotEvidenceError("it was made by another version of driftvakt")
    return document


def mail(document: dict[str, Any], language: str) -> str:
    """The text, ending in a line break; ``language`` is ``sv`` or ``en``.

    Raises :class:`NotEvidenceError` for a document that lacks what every bundle has.
    """
    try:
        return _Mail(document, language).text()
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NotEvidenceError("it is not evidence of a transition") from None


class _Mail:
    """One text in the making."""

    def __init__(self, document: dict[str, Any], language: str) -> None:
        self._document = document
        self._swedish = language != "en"
        self._lines: list[str] = []
        self._zone = _zone(str(document["generator"]["timezone"]))

    def text(self) -> str:
        self._what()
        if self._document["observation"] is not None:
            self._observed(self._document["observation"])
        if self._document["request"] is not None:
            self._asked(self._document["request"])
        if self._document["observation"] is not None:
            self._answered(self._document["observation"])
        self._decided()
        self._about()
        return "\n".join(self._lines).strip() + "\n"

    # the parts, from above

    def _what(self) -> None:
        document = self._document
        change, titles = document["transition"], document["titles"]
        self._line(self._say(words.TITLE), "")
        self._lines.append("")
        named = titles or {}
        if change["service"] is not None:
            where = f"{change['environment']}/{change['service']}"
            self._pair(words.SERVICE, self._titled(named.get("service"), where), "")
        title = self._titled(named.get("environment"), change["environment"])
        self._pair(words.ENVIRONMENT, title, "")
        before, after = (self._say(status_word(Status(change[key]))) for key in ("from", "to"))
        planned = f" ({self._say(words.PLANNED)})" if change["planned"] else ""
        self._pair(words.CHANGE, f"{before} -> {after}{planned}", "")
        self._pair(words.WHEN, self._instant(change["at"]), "")
        self._pair(words.SINCE, self._instant(change["since"]), "")
        if change["reason"] is not None:
            reason = self._say(reason_phrase(Reason(change["reason"])))
            self._pair(words.REASON, f"{reason} ({change['reason']})", "")
        if change["cause"] is not None:
            self._pair(words.CAUSE, self._say(whose(Cause(change["cause"]))), "")
        self._pair(words.ID, document["id"], "")
        self._head(words.SUMMARY)
        self._line(document["message"]["sv" if self._swedish else "en"])

    def _observed(self, seen: dict[str, Any]) -> None:
        self._head(words.CONNECTION)
        self._pair(words.MEASURED, self._instant(seen["at"]))
        if seen["detail"]:
            self._pair(words.DETAIL, seen["detail"])
        if seen["resolved"]:
            self._pair(words.RESOLVED, ", ".join(seen["resolved"]))
        if seen["address"] is not None:
            self._pair(words.CONNECTED, seen["address"])
        times = [
            f"{self._say(words.PHASE_NAMES[name])} {self._ms(took)}"
            for name, took in seen["phases_ms"].items()
        ]
        times.append(f"{self._say(words.DURATION)} {self._ms(seen['duration_ms'])}")
        self._pair(words.PHASES, ", ".join(times))
        if seen["addresses"]:
            self._line(f"{self._say(words.ADDRESSES)}:")
        for part in seen["addresses"]:
            self._outcome(part)

    def _asked(self, asked: dict[str, Any]) -> None:
        self._head(words.REQUEST)
        if "method" in asked:
            self._line(f"{asked['method']} {asked['url']}")
            for header in asked["headers"]:
                self._line(f"{header['name']}: {header['value']}")
            self._request_body(asked["body"])
            if asked["proxy"] is not None:
                self._pair(words.PROXY, asked["proxy"])
        else:
            self._line(" ".join(filter(None, (asked["kind"], asked["target"]))))
        tls = asked["tls"]
        if tls is None:
            return
        if tls["ca_file"] is not None:
            self._pair(words.CA_FILE, tls["ca_file"])
        if tls["server_name"] is not None:
            self._pair(words.SERVER_NAME, tls["server_name"])
        versions = [tls[key] for key in ("min_version", "max_version") if tls[key] is not None]
        if versions:
            self._pair(words.VERSIONS, " - ".join(versions))
        if tls["insecure_skip_verify"]:
            self._line(self._say(words.UNVERIFIED))
        own = tls["client_certificate"]
        if own is not None:
            self._pair(words.OUR_CERTIFICATE, own["subject"] or own["file"])

    def _request_body(self, body: dict[str, Any] | None) -> None:
        if body is None:
            return
        if body["file"] is not None:
            said = f"{self._say(words.FROM_FILE)} {body['file']}"
        else:
            said = f"{body['bytes']} {self._say(words.BYTES)}"
        self._pair(words.REQUEST_BODY, said)

    def _answered(self, seen: dict[str, Any]) -> None:
        answer = seen["response"]
        if answer is not None:
            self._head(words.ANSWER)
            if answer["url"] is not None:
                self._pair(words.REDIRECTED, answer["url"])
            self._line(f"HTTP/{answer['version']} {answer['status']} {answer['phrase']}")
            for header in answer["headers"]:
                self._line(f"{header['name']}: {header['value']}")
            if answer["headers_cut"]:
                self._line(self._say(words.HEADERS_LEFT_OUT))
            self._body(answer["body"])
        elif "method" in (self._document["request"] or {}):
            self._head(words.ANSWER)
            self._line(self._say(words.NO_ANSWER))
        if seen["dns"] is not None:
            self._head(words.DNS)
            self._line(seen["dns"]["rcode"])
            for one in seen["dns"]["answers"]:
                self._line(one)
        if seen["tls"] is not None:
            self._tls(seen["tls"])

    def _body(self, body: dict[str, Any]) -> None:
        if not body["text"] and not body["base64"]:
            return
        size = f" ({body['bytes']} {self._say(words.BODY_BYTES)})" if body["bytes"] else ""
        self._head(words.BODY, size)
        if body["base64"] is not None:
            self._line(self._say(words.DATA))
        for line in (body["base64"] or body["text"]).split("\n"):
            self._quoted(line)
        if body["cut"]:
            self._line(self._say(words.GOES_ON))

    def _tls(self, tls: dict[str, Any]) -> None:
        self._head(words.TLS)
        verified = self._say(words.VERIFIED if tls["verified"] else words.NOT_VERIFIED)
        self._line(", ".join(filter(None, (tls["version"], tls["cipher"], verified))))
        for place, certificate in enumerate(tls["chain"], 1):
            self._certificate(f"{self._say(words.CERTIFICATE)} {place}", certificate)
        if tls["chain_cut"]:
            self._line(self._say(words.MORE))
        if tls["client"] is not None:
            self._certificate(self._say(words.OUR_CERTIFICATE), tls["client"])

    def _certificate(self, label: str, certificate: dict[str, Any]) -> None:
        deeper = _INDENT * 2
        self._line(f"{label}: {certificate['subject']}")
        self._pair(words.ISSUER, certificate["issuer"], deeper)
        self._pair(words.SERIAL, certificate["serial"], deeper)
        valid = (self._instant(certificate[key]) for key in ("not_before", "not_after"))
        self._pair(words.VALID, " - ".join(valid), deeper)
        if certificate["names"]:
            more = f" {self._say(words.MORE)}" if certificate["names_cut"] else ""
            self._pair(words.NAMES, ", ".join(certificate["names"]) + more, deeper)
        self._pair(words.SHA256, certificate["sha256"], deeper)

    def _decided(self) -> None:
        why, recent = self._document["why"], self._document["recent"]
        if recent:
            self._head(words.RECENT)
            for each in recent:
                self._outcome(each)
        if why is None:
            return
        rule = words.RULES.get(why["rule"])
        counted = self._say(words.COUNTED).format(**why)
        limit = f"{why['threshold']:g}"
        said = f"{self._say(rule).format(threshold=limit)}: " if rule is not None else ""
        self._pair(words.RULE, f"{said}{counted} ({why['rule']})")

    def _about(self) -> None:
        document = self._document
        made = document["generator"]
        self._head(words.ABOUT)
        if document["check"] is not None:
            self._pair(words.CHECK, f"{document['check']['id']} ({document['check']['kind']})")
        self._pair(words.LOCATION, made["location"])
        self._line(f"{made['name']} {made['version']}")
        self._line(self._say(words.CLOCK).format(zone=getattr(self._zone, "key", "UTC")))
        self._line(self._say(words.MASKED))

    # the pieces

    def _outcome(self, each: dict[str, Any]) -> None:
        grade = self._say(words.GRADES[each["grade"]])
        told = [each["address"], grade, each["reason"], self._ms(each["duration_ms"])]
        said = ", ".join(part for part in told if part)
        detail = f": {each['detail']}" if each["detail"] else ""
        self._line(f"{self._instant(each['at'])}, {said}{detail}")

    def _say(self, text: Text) -> str:
        return text.sv if self._swedish else text.en

    def _titled(self, title: dict[str, str] | None, name: str) -> str:
        said = title["sv" if self._swedish else "en"] if title else ""
        return f"{said} ({name})" if said and said != name else name

    def _ms(self, milliseconds: float) -> str:
        number = f"{milliseconds:.1f}"
        return f"{number.replace('.', ',') if self._swedish else number} ms"

    def _instant(self, text: str) -> str:
        local = datetime.fromisoformat(text).astimezone(self._zone)
        return local.isoformat(" ", "milliseconds")

    def _head(self, label: Text, more: str = "") -> None:
        self._lines.append("")
        self._line(self._say(label) + more, "")

    def _pair(self, label: Text, value: str, indent: str = _INDENT) -> None:
        said = self._say(label)
        self._line(f"{said[:1].upper()}{said[1:]}: {value}", indent)

    def _line(self, text: str, indent: str = _INDENT) -> None:
        """One line, or as many as it needs."""
        plain = clean(text, _LINE_LIMIT).translate(_PLAIN)
        self._lines += textwrap.wrap(
            plain,
            COLUMNS,
            initial_indent=indent,
            subsequent_indent=indent + _INDENT,
            break_on_hyphens=False,
        )

    def _quoted(self, line: str) -> None:
        """A line of a body, with its spaces."""
        plain = clean(line, _LINE_LIMIT).translate(_PLAIN)
        mark = f"{_INDENT}| "
        width = COLUMNS - len(mark)
        for start in range(0, max(1, len(plain)), width):
            self._lines.append((mark + plain[start : start + width]).rstrip())


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
