"""Settings of kind ``certificate``."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from probes.patterns import PatternText
from probes.settings import (
    Address,
    Duration,
    Host,
    IpVersion,
    Port,
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


def _only(allowed: str, key: str):  # type: ignore[no-untyped-def]
    def check(value: object) -> str:
        # YAML 1.1 readers turn `off` into false
        if value == allowed or (allowed == "off" and value is False):
            return allowed
        raise PydanticCustomError(
            "not_available_yet",
            "{shown} is not available yet in this version (only {allowed})",
            {"key": key, "shown": str(value), "allowed": allowed},
        )

    return check


class KeyBits(Strict):
    """The fewest bits that a leaf's key may have."""

    rsa: Annotated[int, Field(ge=512, le=16384)] = 2048
    ec: Annotated[int, Field(ge=160, le=521)] = 256


class CertificateSettings(ProbeSettings):
    """One TLS handshake, and what the certificates must be."""

    host: Host
    port: Port = 443
    address: Address | None = None
    ip_version: IpVersion = "any"
    starttls: Annotated[
        Literal["none"],
        BeforeValidator(_only("none", "starttls")),
        WithJsonSchema({"const": "none"}),
    ] = "none"
    tls: TlsSettings = TlsSettings()
    expires_within: Margin | Literal["auto"] = Margin()
    revocation: Annotated[
        Literal["off"],
        BeforeValidator(_only("off", "revocation")),
        WithJsonSchema({"enum": ["off", False]}),
    ] = "off"
    revocation_required: Annotated[
        Literal[False],
        BeforeValidator(lambda value: _only("False", "revocation_required")(str(value)) != "False"),
        WithJsonSchema({"const": False}),
    ] = False
    issuer_matches: PatternText | None = None
    min_key_bits: KeyBits = KeyBits()
    client_expires_within: Margin = Margin()

    def target(self) -> str:
        return join_host_port(self.host, self.port)

    def endpoint(self) -> tuple[str, int]:
        return self.host, self.port
