"""The section ``notifications``: who is told of what, and how."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from monitor.model.receiver import Receiver
from monitor.settings.text import Name, NonEmpty, ServiceRef
from probes.http.settings import HeaderName, HeaderValue
from probes.net.urls import Url
from probes.settings import Duration, FilePath, PositiveDuration, Strict

Event = Literal["red", "yellow", "recovery", "unknown", "window"]
StatusEvent = Literal["red", "yellow", "recovery", "unknown"]


def _once(events: list[Event]) -> list[Event]:
    if len(set(events)) < len(events):
        raise PydanticCustomError("on", "the same word is there twice")
    return events


_LIST = Field(min_length=1, json_schema_extra={"uniqueItems": True})
On = Annotated[list[Event], _LIST, AfterValidator(_once)]
StatusOn = Annotated[list[StatusEvent], _LIST, AfterValidator(_once)]

_ON: list[Event] = ["red", "yellow", "recovery"]
_STATUS_ON: list[StatusEvent] = ["red", "yellow", "recovery"]

_ONE_URL = {"oneOf": [{"required": ["url"]}, {"required": ["url_file"]}]}


class Routed(Strict):
    """What every kind has: a name, and what it is told of."""

    name: Name
    environments: Annotated[list[Name], Field(min_length=1)] | None = None
    services: Annotated[list[ServiceRef], Field(min_length=1)] | None = None
    planned: bool = False
    """Whether it is told of what a service window explains."""


class Grouped(Routed):
    """What kinds have that people read, or that are called once a message."""

    on: On = _ON
    remind_every: PositiveDuration | None = None
    group_wait: Duration = 5.0
    flood: Annotated[int, Field(ge=2, le=10_000)] = 5


class AlertmanagerSettings(Routed):
    """Tells a Prometheus Alertmanager."""

    kind: Literal["alertmanager"]
    url: Url
    on: StatusOn = _STATUS_ON


class WebhookSettings(Grouped, json_schema_extra=_ONE_URL):
    """Posts JSON to an address, signed with the secret when there is one."""

    kind: Literal["webhook"]
    url: Url | None = None
    url_file: FilePath | None = None
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    secret_file: FilePath | None = None

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if (self.url is None) == (self.url_file is None):
            raise PydanticCustomError("webhook", "needs url or url_file, one of them")
        return self


class AppriseSettings(Grouped, json_schema_extra=_ONE_URL):
    """Mail, SMS, chat and the rest, by Apprise. The address holds its credentials."""

    kind: Literal["apprise"]
    url: NonEmpty | None = None
    url_file: FilePath | None = None

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if (self.url is None) == (self.url_file is None):
            raise PydanticCustomError("apprise", "needs url_file or url, one of them")
        return self


Notification = Annotated[
    AlertmanagerSettings | WebhookSettings | AppriseSettings, Field(discriminator="kind")
]


def receivers_of(
    said: Iterable[AlertmanagerSettings | WebhookSettings | AppriseSettings],
) -> tuple[Receiver, ...]:
    """The section as the rest of the house reads it."""
    return tuple(_receiver(one) for one in said)


def _receiver(one: AlertmanagerSettings | WebhookSettings | AppriseSettings) -> Receiver:
    webhook = one if isinstance(one, WebhookSettings) else None
    grouped = one if not isinstance(one, AlertmanagerSettings) else None
    return Receiver(
        name=one.name,
        kind=one.kind,
        url=one.url,
        url_file=grouped.url_file if grouped else None,
        headers=webhook.headers if webhook else {},
        secret_file=webhook.secret_file if webhook else None,
        on=frozenset(one.on),
        environments=frozenset(one.environments or ()),
        services=frozenset(one.services or ()),
        planned=one.planned,
        remind_every=grouped.remind_every if grouped else None,
        group_wait=grouped.group_wait if grouped else 0.0,
        flood=grouped.flood if grouped else 1,
    )
