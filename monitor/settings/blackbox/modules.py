"""The modules of a ``blackbox.yml``: strict models of what we do, and refusals of the rest.

Keys and defaults are the exporter's (its CONFIGURATION.md, 0.23 to 0.28). Values come as Go's reader
of YAML takes them: as text, made into what is wanted here.
"""

# mypy: disable-error-code="valid-type"

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from monitor.settings.blackbox.values import (
    GoBool,
    GoDuration,
    GoInt,
    GoText,
    Size,
    ZeroModel,
    refused,
)
from probes.expect.patterns import PatternText
from probes.http.settings import HeaderName, HeaderValue
from probes.net.proxy_settings import ProxyUrl
from probes.settings import FilePath, Host, TlsSettings, TlsVersion

Protocol = Annotated[
    Literal["ip4", "ip6"], BeforeValidator(lambda value: "ip6" if value == "ip6" else "ip4")
]
"""Whatever is not ``ip6`` is ``ip4`` for the exporter, too."""
_TLS: dict[str, TlsVersion] = {
    "TLS10": "TLSv1",
    "TLS11": "TLSv1.1",
    "TLS12": "TLSv1.2",
    "TLS13": "TLSv1.3",
}
TlsName = Literal["TLS10", "TLS11", "TLS12", "TLS13"]
RECORDS = ("A", "AAAA", "ANY", "CAA", "CNAME", "DNSKEY", "DS", "HTTPS", "MX", "NS", "PTR", "SOA",
    "SRV", "SVCB", "TLSA", "TXT")  # fmt: skip
PROBERS = ("http", "tcp", "dns")
OTHERS = ("icmp", "grpc", "unix", "websocket")


def _prober(value: object) -> str:
    if isinstance(value, str) and value in PROBERS:
        return value
    said = (
        f"the prober {value} is not supported by driftvakt"
        if value in OTHERS
        else f"{value!r} is not a prober"
    )
    raise PydanticCustomError(
        "prober", "{what}: write one of {words}", {"what": said, "words": ", ".join(PROBERS)}
    )


def _method(value: str) -> str:
    if value.isascii() and value.isalpha() and value.isupper() and len(value) <= 20:
        return value
    raise PydanticCustomError(
        "method", "the method {shown} is not supported by driftvakt: letters in capitals are",
        {"shown": repr(value)},
    )  # fmt: skip


def _record(value: str) -> str:
    if value.upper() in RECORDS:
        return value.upper()
    raise PydanticCustomError(
        "record",
        "the query_type {shown} is not supported by driftvakt: write one of {words}",
        {"shown": value, "words": ", ".join(RECORDS)},
    )


class TlsConfig(ZeroModel):
    """``tls_config``."""

    ca_file: FilePath | None = None
    cert_file: FilePath | None = None
    key_file: FilePath | None = None
    server_name: Host | None = None
    insecure_skip_verify: GoBool = False
    min_version: TlsName | None = None
    max_version: TlsName | None = None
    ca: refused("ca", "write ca_file") = None
    cert: refused("cert", "write cert_file") = None
    key: refused("key", "write key_file") = None
    ca_ref: refused("ca_ref") = None
    cert_ref: refused("cert_ref") = None
    key_ref: refused("key_ref") = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise PydanticCustomError("tls", "cert_file and key_file go together")
        self.settings(None)
        return self

    def settings(self, name: str | None) -> TlsSettings:
        """The same in our words; ``name`` where no server_name is written."""
        return TlsSettings(
            ca_file=self.ca_file,
            cert_file=self.cert_file,
            key_file=self.key_file,
            server_name=self.server_name or name,
            insecure_skip_verify=self.insecure_skip_verify,
            min_version=_TLS[self.min_version] if self.min_version else None,
            max_version=_TLS[self.max_version] if self.max_version else None,
        )


class Preferring(ZeroModel):
    """Which address of a name is taken."""

    preferred_ip_protocol: Protocol = "ip6"
    ip_protocol_fallback: GoBool = True


