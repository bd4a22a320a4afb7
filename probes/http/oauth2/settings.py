"""Settings of ``oauth2``: where an access token is fetched, and who we say that we are."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from probes.net.urls import Url, endpoint_of
from probes.settings import FilePath, Strict, TlsSettings

Algorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]
# RFC 6749, appendix A.1 and A.4
_CLIENT_ID = r"^[\x20-\x7e]+$"
_SCOPE = r"^[\x21\x23-\x5b\x5d-\x7e]+$"


def _client_id(value: str) -> str:
    if not re.fullmatch(_CLIENT_ID, value):
        raise PydanticCustomError(
            "client_id",
            "{shown} is not a client's name: write printable ASCII characters (RFC 6749)",
            {"shown": repr(value)},
        )
    return value


def _scope(value: str) -> str:
    if not re.fullmatch(_SCOPE, value):
        raise PydanticCustomError(
            "scope",
            "{shown} is not a scope: write printable ASCII characters without spaces, one scope"
            " an entry (RFC 6749)",
            {"shown": repr(value)},
        )
    return value


ClientId = Annotated[
    str,
    AfterValidator(_client_id),
    WithJsonSchema({"type": "string", "pattern": _CLIENT_ID}),
]
Scope = Annotated[
    str, AfterValidator(_scope), WithJsonSchema({"type": "string", "pattern": _SCOPE})
]
Filled = Annotated[str, Field(min_length=1)]

_SECRETS = ("client_secret_file", "client_secret", "private_key_file")
_OF_THE_KEY = ("key_id", "algorithm", "jwt_audience")


def never_both(*keys: str) -> dict[str, Any]:
    """For a JSON Schema: an object has not all of these."""
    return {"not": {"required": list(keys)}}


_GRANTS = {
    "if": {"properties": {"grant": {"const": "saml2-bearer"}}, "required": ["grant"]},
    "then": {"required": ["assertion_file"]},
    "else": {"not": {"required": ["assertion_file"]}},
}
_CERTIFICATE: dict[str, Any] = {
    "required": ["tls"],
    "properties": {"tls": {"required": ["cert_file"]}},
}
IDENTIFIED: dict[str, Any] = {
    "if": {"required": ["oauth2"]},
    "then": {
        "anyOf": [
            {
                "properties": {
                    "oauth2": {
                        "anyOf": [
                            *({"required": [key]} for key in _SECRETS),
                            {"required": ["assertion_file"]},
                            _CERTIFICATE,
                        ]
                    }
                }
            },
            {
                **_CERTIFICATE,
                "properties": {
                    **_CERTIFICATE["properties"],
                    "oauth2": {"not": {"required": ["tls"]}},
                },
            },
        ]
    },
}
"""For the JSON Schema of a check: what :meth:`OAuth2Settings.says_who_we_are` asks for."""


class OAuth2Settings(
    Strict,
    json_schema_extra={
        "dependentRequired": {key: ["private_key_file"] for key in _OF_THE_KEY},
        "allOf": [
            never_both("client_secret_file", "client_secret"),
            never_both("client_secret_file", "private_key_file"),
            never_both("client_secret", "private_key_file"),
            never_both("auth_method", "private_key_file"),
            _GRANTS,
        ],
    },
):
    """How to get an access token: client credentials (RFC 6749, 4.4) or a SAML assertion
    (RFC 7522). We say who we are by a secret, by a signed JWT (RFC 7523, 2.2), or by the client
    certificate of ``tls`` alone (RFC 8705).
    """

    token_url: Url
    client_id: ClientId
    client_secret: Filled | None = Field(default=None, repr=False)
    client_secret_file: FilePath | None = None
    private_key_file: FilePath | None = None
    """PEM file, without a passphrase, of the key that signs the JWT."""
    key_id: Filled | None = None
    """``kid`` of the JWT."""
    algorithm: Algorithm = "RS256"
    jwt_audience: Filled | None = None
    """``aud`` of the JWT, instead of ``token_url``."""
    grant: Literal["client_credentials", "saml2-bearer"] = "client_credentials"
    assertion_file: FilePath | None = None
    """The SAML assertion: XML, or XML in base64."""
    scopes: list[Scope] = Field(default_factory=list)
    audience: Filled | None = None
    """A parameter that some token services ask for."""
    resource: Url | None = None
    """RFC 8707."""
    auth_method: Literal["basic", "post"] = "basic"
    """How the secret is sent (RFC 6749, 2.3.1): in a header, or in the form."""
    tls: TlsSettings | None = None
    """Towards the token service, instead of the check's own authorities and client certificate."""

    @model_validator(mode="after")
    def _no_contradiction(self) -> Self:
        used = [name for name in _SECRETS if getattr(self, name) is not None]
        if len(used) > 1:
            raise _fault(f"{' and '.join(used)} cannot be used together")
        if self.private_key_file is None:
            for key in _OF_THE_KEY:
                if key in self.model_fields_set:
                    raise _fault(f"{key} needs private_key_file beside it")
        elif "auth_method" in self.model_fields_set:
            raise _fault("auth_method is for a client secret, not for private_key_file")
        if self.grant == "saml2-bearer" and self.assertion_file is None:
            raise _fault("grant: saml2-bearer needs assertion_file")
        if self.grant != "saml2-bearer" and self.assertion_file is not None:
            raise _fault("assertion_file needs grant: saml2-bearer")
        return self

    def says_who_we_are(self, target: TlsSettings) -> bool:
        """Whether the token service can know us, with the check's own ``tls`` for what this has
        not. A SAML assertion speaks for itself (RFC 7522, 2.1).
        """
        return (
            any(getattr(self, name) is not None for name in _SECRETS)
            or self.grant == "saml2-bearer"
            or self.towards_service(target).cert_file is not None
        )

    def towards_service(self, target: TlsSettings) -> TlsSettings:
        """How TLS is spoken to the token service. Of the check's own settings, what is about the
        target alone (its name, the versions it must speak) is left out.
        """
        if self.tls is not None:
            return self.tls
        return TlsSettings(
            ca_file=target.ca_file,
            cert_file=target.cert_file,
            key_file=target.key_file,
            insecure_skip_verify=target.insecure_skip_verify,
        )

    def endpoint(self) -> tuple[str, int]:
        return endpoint_of(self.token_url)


def _fault(text: str) -> PydanticCustomError:
    return PydanticCustomError("oauth2", "{what}", {"what": text})
