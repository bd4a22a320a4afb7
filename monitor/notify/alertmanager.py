"""Kind ``alertmanager``: posts alerts to the Alertmanager's API v2.

An open alarm is one alert that is posted again every minute with an end some minutes ahead, so that
it goes on as long as we do. Labels make an alert's identity: when a severity changes, the alert with
the old one is resolved and another begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from monitor.model.estate import Estate
from monitor.model.receiver import Receiver
from monitor.model.records import MessageKind
from monitor.model.status import Status
from monitor.model.timestamps import iso_timestamp
from monitor.notify.headings import told_alone
from monitor.notify.http_post import Poster
from monitor.notify.links import Links
from monitor.notify.message import Message
from monitor.wording.notifications import trial

ALERTNAME = "DriftvaktServiceStatus"
TEST_ALERTNAME = "DriftvaktTest"
REFRESH = 60.0
"""Seconds between two postings of what is open."""
LASTS = 300.0
"""Seconds after the last posting that an alert goes on by itself."""
TEST_LASTS = 60.0

_SEVERITY = {Status.RED: "critical", Status.YELLOW: "warning", Status.UNKNOWN: "unknown"}

Alert = dict[str, Any]


class Alertmanager:
    """One Alertmanager, and the alerts that are open there by subject and severity."""

    refresh_every: float | None = REFRESH

    def __init__(self, receiver: Receiver, estate: Estate, poster: Poster) -> None:
        self._url = (receiver.url or "").rstrip("/") + "/api/v2/alerts"
        self._name = receiver.name
        self._location = estate.location
        self._links = Links(estate)
        self._poster = poster
        self._open: dict[str, dict[tuple[str, str], Alert]] = {}
        self._turn = asyncio.Lock()

    async def send(self, messages: Sequence[Message]) -> None:
        # one at a time: a refresh on its way must not fire again what is resolved meanwhile
        async with self._turn:
            await self._send(messages)

    async def refresh(self) -> None:
        async with self._turn:
            every = [alert for alerts in self._open.values() for alert in alerts.values()]
            await self._post(_lasting(every, self._poster.clock()))

    async def _send(self, messages: Sequence[Message]) -> None:
        now = self._poster.clock()
        after = {message.subject: self._after(message) for message in messages}
        ended = [
            self._ended(message, alert, now)
            for message in messages
            for alert in self._no_more(message, after[message.subject])
        ]
        begun = [alert for alerts in after.values() for alert in alerts.values()]
        await self._post([*ended, *_lasting(begun, now)])
        for subject, alerts in after.items():
            self._open[subject] = alerts
            if not alerts:
                del self._open[subject]

    def restore(self, message: Message) -> None:
        if message.alarm is not None:
            self._open[message.subject] = self._after(message)

    async def trial(self) -> None:
        now = self._poster.clock()
        _, text = trial(self._name)
        labels = {"alertname": TEST_ALERTNAME, "severity": "none", "location": self._location}
        annotations = {
            "summary": text.en, "description": text.en,
            "summary_sv": text.sv, "description_sv": text.sv,
        }  # fmt: skip
        alert: Alert = {
            "labels": labels,
            "annotations": annotations,
            "startsAt": iso_timestamp(now),
            **_origin(self._links.page()),
        }
        await self._post([{**alert, "endsAt": iso_timestamp(now + TEST_LASTS)}])

    async def close(self) -> None:
        """Open alerts end by themselves, unless a daemon takes them up again before."""

    def _after(self, message: Message) -> dict[tuple[str, str], Alert]:
        """The alerts of the message's subject that are open once it is told."""
        before = self._open.get(message.subject, {})
        if message.kind is MessageKind.RECOVERY:
            return {}
        alert = self._alert(message)
        key = _key(alert)
        if message.kind is MessageKind.UNKNOWN:
            return {**before, key: alert}  # not knowing resolves nothing
        if key in before:
            alert["startsAt"] = before[key]["startsAt"]
        return {key: alert}

    def _no_more(self, message: Message, after: Iterable[tuple[str, str]]) -> Iterable[Alert]:
        """The alerts of the subject to resolve: those that we know of; without any, as after a
        restart, every alert that it may have had.
        """
        known = self._open.get(message.subject)
        if known is not None:
            return [alert for key, alert in known.items() if key not in after]
        if message.kind is not MessageKind.RECOVERY:
            return ()
        alert = self._alert(message)
        return [
            {**alert, "labels": {**alert["labels"], "severity": severity, "planned": planned}}
            for severity in _SEVERITY.values()
            for planned in ("true", "false")
        ]

    def _ended(self, message: Message, alert: Alert, now: float) -> Alert:
        heading, text = told_alone(message)
        end = min(now, message.at)
        annotations = {**alert["annotations"], **_annotations(heading, text)}
        starts = min(alert["startsAt"], iso_timestamp(end))
        return {
            **alert,
            "annotations": annotations,
            "startsAt": starts,
            "endsAt": iso_timestamp(end),
        }

    def _alert(self, message: Message) -> Alert:
        heading, text = told_alone(message)
        return {
            "labels": {
                "alertname": ALERTNAME,
                "environment": message.environment,
                "service": message.service,
                "severity": _SEVERITY.get(message.after, "none"),
                "planned": "true" if message.planned else "false",
                "location": self._location,
            },
            "annotations": {
                **_annotations(heading, text),
                "reason": message.reason.value if message.reason else "",
                "transition": message.transition,
            },
            "startsAt": iso_timestamp(message.since),
            **_origin(self._links.incident(message)),
        }

    async def _post(self, alerts: Sequence[Alert]) -> None:
        if alerts:
            await self._poster.post(self._url, orjson.dumps(alerts), {})


def _origin(url: str | None) -> dict[str, str]:
    """What leads people from the alert to where it comes from."""
    return {} if url is None else {"generatorURL": url}


def _annotations(heading: Any, text: Any) -> dict[str, str]:
    return {
        "summary": heading.en,
        "description": text.en,
        "summary_sv": heading.sv,
        "description_sv": text.sv,
    }


def _key(alert: Alert) -> tuple[str, str]:
    return alert["labels"]["severity"], alert["labels"]["planned"]


def _lasting(alerts: Iterable[Alert], now: float) -> list[Alert]:
    end = iso_timestamp(now + LASTS)
    return [{**alert, "endsAt": end} for alert in alerts]
