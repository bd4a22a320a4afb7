"""Settings of kind ``http``."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from probes.expect.settings import ExpectSettings
from probes.http.oauth2.settings import IDENTIFIED, OAuth2Settings, never_both
from probes.net.proxy_settings import ProxyUrl
from probes.net.urls import Url, endpoint_of, redact_url
from probes.settings import (
    Address,
    FilePath,
    IpVersion,
    ProbeSettings,
    Strict,
    TlsSettings,
)

MAX_BODY_BYTES = 1_048_576
_TOKEN = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"  # noqa: S105 - a token of RFC 9110


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
    json_schema_extra={
        "allOf": [
            never_both("body", "body_file"),
            never_both("basic_auth", "bearer_token_file"),
            never_both("basic_auth", "oauth2"),
            never_both("bearer_token_file", "oauth2"),
            never_both("proxy_url", "address"),
            {
                "not": {
                    "required": ["proxy_url", "ip_version"],
                    "properties": {"ip_version": {"enum": [4, 6]}},
                }
            },
            IDENTIFIED,
        ]
    },
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
    oauth2: OAuth2Settings | None = None
    proxy_url: ProxyUrl | None = Field(default=None, repr=False)
    tls: TlsSettings = TlsSettings()
    expect: ExpectSettings = ExpectSettings()

    @model_validator(mode="after")
    def _no_contradiction(self) -> Self:
        if self.body is not None and self.body_file is not None:
            raise PydanticCustomError("http", "body and body_file cannot both be set")
        ways = [
            name
            for name, used in (
                ("basic_auth", self.basic_auth is not None),
                ("bearer_token_file", self.bearer_token_file is not None),
                ("oauth2", self.oauth2 is not None),
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
        if self.proxy_url is not None and (self.address is not None or self.ip_version != "any"):
            raise PydanticCustomError(
                "http", "proxy_url cannot be used with address or ip_version: the proxy connects"
            )
        if self.oauth2 is not None and not self.oauth2.says_who_we_are(self.tls):
            raise PydanticCustomError(
                "http",
                "oauth2 needs one of client_secret_file, client_secret, private_key_file,"
                " or a client certificate in tls",
            )
        return self

    def target(self) -> str:
        return redact_url(self.url)

    def endpoint(self) -> tuple[str, int]:
        return endpoint_of(self.url)
