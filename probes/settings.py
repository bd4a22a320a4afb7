"""The building blocks of every kind's settings: strict models, durations, addresses, TLS.

A kind's settings say *what* to measure. How often, and what a result is worth, is the monitor's.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from socket import AF_INET, inet_pton
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

DURATION_PATTERN = r"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d|w)$"
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def parse_duration(value: object) -> float:
    """Seconds of ``500ms``, ``30s``, ``5m``, ``26h`` or ``30d``.

    Raises ``PydanticCustomError`` for anything else, a bare number included: it has no unit.
    """
    if isinstance(value, str) and re.fullmatch(DURATION_PATTERN, value):
        number = value.rstrip("mshdw")
        return float(number) * _UNITS[value[len(number) :]]
    raise PydanticCustomError(
        "duration",
        "{shown} is not a duration: write a number and a unit, such as 500ms, 30s, 5m, 26h or 30d",
        {"shown": repr(value)},
    )


def _positive(seconds: float) -> float:
    if seconds <= 0:
        raise PydanticCustomError("duration", "a duration here must be longer than 0s")
    return seconds


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN}),
]
"""Seconds; written with a unit."""

POSITIVE_DURATION_PATTERN = r"^(?=.*[1-9])[0-9]+(\.[0-9]+)?(ms|s|m|h|d|w)$"

PositiveDuration = Annotated[
    float,
    BeforeValidator(parse_duration),
    AfterValidator(_positive),
    WithJsonSchema({"type": "string", "pattern": POSITIVE_DURATION_PATTERN}),
]


def no_zone(value: str) -> None:
    """RFC 4007, 11: which of our links is meant means nothing on another machine, and an address with it
    is no name in a certificate or a Host header.
    """
    if ":" in value and "%" in value:
        raise PydanticCustomError(
            "zone",
            "{shown} holds a zone identifier: write an address that is reached without one",
            {"shown": repr(value)},
        )


def _host(value: str) -> str:
    """A host name or an IP address; no scheme, port or path."""
    no_zone(value)
    try:
        ip_address(value)
    except ValueError:
        if not re.fullmatch(HOST_PATTERN, value) or len(value) > 253:
            raise PydanticCustomError(
                "host",
                "{shown} is not a host: write a name or an IP address, without scheme, port or path",
                {"shown": repr(value)},
            ) from None
    return value


HOST_PATTERN = (
    r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)"
    r"(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?"
)
_IP_OR_HOST = rf"^(?:{HOST_PATTERN}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]+)$"

Host = Annotated[
    str,
    AfterValidator(_host),
    WithJsonSchema({"type": "string", "pattern": _IP_OR_HOST, "maxLength": 253}),
]
Port = Annotated[int, Field(ge=1, le=65535)]
IpVersion = Literal["any", 4, 6]


def _address(value: object) -> str:
    if value == "all":
        return "all"
    no_zone(str(value))
    try:
        return str(ip_address(str(value)))
    except ValueError:
        raise PydanticCustomError(
            "address",
            "{shown} is not an address: write an IP address, or `all` to probe each address",
            {"shown": repr(value)},
        ) from None


ADDRESS_PATTERN = r"^(?:all|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]+)$"
Address = Annotated[
    str,
    BeforeValidator(_address),
    WithJsonSchema({"type": "string", "pattern": ADDRESS_PATTERN}),
]


@lru_cache(maxsize=4096)
def is_ip(host: str) -> bool:
    """Whether ``host`` is an IP address and not a name."""
    try:
        if ":" in host:
            ip_address(host)
        else:
            inet_pton(AF_INET, host)  # takes the same for one of IPv4, ten times as fast
    except (OSError, ValueError):
        return False
    return True


@lru_cache(maxsize=4096)
def ip_family(address: str) -> Literal[4, 6]:
    """4 or 6. Raises ``ValueError`` when ``address`` is no IP address."""
    parsed: IPv4Address | IPv6Address = ip_address(address)
    return 4 if parsed.version == 4 else 6


class Strict(BaseModel):
    """A frozen model that refuses unknown keys and does not guess types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """It is never changed, so it is its own copy: a default is the same one for everybody."""
        return self


def _file(value: object) -> object:
    if isinstance(value, str) and (not value or "\0" in value):
        raise PydanticCustomError("path", "is not the path of a file")
    return value


FilePath = Annotated[
    Path,
    BeforeValidator(_file),
    Field(strict=False),
    WithJsonSchema({"type": "string", "minLength": 1}),
]
"""A path; the monitor makes it absolute, relative to the file that names it."""

TlsVersion = Literal["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
TLS_VERSIONS: tuple[TlsVersion, ...] = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


class TlsSettings(Strict, json_schema_extra={"dependentRequired": {"key_file": ["cert_file"]}}):
    """How to speak TLS to a target."""

    ca_file: FilePath | None = None
    """PEM file of the authorities to trust instead of the system's."""
    cert_file: FilePath | None = None
    """PEM file of our client certificate and its chain."""
    key_file: FilePath | None = None
    server_name: Host | None = None
    """Name for SNI and for the verification, instead of the host."""
    min_version: TlsVersion | None = None
    """TLSv1.2 unless ``max_version`` is older."""
    max_version: TlsVersion | None = None
    insecure_skip_verify: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.key_file is not None and self.cert_file is None:
            raise PydanticCustomError("tls", "key_file needs cert_file beside it")
        if (
            self.min_version
            and self.max_version
            and TLS_VERSIONS.index(self.min_version) > TLS_VERSIONS.index(self.max_version)
        ):
            raise PydanticCustomError("tls", "min_version is newer than max_version")
        return self


class ProbeSettings(Strict):
    """What every kind's settings can tell."""

    def target(self) -> str:
        """What is measured, for people: never a password, a token or a query value."""
        raise NotImplementedError

    def endpoint(self) -> tuple[str, int]:
        """Host and port that the probe loads: what politeness is counted by."""
        raise NotImplementedError

    def probes_each_address(self) -> bool:
        """Whether an observation has one part an address."""
        return getattr(self, "address", None) == "all"

    def client_tls(self) -> TlsSettings | None:
        """The TLS settings, where the kind has any."""
        return getattr(self, "tls", None)


def join_host_port(host: str, port: int) -> str:
    """``host:port``, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
