"""Settings of kind ``http``."""

from __future__ import annotations

import re
from typing import Annotated, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from probes.expect_settings import ExpectSettings
from probes.settings import (
    Address,
    FilePath,
    IpVersion,
    ProbeSettings,
    Strict,
    TlsSettings,
    join_host_port,
    not_available_yet,
)

MAX_BODY_BYTES = 1_048_576
_TOKEN = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"  # noqa: S105 - a token of RFC 9110
DEFAULT_PORTS = {"http": 80, "https": 443}


def _url(value: str) -> str:
    split, fault = split_url(value)
    if split is None:
        raise PydanticCustomError(
            "url", "{shown} {fault}", {"shown": _shown(value), "fault": fault}
        )
    return value


def _shown(value: str) -> str:
    """A wrong address for a message: without user, password, query and fragment."""
    return repr(re.sub(r"//[^/?#]*@", "//…@", re.split(r"[?#]", value)[0]))


def split_url(value: str) -> tuple[SplitResult | None, str]:
    """The parts of an http or https address, or ``None`` and what is wrong with it."""
    if any(c <= " " or c == "\x7f" for c in value):
        return None, "is not an address: it holds a space or a control character"
    try:
        split = urlsplit(value)
        port = split.port
    except ValueError as error:
        return None, f"is not an address: {error}"
    if split.scheme not in DEFAULT_PORTS:
        return None, "is not an http:// or https:// address"
    if not split.hostname or port == 0:
        return None, "is not an address: it names no host or port 0"
    if split.username is not None or split.password is not None:
        return None, "holds a user name or password: put them into basic_auth"
    return split, ""


def redact_url(value: str) -> str:
    """The address without user, password, query values and fragment, for people to read."""
    split = urlsplit(value)
    host = join_host_port(split.hostname or "", split.port) if split.port else split.hostname or ""
    if not split.port and ":" in host:
        host = f"[{host}]"
    names = [part.partition("=")[0] for part in split.query.split("&") if part]
    query = "?" + "&".join(f"{name}=…" for name in names) if names else ""
    return f"{split.scheme}://{host}{split.path or '/'}{query}"


Url = Annotated[
    str,
    AfterValidator(_url),
    WithJsonSchema({"type": "string", "pattern": r"^https?://[^\s/?#@]+([/?#]\S*)?$"}),
]


def _header_name(name: str) -> str:
    if not re.fullmatch(_TOKEN, name):
        raise PydanticCustomError(
            "header", "{shown} is not a header name (RFC 9110)", {"shown": repr(name)}
        )
    return name


def _header_value(value: str) -> str:
    if any(c in value for c in "\r\n\0"):
        raise PydanticCustomError("header", "a header value may hold no line break or NUL")
    return value


HeaderName = Annotated[
    str,
    AfterValidator(_header_name),
    WithJsonSchema({"type": "string", "pattern": _TOKEN}),
]
HeaderValue = Annotated[
    str,
    AfterValidator(_header_value),
    WithJsonSchema({"type": "string", "pattern": r"^[^\r\n\u0000]*$"}),
]
Method = Annotated[str, Field(pattern=r"^[A-Z]{1,20}$")]


class BasicAuth(
    Strict,
    json_schema_extra={"oneOf": [{"required": ["password"]}, {"required": ["password_file"]}]},
):
    """Credentials of RFC 7617."""

    username: Annotated[str, Field(pattern="^[^:]*$")]
    password: str | None = None
    password_file: FilePath | None = None

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if (self.password is None) == (self.password_file is None):
            raise PydanticCustomError("basic_auth", "needs password_file or password, one of them")
        return self


class HttpSettings(
    ProbeSettings,
    json_schema_extra={"not": {"required": ["body", "body_file"]}},
):
    """One HTTP request, and what its answer must be."""

    url: Url
    method: Method = "GET"
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    body: str | None = None
    body_file: FilePath | None = None
    follow_redirects: bool = True
    max_body_bytes: Annotated[int, Field(ge=0, le=1_073_741_824)] = MAX_BODY_BYTES
    address: Address | None = None
    ip_version: IpVersion = "any"
    basic_auth: BasicAuth | None = None
    bearer_token_file: FilePath | None = None
    tls: TlsSettings = TlsSettings()
    expect: ExpectSettings = ExpectSettings()
    proxy_url: not_available_yet("proxy_url") = None  # type: ignore[valid-type]
    oauth2: not_available_yet("oauth2") = None  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _no_contradiction(self) -> Self:
        if self.body is not None and self.body_file is not None:
            raise PydanticCustomError("http", "body and body_file cannot both be set")
        ways = [
            name
            for name, used in (
                ("basic_auth", self.basic_auth is not None),
                ("bearer_token_file", self.bearer_token_file is not None),
                (
                    "headers.Authorization",
                    any(name.lower() == "authorization" for name in self.headers),
                ),
            )
            if used
        ]
        if len(ways) > 1:
            raise PydanticCustomError(
                "http", "{ways} cannot be used together", {"ways": " and ".join(ways)}
            )
        return self

    def target(self) -> str:
        return redact_url(self.url)

    def endpoint(self) -> tuple[str, int]:
        split = urlsplit(self.url)
        return split.hostname or "", split.port or DEFAULT_PORTS[split.scheme]
