"""A ``blackbox.yml`` as the exporter 0.27 documents it, strictly.

https://github.com/prometheus/blackbox_exporter/blob/master/CONFIGURATION.md

A key that is not supported is a fault that says so, and what to do instead: a module that measured
less than its owner believes would be worse than none.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from probes.dns_settings import Record
from probes.http_settings import BasicAuth, HeaderName, HeaderValue, Method
from probes.patterns import PatternText
from probes.proxy_settings import ProxyUrl
from probes.settings import FilePath, Host, PositiveDuration, Strict, TlsSettings, TlsVersion

_VERSIONS: dict[str, TlsVersion] = {
    "TLS10": "TLSv1",
    "TLS11": "TLSv1.1",
    "TLS12": "TLSv1.2",
    "TLS13": "TLSv1.3",
}


def _refused(instead: str, allowed: object = None) -> BeforeValidator:
    """For a key of the exporter's that is refused unless it says ``allowed``."""

    def refuse(value: object) -> object:
        if value != allowed or isinstance(value, bool) != isinstance(allowed, bool):
            raise PydanticCustomError(
                "not_supported", "is not supported: {instead}", {"instead": instead}
            )
        return value

    return BeforeValidator(refuse)


def _tls_version(value: object) -> object:
    found = _VERSIONS.get(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("tls_version", "must be one of TLS10, TLS11, TLS12, TLS13")
    return found


OlderTls = Annotated[TlsVersion, BeforeValidator(_tls_version)]


class TlsConfig(Strict):
    """``tls_config``."""

    insecure_skip_verify: bool = False
    ca_file: FilePath | None = None
    cert_file: FilePath | None = None
    key_file: FilePath | None = None
    server_name: Host | None = None
    min_version: OlderTls | None = None
    max_version: OlderTls | None = None
    ca: Annotated[Any, _refused("write the certificates into a file, and its path as ca_file")] = (
        None
    )
    cert: Annotated[Any, _refused("write it into a file, and its path as cert_file")] = None
    key: Annotated[Any, _refused("write it into a file, and its path as key_file")] = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        self.settings(None)
        return self

    def settings(self, server_name: str | None) -> TlsSettings:
        """Ours. ``server_name`` counts where the module names none."""
        given = {name: getattr(self, name) for name in TlsSettings.model_fields}
        given["server_name"] = self.server_name or server_name
        return TlsSettings(**given)


class _Connects(Strict):
    preferred_ip_protocol: Literal["ip4", "ip6"] = "ip6"
    ip_protocol_fallback: bool = True
    source_ip_address: Annotated[Any, _refused("the system chooses where to come from")] = None

    @property
    def ip_version(self) -> Literal["any", 4, 6]:
        """With a fallback whichever answers first, as RFC 8305 has it."""
        if self.ip_protocol_fallback:
            return "any"
        return 4 if self.preferred_ip_protocol == "ip4" else 6


class HeaderMatch(Strict):
    """A header that must fit."""

    header: HeaderName
    regexp: PatternText
    allow_missing: Annotated[
        Any, _refused("a header that is asked for must be there", allowed=False)
    ] = False


class Authorization(Strict):
    """``authorization``."""

    type: Annotated[str, Field(pattern="^[A-Za-z0-9-]+$")] = "Bearer"
    credentials: HeaderValue | None = None
    credentials_file: FilePath | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.credentials is None) == (self.credentials_file is None):
            raise PydanticCustomError(
                "authorization", "needs credentials_file or credentials, one of them"
            )
        if self.credentials_file is not None and self.type.lower() != "bearer":
            raise PydanticCustomError("authorization", "credentials_file is for type Bearer only")
        return self


