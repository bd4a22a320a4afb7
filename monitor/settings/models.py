"""The shape of the file: the top, environments, services, checks and the keys that tune them.

Lengths of time are written with a unit and held in seconds. A key that is left out is not in
``model_fields_set``: that is how inheritance knows what the operator said.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from monitor.settings.discovery import Discovery
from monitor.settings.errors import nearest
from monitor.settings.notifications import Notification
from monitor.settings.sections import (
    Calendar,
    NoticeSettings,
    RetentionSettings,
    ServiceWindow,
    Store,
    UpgradeSettings,
)
from monitor.settings.text import Name, NonEmpty, TextSettings
from monitor.settings.upstream import StatedUrl
from probes.net.urls import canonical_url, shown, split_url
from probes.settings import (
    HOST_PATTERN,
    POSITIVE_DURATION_PATTERN,
    FilePath,
    PositiveDuration,
    Strict,
    is_ip,
    parse_duration,
)

UNSET: Any = None
"""The default of keys that inherit: never a value of theirs."""

MIN_INTERVAL = 0.1
"""Seconds; no check may run more often than this."""


TRUSTED_PATTERN = r"^(?:\*|(?:https?://)?(?:\*\.)?[A-Za-z0-9._:\[\]-]*[A-Za-z0-9\]:](?:/[0-9]{1,3})?(?::\*|:[0-9]{1,5})?(?:/[^\s?#]*)?)$"
ALLOWED_HOST_PATTERN = r"^(?:\*|(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?\.?)$"


def _interval(value: object) -> float:
    seconds = parse_duration(value)
    if seconds < MIN_INTERVAL:
        raise PydanticCustomError("duration", "an interval must be at least 100ms")
    return seconds


Interval = Annotated[
    float,
    BeforeValidator(_interval),
    WithJsonSchema({"type": "string", "pattern": POSITIVE_DURATION_PATTERN}),
]
Share = Annotated[float, Field(gt=0, le=1)]
Locations = Annotated[list[Name], Field(min_length=1)]
Count = Annotated[int, Field(ge=1, le=1000)]


class Latency(Strict):
    """From how many seconds an observation is degraded (yellow) or failed (red)."""

    yellow: PositiveDuration | None = None
    red: PositiveDuration | None = None


class WindowThresholds(Strict):
    """How many observations the share of failed ones is taken of, and the shares that matter."""

    size: Annotated[int, Field(ge=2, le=1000)] = UNSET
    yellow: Share = UNSET
    red: Share = UNSET


class Tuning(Strict):
    """The keys that ``defaults``, an environment, a service and a check share: nearest wins."""

    interval: Interval = UNSET
    retry_interval: PositiveDuration = UNSET
    timeout: PositiveDuration = UNSET
    yellow_after: Count = UNSET
    red_after: Count = UNSET
    green_after: Count = UNSET
    degraded_after: Count = UNSET
    latency: Latency | Literal["none"] | None = UNSET
    """``none`` (or an empty value): slowness is not judged."""
    window: WindowThresholds = UNSET
    majority: Share = UNSET
    host_concurrency: Annotated[int, Field(ge=1, le=10_000)] = UNSET
    locations: Locations = UNSET
    """Names of the locations that checks are measured from; left out: all that are declared."""


class NotInherited(Strict):
    """What speaks of the thing it stands on, and is not inherited."""

    weight: Annotated[float, Field(ge=0, le=1_000_000)] = UNSET
    critical: bool = UNSET


MaxInFlight = Annotated[int, Field(ge=1, le=100_000)]


class Defaults(Tuning, NotInherited):
    """What holds where nothing nearer says otherwise; ``weight`` and ``critical`` for checks."""

    max_in_flight: MaxInFlight = UNSET


class EnvironmentSettings(Tuning, NotInherited):
    """An environment, its services apart."""

    name: Name
    title: TextSettings | None = None
    min_interval: PositiveDuration | None = None
    group: Name | None = None
    """Environments of one group are shown beside each other, each as a side of it."""
    side: Name | None = None
    stated_url: StatedUrl | None = None

    @model_validator(mode="after")
    def _side_of_a_group(self) -> Self:
        if self.side is not None and self.group is None:
            raise PydanticCustomError("side", "side needs group: say what it is a side of")
        return self


class ServiceSettings(Tuning, NotInherited):
    """A service, its checks apart."""

    name: Name
    title: TextSettings | None = None
    help: TextSettings | None = None
    min_interval: PositiveDuration | None = None
    stated_url: StatedUrl | None = None


class CheckSettings(Tuning, NotInherited):
    """A check, without the keys of its kind."""

    name: Name
    location: Name | None = None


class CanarySettings(Strict):
    """A canary, without the keys of its kind."""

    timeout: PositiveDuration = 5.0


def _timezone(value: str) -> ZoneInfo:
    try:
        if not value.isascii():
            raise ValueError(value)
        return ZoneInfo(value)
    except (ValueError, KeyError, OSError):  # no such zone, no name of one, a folder of zones
        near = nearest(value, available_timezones())
        raise PydanticCustomError(
            "timezone",
            "{shown} is not a time zone of the IANA list, such as Europe/Stockholm{near}",
            {"shown": repr(value), "near": f' - did you mean "{near}"?' if near else ""},
        ) from None


def _read_timezone(value: object) -> object:
    return _timezone(value) if isinstance(value, str) else value


LISTEN_PATTERN = r"^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):[0-9]{1,5}$"


def _listen(value: str) -> str:
    if re.fullmatch(LISTEN_PATTERN[1:-1], value):
        host, port = split_listen(value)
        if port <= 65535 and (is_ip(host) if "[" in value else re.fullmatch(HOST_PATTERN, host)):
            return value
    raise PydanticCustomError(
        "listen",
        "{shown} is not an address to listen on: write host:port or [IPv6 address]:port,"
        " such as 127.0.0.1:9815 (port 0: any free one)",
        {"shown": repr(value)},
    )


def split_listen(value: str) -> tuple[str, int]:
    """Host (without brackets) and port of ``host:port`` or ``[v6]:port``."""
    host, _, port = value.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _one_line(value: str) -> str:
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise PydanticCustomError("text", "must be one line of printable ASCII")
    return value


def _public_url(value: str) -> str:
    split, fault = split_url(value)
    if split is not None and (split.query or split.fragment or "?" in value or "#" in value):
        fault = "has a query or a fragment, after which no path can follow"
    if split is None or fault:
        raise PydanticCustomError("url", "{shown} {fault}", {"shown": shown(value), "fault": fault})
    return f"{str(canonical_url(split)).rstrip('/')}/"


class WebTls(Strict):
    """Certificate and key of our own web server."""

    cert_file: FilePath
    key_file: FilePath | None = None
    """Left out when ``cert_file`` holds the key too."""


class WebBasicAuth(Strict):
    """Who may read the page; covers all but ``/-/healthy``."""

    username: Annotated[str, Field(pattern="^[^:]+$")]
    password_file: FilePath


class MetricsSettings(Strict):
    """What of the metrics there is to be."""

    latency_histogram: Literal["check", "service", "none"] = "check"
    """Of what there is a histogram of latencies, fourteen series each."""


AllowedHost = Annotated[str, Field(pattern=ALLOWED_HOST_PATTERN, max_length=255)]
BlackboxTarget = Annotated[str, Field(pattern=TRUSTED_PATTERN, max_length=500)]


class Web(Strict):
    """Our own web server."""

    tls: WebTls | None = None
    basic_auth: WebBasicAuth | None = None
    allowed_hosts: list[AllowedHost] = Field(default_factory=list)
    """Names by which it may be asked for beside those of the machine, as behind a reverse proxy:
    ``drift.example.se``, ``*.example.se``, or ``*`` for any."""


class LocationSettings(Strict):
    """A place that checks are measured from."""

    name: Name
    title: TextSettings | None = None
    weight: Annotated[float, Field(gt=0, le=1_000_000)] = 1.0
    critical: bool = False


class Page(Strict):
    """Whose page it is."""

    organisation: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    contact: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    """Such as an e-mail address or a telephone number: shown at the foot of the page."""
    logo_file: FilePath | None = None
    """PNG or SVG, at most 256 KiB."""
    title: TextSettings | None = None


class Top(Strict):
    """The top of the file, ``environments`` and ``canary`` apart."""

    language: Literal["sv", "en"] = "sv"
    timezone: Annotated[
        ZoneInfo,
        BeforeValidator(_read_timezone),
        WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9_+/-]+$"}),
    ] = Field(default_factory=lambda: ZoneInfo("Europe/Stockholm"))
    location: Name = "internet"
    locations: list[LocationSettings] = Field(default_factory=list)
    """All the places that are measured from, this process' own among them."""
    listen: Annotated[
        str,
        AfterValidator(_listen),
        WithJsonSchema({"type": "string", "pattern": LISTEN_PATTERN}),
    ] = "127.0.0.1:9815"
    public_url: Annotated[
        str,
        AfterValidator(_public_url),
        WithJsonSchema({"type": "string", "pattern": r"^https?://[^\s/?#@]+(/[^\s?#]*)?$"}),
    ] = ""
    """Where readers find the page, such as ``https://drift.example.se/``: links in messages, feeds and
    alerts begin with it."""
    page: Page = Page()
    web: Web = Web()
    metrics: MetricsSettings = MetricsSettings()
    user_agent: Annotated[str, AfterValidator(_one_line), Field(min_length=1, max_length=500)] = (
        "driftvakt/{version}"
    )
    data_dir: NonEmpty = "data"
    """Relative to the working directory, unlike the paths of files."""
    max_in_flight: MaxInFlight = UNSET
    defaults: Defaults = Defaults()
    store: Store = "sqlite"
    retention: RetentionSettings = RetentionSettings()
    service_windows: list[ServiceWindow] = Field(default_factory=list)
    calendars: list[Calendar] = Field(default_factory=list)
    upgrades: list[UpgradeSettings] = Field(default_factory=list)
    notices: list[NoticeSettings] = Field(default_factory=list)
    notifications: list[Notification] = Field(default_factory=list)
    discovery: list[Discovery] = Field(default_factory=list)
    blackbox_modules: FilePath | None = None
    """A ``blackbox.yml``, whose modules ``/probe`` then serves."""
    blackbox_targets: list[BlackboxTarget] = Field(default_factory=list)
    """Targets that get the modules' credentials: ``expo.example.se``, ``*.example.se:443``,
    ``192.0.2.0/24``, ``https://expo.example.se/``. Others get none."""