class Credentials(ZeroModel):
    """``basic_auth``."""

    username: Annotated[str, Field(pattern="^[^:]*$")] = ""
    password: str | None = None
    password_file: FilePath | None = None
    username_file: refused("username_file") = None
    username_ref: refused("username_ref") = None
    password_ref: refused("password_ref") = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.password is not None and self.password_file is not None:
            raise PydanticCustomError("basic_auth", "has both password and password_file")
        return self


def _bearer(value: str) -> str:
    if value.lower() != "bearer":
        raise PydanticCustomError(
            "authorization", "the type of authorization is not supported by driftvakt: Bearer is"
        )
    return value


class Authorization(ZeroModel):
    """``authorization``."""

    type: Annotated[str, AfterValidator(_bearer)] = "Bearer"
    credentials: HeaderValue | None = None
    credentials_file: FilePath | None = None
    credentials_ref: refused("credentials_ref") = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.credentials is None) == (self.credentials_file is None):
            raise PydanticCustomError(
                "authorization", "needs credentials_file or credentials, one of them"
            )
        return self


def _text(value: object) -> object:
    return "" if value is None else value


Pattern = Annotated[PatternText, BeforeValidator(_text)]


class HeaderMatch(ZeroModel):
    """One of ``fail_if_header_matches`` and ``fail_if_header_not_matches``."""

    header: HeaderName
    regexp: PatternText
    allow_missing: GoBool = False


class HttpModule(Preferring):
    """``http``."""

    valid_status_codes: list[Annotated[GoInt, Field(ge=100, le=599)]] = Field(default_factory=list)
    valid_http_versions: list[GoText] = Field(default_factory=list)
    no_follow_redirects: GoBool | None = None
    follow_redirects: GoBool = True
    fail_if_ssl: GoBool = False
    fail_if_not_ssl: GoBool = False
    method: Annotated[str, AfterValidator(_method)] = "GET"
    headers: dict[HeaderName, Annotated[HeaderValue, BeforeValidator(_text)]] = Field(
        default_factory=dict
    )
    body: str | None = None
    body_file: FilePath | None = None
    body_size_limit: Size = 0
    fail_if_body_matches_regexp: list[Pattern] = Field(default_factory=list)
    fail_if_body_not_matches_regexp: list[Pattern] = Field(default_factory=list)
    fail_if_header_matches: list[HeaderMatch] = Field(default_factory=list)
    fail_if_header_not_matches: list[HeaderMatch] = Field(default_factory=list)
    tls_config: TlsConfig = TlsConfig()
    basic_auth: Credentials | None = None
    bearer_token: HeaderValue | None = None
    bearer_token_file: FilePath | None = None
    authorization: Authorization | None = None
    proxy_url: ProxyUrl | None = Field(default=None, repr=False)
    skip_resolve_phase_with_proxy: GoBool = False
    enable_http2: GoBool = True
    """Read, and changes nothing: we speak HTTP/1.1."""
    enable_http3: refused("enable_http3", "we speak HTTP/1.1") = None
    compression: refused("compression", "we read every usual coding, and demand none") = None
    oauth2: refused("oauth2", "write a check of our own with oauth2 instead") = None
    no_proxy: refused("no_proxy") = None
    proxy_from_environment: refused("proxy_from_environment") = None
    proxy_connect_header: refused("proxy_connect_header") = None
    http_headers: refused("http_headers", "write headers") = None
    fail_if_body_json_matches_cel: refused("fail_if_body_json_matches_cel", "see expect.jsonpath") = None  # fmt: skip
    fail_if_body_json_not_matches_cel: refused("fail_if_body_json_not_matches_cel", "see expect.jsonpath") = None  # fmt: skip

    @model_validator(mode="after")
    def _no_contradiction(self) -> Self:
        if self.no_follow_redirects is not None and "follow_redirects" in self.model_fields_set:
            raise PydanticCustomError("http", "has both no_follow_redirects and follow_redirects")
        if self.body is not None and self.body_file is not None:
            raise PydanticCustomError("http", "has both body and body_file")
        ways = [name for name in ("basic_auth", "bearer_token", "bearer_token_file", "authorization")
            if getattr(self, name) is not None]  # fmt: skip
        if any(name.lower() == "authorization" for name in self.headers):
            ways.append("headers.Authorization")
        if len(ways) > 1:
            raise PydanticCustomError(
                "http", "{ways} cannot be used together", {"ways": " and ".join(ways)}
            )
        if self.valid_http_versions and not {"HTTP/1.0", "HTTP/1.1"} & {*self.valid_http_versions}:
            raise PydanticCustomError(
                "http", "valid_http_versions names no version that driftvakt speaks: HTTP/1.1"
            )
        return self

    @property
    def redirects_followed(self) -> bool:
        return (
            self.follow_redirects
            if self.no_follow_redirects is None
            else not self.no_follow_redirects
        )


