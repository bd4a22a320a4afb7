"""What a response must be: the settings under ``expect``, compiled once, judged often.

Pure: a response and the instant it was received go in, the first shortfall comes out.
"""

from __future__ import annotations

from functools import lru_cache

from probes.expect.content import FhirRules, XmlRules
from probes.expect.json import JsonRules
from probes.expect.json_body import room_of
from probes.expect.plain import body_rule, freshness_rule, header_rule, length_rule, size_rule
from probes.expect.response import Response, Rule, Shortfall
from probes.expect.settings import ExpectSettings
from probes.expect.zip import zip_shortfall
from probes.net.work_threads import Stop, never
from probes.observation import Reason

__all__ = ["Expectations", "Response", "Shortfall"]

HEAVY_BYTES = 64 * 1024
"""Judging the content of a larger body may stop a loop for more than a millisecond."""
FAULT_STATUSES = ("2xx", "400", "500")
"""Where a SOAP fault is at home: 500 (SOAP 1.1, 6.2), 400 for the sender's (SOAP 1.2, 7.5.2.2)."""
_TOO_MANY_REQUESTS = 429


class Expectations:
    """Everything that a response must be; judged in order, and the first that fails is told."""

    __slots__ = (
        "_fhir",
        "_fresh",
        "_plain",
        "_reads_content",
        "_rules",
        "_statuses",
        "_wanted",
        "_xml",
        "_zip",
        "needs_body",
    )

    def __init__(self, settings: ExpectSettings, max_body_bytes: int) -> None:
        statuses = _statuses(settings)
        self._statuses = _codes(statuses)
        self._wanted = " or ".join(statuses)
        self._xml = (
            XmlRules(settings.soap, settings.xpath, max_body_bytes)
            if settings.soap is not None or settings.xpath
            else None
        )
        self._fhir = FhirRules(settings.fhir, max_body_bytes) if settings.fhir is not None else None
        self._zip = settings.zip
        self._reads_content = bool(
            settings.body_matches
            or settings.body_not_matches
            or settings.jsonpath
            or self._xml
            or self._fhir
            or self._zip
        )
        self.needs_body = self._reads_content or settings.body_bytes is not None
        """Whether any expectation reads the body."""
        rules: list[Rule] = [
            header_rule(name, pattern) for name, pattern in settings.headers.items()
        ]
        within = settings.last_modified_within
        self._fresh = freshness_rule(within) if within is not None else None
        if settings.body_bytes is not None:
            rules.append(size_rule(settings.body_bytes))
        self._plain = not rules and not self._reads_content and self._fresh is None
        rules.append(
            length_rule(
                max_body_bytes,
                declared_is_enough=settings.body_bytes is not None and not self._reads_content,
            )
        )
        if settings.body_matches or settings.body_not_matches:
            rules.append(body_rule(settings.body_matches, settings.body_not_matches))
        if settings.jsonpath:
            rules.append(_json_rule(JsonRules(settings.jsonpath, room_of(max_body_bytes))))
        self._rules = tuple(rules)

    def judge(self, response: Response, stop: Stop = never) -> Shortfall | None:
        """The first expectation that does not hold, ``None`` when all do. Its age comes last: a
        file that is only old may be awaited to be.

        When ``stop`` says so, long work ends early and what is given means nothing.
        """
        if response.status not in self._statuses:
            return self._said(response) or Shortfall(
                reason=Reason.STATUS, detail=f"HTTP {response.status}, expected {self._wanted}"
            )
        if self._plain and not response.truncated:
            return None
        for rule in self._rules:
            shortfall = rule(response)
            if shortfall is not None:
                return shortfall
        return self._judge_content(response, stop) or (
            self._fresh(response) if self._fresh is not None else None
        )

    def heavy(self, response: Response) -> bool:
        """Whether judging it belongs into a thread (:mod:`probes.net.work_threads`): it may take longer
        than a loop may stand still, or reads XML.
        """
        if not self._reads_content:
            return False
        if response.status not in self._statuses:
            return self._listens(response)
        return (
            self._zip is not None
            or self._xml is not None
            or (self._fhir is not None and self._fhir.heavy(response))
            or len(response.body) > HEAVY_BYTES
        )

    def _listens(self, response: Response) -> bool:
        """Whether an answer with an unexpected status may say better what is wrong."""
        return (
            (self._xml is not None or self._fhir is not None)
            and not response.truncated
            and response.status != _TOO_MANY_REQUESTS
        )

    def _said(self, response: Response) -> Shortfall | None:
        """A SOAP fault or an OperationOutcome: a better reason than the status it came with."""
        if not self._listens(response):
            return None
        fault = self._xml.fault(response) if self._xml is not None else None
        if fault is None and self._fhir is not None:
            fault = self._fhir.outcome(response)
        return fault

    def _judge_content(self, response: Response, stop: Stop) -> Shortfall | None:
        shortfall = None
        if self._xml is not None:
            shortfall = self._xml.shortfall(response, stop)
        if shortfall is None and self._fhir is not None:
            shortfall = self._fhir.shortfall(response)
        if shortfall is None and self._zip is not None:
            shortfall = zip_shortfall(response.body, self._zip, stop)
        return shortfall


def _statuses(settings: ExpectSettings) -> tuple[str, ...]:
    expected = settings.soap is not None and settings.soap.fault == "expected"
    if expected and "status" not in settings.model_fields_set:
        return FAULT_STATUSES
    return tuple(settings.status)


def expectations(settings: ExpectSettings, max_body_bytes: int) -> Expectations:
    """Those of one check; thousands of checks expect nothing but an answer, and share them."""
    if settings.model_fields_set:
        return Expectations(settings, max_body_bytes)
    return _an_answer(max_body_bytes)


@lru_cache(maxsize=256)
def _an_answer(max_body_bytes: int) -> Expectations:
    return Expectations(ExpectSettings(), max_body_bytes)


@lru_cache(maxsize=256)
def _codes(patterns: tuple[str, ...]) -> frozenset[int]:
    """The statuses of ``2xx`` or ``204``; one set for the thousands of checks that say the same."""
    found: set[int] = set()
    for pattern in patterns:
        first = int(pattern[0]) * 100
        found |= set(range(first, first + 100)) if pattern.endswith("xx") else {int(pattern)}
    return frozenset(found)


def _json_rule(rules: JsonRules) -> Rule:
    def judge(response: Response) -> Shortfall | None:
        detail = rules.shortfall(response.body)
        return None if detail is None else Shortfall(reason=Reason.JSONPATH, detail=detail)

    return judge
