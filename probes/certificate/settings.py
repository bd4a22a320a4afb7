"""Settings of kind ``certificate``."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from probes.expect.patterns import PatternText
from probes.expect.settings import REFUSALS
from probes.net.starttls import DEFAULT_PORTS, StartTls
from probes.net.urls import ascii_host
from probes.observation import Reason
from probes.settings import (
    Address,
    Duration,
    Host,
    IpVersion,
    Port,
    PositiveDuration,
    ProbeSettings,
    Strict,
    TlsSettings,
    join_host_port,
)

DAY = 86_400.0


class Margin(Strict):
    """How long before its end a certificate is degraded (yellow) or failed (red)."""

    yellow: Duration = 30 * DAY
    red: Duration = 7 * DAY

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.red > self.yellow:
            raise PydanticCustomError("margin", "red must not be longer than yellow")
        return self


def _revocation(value: object) -> object:
    # YAML 1.1 readers turn `off` into false
    return "off" if value is False else value


_ASKED = {
    "properties": {"revocation": {"enum": ["crl", "ocsp", "any"]}},
    "required": ["revocation"],
}


def _when(key: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {key: value}, "required": [key]}


_SOURCE_NEEDED: dict[str, Any] = {
    "allOf": [
        {"if": _when("revocation_required", {"const": True}), "then": _ASKED},
        {
            "if": _when("expect", _when("failure", {"const": "tls_revoked"})),
            "then": _ASKED,
        },
    ]
}


_REFUSALS = {word: reasons for word, reasons in REFUSALS.items() if word != "status"}
_REFUSAL_WORDS = sorted({*_REFUSALS, Reason.PROTOCOL, Reason.EXPIRY}.union(*_REFUSALS.values()))


def _refusal(value: object) -> str:
    if isinstance(value, str) and value in _REFUSAL_WORDS:
        return value
    raise PydanticCustomError(
        "refusal",
        "{shown} is not a way for this kind to fail: write one of {words}, or a reason's name",
        {"shown": repr(value), "words": ", ".join(_REFUSALS)},
    )


class CertificateExpect(Strict):
    """What the probe must come to, when that is not success."""

    failure: (
        Annotated[
            str,
            BeforeValidator(_refusal),
            WithJsonSchema({"type": "string", "enum": [str(word) for word in _REFUSAL_WORDS]}),
        ]
        | None
    ) = None


class KeyBits(Strict):
    """The fewest bits that the key of the server's own certificate and of its intermediates may
    have.
    """

    rsa: Annotated[int, Field(ge=512, le=16384)] = 2048
    ec: Annotated[int, Field(ge=160, le=521)] = 256


class CertificateSettings(ProbeSettings, json_schema_extra=_SOURCE_NEEDED):
    """One TLS handshake, and what the certificates must be."""

    host: Host
    port: Port = 443
    address: Address | None = None
    ip_version: IpVersion = "any"
    starttls: StartTls = "none"
    tls: TlsSettings = TlsSettings()
    expires_within: Margin | Literal["auto"] = Margin()
    revocation: Annotated[
        Literal["off", "crl", "ocsp", "any"],
        BeforeValidator(_revocation),
        WithJsonSchema({"enum": ["off", "crl", "ocsp", "any", False]}),
    ] = "off"
    """Whom to ask whether a certificate is revoked; ``any``: all in turn until one answers."""
    revocation_required: bool = False
    """Whether a probe fails that could not find out."""
    issuer_matches: PatternText | None = None
    min_key_bits: KeyBits = KeyBits()
    client_expires_within: Margin = Margin()
    max_validity: PositiveDuration | None = None
    """The longest that the server's own certificate may be valid in all."""
    strict_chain: bool = False
    """Whether a chain fails that verifies here and may not elsewhere."""
    expect: CertificateExpect = CertificateExpect()

    @model_validator(mode="before")
    @classmethod
    def _usual_port(cls, values: Any) -> Any:
        """Without a port the one that the protocol before TLS is at home on."""
        if isinstance(values, dict) and "port" not in values:
            protocol = values.get("starttls")
            if isinstance(protocol, str) and protocol in DEFAULT_PORTS:
                return values | {"port": DEFAULT_PORTS[protocol]}
        return values

    @model_validator(mode="after")
    def _somebody_to_ask(self) -> Self:
        if self.revocation_required and self.revocation == "off":
            raise PydanticCustomError(
                "revocation", "revocation_required needs revocation: crl, ocsp or any"
            )
        if self.expect.failure == Reason.TLS_REVOKED and self.revocation == "off":
            raise PydanticCustomError(
                "revocation", "failure: tls_revoked needs revocation: crl, ocsp or any"
            )
        return self

    def target(self) -> str:
        return join_host_port(self.host, self.port)

    def endpoint(self) -> tuple[str, int]:
        return ascii_host(self.host), self.port