class Exchange(ZeroModel):
    """One step of ``query_response``."""

    expect: PatternText | None = None
    send: str | None = None
    starttls: GoBool = False
    labels: refused("labels", "probe_expect_info is not made") = None
    expect_bytes: refused("expect_bytes", "write expect") = None


class TcpModule(Preferring):
    """``tcp``."""

    query_response: list[Exchange] = Field(default_factory=list)
    tls: GoBool = False
    tls_config: TlsConfig = TlsConfig()
    source_ip_address: refused("source_ip_address") = None


class RecordRules(ZeroModel):
    """``validate_answer_rrs`` and its like: of records as text, parts apart by tabs."""

    fail_if_matches_regexp: list[Pattern] = Field(default_factory=list)
    fail_if_all_match_regexp: list[Pattern] = Field(default_factory=list)
    fail_if_not_matches_regexp: list[Pattern] = Field(default_factory=list)
    fail_if_none_matches_regexp: list[Pattern] = Field(default_factory=list)


Rcode = Literal[
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET",
    "NXRRSET", "NOTAUTH", "NOTZONE",
]  # fmt: skip


class DnsModule(Preferring):
    """``dns``."""

    query_name: Annotated[str, Field(min_length=1, max_length=255)]
    query_type: Annotated[str, AfterValidator(_record)] = "ANY"
    query_class: Literal["IN", "CH", "HS", "ANY"] = "IN"
    recursion_desired: GoBool = True
    transport_protocol: Literal["udp", "tcp"] = "udp"
    valid_rcodes: list[Rcode] = Field(default_factory=list)
    validate_answer_rrs: RecordRules = RecordRules()
    validate_authority_rrs: RecordRules = RecordRules()
    validate_additional_rrs: RecordRules = RecordRules()
    dns_over_tls: refused("dns_over_tls") = None
    tls_config: refused("tls_config", "there is no TLS in a dns module here") = None
    source_ip_address: refused("source_ip_address") = None


class Module(ZeroModel):
    """One module."""

    prober: Annotated[Literal["http", "tcp", "dns"], BeforeValidator(_prober)]
    timeout: GoDuration = 0.0
    """Seconds; 0: what the scrape allows."""
    http: HttpModule = HttpModule()
    tcp: TcpModule = TcpModule()
    dns: DnsModule | None = None
    icmp: refused("icmp") = None
    grpc: refused("grpc") = None
    unix: refused("unix") = None
    websocket: refused("websocket") = None

    @model_validator(mode="before")
    @classmethod
    def _of_its_prober(cls, value: Any) -> Any:
        """What it says for other probers than its own is read by nobody."""
        if isinstance(value, dict) and value.get("prober") in PROBERS:
            return {key: one for key, one in value.items() if key not in OTHERS}
        return value

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.prober == "dns" and self.dns is None:
            raise PydanticCustomError("dns", "a dns module needs dns with a query_name")
        return self

    @property
    def preferring(self) -> Preferring:
        """The settings of its prober, as far as all have them."""
        found: Any = getattr(self, self.prober)
        assert isinstance(found, Preferring)  # noqa: S101 - checked when it was read
        return found