class HttpModule(_Connects):
    """``http``."""

    valid_status_codes: list[Annotated[int, Field(ge=100, le=599)]] = Field(default_factory=list)
    valid_http_versions: list[str] = Field(default_factory=list)
    method: Method = "GET"
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    body: str | None = None
    body_file: FilePath | None = None
    follow_redirects: bool = True
    fail_if_ssl: bool = False
    fail_if_not_ssl: bool = False
    fail_if_body_matches_regexp: list[PatternText] = Field(default_factory=list)
    fail_if_body_not_matches_regexp: list[PatternText] = Field(default_factory=list)
    fail_if_header_not_matches: list[HeaderMatch] = Field(default_factory=list)
    tls_config: TlsConfig = TlsConfig()
    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    bearer_token: HeaderValue | None = None
    bearer_token_file: FilePath | None = None
    proxy_url: ProxyUrl | None = Field(default=None, repr=False)
    skip_resolve_phase_with_proxy: bool = False
    enable_http2: bool = True
    """Accepted: HTTP/1.1 is spoken, with whoever speaks both."""
    enable_http3: Annotated[Any, _refused("HTTP/1.1 is spoken", allowed=False)] = False
    no_follow_redirects: Annotated[Any, _refused("write follow_redirects")] = None
    body_size_limit: Annotated[Any, _refused("write a check of our own with max_body_bytes")] = None
    compression: Annotated[Any, _refused("every compression is asked for and understood")] = None
    fail_if_header_matches: Annotated[
        Any, _refused("write a check of our own with expect.headers")
    ] = None
    fail_if_body_json_matches_cel: Annotated[
        Any, _refused("write a check of our own with expect.jsonpath")
    ] = None
    fail_if_body_json_not_matches_cel: Annotated[
        Any, _refused("write a check of our own with expect.jsonpath")
    ] = None
    oauth2: Annotated[Any, _refused("write a check of our own with oauth2")] = None
    no_proxy: Annotated[Any, _refused("leave proxy_url out instead")] = None
    proxy_from_environment: Annotated[Any, _refused("write proxy_url", allowed=False)] = False
    proxy_connect_header: Annotated[
        Any, _refused("the proxy's name and password go into proxy_url")
    ] = None

    @model_validator(mode="after")
    def _no_contradiction(self) -> Self:
        names = [match.header.lower() for match in self.fail_if_header_not_matches]
        if len(set(names)) < len(names):
            raise PydanticCustomError(
                "blackbox", "fail_if_header_not_matches asks for the same header twice"
            )
        if self.fail_if_ssl and self.fail_if_not_ssl:
            raise PydanticCustomError(
                "blackbox", "fail_if_ssl and fail_if_not_ssl together never succeed"
            )
        return self


class TcpModule(_Connects):
    """``tcp``."""

    tls: bool = False
    tls_config: TlsConfig = TlsConfig()
    query_response: Annotated[
        Any,
        _refused(
            "nothing is said over the connection; a check of kind certificate has starttls",
            allowed=[],
        ),
    ] = None


class DnsModule(_Connects):
    """``dns``."""

    query_name: Host
    query_type: Record
    query_class: Literal["IN"] = "IN"
    recursion_desired: Literal[True] = True
    transport_protocol: Literal["udp"] = "udp"
    """Over TCP whatever is too long for UDP (RFC 7766)."""
    valid_rcodes: list[Literal["NOERROR"]] = Field(default=["NOERROR"], min_length=1)
    dns_over_tls: Annotated[Any, _refused("questions go by UDP", allowed=False)] = False
    tls_config: Annotated[Any, _refused("questions go by UDP")] = None
    validate_answer_rrs: Annotated[Any, _refused("write a check of our own with addresses")] = None
    validate_authority_rrs: Annotated[Any, _refused("only answers are looked at")] = None
    validate_additional_rrs: Annotated[Any, _refused("only answers are looked at")] = None


def _prober(value: object) -> object:
    if value in ("icmp", "grpc", "unix"):
        raise PydanticCustomError(
            "not_supported",
            "{prober} is not supported: take the module out, and leave it to the exporter",
            {"prober": value},
        )
    return value


class Module(Strict):
    """One way to probe. ``timeout`` in seconds; the scrape's counts where it is shorter."""

    prober: Annotated[Literal["http", "tcp", "dns"], BeforeValidator(_prober)]
    timeout: PositiveDuration | None = None
    http: HttpModule = HttpModule()
    tcp: TcpModule = TcpModule()
    dns: DnsModule | None = None
    icmp: Annotated[Any, _refused("icmp is left to the exporter")] = None
    grpc: Annotated[Any, _refused("grpc is left to the exporter")] = None

    @model_validator(mode="after")
    def _has_a_question(self) -> Self:
        if self.prober == "dns" and self.dns is None:
            raise PydanticCustomError("blackbox", "dns needs a query_name and a query_type")
        return self


class ModulesFile(Strict):
    """The whole file."""

    modules: dict[Annotated[str, Field(min_length=1, max_length=200)], Module]
